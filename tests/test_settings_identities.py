"""Identities; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from components.events import Event
from components.settings.identities import Identity
from tests.snippets import checked, refusals


def identity(folder: Path, text: str) -> Identity:
    snippet = f"channels: {{app: {{}}, qa: {{}}}}\nidentities: {{shop: {text}}}\nconfigurationSets: {{s: {{}}}}"
    return checked(folder, snippet).identities["shop"]


def test_the_defaults_of_an_identity(tmp_path: Path) -> None:
    shop = identity(tmp_path, "{sender: Shop.example.com, feedback: app}")
    assert shop.sender == "shop.example.com"
    assert not shop.is_address
    assert shop.routes == {Event.BOUNCE: "app", Event.COMPLAINT: "app"}
    assert shop.original_headers == []
    assert (shop.default_set, shop.mail_from, shop.hosted_zone) == (None, None, None)
    assert (shop.forwarding, shop.existing) == (None, False)


def test_an_address_stays_as_written(tmp_path: Path) -> None:
    news = identity(tmp_path, "{sender: News@Shop.example.com, feedback: app}")
    assert news.sender == "News@Shop.example.com"
    assert news.is_address


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ("feedback: none", {}),
        ("feedback: app, delivery: qa", {"bounce": "app", "complaint": "app", "delivery": "qa"}),
        ("bounce: app, complaint: qa", {"bounce": "app", "complaint": "qa"}),
        ("bounce: none, complaint: qa, delivery: none", {"complaint": "qa"}),
    ],
)  # fmt: skip
def test_routes(tmp_path: Path, routes: str, expected: dict[str, str]) -> None:
    shop = identity(tmp_path, f"{{sender: shop.example.com, {routes}}}")
    assert shop.routes == expected


def test_the_key_that_states_a_route(tmp_path: Path) -> None:
    by_both = identity(tmp_path, "{sender: shop.example.com, feedback: app}")
    assert [by_both.route_key(event) for event in (Event.BOUNCE, Event.DELIVERY)] == [
        "feedback",
        "delivery",
    ]
    by_each = identity(
        tmp_path, "{sender: shop.example.com, bounce: app, complaint: qa}"
    )
    assert by_each.route_key(Event.COMPLAINT) == "complaint"


@pytest.mark.parametrize(
    "more",
    [
        "originalHeaders: [bounce, complaint]",
        "delivery: app, originalHeaders: [delivery]",
        "configurationSet: s",
        "configurationSet: none",
        "mailFrom: Bounce.Shop.example.com",
        "mailFrom: a.b.shop.example.com",
        "hostedZone: Z0123456789ABCDEFGHIJ",
        "forwarding: true",
        "forwarding: false",
        "existing: true, configurationSet: none",
    ],
)
def test_more_keys_that_are_allowed(tmp_path: Path, more: str) -> None:
    assert identity(tmp_path, f"{{sender: shop.example.com, feedback: app, {more}}}")


def test_addresses_compare_with_letter_case(tmp_path: Path) -> None:
    snippet = "identities: {a: {sender: News@example.com, feedback: app}, b: {sender: news@example.com, feedback: app}}"
    assert refusals(tmp_path, snippet) == []
