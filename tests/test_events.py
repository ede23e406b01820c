"""The names of events."""

from components.events import IDENTITY_EVENTS, Event


def test_the_events_stand_in_the_order_of_the_api_with_its_names() -> None:
    """The order and names of EventType in SES's API, version 2."""
    assert [event.api_name for event in Event] == [
        "SEND",
        "REJECT",
        "BOUNCE",
        "COMPLAINT",
        "DELIVERY",
        "OPEN",
        "CLICK",
        "RENDERING_FAILURE",
        "DELIVERY_DELAY",
        "SUBSCRIPTION",
    ]


def test_the_events_are_named_as_in_the_configuration() -> None:
    assert " ".join(Event) == (
        "send reject bounce complaint delivery open click renderingFailure"
        " deliveryDelay subscription"
    )


def test_an_identity_tells_of_three_events() -> None:
    assert " ".join(IDENTITY_EVENTS) == "bounce complaint delivery"
