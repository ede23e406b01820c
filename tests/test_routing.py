"""Who hears of a mail: SES's rules of precedence, in one model."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.events import Event
from components.routing import Identity, Publishers, Reach, Routing, candidates

SHOP = Identity(
    "shop",
    "shop.example.com",
    {Event.BOUNCE: "desk", Event.COMPLAINT: "desk", Event.DELIVERY: "audit"},
    "transactional",
)
NEWS = Identity("news", "News@shop.example.com", {Event.BOUNCE: "marketing"})
WIDE = Identity("wide", "example.com", {Event.COMPLAINT: "oncall"}, "campaigns")
SETS: dict[str, dict[str, tuple[Event, ...]]] = {
    "transactional": {"desk": (Event.REJECT,), "audit": (Event.BOUNCE,)},
    "campaigns": {"marketing": (Event.OPEN, Event.BOUNCE)},
    "silent": {"desk": ()},
}
ROUTING = Routing([WIDE, NEWS, SHOP], SETS)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("example.com", ["example.com"]),
        ("A.Shop.Example.COM", ["a.shop.example.com", "shop.example.com", "example.com"]),
        ("News@Example.com", ["News@Example.com", "example.com"]),
        ("a+b+c@example.com", ["a+b+c@example.com", "a@example.com", "example.com"]),
        ("+b@example.com", ["+b@example.com", "example.com"]),
        ("localhost", []),
    ],
)  # fmt: skip
def test_the_identities_that_may_cover_a_sender(
    sender: str, expected: list[str]
) -> None:
    assert list(candidates(sender)) == expected


@pytest.mark.parametrize(
    ("sender", "covering"),
    [
        ("anybody@shop.example.com", SHOP),
        ("anybody@SHOP.Example.com", SHOP),
        ("shop.example.com", SHOP),
        ("News@shop.example.com", NEWS),
        ("News+may@shop.example.com", NEWS),
        ("news@shop.example.com", SHOP),
        ("News@SHOP.example.com", SHOP),
        ("a@deep.below.shop.example.com", SHOP),
        ("a@example.com", WIDE),
        ("a@myshop.example.com", WIDE),
        ("a@example.org", None),
        ("a@notexample.com", None),
    ],
)
def test_the_most_specific_identity_covers_a_mail(
    sender: str, covering: Identity | None
) -> None:
    assert ROUTING.covering(sender) is covering


def test_the_next_wider_identity() -> None:
    assert ROUTING.wider("News@shop.example.com") is SHOP
    assert ROUTING.wider("News+may@shop.example.com") is NEWS
    assert ROUTING.wider("shop.example.com") is WIDE
    assert ROUTING.wider("example.com") is None


@pytest.mark.parametrize(
    ("sender", "named", "taken"),
    [
        ("a@shop.example.com", None, "transactional"),
        ("a@shop.example.com", "campaigns", "campaigns"),
        ("News@shop.example.com", "campaigns", "campaigns"),
        ("a@example.com", None, "campaigns"),
        ("a@example.org", None, None),
        ("a@example.org", "silent", "silent"),
    ],
)
def test_the_set_that_a_mail_takes(
    sender: str, named: str | None, taken: str | None
) -> None:
    assert ROUTING.configuration_set(sender, named) == taken


def test_an_address_without_a_default_set_takes_none_of_its_domain() -> None:
    assert ROUTING.configuration_set("News@shop.example.com") is None
    reach = ROUTING.reach("News@shop.example.com")
    assert {event: told for event, told in reach.items() if told} == {
        Event.BOUNCE: (Reach("marketing", "identity news"),)
    }


def test_the_routes_of_the_identity_and_of_the_set_both_reach() -> None:
    reach = ROUTING.reach("orders@shop.example.com")
    assert list(reach) == list(Event)
    assert {event: told for event, told in reach.items() if told} == {
        Event.REJECT: (Reach("desk", "configuration set transactional"),),
        Event.BOUNCE: (
            Reach("desk", "identity shop"),
            Reach("audit", "configuration set transactional"),
        ),
        Event.COMPLAINT: (Reach("desk", "identity shop"),),
        Event.DELIVERY: (Reach("audit", "identity shop"),),
    }


def test_a_set_that_the_mail_names_takes_the_place_of_the_default() -> None:
    reach = ROUTING.reach("orders@shop.example.com", "campaigns")
    assert reach[Event.REJECT] == ()
    assert reach[Event.OPEN] == (Reach("marketing", "configuration set campaigns"),)


def test_a_set_of_another_stack_tells_nobody_here() -> None:
    assert not any(ROUTING.reach("a@example.org", "elsewhere").values())


def test_the_table_lists_each_event_of_each_identity() -> None:
    table = ROUTING.table()
    assert list(table) == ["wide", "news", "shop"]
    assert all(list(row) == [event.value for event in Event] for row in table.values())
    assert table["shop"]["bounce"] == [
        "desk (identity shop)",
        "audit (configuration set transactional)",
    ]
    assert table["news"] == {
        event.value: ["marketing (identity news)"] if event is Event.BOUNCE else []
        for event in Event
    }


def test_the_publishers_of_a_channel_are_sorted_and_exact() -> None:
    assert ROUTING.publishers("desk") == Publishers(
        ("shop.example.com",), ("transactional",)
    )
    assert ROUTING.publishers("audit") == Publishers(
        ("shop.example.com",), ("transactional",)
    )
    assert ROUTING.publishers("marketing") == Publishers(
        ("News@shop.example.com",), ("campaigns",)
    )
    assert ROUTING.publishers("oncall") == Publishers(("example.com",), ())
    assert ROUTING.publishers("nobody") == Publishers((), ())


CHANNELS = ("a", "b")
SENDERS = ("x@sub.example.com", "sub.example.com", "example.com", "example.org")
SET_NAMES = ("one", "two")

identities = st.lists(
    st.builds(
        Identity,
        key=st.uuids().map(str),
        sender=st.sampled_from(SENDERS),
        routes=st.dictionaries(st.sampled_from(Event), st.sampled_from(CHANNELS)),
        configuration_set=st.sampled_from((None, *SET_NAMES)),
    ),
    unique_by=lambda identity: identity.sender,
)
sets = st.dictionaries(
    st.sampled_from(SET_NAMES),
    st.dictionaries(
        st.sampled_from(CHANNELS), st.lists(st.sampled_from(Event)).map(tuple)
    ),
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(identities, sets)
def test_whoever_reaches_a_channel_is_among_its_publishers_and_nobody_else(
    stated: list[Identity], told: dict[str, dict[str, tuple[Event, ...]]]
) -> None:
    """A topic policy made of the publishers lets through just what is published."""
    routing = Routing(stated, told)
    reached: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
    for identity, named in product(stated, (None, *told)):
        for reach in routing.reach(identity.sender, named).values():
            for channel, way in reach:
                reached[channel].add(way)
    for named in told:
        for reach in routing.reach("a@elsewhere.example.net", named).values():
            for channel, way in reach:
                reached[channel].add(way)
    keys = {identity.sender: identity.key for identity in stated}
    for channel in CHANNELS:
        publishers = routing.publishers(channel)
        assert reached[channel] == {
            *(f"identity {keys[sender]}" for sender in publishers.senders),
            *(f"configuration set {name}" for name in publishers.configuration_sets),
        }


@settings(max_examples=200, derandomize=True, deadline=None)
@given(identities)
def test_the_covering_identity_is_the_sender_itself_or_the_next_wider(
    stated: list[Identity],
) -> None:
    routing = Routing(stated, {})
    own = {identity.sender: identity for identity in stated}
    for sender in SENDERS:
        expected = own.get(sender) or routing.wider(sender)
        assert routing.covering(sender) is expected
