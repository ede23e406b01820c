from collections.abc import Iterator

import pytest
from dns.resolver import Resolver

from ses_feedback_collector import advice as module
from ses_feedback_collector.advice import (
    Kind,
    advice,
    likely_address,
    likely_domain,
    without_mail,
)
from tests.nameserver import BROKEN, SILENT, answering


@pytest.mark.parametrize(
    "email",
    [
        "jane@example.com",
        "Jane.Doe+tag@Shop.Example.Test",
        '"Jane Doe" <jane@example.com>',
        '"jane doe"@example.com',
        "jane@[192.0.2.7]",
        "jos\u00e9@b\u00fccher.example.com",
        " jane@example.com ",
        "jane@test",
    ],
)
def test_nothing_is_said_of_a_sound_address(email: str) -> None:
    assert advice(email) == ()


@pytest.mark.parametrize(
    "email",
    [
        "jane",
        "@example.com",
        "jane@",
        "jane@example..com",
        "jane..doe@example.com",
        ".jane@example.com",
        "jane@-example.com",
        "jane@example",
        "jane doe@example.com",
        f"{'j' * 65}@example.com",
        "",
        "jane@example.com\0",
    ],
)
def test_bad_syntax_is_told(email: str) -> None:
    [found] = advice(email)
    assert found.kind is Kind.SYNTAX
    assert found.sentence.endswith(".")
    assert found.suggestion is None


@pytest.mark.parametrize(
    ("domain", "likely"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("gmail.vom", "gmail.com"),
        ("gmail.comm", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.de", "gmail.com"),
        ("hotnail.com", "hotmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmall.co.uk", "hotmail.co.uk"),
        ("hotmail.cm", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("yahooo.co.uk", "yahoo.co.uk"),
        ("outlok.com", "outlook.com"),
        ("protonmial.com", "protonmail.com"),
        ("comcst.net", "comcast.net"),
        ("comcast.nett", "comcast.net"),
        ("t-onlien.de", "t-online.de"),
        ("aol.con", "aol.com"),
        ("example.con", "example.com"),
        ("shop.example.ogr", "shop.example.org"),
    ],
)
def test_a_misspelt_domain_comes_with_the_likely_one(domain: str, likely: str) -> None:
    assert likely_domain(domain) == likely


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "gmx.co.uk",
        "ymail.com",
        "mail.com",
        "email.com",
        "hotmail.co.uk",
        "hotmail.no",
        "live.ca",
        "yahoo.com.sg",
        "outlook.jp",
        "me.com",
        "ms.com",
        "aon.com",
        "cloud.com",
        "horizon.net",
        "verizon.com",
        "comcast.com",
        "online.de",
        "web.de",
        "example.com",
        "gmail.example.com",
        "example.co",
        "example.cm",
        "com",
        "",
    ],
)
def test_a_provider_its_neighbours_and_strangers_are_left_alone(domain: str) -> None:
    assert likely_domain(domain) is None


def test_no_provider_and_no_neighbour_is_taken_for_another() -> None:
    known = module._providers()
    for domain in (*known.providers, *known.neighbours):
        assert likely_domain(domain) is None, domain


def test_every_provider_with_a_long_name_is_found_behind_a_swap() -> None:
    known = module._providers()
    for domain in sorted(known.providers):
        name, _, ending = domain.partition(".")
        if len(name) < module.SHORTEST or name[-2] == name[-3]:
            continue
        swapped = name[:-3] + name[-2] + name[-3] + name[-1]
        assert likely_domain(f"{swapped}.{ending}") == domain


def test_the_suggestion_is_a_whole_address() -> None:
    [found] = advice("Jane.Doe@GMIAL.com")
    assert found.kind is Kind.MISSPELT
    assert found.suggestion == "jane.doe@gmail.com"
    assert found.sentence == "Did you mean jane.doe@gmail.com?"
    assert likely_address("jane@example.com") is None
    assert likely_address("jane") is None


ZONE = {
    "mx.example.com.": {"MX": "10 mail.example.com."},
    "a.example.com.": {"A": "192.0.2.7"},
    "aaaa.example.com.": {"AAAA": "2001:db8::7"},
    "null.example.com.": {"MX": "0 ."},
    "null-a.example.com.": {"MX": "0 .", "A": "192.0.2.7"},
    "text.example.com.": {"TXT": '"v=spf1 -all"'},
    "silent.example.com.": {SILENT: ""},
    "broken.example.com.": {BROKEN: ""},
    "xn--bcher-kva.example.com.": {"MX": "10 mail.example.com."},
}


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    with answering(ZONE) as found:
        yield found


@pytest.mark.parametrize(
    "email",
    [
        "jane@mx.example.com",
        "Jane <jane@MX.example.com>",
        "jane@a.example.com",
        "jane@aaaa.example.com",
        "jane@b\u00fccher.example.com",
        "jane@[192.0.2.7]",
        "jane",
    ],
)
def test_nothing_is_said_of_a_domain_with_a_record(
    resolver: Resolver, email: str
) -> None:
    assert without_mail([email], resolver) == {}


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("null.example.com", "The domain null.example.com takes no mail."),
        ("null-a.example.com", "The domain null-a.example.com takes no mail."),
        ("gone.example.com", "There is no domain gone.example.com."),
        (
            "text.example.com",
            "The domain text.example.com has no mail server and no address.",
        ),
    ],
)
def test_a_domain_that_takes_no_mail_is_told(
    resolver: Resolver, domain: str, sentence: str
) -> None:
    found = without_mail([f"jane@{domain}"], resolver)
    assert found[f"jane@{domain}"].kind is Kind.NO_MAIL
    assert found[f"jane@{domain}"].sentence == sentence


@pytest.mark.parametrize("name", ["silent", "broken"])
def test_what_is_not_answered_is_told_as_such(
    resolver: Resolver, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_UP_SECONDS", 0.2)
    email = f"jane@{name}.example.com"
    found = without_mail([email, "jane@mx.example.com"], resolver)
    assert found[email].kind is Kind.NOT_LOOKED_UP
    assert "could not be looked up" in found[email].sentence
    assert list(found) == [email]


def test_a_domain_that_no_query_can_hold_is_told_as_such(resolver: Resolver) -> None:
    email = f"jane@{'x' * 64}.example.com"
    assert without_mail([email], resolver)[email].kind is Kind.NOT_LOOKED_UP
