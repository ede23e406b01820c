"""The forms of single values."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from components.settings.values import (
    Domain,
    HostedZone,
    PolicyArn,
    Region,
    RoleArn,
    Sender,
    TopicArn,
    canonical,
    has_credentials,
    host,
    is_address,
)

LABEL = "a" * 63

SOUND: list[tuple[Any, str]] = [
    (Sender, "shop.example.com"),
    (Sender, "a.b"),
    (Sender, "xn--ldchen-bua.example.com"),
    (Sender, f"{LABEL}.example.com"),
    (Sender, "news@shop.example.com"),
    (Sender, "News+label@shop.example.com"),
    (Sender, "o'neill@shop.example.com"),
    (Domain, "bounce.shop.example.com"),
    (Region, "eu-west-1"),
    (Region, "us-gov-west-1"),
    (Region, "ap-southeast-3"),
    (HostedZone, "Z0123456789ABCDEFGHIJ"),
    (PolicyArn, "arn:aws:iam::123456789012:policy/limit"),
    (PolicyArn, "arn:aws:iam::aws:policy/PowerUserAccess"),
    (PolicyArn, "arn:aws-us-gov:iam::123456789012:policy/path/limit"),
    (RoleArn, "arn:aws:iam::123456789012:role/path/stream"),
    (TopicArn, "arn:aws:sns:eu-west-1:123456789012:legacy"),
    (TopicArn, "arn:aws-cn:sns:cn-north-1:123456789012:legacy"),
]

UNSOUND: list[tuple[Any, str]] = [
    (Sender, "localhost"),
    (Sender, "shop.example.com."),
    (Sender, ".example.com"),
    (Sender, "-shop.example.com"),
    (Sender, "shop_.example.com"),
    (Sender, f"{LABEL}a.example.com"),
    (Sender, "shop.example.com\n"),
    (Sender, "@shop.example.com"),
    (Sender, "a b@shop.example.com"),
    (Sender, "a@b@shop.example.com"),
    (Sender, f"{'a' * 65}@shop.example.com"),
    (Sender, "*.example.com"),
    (Domain, "a@example.com"),
    (Domain, f"{'.'.join([LABEL] * 4)}.example.com"),
    (Region, "eu-west"),
    (Region, "eu-west-1a"),
    (HostedZone, "z0123456789abcdefghij"),
    (PolicyArn, "arn:aws:iam::123456789012:role/limit"),
    (RoleArn, "arn:aws:iam::aws:role/limit"),
    (TopicArn, "arn:aws:sns:eu-west-1:12345:legacy"),
    (TopicArn, "arn:aws:sns:eu-west-1:123456789012:app:endpoint"),
]


@pytest.mark.parametrize(("kind", "text"), SOUND)
def test_sound(kind: Any, text: str) -> None:
    assert TypeAdapter(kind).validate_python(text).lower() == text.lower()


@pytest.mark.parametrize(("kind", "text"), UNSOUND)
def test_unsound(kind: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


def test_domains_have_no_letter_case_and_addresses_do() -> None:
    assert canonical("Shop.Example.COM") == "shop.example.com"
    assert canonical("News@Shop.Example.COM") == "News@Shop.Example.COM"
    assert TypeAdapter(Sender).validate_python("Shop.example.com") == "shop.example.com"
    assert TypeAdapter(Domain).validate_python("B.example.com") == "b.example.com"


def test_an_address_has_at_most_320_characters() -> None:
    domain = f"{'.'.join([LABEL] * 3)}.{'a' * 61}.com"
    assert len(domain) == 257
    assert is_address(f"{'a' * 62}@{domain}")
    assert not is_address(f"{'a' * 63}@{domain}")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://desk.example.com/ses", "desk.example.com"),
        ("http://user:pw@desk.example.com:8080", "desk.example.com"),
        ("https://[::1]/", "::1"),
        ("https://", None),
        ("https://[::1", None),
        ("https://desk.example.com:port/", None),
        ("https://desk.example.com:99999/", None),
    ],
)
def test_the_host_of_a_url(url: str, found: str | None) -> None:
    assert host(url) == found


@pytest.mark.parametrize(
    ("url", "has"),
    [
        ("https://user:pw@desk.example.com/", True),
        ("HTTP://user@desk.example.com", True),
        ("https://desk.example.com/?to=a@example.com", False),
        ("https://desk.example.com/a@b", False),
        ("https://desk.example.com#a@b", False),
        ("a@example.com", False),
    ],
)
def test_a_url_with_user_or_password(url: str, has: bool) -> None:
    assert has_credentials(url) is has
