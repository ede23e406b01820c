"""The keys that Firehose gives to its objects in S3.

As in the Firehose developer guide, "Configure Amazon S3 object name format" and
"Understand custom prefixes for Amazon S3 objects".
"""

import re
import secrets
import string
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime

DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH}/"
"""What Firehose appends to a prefix that says no time."""

ERROR_TYPE = "!{firehose:error-output-type}"

_EXPRESSION = re.compile(r"!\{([^:{}]*):([^{}]*)\}")

_RUNS = re.compile(r"''|'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z'])")
"""Of a date pattern: a quote, quoted text, a letter repeated, anything else."""

_RESERVED = "[]{}#"
"""What Java's patterns keep for themselves."""

_RANDOM_LENGTH = 11


def check_prefixes(prefix: str, error_prefix: str) -> None:
    """Raises ValueError, in Firehose's words where they are known, for prefixes that it
    refuses, and for what is not known here."""
    if "!{" in prefix and not error_prefix:
        raise ValueError(
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
        )
    if "!{" in error_prefix and ERROR_TYPE not in error_prefix:
        raise ValueError(
            f"ErrorOutputPrefix has to contain {ERROR_TYPE} when it contains"
            " expressions"
        )
    if ERROR_TYPE in prefix:
        raise ValueError(f"Prefix cannot contain {ERROR_TYPE}")
    for one in (prefix, error_prefix):
        evaluated(one, datetime.now(), "processing-failed")


def key(
    prefix: str, stream: str, version: str, extension: str, arrived: datetime
) -> str:
    """The key of an object whose oldest record arrived at that time, in the time zone
    that it is said in."""
    if "!{timestamp:" not in prefix:
        prefix += DEFAULT_TIME
    moment = arrived.strftime("%Y-%m-%d-%H-%M-%S")
    suffix = f"{stream}-{version}-{moment}-{uuid.uuid4()}{extension}"
    return evaluated(prefix, arrived) + suffix


def evaluated(prefix: str, moment: datetime, error_type: str = "") -> str:
    """A prefix with its expressions replaced by what they mean.

    Raises ValueError for an expression that is not known here.
    """
    if "!{" in _EXPRESSION.sub("", prefix):
        raise ValueError(f"{prefix} has a !{{ that begins no !{{namespace:value}}")

    def value(match: re.Match[str]) -> str:
        match match.groups():
            case ("timestamp", pattern):
                return formatted(pattern, moment)
            case ("firehose", "random-string"):
                letters = string.ascii_letters + string.digits
                return "".join(secrets.choice(letters) for _ in range(_RANDOM_LENGTH))
            case ("firehose", "error-output-type"):
                return error_type
        raise ValueError(f"the expression {match[0]} is not known here")

    return _EXPRESSION.sub(value, prefix)


def formatted(pattern: str, moment: datetime) -> str:
    """A time by a pattern of Java's DateTimeFormatter: `yyyy-MM-dd`.

    Raises ValueError for a letter that is not known here.
    """
    if not pattern or _RUNS.sub("", pattern):
        raise ValueError(f"the date pattern {pattern!r} is none")
    return "".join(_parts(pattern, moment))


def _parts(pattern: str, moment: datetime) -> Iterator[str]:
    for match in _RUNS.finditer(pattern):
        quoted, run, letter, other = match.groups()
        if letter is not None:
            if letter not in _LETTERS:
                raise ValueError(
                    f"the letter {letter} of the date pattern {pattern!r} is not known"
                    " here"
                )
            yield _LETTERS[letter](moment, len(run))
        elif other is not None:
            if other in _RESERVED:
                raise ValueError(f"the date pattern {pattern!r} has a reserved {other}")
            yield other
        else:
            yield "'" if quoted is None else quoted.replace("''", "'")


def _number(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: f"{value(moment):0{width}}"


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02}" if width == 2 else f"{moment.year:0{width}}"


def _month(moment: datetime, width: int) -> str:
    return (
        f"{moment.month:0{width}}"
        if width <= 2
        else _MONTHS[moment.month - 1][: 3 if width == 3 else None]
    )


def _weekday(moment: datetime, width: int) -> str:
    return _WEEKDAYS[moment.weekday()][: 3 if width <= 3 else None]


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
"""In English whatever the machine's language is, which strftime would heed."""

_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "L": _month,
    "d": _number(lambda moment: moment.day),
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "E": _weekday,
    "a": lambda moment, width: "AM" if moment.hour < 12 else "PM",
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "K": _number(lambda moment: moment.hour % 12),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": lambda moment, width: f"{moment.microsecond:06}".ljust(9, "0")[:width],
}
"""By the letter, what it means in a run of so many."""
