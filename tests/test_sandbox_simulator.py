import pytest

from sandbox.simulator import outcomes

SIMULATOR = "simulator.amazonses.com"


@pytest.mark.parametrize(
    ("recipient", "types"),
    [
        (f"success@{SIMULATOR}", ["Delivery"]),
        (f"bounce@{SIMULATOR}", ["Bounce"]),
        (f"bounce+order-17@{SIMULATOR}", ["Bounce"]),
        (f"Bounce@{SIMULATOR.upper()}", ["Bounce"]),
        (f"ooto@{SIMULATOR}", ["Delivery", "Bounce"]),
        (f"complaint@{SIMULATOR}", ["Delivery", "Complaint"]),
        (f"suppressionlist@{SIMULATOR}", ["Bounce"]),
        (f"Jane <complaint@{SIMULATOR}>", ["Delivery", "Complaint"]),
        ("bounce@example.com", ["Delivery"]),
    ],
)
def test_the_address_decides(recipient: str, types: list[str]) -> None:
    assert [outcome.type for outcome in outcomes(recipient)] == types


@pytest.mark.parametrize(
    ("mailbox", "kind"),
    [
        ("bounce", ("Permanent", "General", "5.1.1")),
        ("suppressionlist", ("Permanent", "Suppressed", "5.1.1")),
        ("ooto", ("Transient", "General", None)),
    ],
)
def test_bounces_differ(mailbox: str, kind: tuple[str, str, str | None]) -> None:
    details = outcomes(f"{mailbox}@{SIMULATOR}")[-1].details
    (recipient,) = details["bouncedRecipients"]
    found = details["bounceType"], details["bounceSubType"], recipient.get("status")
    assert found == kind
    assert recipient["emailAddress"] == f"{mailbox}@{SIMULATOR}"


def test_a_complaint_is_of_abuse() -> None:
    details = outcomes(f"complaint@{SIMULATOR}")[-1].details
    assert details["complaintFeedbackType"] == "abuse"
    assert details["complainedRecipients"] == [
        {"emailAddress": f"complaint@{SIMULATOR}"}
    ]
