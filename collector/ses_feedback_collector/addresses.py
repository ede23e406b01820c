"""The form of an address under which it is looked up."""

from unicodedata import normalize

import idna

LONGEST = 320
"""Characters of an address: 64 of the local part, the @ and 255 of the domain
(RFC 5321, 4.5.3.1)."""

_ZERO_WIDTH = dict.fromkeys((0x200B, 0xFEFF))
"""What comes along, unseen, with an address that was copied from a page."""


def normalised(email: str) -> str:
    """The form by which two ways of writing one address are the same.

    The bare address out of `"Name" <a@b>`, `mailto:a@b` and `'a@b'`, without white space
    around it, zero-width characters and a dot behind the domain, NFC, lower-cased
    whole, its domain as IDNA writes it in ASCII where IDNA can. (SES tells
    local parts apart by case; mail servers of today do not, and an address that
    bounced stays blocked however somebody types it.) What has no such form of 1 to 320
    characters is kept as it is. Raises nothing.
    """
    if email.isascii():
        bare = email.strip().lower()
        is_bare = not bare.startswith("mailto:") and not bare.endswith((">", "'", "."))
        if 0 < len(bare) <= LONGEST and is_bare:
            return bare
    found = _unwrapped(_lowered(email.translate(_ZERO_WIDTH)))
    return found if 0 < len(found) <= LONGEST else email


def _unwrapped(text: str) -> str:
    """Without what is around the address, in whatever order; gives up on a long one."""
    found = _in_ascii_domain(_bare(text))
    while found != text and len(found) <= 4 * LONGEST:
        text, found = found, _in_ascii_domain(_bare(found))
    return found


def _bare(text: str) -> str:
    """Without one layer of each kind."""
    text = text.strip()
    if text.endswith(">"):
        text = text.rpartition("<")[2].rstrip(">").strip()
    if text.startswith("'") and text.endswith("'"):
        text = text[1:-1].strip()
    text = text.removeprefix("mailto:").strip()
    return text.rstrip(".") if "@" in text else text


def _lowered(text: str) -> str:
    return normalize("NFC", normalize("NFC", text).lower())


def _in_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii() or len(domain) > LONGEST:
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except UnicodeError:
        return address
