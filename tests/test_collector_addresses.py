import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ses_feedback_collector.addresses import LONGEST, normalised


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("jane@example.com", "jane@example.com"),
        ("Jane.Doe+News@Example.COM", "jane.doe+news@example.com"),
        ("  jane@example.com\r\n", "jane@example.com"),
        ("Jane <Jane@Example.com>", "jane@example.com"),
        ('"Doe, Jane" <jane@example.com> ', "jane@example.com"),
        ('"not <x@example.org>" <jane@example.com>', "jane@example.com"),
        ("Jané < jane@example.com >", "jane@example.com"),
        ("<jane@example.com>", "jane@example.com"),
        ('"a<b>"@example.com', '"a<b>"@example.com'),
        ("jane@Bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@BU\u0308CHER.example", "jane@xn--bcher-kva.example"),
        ("jane@XN--bcher-kva.example", "jane@xn--bcher-kva.example"),
        ("jane@b\u00fccher\u3002example", "jane@xn--bcher-kva.example"),
        ("jane@\uff45xample.com", "jane@example.com"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),
        ("JOSE\u0301@example.com", "jos\u00e9@example.com"),
        ("jane@\u2603_x.example", "jane@\u2603_x.example"),
        ("jane@[192.0.2.1]", "jane@[192.0.2.1]"),
        ("Jané", "jané"),
        ("jane@example.com.", "jane@example.com"),
        ("jane@Bücher.example.", "jane@xn--bcher-kva.example"),
        ("jane@bücher.example\u3002", "jane@xn--bcher-kva.example"),
        ("Jané <jane@example.com.>", "jane@example.com"),
        ("mailto:jane@example.com", "jane@example.com"),
        ("MailTo: Jane@example.com", "jane@example.com"),
        ("Jane <mailto:jane@example.com>", "jane@example.com"),
        ("'jane@example.com'", "jane@example.com"),
        ("'mailto:<jane@example.com.>' ", "jane@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("'jane@example.com", "'jane@example.com"),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("jane\u200b@example\ufeff.com", "jane@example.com"),
        ("\u200b 'Jane@example.com' \u200b", "jane@example.com"),
        ("Dr.", "dr."),
        ("a@b@Bücher.example", "a@b@xn--bcher-kva.example"),
    ],
)
def test_ways_of_writing_an_address_come_to_one(written: str, expected: str) -> None:
    assert normalised(written) == expected


@pytest.mark.parametrize(
    "written",
    ["", " ", "<>", "Jane <>", "\u3000", "< >", "'", "''", "Mailto:", "\ufeff\u200b"],
)
def test_what_has_no_address_in_it_stays(written: str) -> None:
    assert normalised(written) == written


@pytest.mark.parametrize("letter", ["A", "É"])
def test_what_is_too_long_for_an_address_stays(letter: str) -> None:
    fits = letter * (LONGEST - len("@example.com")) + "@example.com"
    assert normalised(fits) == fits.lower()
    assert normalised(letter + fits) == letter + fits


def test_a_name_does_not_count_for_the_length_of_an_address() -> None:
    assert normalised("J" * LONGEST + " <jane@example.com>") == "jane@example.com"


@pytest.mark.parametrize("around", [("'mailto:", "'"), ("'", "'"), ("'", "'.")])
def test_what_is_wrapped_however_often_takes_no_time(around: tuple[str, str]) -> None:
    before, behind = around
    assert normalised(before * 3 + "a@b" + behind * 3) == "a@b"
    written = before * 200_000 + "a@b" + behind * 200_000
    assert normalised(written) == written


def test_a_domain_of_any_length_takes_no_time() -> None:
    written = "jane@" + "ü" * 1_000_000
    assert normalised(written) == written


@settings(derandomize=True, deadline=None, max_examples=1_000, database=None)
@given(
    st.text(max_size=40)
    | st.text(
        alphabet="aA@<>.'\u200b \"\u0130\u0345\u03a3éÜß。＠\ud800\x00xn-", max_size=12
    )
)
def test_any_text_has_one_form_that_is_not_empty(text: str) -> None:
    found = normalised(text)
    assert bool(found) == bool(text)
    assert normalised(found) == found
    assert len(found) <= LONGEST or found == text
