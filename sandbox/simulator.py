"""What becomes of a mail: SES's mailbox simulator, which decides by the address.

`bounce+label@` is `bounce@`. Every recipient elsewhere takes delivery. (SES developer
guide, "Using the mailbox simulator".)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

DOMAIN = "simulator.amazonses.com"


@dataclass(frozen=True)
class Outcome:
    """One thing that SES reports of a recipient."""

    type: str
    """As messages name it: Delivery."""
    key: str
    """The key of the details in a message: delivery."""
    details: dict[str, Any]
    """What is particular to it; times and ids are added when it is reported."""


def outcomes(recipient: str) -> Sequence[Outcome]:
    """What follows on Send for one recipient, in order."""
    address = parseaddr(recipient)[1]
    mailbox, _, domain = address.rpartition("@")
    if domain.lower() != DOMAIN:
        return (_delivery(address),)
    match mailbox.partition("+")[0].lower():
        case "bounce":
            code = "smtp; 550 5.1.1 user unknown"
            return (_bounce(address, "Permanent", "General", "5.1.1", code),)
        case "suppressionlist":
            code = "Amazon SES has suppressed sending to this address"
            return (_bounce(address, "Permanent", "Suppressed", "5.1.1", code),)
        case "ooto":
            return (_delivery(address), _bounce(address, "Transient", "General"))
        case "complaint":
            return (_delivery(address), _complaint(address))
        case _:
            return (_delivery(address),)


def rejected() -> Outcome:
    """SES found a virus in the mail and sends it to nobody."""
    return Outcome("Reject", "reject", {"reason": "Bad content"})


def not_rendered(template: str, message: str) -> Outcome:
    """SES has no values for all that the template asks for, and sends nothing."""
    details = {"templateName": template, "errorMessage": message}
    return Outcome("Rendering Failure", "failure", details)


def sent() -> Outcome:
    """SES has taken the mail."""
    return Outcome("Send", "send", {})


def _delivery(address: str) -> Outcome:
    details = {
        "processingTimeMillis": 412,
        "recipients": [address],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
        "remoteMtaIp": "127.0.2.0",
    }
    return Outcome("Delivery", "delivery", details)


def _bounce(
    address: str,
    kind: str,
    sub_kind: str,
    status: str | None = None,
    diagnosis: str | None = None,
) -> Outcome:
    """An automatic reply has neither status nor diagnosis."""
    recipient = {"emailAddress": address}
    if status and diagnosis:
        recipient |= {
            "action": "failed",
            "status": status,
            "diagnosticCode": diagnosis,
        }
    details = {
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": [recipient],
        "reportingMTA": "dns; amazonses.com",
    }
    return Outcome("Bounce", "bounce", details)


def _complaint(address: str) -> Outcome:
    details = {
        "complainedRecipients": [{"emailAddress": address}],
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
    }
    return Outcome("Complaint", "complaint", details)
