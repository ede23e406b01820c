"""The metrics of what a stack watches."""

from components.events import Event
from components.metrics import (
    ACCOUNT,
    METRIC_NAMES,
    of_channel,
    of_other_set,
    of_queue,
    of_set,
)


def test_every_event_has_the_name_of_its_count() -> None:
    assert list(METRIC_NAMES) == list(Event)


def test_a_set_of_the_stack_is_another_than_one_of_that_name_in_ses() -> None:
    own, other = of_set("campaigns"), of_other_set("campaigns")
    assert own[:2] == other[:2] == ("AWS/SES", "ses:configuration-set")
    assert own.place != other.place


def test_a_queue_and_its_dead_letters_are_two() -> None:
    assert of_queue("queue", "app") != of_queue("dead-letters", "app")
    assert of_channel("app").dimension == "TopicName"


def test_the_account_has_no_dimension() -> None:
    assert (ACCOUNT.dimension, ACCOUNT.place) == ("", ())
