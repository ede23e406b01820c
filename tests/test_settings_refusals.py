"""How values, names and paths are shown to the reader."""

from typing import Any

import pytest

from components.settings.refusals import (
    SEALED,
    Fault,
    Origin,
    Refused,
    Warned,
    one_of,
    place,
    shown,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (0.5, "0.5"),
        (float("inf"), "Infinity"),
        (10**60, "a number of more than 60 digits"),
        pytest.param(-(16**6000), "a number of more than 60 digits", id="huge"),
        ("", '""'),
        ("operatons", '"operatons"'),
        ('a "b"', '"a \\"b\\""'),
        ("a\nb", '"a\\nb"'),
        ("größer", '"größer"'),
        ("\ud800", '"\\ud800"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\u202egnp", '"\\u202egnp"'),
        ("x" * 60, '"' + "x" * 60 + '"'),
        ("x" * 61, '"' + "x" * 60 + '"... of 61 characters'),
        ([], "an empty list"),
        ([1], "a list"),
        ({}, "an empty map"),
        ({"a": "secret"}, "a map"),
        (SEALED, "a secure value"),
    ],
)
def test_a_value_is_shown_short_and_printable(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://u:p@x.example.com/", "https:****@x.example.com/"),
        ("https://u:p@ss@x.example.com/", "https:****@x.example.com/"),
        ("https://u:p/#?@x.example.com", "https:****@x.example.com"),
        ("https://u:p\n@x.example.com", "https:****@x.example.com"),
        ("u:p@x.example.com", "u:****@x.example.com"),
        ("news@x.example.com", "news@x.example.com"),
        ("https://x.example.com/", "https://x.example.com/"),
        (
            "arn:aws:ses:eu-west-1:1:identity/a@b.c",
            "arn:aws:ses:eu-west-1:1:identity/a@b.c",
        ),
    ],
)
def test_user_and_password_of_a_text_are_never_shown(text: str, masked: str) -> None:
    assert shown(text) == f'"{masked}"'


def test_a_password_is_masked_before_a_long_text_is_cut() -> None:
    assert "secret" not in shown(f"https://user:secret{'x' * 100}@x.example.com/")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("channels", "app", "subscriptions", "a-b"), "channels.app.subscriptions.a-b"),
        (("queues", "q", "consumer", "keys", 1), "queues.q.consumer.keys[1]"),
        (("tags", "a.b"), 'tags."a.b"'),
        (("tags", "aws:team"), "tags.aws:team"),
        (("tags", ""), 'tags.""'),
        (("tags", "a b"), 'tags."a b"'),
        (("tags", "é"), "tags.é"),
        (("tags", "\u202e"), 'tags."\\u202e"'),
        (("tags", "k" * 61), f"tags.{'k' * 60}..."),
    ],
)
def test_a_path_is_as_the_file_has_it(path: tuple[str | int, ...], text: str) -> None:
    assert place(path) == text


def test_names_to_choose_from() -> None:
    assert one_of([]) == "none is there"
    assert one_of({"b", "a"}) == "a, b"
    assert one_of(["a\n"]) == '"a\\n"'
    many = one_of([f"c{number:02}" for number in range(22)])
    assert many.endswith("c19, and 2 more")


def test_a_refusal_says_where_what_and_what_instead() -> None:
    fault = Fault(("bounce",), '"operatons"', "a channel (operations) or none")
    under = fault.under("identities", "shop")
    assert Origin().refusal(under) == (
        'ses-feedback:identities.shop.bounce: found "operatons",'
        " expected a channel (operations) or none"
    )
    assert Origin("mail.yaml").refusal(under) == (
        'mail.yaml:shop.bounce: found "operatons",'
        " expected a channel (operations) or none"
    )
    assert Origin("mail.yaml").name(("identities",)) == "mail.yaml"
    assert Origin("mail.yaml").name(("queues", "q")) == "ses-feedback:queues.q"
    assert Origin().name(("aws:region",)) == "aws:region"
    assert Origin().warning(Warned(("queues",), "why?")) == "ses-feedback:queues: why?"


def test_the_same_line_is_said_once() -> None:
    assert str(Refused(["a", "b", "a"])) == "a\nb"
