"""The order in which resources are made."""

from tests.engine import declare
from tests.stacks import stack_of


def test_who_takes_a_value_waits_for_what_it_was_ordered_after() -> None:
    """The set's destination takes the topic's ARN, and waits for the topic's policy."""
    engine = declare(
        stack_of("""
            channels: {app: {}}
            configurationSets: {letters: {notify: {app: [bounce]}}}
        """)
    )
    kind = "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
    (destination,) = (each for each in engine.all(kind) if each.name.endswith("_app"))
    policy = engine.one("sns/topicPolicy:TopicPolicy", "app-topic-policy")
    waited_for = destination.input_dependencies["eventDestination"]
    assert policy.urn in waited_for
    arn = destination.inputs["eventDestination"]["snsDestination"]["topicArn"]
    assert arn == policy.inputs["arn"]
