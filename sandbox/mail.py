"""A mail as SES gets it, whichever operation hands it over."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, parseaddr
from typing import Any

SET_HEADER = "X-SES-CONFIGURATION-SET"
TAGS_HEADER = "X-SES-MESSAGE-TAGS"

OWN_HEADERS = (SET_HEADER.lower(), TAGS_HEADER.lower(), "bcc")
"""Headers that SES takes off before it sends (SES developer guide)."""

VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
"""What SES's documentation has people attach to see a mail rejected."""


@dataclass(frozen=True)
class Mail:
    """What is sent, from whom, to whom and with which configuration set."""

    source: str
    """As written, with the display name: Shop <no-reply@shop.example.com>"""
    recipients: tuple[str, ...]
    """To, Cc and Bcc, as written."""
    headers: tuple[tuple[str, str], ...]
    """The headers that leave SES, in order."""
    configuration_set: str | None = None
    """The set that the request or the mail's header names."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Message tags of the sender's own."""
    return_path: str | None = None
    """Where feedback e-mail goes, if not to the sender."""
    infected: bool = False
    """Whether it carries the antivirus test file."""
    rendering_failure: tuple[str, str] | None = None
    """The template, and why no mail could be made of it."""

    @property
    def sender(self) -> str:
        """The bare address that it is sent from."""
        return parseaddr(self.source)[1]

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        for found, value in self.headers:
            if found.lower() == name.lower():
                return value
        return None


def simple(
    source: str,
    destination: Mapping[str, Iterable[str]],
    subject: str,
    *,
    reply_to: Iterable[str] = (),
    headers: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> Mail:
    """A mail that SES itself puts together from a subject and a body."""
    addresses = {kind: tuple(destination.get(kind) or ()) for kind in _DESTINATION}
    written = [("From", source)]
    written += [
        (kind, ", ".join(addresses[key]))
        for key, kind in _DESTINATION.items()
        if kind != "Bcc" and addresses[key]
    ]
    if reply_to := tuple(reply_to):
        written.append(("Reply-To", ", ".join(reply_to)))
    written += [
        ("Subject", subject),
        ("Date", formatdate()),
        ("MIME-Version", "1.0"),
        *headers,
    ]
    return Mail(
        source=source,
        recipients=tuple(one for key in _DESTINATION for one in addresses[key]),
        headers=tuple(written),
        **more,
    )


_DESTINATION = {"ToAddresses": "To", "CcAddresses": "Cc", "BccAddresses": "Bcc"}


def raw(
    data: bytes,
    *,
    source: str | None = None,
    recipients: Iterable[str] = (),
    configuration_set: str | None = None,
    tags: Mapping[str, str] | None = None,
    return_path: str | None = None,
) -> Mail:
    """A mail that was put together by the sender, with headers that SES heeds.

    What the request says comes before what the headers say.
    """
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    named = [str(message[kind]) for kind in _DESTINATION.values() if message[kind]]
    found = [address for _, address in getaddresses(named) if address]
    return Mail(
        source=source or str(message["From"] or ""),
        recipients=tuple(recipients) or tuple(found),
        headers=tuple(
            (name, str(value))
            for name, value in message.items()
            if name.lower() not in OWN_HEADERS
        ),
        configuration_set=configuration_set or _text(message[SET_HEADER]),
        tags=tags or _tags(_text(message[TAGS_HEADER]) or ""),
        return_path=return_path
        or parseaddr(_text(message["Return-Path"]) or "")[1]
        or None,
        infected=VIRUS.encode() in data or any(map(_infected, message.walk())),
    )


def _infected(part: Any) -> bool:
    content = part.get_payload(decode=True)
    return isinstance(content, bytes) and VIRUS.encode() in content


def _text(value: Any) -> str | None:
    return str(value).strip() or None if value is not None else None


def _tags(header: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.split(r"[,;]", header) if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}
