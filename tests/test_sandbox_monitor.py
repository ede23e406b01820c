"""What the program hears of when it declares what cannot be applied."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.apply import CannotApply
from sandbox.cloud import Cloud
from sandbox.monitor import Monitor
from sandbox.program import Program, run
from tests.emulated import ACCOUNT

HEAD = "import pulumi\nimport pulumi_aws as aws\n"

Applying = Callable[[str], tuple[Monitor, dict[str, object]]]


@pytest.fixture
def applying(tmp_path: Path) -> Iterator[Applying]:
    """Runs a program's text; errors are in the monitor."""
    with Cloud(ACCOUNT) as cloud:

        def apply(text: str) -> tuple[Monitor, dict[str, object]]:
            (tmp_path / "__main__.py").write_text(HEAD + text)
            monitor = Monitor(cloud)
            outputs: dict[str, object] = {}
            with suppress(CannotApply):
                outputs = run(Program("p", "dev", {}, folder=tmp_path), monitor)
            return monitor, outputs

        yield apply


def failure(monitor: Monitor) -> str:
    assert monitor.failure is not None
    return str(monitor.failure)


def test_outputs_come_from_the_account(applying: Applying) -> None:
    monitor, outputs = applying(
        "topic = aws.sns.Topic('one')\npulumi.export('arn', topic.arn)"
    )
    assert monitor.failure is None
    assert str(outputs["arn"]).startswith("arn:aws:sns:eu-west-1:123456789012:one-")


def test_look_ups_are_answered(applying: Applying) -> None:
    _, outputs = applying(
        "pulumi.export('all', [aws.get_caller_identity().account_id,"
        " aws.get_region().region, aws.get_partition().partition])"
    )
    assert outputs["all"] == ["123456789012", "eu-west-1", "aws"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "aws.cloudwatch.EventBus('log')",
            "aws:cloudwatch/eventBus:EventBus log: the sandbox knows no resources of this type",
            id="type",
        ),
        pytest.param(
            "aws.sns.Topic('one', display_name='x')",
            "aws:sns/topic:Topic one: the sandbox does not know the property"
            " displayName",
            id="property",
        ),
        pytest.param(
            "aws.get_availability_zones()",
            "aws:index/getAvailabilityZones:getAvailabilityZones: the sandbox knows no"
            " such look-up",
            id="look-up",
        ),
        pytest.param(
            "aws.sns.Topic('one')\naws.sns.Topic('one')",
            "aws:sns/topic:Topic one: declared twice",
            id="duplicate",
        ),
        pytest.param(
            "aws.sqs.QueuePolicy('one', queue_url='https://x/1/gone', policy='{}')",
            "aws:sqs/queuePolicy:QueuePolicy one: An error occurred"
            " (AWS.SimpleQueueService.NonExistentQueue) when calling the"
            " SetQueueAttributes operation: The specified queue does not exist.",
            id="AWS",
        ),
        pytest.param(
            "aws.sqs.Queue('one', tags={'a': {'b': 'c'}})",
            "aws:sqs/queue:Queue one: Parameter validation failed:",
            id="botocore",
        ),
    ],
)
def test_a_failure_is_said_in_a_line(
    applying: Applying, text: str, expected: str
) -> None:
    monitor, _ = applying(text)
    assert failure(monitor).splitlines()[0] == expected


def test_the_first_failure_is_the_one(applying: Applying) -> None:
    monitor, _ = applying(
        "first = aws.cloudwatch.EventBus('first')\n"
        "aws.sns.Topic('second', opts=pulumi.ResourceOptions(depends_on=[first]))"
    )
    assert "first" in failure(monitor)
