"""Single values of the configuration: what form each has, and what is expected of it."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from components.settings.shapes import Expected

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = rf"(?:{LABEL}\.)+{LABEL}"
LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
ARN = r"arn:aws[a-z-]*"


def canonical(sender: str) -> str:
    """A sender as SES tells identities apart: domains without case, addresses with it.

    (SES developer guide, creating and verifying identities.)
    """
    return sender if "@" in sender else sender.lower()


def is_address(text: str) -> bool:
    return re.fullmatch(rf"{LOCAL}@{DOMAIN}", text) is not None and len(text) <= 320


def host(text: str) -> str | None:
    """The host of a URL, or None where the text is none."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  raises for a port that is none
    except ValueError:
        return None
    return parts.hostname


def has_credentials(endpoint: str) -> bool:
    """Whether a URL carries a user or a password."""
    return re.match(r"https?://[^/?#]*@", endpoint, re.IGNORECASE) is not None


Text = Annotated[str, StringConstraints(min_length=1), Expected("text")]

Sender = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{LOCAL}@)?{DOMAIN}$", max_length=320),
    AfterValidator(canonical),
    Expected(
        "a domain such as shop.example.com or an address such as news@example.com"
    ),
]

Domain = Annotated[
    str,
    StringConstraints(pattern=rf"^{DOMAIN}$", max_length=253),
    AfterValidator(str.lower),
    Expected("a domain such as sub.example.com"),
]

A_REGION = "a region such as eu-west-1"

Region = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$"),
    Expected(A_REGION),
]

HostedZone = Annotated[
    str,
    StringConstraints(pattern=r"^Z[A-Z0-9]{1,31}$"),
    Expected("the id of a Route 53 hosted zone such as Z0123456789ABCDEFGHIJ"),
]

PolicyArn = Annotated[
    str,
    StringConstraints(pattern=rf"^{ARN}:iam::(?:[0-9]{{12}}|aws):policy/\S+$"),
    Expected("the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/limit"),
]

RoleArn = Annotated[
    str,
    StringConstraints(pattern=rf"^{ARN}:iam::[0-9]{{12}}:role/\S+$"),
    Expected("the ARN of an IAM role such as arn:aws:iam::123456789012:role/stream"),
]

TopicArn = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{ARN}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}(?:\.fifo)?$"
    ),
    Expected("the ARN of an SNS topic such as arn:aws:sns:eu-west-1:123456789012:news"),
]


def whole(lowest: int, highest: int, unit: str = "") -> Expected:
    """What a whole number within bounds expects."""
    what = f"a whole number from {lowest} to {highest}"
    return Expected(f"{what} {unit}".rstrip())
