"""The recording engine refuses what a real one refuses, and records what it hears."""

from pathlib import Path

import pytest

from sandbox.program import Program
from tests.engine import UNKNOWN, Engine, declare, texts


def write(folder: Path, body: str) -> Program:
    text = f"import pulumi\nimport pulumi_aws as aws\n{body}\n"
    (folder / "__main__.py").write_text(text)
    return Program("project", "stack", {}, folder=folder)


COMPONENT = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, fill):
        super().__init__("ses-feedback:index:Box", name)
        fill(pulumi.ResourceOptions(parent=self))
        self.register_outputs({"found": pulumi.Output.secret("word"), "plain": 1})
"""


def test_a_urn_can_be_declared_once(tmp_path: Path) -> None:
    program = write(tmp_path, "aws.sqs.Queue('a')\naws.sqs.Queue('a')")
    with pytest.raises(ValueError, match=r"duplicate URN .*::a"):
        declare(program)


@pytest.mark.parametrize("preview", [False, True])
def test_a_look_up_that_nobody_answers_ends_the_run(
    tmp_path: Path, preview: bool
) -> None:
    program = write(tmp_path, "aws.get_availability_zones()")
    with pytest.raises(Exception, match="nobody answers the call .*AvailabilityZones"):
        declare(program, preview=preview)


def test_a_resource_that_is_looked_up_ends_the_run(tmp_path: Path) -> None:
    program = write(tmp_path, "aws.sqs.Queue.get('a', 'id')")
    with pytest.raises(Exception, match="nobody answers the look-up of aws:sqs/queue"):
        declare(program)


def test_the_look_ups_are_counted(tmp_path: Path) -> None:
    engine = declare(write(tmp_path, "aws.get_region()\naws.get_region()"))
    assert engine.calls == ["aws:index/getRegion:getRegion"] * 2


def test_inputs_are_recorded_in_clear_and_their_secrets_by_name(tmp_path: Path) -> None:
    body = """
aws.sns.TopicSubscription(
    "a", topic="t", protocol="https", endpoint=pulumi.Output.secret("word")
)
"""
    subscription = declare(write(tmp_path, body)).all()[0]
    assert subscription.inputs["endpoint"] == "word"
    assert subscription.secret_inputs == {"endpoint"}


def test_a_secret_deep_in_an_input_makes_the_input_secret(tmp_path: Path) -> None:
    body = "aws.sqs.Queue('a', tags={'b': pulumi.Output.secret('word')})"
    queue = declare(write(tmp_path, body)).all()[0]
    assert queue.inputs["tags"] == {"b": "word"}
    assert queue.secret_inputs == {"tags"}


def test_options_and_dependencies_are_recorded(tmp_path: Path) -> None:
    body = """
first = aws.sqs.Queue("first")
second = aws.sqs.Queue("second")
aws.sqs.QueuePolicy(
    "policy",
    queue_url=first.url,
    policy="{}",
    opts=pulumi.ResourceOptions(
        depends_on=[second],
        protect=True,
        ignore_changes=["policy"],
        retain_on_delete=True,
    ),
)
"""
    engine = declare(write(tmp_path, body))
    first, second = (
        engine.one("sqs/queue:Queue", name).urn for name in ("first", "second")
    )
    policy = engine.one("sqs/queuePolicy:QueuePolicy")
    assert policy.protect
    assert policy.retain_on_delete
    assert policy.ignore_changes == ("policy",)
    assert policy.input_dependencies["queueUrl"] == {first}
    assert policy.dependencies == {first, second}
    assert policy.depends_on == {second}


def test_a_dependency_on_a_component_is_seen_as_all_of_its_children(
    tmp_path: Path,
) -> None:
    body = f"""{COMPONENT}
box = Box("box", lambda opts: aws.sns.Topic("box-topic", opts=opts))
aws.sqs.Queue("a", opts=pulumi.ResourceOptions(depends_on=[box]))
"""
    engine = declare(write(tmp_path, body))
    topic = engine.one("sns/topic:Topic")
    assert topic.urn in engine.one("sqs/queue:Queue").depends_on


def test_a_components_outputs_are_recorded(tmp_path: Path) -> None:
    body = (
        f"{COMPONENT}\nBox('box', lambda opts: aws.sns.Topic('box-topic', opts=opts))"
    )
    engine = declare(write(tmp_path, body))
    box = engine.one("index:Box")
    assert box.is_component
    assert engine.component_outputs[box.urn] == {"found": "word", "plain": 1}
    assert engine.secret_outputs[box.urn] == {"found"}
    topic = engine.one("sns/topic:Topic")
    assert not topic.is_component
    assert topic.parent == box.urn


EXPORTS = """
queue = aws.sqs.Queue("a")
pulumi.export("url", queue.url)
pulumi.export("hidden", {"deep": pulumi.Output.secret("word")})
pulumi.export("text", "plain")
"""


def test_exports_are_recorded_in_clear_and_their_secrets_by_name(
    tmp_path: Path,
) -> None:
    engine = declare(write(tmp_path, EXPORTS))
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/a"
    assert engine.exports == {"url": url, "hidden": {"deep": "word"}, "text": "plain"}
    assert engine.secret_exports == {"hidden"}


def test_the_outputs_of_a_preview_are_unknown(tmp_path: Path) -> None:
    body = f"{EXPORTS}\naws.sqs.QueuePolicy('p', queue_url=queue.url, policy='x')"
    engine = declare(write(tmp_path, body), preview=True)
    assert engine.exports == {"hidden": {"deep": "word"}, "text": "plain"}
    policy = engine.one("sqs/queuePolicy:QueuePolicy")
    assert dict(policy.inputs) == {"queueUrl": UNKNOWN, "policy": "x"}
    assert policy.dependencies == {engine.one("sqs/queue:Queue").urn}


def test_every_text_is_found() -> None:
    value = {"a": ["b", {"c": "d"}], "e": 5, "f": None}
    assert list(texts(value)) == ["a", "b", "c", "d", "e", "f"]


def test_one_resource_is_asked_for_and_none_found() -> None:
    with pytest.raises(AssertionError, match=r"sqs/queue:Queue a among \[\]"):
        Engine().one("sqs/queue:Queue", "a")
