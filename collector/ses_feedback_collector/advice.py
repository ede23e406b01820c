"""What looks wrong with an address before anything is sent to it.

Nothing of this forbids to send. The providers whose domains are suggested, and the
endings that nobody means, stand in providers.toml with where they come from.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import OSA

from ses_feedback_collector.addresses import normalised

if TYPE_CHECKING:
    from dns.resolver import Resolver

LOOK_UP_SECONDS = 5.0
"""How long the records of a domain are waited for."""

LOOK_UPS_AT_ONCE = 16

SHORTEST = 5
"""Letters of a provider's name from which on one may be wrong: shorter names have too
many neighbours (aol.com and aon.com are two companies)."""

LONG = 7
"""From so many on two may be wrong, but not the first: who is horizon.net?"""


class Kind(StrEnum):
    SYNTAX = "syntax"
    MISSPELT = "misspelt-domain"
    NO_MAIL = "domain-takes-no-mail"
    NOT_LOOKED_UP = "domain-not-looked-up"


@dataclass(frozen=True, slots=True)
class Advice:
    """A warning about an address."""

    kind: Kind
    sentence: str
    suggestion: str | None = None
    """The address that was likely meant."""

    def as_json(self) -> dict[str, str | None]:
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "suggestion": self.suggestion,
        }


def advice(email: str) -> tuple[Advice, ...]:
    """What can be said without asking anybody: syntax, and the likely domain."""
    found = (_syntax(email), _misspelt(email))
    return tuple(one for one in found if one)


def likely_address(email: str) -> str | None:
    """The address with the domain that was likely meant; None where it seems right."""
    local, at, domain = normalised(email).rpartition("@")
    likely = likely_domain(domain) if at else None
    return f"{local}@{likely}" if likely else None


@lru_cache(4096)
def likely_domain(domain: str) -> str | None:
    """What a domain is a slip of: gmail.com for gmial.com and gmail.con.

    `domain` is in lower case. None where it is a provider's own, one that is known
    beside them, or near to none.
    """
    known = _providers()
    if domain in known.providers:
        return None
    name, _, ending = domain.partition(".")
    if not name or not ending:
        return None
    if name in known.one_domain and ("." not in ending or _is_of_a_country(ending)):
        return known.domain_of[name]
    provider_ending = known.endings_of_providers.get(ending)
    if provider_ending and f"{name}.{provider_ending}" in known.providers:
        return f"{name}.{provider_ending}"
    if name in known.everywhere and _is_of_a_country(ending):
        return None
    mended = _mended(ending)
    candidate = f"{name}.{mended}"
    if candidate in known.providers:
        return candidate
    if candidate not in known.neighbours:
        endings = {mended, known.endings_of_providers.get(mended, mended)}
        nearest = _nearest(name, endings)
        if nearest:
            return nearest
    return candidate if mended != ending else None


def without_mail(
    emails: Iterable[str], resolver: "Resolver | None" = None
) -> dict[str, Advice]:
    """The addresses whose domain has no MX and no address record, by asking DNS.

    A null MX (RFC 7505) says that a domain takes no mail. What could not be looked up
    in time is told as such. `resolver` is dnspython's; default the system's.
    """
    domains = {email: normalised(email).rpartition("@")[2] for email in emails}
    asked = sorted({domain for domain in domains.values() if _is_name(domain)})
    with ThreadPoolExecutor(LOOK_UPS_AT_ONCE) as pool:
        answers = pool.map(lambda domain: _looked_up(domain, resolver), asked)
        found = dict(zip(asked, answers, strict=True))
    return {
        email: one for email, domain in domains.items() if (one := found.get(domain))
    }


def _syntax(email: str) -> Advice | None:
    """As RFC 5321 and 5322 have it; DNS is not asked, and test domains are as good."""
    try:
        validate_email(
            email.strip(),
            strict=True,
            check_deliverability=False,
            test_environment=True,
            allow_quoted_local=True,
            allow_domain_literal=True,
            allow_display_name=True,
        )
    except EmailNotValidError as error:
        return Advice(Kind.SYNTAX, str(error))
    except (ValueError, RecursionError):
        return Advice(Kind.SYNTAX, "The address cannot be read.")
    return None


def _misspelt(email: str) -> Advice | None:
    likely = likely_address(email)
    if likely is None:
        return None
    return Advice(Kind.MISSPELT, f"Did you mean {likely}?", likely)


@dataclass(frozen=True, slots=True)
class _Providers:
    providers: Collection[str]
    neighbours: Collection[str]
    everywhere: Collection[str]
    one_domain: Collection[str]
    endings: Mapping[str, str]
    endings_of_providers: Mapping[str, str]
    names: Mapping[str, list[str]]
    """The names of providers by the ending that they have."""
    domain_of: Mapping[str, str]
    """The domain of those that have one only."""


@cache
def _providers() -> _Providers:
    text = files("ses_feedback_collector").joinpath("providers.toml").read_text("utf-8")
    stated = tomllib.loads(text)
    names: dict[str, list[str]] = {}
    for domain in stated["providers"]:
        name, _, ending = domain.partition(".")
        names.setdefault(ending, []).append(name)
    only = frozenset(stated["one_domain"])
    return _Providers(
        providers=frozenset(stated["providers"]),
        neighbours=frozenset(stated["neighbours"]),
        everywhere=frozenset(stated["everywhere"]),
        one_domain=only,
        endings=stated["endings"],
        endings_of_providers=stated["endings_of_providers"],
        names=names,
        domain_of={
            domain.partition(".")[0]: domain
            for domain in stated["providers"]
            if domain.partition(".")[0] in only
        },
    )


def _mended(ending: str) -> str:
    *before, last = ending.split(".")
    return ".".join([*before, _providers().endings.get(last, last)])


def _is_of_a_country(ending: str) -> bool:
    return re.fullmatch(r"(com?\.)?[a-z]{2}", ending) is not None


def _nearest(name: str, endings: Collection[str]) -> str | None:
    """The provider's domain that is spelt most like this one, if nearly the same."""
    near = [
        (distance, f"{provider}.{ending}")
        for ending in sorted(endings)
        for provider in _providers().names.get(ending, ())
        if (distance := _slips(name, provider)) is not None
    ]
    return min(near)[1] if near else None


def _slips(name: str, provider: str) -> int | None:
    """Letters left out, put in, changed or swapped with the next; None: too many."""
    if len(provider) < SHORTEST:
        return None
    allowed = 2 if len(provider) >= LONG and name[0] == provider[0] else 1
    distance = OSA.distance(name, provider, score_cutoff=allowed)
    return distance if distance <= allowed else None


def _is_name(domain: str) -> bool:
    """Whether DNS can be asked for it; an address in brackets has no record."""
    return "." in domain and not domain.startswith("[")


def _looked_up(domain: str, resolver: "Resolver | None") -> Advice | None:
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, NoAnswer, get_default_resolver

    absolute = f"{domain.rstrip('.')}."
    try:
        ask = resolver or get_default_resolver()
        for kind in ("MX", "A", "AAAA"):
            try:
                answer = ask.resolve(absolute, kind, lifetime=LOOK_UP_SECONDS)
            except NoAnswer:
                continue
            if kind == "MX" and all(str(one.exchange) == "." for one in answer):
                return Advice(Kind.NO_MAIL, f"The domain {domain} takes no mail.")
            return None
    except NXDOMAIN:
        return Advice(Kind.NO_MAIL, f"There is no domain {domain}.")
    except (DNSException, OSError, UnicodeError):
        return Advice(
            Kind.NOT_LOOKED_UP, f"The domain {domain} could not be looked up."
        )
    return Advice(
        Kind.NO_MAIL, f"The domain {domain} has no mail server and no address."
    )
