"""The events of a mail, by the names of the configuration and by those of SES."""

import re
from enum import StrEnum


class Event(StrEnum):
    """What SES reports of a mail, in the order in which its API lists the types."""

    SEND = "send"
    REJECT = "reject"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELIVERY = "delivery"
    OPEN = "open"
    CLICK = "click"
    RENDERING_FAILURE = "renderingFailure"
    DELIVERY_DELAY = "deliveryDelay"
    SUBSCRIPTION = "subscription"

    @property
    def api_name(self) -> str:
        """As an event destination spells it: RENDERING_FAILURE."""
        return re.sub(r"(?=[A-Z])", "_", self.value).upper()


IDENTITY_EVENTS = (Event.BOUNCE, Event.COMPLAINT, Event.DELIVERY)
"""The events that an identity can send to a topic; the others need a configuration set."""
