"""Configurations: valid ones, each made to show one rule of precedence, with mail for
them; and what becomes of a sound one when it is changed at random."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.stacks import EVERYTHING, FILES

DOMAINS = ("example.com", "shop.example.com", "mail.example.org")
LOCAL_PARTS = ("news", "News", "orders", "orders+eu")
POOL = (
    *DOMAINS,
    "eu.shop.example.com",
    *(f"{local}@{domain}" for domain in DOMAINS for local in LOCAL_PARTS),
)
"""Senders that may be verified beside those that a rule is about."""

ROUTED = ("desk", "audit")
"""Channels of identities."""
TOLD = ("ops", "growth")
"""Channels of default sets, so that no event reaches one by route and default set."""
CHANNELS = (*ROUTED, *TOLD)

DEFAULTS = ("auto", "other")
CHOSEN = "chosen"
"""The set that mails name, which may tell any channel."""

EVENTS = ("send", "reject", "bounce", "complaint", "delivery", "open", "deliveryDelay")

MAILBOXES = ("bounce", "complaint", "success", "ooto", "suppressionlist")


class Rule(Enum):
    """What a configuration shows, beside whatever else is in it."""

    ADDRESS_OVER_DOMAIN = "an address before its domain"
    CASE_OF_ADDRESSES = "addresses that differ by case are two"
    CASE_OF_DOMAINS = "domains that differ by case are one"
    NEAREST_DOMAIN = "a sub-domain before the domain above it"
    LABEL = "the address without the label before its domain"
    NAMED_SET = "the set that a mail names before the default"
    NO_FALL_BACK = "an address without a default set has none"
    NOT_INHERITED = "an address without a route has none"
    BOTH_WAYS = "route and set both tell"


SHADOWING = frozenset(
    (
        Rule.ADDRESS_OVER_DOMAIN,
        Rule.CASE_OF_ADDRESSES,
        Rule.NEAREST_DOMAIN,
        Rule.LABEL,
        Rule.NO_FALL_BACK,
        Rule.NOT_INHERITED,
    )
)
"""Rules shown by an identity beside a wider one with other settings."""

COMBINING = frozenset((Rule.NAMED_SET, Rule.NO_FALL_BACK, Rule.BOTH_WAYS))
"""Rules shown by mail with an event that a route and a set both tell of."""


@dataclass(frozen=True)
class Letter:
    """A mail to be sent."""

    sender: str
    mailbox: str
    """Of the simulator: bounce."""
    named: str | None = None
    """Our name of the set that it names."""
    by_header: bool = False
    """Whether it names the set by its header, not by the field of the API."""


@dataclass(frozen=True)
class Case:
    """A configuration, by our keys, and the mail that is sent through it."""

    rule: Rule
    keys: Mapping[str, Any]
    letters: tuple[Letter, ...]


@st.composite
def cases(draw: st.DrawFn, rule: Rule) -> Case:
    """A configuration that shows a rule, and mail that would tell if it did not hold."""
    domain = draw(st.sampled_from(DOMAINS))
    first, second = draw(st.permutations(ROUTED))
    own, letters = _shown(rule, domain, first, second)
    taken = {identity["sender"].lower() for identity in own}
    others = draw(
        st.lists(
            st.sampled_from([each for each in POOL if each.lower() not in taken]),
            max_size=3,
            unique=True,
        )
    )
    stated = [*own, *({"sender": sender} for sender in others)]
    identities = [{**draw(_settings()), **identity} for identity in stated]
    more = draw(st.lists(_letter([each["sender"] for each in identities]), max_size=5))
    keys = {
        "channels": {channel: {} for channel in CHANNELS},
        "configurationSets": draw(_sets(rule)),
        "eventLog": {"query": False},
        "identities": {
            f"i{number}": identity
            for number, identity in enumerate(draw(st.permutations(identities)))
        },
        "queues": draw(_queues()),
    }
    return Case(rule, keys, (*letters, *more))


def _shown(
    rule: Rule, domain: str, first: str, second: str
) -> tuple[list[dict[str, Any]], list[Letter]]:
    """The identities that a rule is about, with what they have to have, and mail."""
    address, anybody = f"news@{domain}", f"anybody@{domain}"
    wide = {"sender": domain, "bounce": first}
    narrow = {"sender": address, "bounce": second}
    match rule:
        case Rule.ADDRESS_OVER_DOMAIN:
            return [wide, narrow], [Letter(address, "bounce"), Letter(anybody, "ooto")]
        case Rule.CASE_OF_ADDRESSES:
            other = f"News@{domain}"
            capital = {"sender": other, "bounce": first}
            letters = [Letter(address, "bounce"), Letter(other, "bounce")]
            return [wide, narrow, capital], letters
        case Rule.CASE_OF_DOMAINS:
            written = {**wide, "sender": domain.title()}
            return [written], [Letter(f"anybody@{domain.upper()}", "bounce")]
        case Rule.NEAREST_DOMAIN:
            below = {"sender": f"a.{domain}", "bounce": second}
            letters = [
                Letter(f"anybody@{place}", "bounce")
                for place in (f"a.{domain}", f"b.a.{domain}", f"b.{domain}")
            ]
            return [wide, below], letters
        case Rule.LABEL:
            return [wide, narrow], [Letter(f"news+may@{domain}", "bounce")]
        case Rule.NAMED_SET:
            stated = {**wide, "configurationSet": DEFAULTS[0]}
            letters = [Letter(anybody, "bounce"), Letter(anybody, "bounce", CHOSEN)]
            return [stated], letters
        case Rule.NO_FALL_BACK:
            identities = [
                {**wide, "configurationSet": DEFAULTS[0]},
                {**narrow, "configurationSet": "none"},
            ]
            return identities, [Letter(address, "bounce"), Letter(anybody, "bounce")]
        case Rule.NOT_INHERITED:
            identities = [{**wide, "delivery": first}, {**narrow, "delivery": "none"}]
            return identities, [Letter(address, "success"), Letter(anybody, "success")]
        case Rule.BOTH_WAYS:
            stated = {**wide, "configurationSet": DEFAULTS[0]}
            return [stated], [Letter(anybody, "bounce")]


def _settings() -> st.SearchStrategy[dict[str, Any]]:
    """An identity that states everything, as one below another has to."""
    route = st.sampled_from([*ROUTED, "none"])
    return st.fixed_dictionaries(
        {
            "bounce": route,
            "complaint": route,
            "delivery": route,
            "configurationSet": st.sampled_from([*DEFAULTS, "none"]),
        }
    )


@st.composite
def _sets(draw: st.DrawFn, rule: Rule) -> dict[str, Any]:
    notify = {name: draw(_notify(TOLD)) for name in DEFAULTS}
    notify[CHOSEN] = draw(_notify(CHANNELS))
    if rule in COMBINING:
        told, other = draw(st.permutations(TOLD))
        notify[DEFAULTS[0]][told] = draw(_events_with("bounce"))
        if rule is Rule.NAMED_SET:
            notify[DEFAULTS[0]].pop(other, None)
            notify[CHOSEN][other] = draw(_events_with("bounce"))
    kept = st.lists(st.sampled_from(EVENTS), max_size=3, unique=True)
    return {
        name: {
            "notify": told,
            "metrics": draw(st.sampled_from([[], ["send"]])),
            "eventLog": draw(kept),
        }
        for name, told in notify.items()
    }


def _notify(channels: tuple[str, ...]) -> st.SearchStrategy[dict[str, list[str]]]:
    events = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=5, unique=True)
    return st.dictionaries(st.sampled_from(channels), events)


def _events_with(event: str) -> st.SearchStrategy[list[str]]:
    others = [each for each in EVENTS if each != event]
    more = st.lists(st.sampled_from(others), max_size=4, unique=True)
    return more.map(lambda events: [event, *events])


@st.composite
def _queues(draw: st.DrawFn) -> dict[str, Any]:
    """Every channel has a queue; some have several, of either form."""
    together: list[dict[str, Any]] = [{}]
    halves = [{"channels": list(ROUTED)}, {"channels": list(TOLD)}]
    single = [{"channels": [channel], "raw": draw(st.booleans())} for channel in TOLD]
    chosen: list[dict[str, Any]] = draw(
        st.sampled_from([together, halves, [halves[0], *single]])
    )
    several = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True)
    another = st.fixed_dictionaries({"channels": several, "raw": st.booleans()})
    more: list[dict[str, Any]] = draw(st.lists(another, max_size=2))
    queues = [*chosen, *more]
    return {
        f"q{number}": {**queue, "consumer": {"credentials": "none"}}
        for number, queue in enumerate(queues)
    }


@st.composite
def _letter(draw: st.DrawFn, identities: list[str]) -> Letter:
    """Mail from an identity or from what lies below or beside it."""
    identity = draw(st.sampled_from(identities))
    local, _, domain = identity.rpartition("@")
    local = local or draw(st.sampled_from(["anybody", "news"]))
    sender = draw(
        st.sampled_from(
            [
                f"{local}@{domain}",
                f"{local}+label@{domain}",
                f"{local.swapcase()}@{domain}",
                f"{local}@{domain.upper()}",
                f"{local}@below.{domain}",
                f"{local}@example.net",
            ]
        )
    )
    return Letter(
        sender,
        draw(st.sampled_from(MAILBOXES)),
        draw(st.sampled_from([None, CHOSEN, *DEFAULTS])),
        draw(st.booleans()),
    )


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "none",
            "app",
            "shop",
            "*",
            "a" * 300,
            "été",
            "\x00",
            "https://u:pw@x.example.com",
            "true",
            "+1",
            {"secure": "AAAA"},
            {"secure": 5},
            {},
            [],
            [None],
            [[]],
            {"": None},
            {"none": {}},
        ]
    ),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers() | st.none(), max_size=3),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything within a value."""
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = dict(enumerate(value)).items()
    else:
        return [at]
    return [at, *(path for key, inner in inside for path in places(inner, (*at, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A sound configuration in which a few places were changed at random."""
    source = draw(st.sampled_from([EVERYTHING, *map(Path.read_text, FILES.values())]))
    file: dict[str, Any] = yaml.safe_load(source)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(file["config"])[1:]))
        parent = file["config"]
        for step in path[:-1]:
            parent = parent[step]
        key = path[-1]
        match draw(st.sampled_from(["replace", "drop", "rename", "copy"])):
            case "replace":
                parent[key] = deepcopy(draw(ODD))
            case "drop":
                del parent[key]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.text(max_size=12))] = parent.pop(key)
            case "copy" if isinstance(parent, list):
                parent.append(parent[key])
            case _ if isinstance(parent, dict):
                parent[draw(st.text(max_size=12))] = parent[key]
    return file
