import re
from datetime import UTC, datetime

import pytest

from sandbox.object_names import check_prefixes, evaluated, formatted, key

NIGHT = datetime(2026, 3, 7, 0, 5, 9, 123456, tzinfo=UTC)
EVENING = datetime(2026, 11, 22, 21, 45, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "night", "evening"),
    [
        ("yyyy-MM-dd", "2026-03-07", "2026-11-22"),
        ("yyyy/MM/dd/HH", "2026/03/07/00", "2026/11/22/21"),
        ("yy M d uuuu y", "26 3 7 2026 2026", "26 11 22 2026 2026"),
        ("MMM MMMM EEE EEEE", "Mar March Sat Saturday", "Nov November Sun Sunday"),
        ("D DDD", "66 066", "326 326"),
        ("H:k:h:K a", "0:24:12:0 AM", "21:21:9:9 PM"),
        ("mm:ss.SSS", "05:09.123", "45:30.000"),
        ("yyyy'-'MM'T'", "2026-03T", "2026-11T"),
        ("HH'o''clock' ''", "00o'clock '", "21o'clock '"),
    ],
)
def test_dates_are_as_java_formats_them(pattern: str, night: str, evening: str) -> None:
    assert formatted(pattern, NIGHT) == night
    assert formatted(pattern, EVENING) == evening


@pytest.mark.parametrize("pattern", ["", "YYYY", "yyyy-ww", "yyyy'", "[yyyy]", "yyyy#"])
def test_a_pattern_that_is_not_known_is_refused(pattern: str) -> None:
    """YYYY is the year of the week, which is another one around New Year."""
    with pytest.raises(ValueError, match="date pattern"):
        formatted(pattern, NIGHT)


def test_each_expression_is_evaluated() -> None:
    prefix = "events/day=!{timestamp:yyyy-MM-dd}/h=!{timestamp:HH}/"
    assert evaluated(prefix, NIGHT) == "events/day=2026-03-07/h=00/"
    assert evaluated("errors/!{firehose:error-output-type}/", NIGHT, "x") == "errors/x/"
    once, twice = (evaluated("!{firehose:random-string}/", NIGHT) for _ in range(2))
    assert re.fullmatch(r"[A-Za-z0-9]{11}/", once)
    assert once != twice
    assert evaluated("no/expression!/$&", NIGHT) == "no/expression!/$&"


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("!{partitionKeyFromQuery:customer}/", "partitionKeyFromQuery:customer"),
        ("!{firehose:random}/", "firehose:random"),
        ("a/!{timestamp}", "begins no"),
        ("a/!{timestamp:yyyy", "begins no"),
    ],
)
def test_an_expression_that_is_not_known_is_refused(prefix: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        evaluated(prefix, NIGHT)


@pytest.mark.parametrize(
    ("prefix", "errors", "said"),
    [
        ("!{timestamp:yyyy}/", "", "cannot be null or empty when Prefix contains"),
        ("!{timestamp:yyyy}/", "e/!{timestamp:yyyy}/", "has to contain"),
        ("!{firehose:error-output-type}/", "e/", "Prefix cannot contain"),
        ("!{timestamp:YYYY}/", "e/", "letter Y"),
    ],
)
def test_prefixes_that_firehose_refuses(prefix: str, errors: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_prefixes(prefix, errors)


@pytest.mark.parametrize(
    ("prefix", "errors"),
    [
        ("", ""),
        ("plain/", ""),
        ("d=!{timestamp:yyyy}/", "plain/"),
        ("d=!{timestamp:yyyy}/", "!{firehose:error-output-type}/"),
    ],
)
def test_prefixes_that_firehose_takes(prefix: str, errors: str) -> None:
    check_prefixes(prefix, errors)


UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("day=!{timestamp:yyyy-MM-dd}/", "day=2026-11-22/"),
        ("", "2026/11/22/21/"),
        ("plain/", "plain/2026/11/22/21/"),
    ],
)
def test_a_key_ends_in_the_stream_its_version_the_time_and_an_id(
    prefix: str, expected: str
) -> None:
    found = key(prefix, "log", "1", ".json.gz", EVENING)
    suffix = f"log-1-2026-11-22-21-45-30-{UUID}\\.json\\.gz"
    assert re.fullmatch(re.escape(expected) + suffix, found)
    assert key(prefix, "log", "1", "", EVENING) != found
