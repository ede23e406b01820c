"""SNS's calls of HTTP(S) endpoints: on this machine only, with its retries.

Each endpoint has a thread of its own, so that a slow one holds up nobody else.
"""

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from queue import SimpleQueue
from urllib.parse import unquote, urlsplit

RETRIES = 3
"""Of SNS's default policy for HTTP(S)."""

SECONDS_BETWEEN = 0.2
"""SNS waits 20 seconds; nobody who develops wants to."""

TIMEOUT = 15
"""Seconds that an endpoint has to answer, as with SNS."""

AGENT = "Amazon Simple Notification Service Agent"


@dataclass(frozen=True)
class Letter:
    """One call to make."""

    url: str
    headers: Mapping[str, str]
    body: str
    undelivered: Callable[[], None] = lambda: None
    """Called when it could not be made."""
    retries: int = RETRIES
    delivered: Callable[[], None] = lambda: None
    """Called when it was made."""


class Outcome(Enum):
    """What became of one attempt."""

    DELIVERED = auto()
    FAILED = auto()
    """It may go better the next time."""
    REFUSED = auto()
    """The endpoint says that the call is wrong, so SNS does not try again."""


class HttpDelivery:
    """Calls endpoints in the background, from `start` until `close`."""

    def __init__(self, ca_file: str | None = None) -> None:
        """`ca_file` names the authorities that are trusted for https, in place of the
        machine's; raises OSError where it cannot be read."""
        self._context = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._waiting: dict[str, SimpleQueue[Letter]] = {}
        self._started = threading.Event()
        self._closed = threading.Event()

    def start(self) -> None:
        self._started.set()

    def close(self) -> None:
        """What has not been delivered by now is not delivered any more."""
        self._closed.set()
        self._started.set()
        for waiting in self._waiting.values():
            waiting.put(Letter("", {}, ""))

    def post(self, letter: Letter) -> None:
        """Has a call made soon, after those before it to the same endpoint."""
        if letter.url not in self._waiting:
            waiting = self._waiting[letter.url] = SimpleQueue()
            threading.Thread(target=self._work, args=(waiting,), daemon=True).start()
        self._waiting[letter.url].put(letter)

    def _work(self, waiting: "SimpleQueue[Letter]") -> None:
        self._started.wait()
        while not self._closed.is_set():
            letter = waiting.get()
            if not (self._closed.is_set() or self._deliver(letter)):
                letter.undelivered()

    def _deliver(self, letter: Letter) -> bool:
        """Whether it arrived, or does not matter any more."""
        for attempt in range(1 + letter.retries):
            if attempt and self._closed.wait(SECONDS_BETWEEN):
                return True
            outcome = self._attempt(letter)
            if outcome is Outcome.DELIVERED:
                letter.delivered()
            if outcome is not Outcome.FAILED:
                return outcome is Outcome.DELIVERED
        return self._closed.is_set()

    def _attempt(self, letter: Letter) -> Outcome:
        connection = self._connection(letter.url)
        parts = urlsplit(letter.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": AGENT,
            **_authorization(letter.url),
            **letter.headers,
        }
        try:
            connection.request("POST", target, letter.body.encode(), headers)
            status = connection.getresponse().status
        except (OSError, HTTPException):
            return Outcome.FAILED
        finally:
            connection.close()
        if status >= 500 or status == 429:
            return Outcome.FAILED
        return Outcome.DELIVERED if 200 <= status < 300 else Outcome.REFUSED

    def _connection(self, url: str) -> HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return HTTPSConnection(
                host, parts.port, timeout=TIMEOUT, context=self._context
            )
        return HTTPConnection(host, parts.port, timeout=TIMEOUT)


def is_on_loopback(url: str) -> bool:
    """Whether an endpoint is on this machine, by its name alone."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(url: str) -> dict[str, str]:
    """User and password of an endpoint; SNS sends them only when asked, by 401."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    both = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(both.encode()).decode()}"}
