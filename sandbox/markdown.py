"""The little Markdown that text widgets use, as HTML: headings, paragraphs, lists,
bold, code and links. Everything else stays as it is written, escaped."""

import re
from collections.abc import Iterator
from html import escape

_SPANS = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<address>https://[^\s)]+)\)"
)


def html(markdown: str) -> str:
    """Headings begin below the page's own, at h3."""
    blocks = re.split(r"\n\s*\n", markdown.strip())
    return "\n".join(part for block in blocks for part in _block(block.splitlines()))


def _block(lines: list[str]) -> Iterator[str]:
    """Of a heading, a list and a paragraph each line, or run of lines, is its own."""
    run: list[str] = []
    kind = ""
    for line in [*lines, None]:
        now, text = _line(line) if line is not None else ("end", "")
        if run and (now != kind or now == "heading"):
            yield _element(kind, run)
            run = []
        kind = now
        run.append(text)


def _line(line: str) -> tuple[str, str]:
    if match := re.match(r"#{1,6}\s+(.*)", line):
        return "heading", match[1]
    if match := re.match(r"\s*[-*]\s+(.*)", line):
        return "item", match[1]
    return "text", line


def _element(kind: str, lines: list[str]) -> str:
    if kind == "heading":
        return f"<h3>{_spans(lines[0])}</h3>"
    if kind == "item":
        items = "".join(f"<li>{_spans(line)}</li>" for line in lines)
        return f"<ul>{items}</ul>"
    return f"<p>{_spans(' '.join(lines))}</p>"


def _spans(text: str) -> str:
    parts, end = [], 0
    for match in _SPANS.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(_span(match))
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _span(match: re.Match[str]) -> str:
    if code := match["code"]:
        return f"<code>{escape(code)}</code>"
    if bold := match["bold"]:
        return f"<strong>{_spans(bold)}</strong>"
    address = escape(match["address"])
    return f'<a href="{address}" rel="noreferrer">{_spans(match["text"])}</a>'
