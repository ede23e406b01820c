import json
from typing import Any

import pytest

from sandbox.filters import lets_through

PERMANENT = {"bounce": {"bounceType": ["Permanent"]}}
EITHER = {"$or": [{"notificationType": ["Bounce"]}, {"eventType": ["Bounce"]}]}


@pytest.mark.parametrize(
    ("policy", "message", "passes"),
    [
        (PERMANENT, {"bounce": {"bounceType": "Permanent"}}, True),
        (PERMANENT, {"bounce": {"bounceType": "Transient"}}, False),
        (PERMANENT, {"complaint": {}}, False),
        (EITHER, {"notificationType": "Bounce"}, True),
        (EITHER, {"eventType": "Bounce"}, True),
        (EITHER, {"eventType": "Complaint"}, False),
        (EITHER | PERMANENT, {"eventType": "Bounce"}, False),
        (
            EITHER | PERMANENT,
            {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
            True,
        ),
        (
            {
                "bounce": {
                    "bounceType": ["Permanent"],
                    "$or": [{"bounceSubType": ["General"]}, {"feedbackId": ["x"]}],
                }
            },
            {"bounce": {"bounceType": "Permanent", "feedbackId": "x"}},
            True,
        ),
        (
            {
                "bounce": {"bounceType": ["Permanent"]},
                "$or": [{"bounce": {"feedbackId": ["x"]}}],
            },
            {"bounce": {"bounceType": "Transient", "feedbackId": "x"}},
            False,
        ),
    ],
)
def test_a_filter_on_the_body(
    policy: dict[str, Any], message: dict[str, Any], passes: bool
) -> None:
    assert lets_through(policy, json.dumps(message)) is passes


def test_a_text_that_is_no_json_is_dropped() -> None:
    assert not lets_through(EITHER, "Successfully validated SNS topic")
