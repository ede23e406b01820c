"""A Pulumi program runs to its end under a monitor, whatever ran before it."""

import gc
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pytest

from sandbox.program import Program, run
from tests.engine import Engine

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/a"

EXPORTS = """
queue = aws.sqs.Queue("a")
pulumi.export("url", queue.url)
pulumi.export("hidden", {"deep": pulumi.Output.secret("word")})
pulumi.export("text", "plain")
"""


def write(
    folder: Path,
    body: str,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
) -> Program:
    text = f"import pulumi\nimport pulumi_aws as aws\n{body}\n"
    (folder / "__main__.py").write_text(text)
    return Program("project", "stack", config or {}, secret_keys, folder)


def test_the_exports_are_plain_values(tmp_path: Path) -> None:
    exports = run(write(tmp_path, EXPORTS), Engine())
    assert exports == {"url": URL, "hidden": {"deep": "word"}, "text": "plain"}


def test_in_a_preview_the_unknown_exports_are_absent(tmp_path: Path) -> None:
    exports = run(write(tmp_path, EXPORTS), Engine(preview=True), preview=True)
    assert exports == {"hidden": {"deep": "word"}, "text": "plain"}


def test_the_program_is_handed_project_stack_and_configuration(tmp_path: Path) -> None:
    body = """
config = pulumi.Config("ours")
pulumi.export("project", pulumi.get_project())
pulumi.export("stack", pulumi.get_stack())
pulumi.export("map", config.require_object("map"))
pulumi.export("secret", pulumi.runtime.is_config_secret("ours:word"))
pulumi.export("plain", pulumi.runtime.is_config_secret("ours:map"))
"""
    config = {"ours:map": '{"a": [1]}', "ours:word": "w"}
    exports = run(write(tmp_path, body, config, ("ours:word",)), Engine())
    assert exports == {
        "project": "project",
        "stack": "stack",
        "map": {"a": [1]},
        "secret": True,
        "plain": False,
    }


def test_what_is_declared_late_is_declared_before_the_end(tmp_path: Path) -> None:
    body = """
first = aws.sqs.Queue("first")
first.arn.apply(lambda arn: aws.sqs.Queue("late", name=arn.rpartition(":")[2]))
"""
    engine = Engine()
    run(write(tmp_path, body), engine)
    assert engine.names("sqs/queue:Queue") == ["first", "late"]


def test_a_run_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    config = {"ours:key": "value"}
    run(write(tmp_path, EXPORTS, config, ("ours:key",)), Engine())
    engine = Engine()
    body = "pulumi.export('left', pulumi.Config('ours').get('key') or 'nothing')"
    assert run(write(tmp_path, body), engine) == {"left": "nothing"}
    assert engine.urns == []


def test_what_the_program_raises_is_raised_after_what_it_declared(
    tmp_path: Path,
) -> None:
    engine = Engine()
    body = "aws.sqs.Queue('a')\nraise pulumi.RunError('refused')"
    with pytest.raises(pulumi.RunError, match="^refused$"):
        run(write(tmp_path, body), engine)
    assert engine.names("sqs/queue:Queue") == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("aws.sqs.Queue('a')\naws.sqs.Queue('a')", id="a registration"),
        pytest.param("aws.sqs.Queue.get('a', 'id')", id="a look-up"),
        pytest.param("aws.sqs.Queue('a').arn.apply(lambda arn: 1 / 0)", id="an apply"),
    ],
)
def test_a_failed_run_is_told_once_and_leaves_nothing_to_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    with pytest.raises((ValueError, ZeroDivisionError)):
        run(write(tmp_path, body), Engine())
    gc.collect()
    assert caplog.messages == []
    engine = Engine()
    run(write(tmp_path, "aws.sqs.Queue('b')"), engine)
    assert engine.names("sqs/queue:Queue") == ["b"]
