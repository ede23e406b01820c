"""What a browser makes of a page at a width: where everything stands, and a picture."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import combinations
from pathlib import Path

BROWSER = "chromium"

WIDTH = 1280

SECONDS = 120
"""After which a browser that does not end is ended."""

PLACES = {
    "card": ".card",
    "title": "h1, h2, h3",
    "text": ".card p:not(.axes), .legend li, .states li span, .states li b, .values dd,"
    " .values dt, header p",
    "axis title": ".axis",
    "tick": ".xtick text, .ytick text, .y2tick text",
    "left tick": ".ytick text",
    "right tick": ".y2tick text",
    "label": ".annotation-text",
    "plot": ".plot .nsewdrag",
    "line": ".shapelayer path",
    "trace": ".scatterlayer .trace",
}
"""What is measured, by the selector that finds it."""

MEASURE = """
<pre id="measured"></pre>
<script>
addEventListener("load", () => {
  const attempt = () => {
    if (document.querySelector(".plot") && !document.documentElement.dataset.drawn) {
      return setTimeout(attempt, 20);
    }
    const cards = [...document.querySelectorAll(".card")];
    const boxes = [];
    for (const [kind, selector] of Object.entries(PLACES)) {
      for (const element of document.querySelectorAll(selector)) {
        // Plotly keeps what it does not show of an axis.
        if (!element.checkVisibility()) continue;
        const { left, top, right, bottom } = element.getBoundingClientRect();
        boxes.push({
          kind, left, top, right, bottom,
          text: kind === "card" ? "" : element.textContent.trim(),
          card: cards.indexOf(element.closest(".card")),
          hidden: element instanceof HTMLElement
            && element.clientWidth > 0
            && element.scrollWidth > element.clientWidth + 1,
        });
      }
    }
    const root = document.documentElement;
    const { bottom } = document.querySelector("main").getBoundingClientRect();
    const size = { width: root.scrollWidth, height: bottom + 20 };
    document.getElementById("measured").textContent = JSON.stringify({ size, boxes });
  };
  attempt();
});
</script>
"""


@dataclass(frozen=True)
class Box:
    """Where one thing stands, in pixels of the page."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float
    text: str
    card: int
    """The number of the card that it is in, or -1."""
    hidden: bool
    """Whether a part of it does not show."""

    def overlaps(self, other: "Box") -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > 1
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 1
        )

    def is_in(self, other: "Box") -> bool:
        return (
            self.left >= other.left - 1
            and self.top >= other.top - 1
            and self.right <= other.right + 1
            and self.bottom <= other.bottom + 1
        )

    @property
    def is_empty(self) -> bool:
        return self.right - self.left <= 0 or self.bottom - self.top <= 0


@dataclass(frozen=True)
class Measured:
    """A page as the browser lays it out."""

    width: float
    height: float
    boxes: Sequence[Box]

    def of(self, *kinds: str) -> list[Box]:
        return [box for box in self.boxes if box.kind in kinds]

    def in_card(self, number: int, *kinds: str) -> list[Box]:
        return [box for box in self.of(*kinds) if box.card == number]

    def flaws(self) -> Iterator[str]:
        """What overlaps, or is cut off, or is not there at all."""
        if self.width > WIDTH:
            yield f"the page is {self.width} pixels wide"
        for first, second in combinations(self.of("card"), 2):
            if first.overlaps(second):
                yield f"card {first.card} overlaps card {second.card}"
        texts = self.of("title", "text", "axis title", "tick", "label")
        for first, second in combinations(texts, 2):
            if first.overlaps(second):
                yield f"{first.kind} {first.text} overlaps {second.kind} {second.text}"
        cards = {card.card: card for card in self.of("card")}
        page = Box("page", 0, 0, self.width, self.height, "", -1, False)
        for box in (*texts, *self.of("plot", "trace", "line")):
            if not box.is_in(cards.get(box.card, page)):
                yield f"{box.kind} {box.text} leaves its card"
            if box.hidden:
                yield f"{box.kind} {box.text} is cut off"
        for box in texts:
            if box.is_empty:
                yield f"{box.kind} {box.text} is nowhere"


def measure(page: str, folder: Path) -> Measured:
    """Lays a page out."""
    script = MEASURE.replace("PLACES", json.dumps(PLACES))
    file = folder / "measured.html"
    file.write_text(page.replace("</body>", f"{script}</body>"), encoding="utf-8")
    shown = _browse(file, folder, "--dump-dom")
    found = re.search(r'<pre id="measured">(.*?)</pre>', shown, re.DOTALL)
    assert found, "the page's script did not end"
    measured = json.loads(unescape(found[1]))
    size = measured["size"]
    return Measured(
        size["width"], size["height"], [Box(**box) for box in measured["boxes"]]
    )


def photograph(page: str, folder: Path, height: float, *arguments: str) -> Path:
    """A picture of a page, as PNG."""
    file, picture = folder / "page.html", folder / "page.png"
    file.write_text(page, encoding="utf-8")
    _browse(file, folder, f"--screenshot={picture}", *arguments, height=int(height))
    return picture


def _browse(file: Path, folder: Path, *arguments: str, height: int = 2000) -> str:
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            # As root, in a container, it starts only so.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={WIDTH},{height}",
            "--virtual-time-budget=20000",
            *arguments,
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout
