"""`ses-feedback sandbox` as a person runs it."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from commands.sandbox import sandbox
from tests.stacks import ROOT

STACK = """
config:
  aws:region: eu-west-1
  ses-feedback:channels:
    app:
      subscriptions:
        crm: {protocol: https, secretEndpoint: crm}
  ses-feedback:secretEndpoints: {crm: {secure: AAABAHNvbWUgY2lwaGVydGV4dA==}}
  ses-feedback:identities: {shop: {sender: shop.example.com, feedback: app}}
  ses-feedback:queues: {app: {}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real program and a stack of its own."""
    (tmp_path / "Pulumi.yaml").write_text("name: ses-feedback\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "__main__.py").write_text((ROOT / "__main__.py").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(sandbox, arguments)


def test_rows_as_json(project: Path) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "note: ses-feedback:secretEndpoints.crm: encrypted; https://localhost/crm"
        " stands in for it\n"
    )
    rows = json.loads(result.stdout)
    (bounce,) = [
        row
        for row in rows
        if row["recipient"].startswith("bounce@") and row["event"] == "bounce"
    ]
    places = sorted(place["name"] for place in bounce.pop("places"))
    assert places == ["app", "email_bounces", "https **** (app-subscription_crm)"]
    assert bounce == {
        "sender": "no-reply@shop.example.com",
        "recipient": "bounce@simulator.amazonses.com",
        "configurationSet": None,
        "event": "bounce",
        "via": "identity",
        "channel": "app",
    }


def test_a_table_without_colours_or_progress_in_a_pipe(project: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].startswith("sender")
    assert "\x1b" not in result.output
    assert "Sending" not in result.stderr


def test_the_collector_refuses_the_addresses_that_bounced(project: Path) -> None:
    answers = run().stdout.partition("whether mail may still be sent:")[2]
    _, _, *lines = (" ".join(line.split()) for line in answers.splitlines())
    assert lines == [
        "bounce 1 email_bounces no bounced",
        "complaint 1 email_complaints no complained",
        "success - yes -",
        "ooto 1 email_bounces yes -",
        "suppressionlist 1 email_bounces no suppression-list",
    ]


def test_a_stack_without_a_queue_has_no_collector(project: Path) -> None:
    text = STACK.replace("  ses-feedback:queues: {app: {}}\n", "")
    (project / "Pulumi.dev.yaml").write_text(text)
    result = run()
    assert result.exit_code == 0, result.output
    assert "collector" not in result.stdout


def test_the_readme_shows_what_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    printed = {" ".join(line.split()) for line in run().stdout.splitlines()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("Part of what it shows:")[2].split("```")[1]
    shown = {" ".join(line.split()) for line in block.strip().splitlines()}
    assert shown <= printed


MONITORED = """\
  ses-feedback:configurationSets: {shop: {}}
  ses-feedback:monitoring: {alarms: oncall}
"""


@pytest.fixture
def monitored(project: Path) -> Path:
    """The same with a dashboard."""
    text = STACK.replace("channels:\n", "channels:\n    oncall: {}\n") + MONITORED
    (project / "Pulumi.dev.yaml").write_text(text)
    return project


def test_the_dashboard_of_the_stack_is_drawn_with_the_mail_of_the_report(
    monitored: Path,
) -> None:
    result = run("--json", "--dashboard", "page.html")
    assert result.exit_code == 0, result.output
    mails = {
        (row["recipient"], row["configurationSet"]) for row in json.loads(result.stdout)
    }
    assert result.stderr.endswith("\nThe dashboard is drawn in page.html.\n")
    page = (monitored / "page.html").read_text(encoding="utf-8")
    assert "<h1>ses-feedback-dev-monitoring</h1>" in page
    assert f"those of the {len(mails)} mails" in " ".join(page.split())
    assert "<h2>Set shop: mails by event</h2>" in page
    charts = re.search(r'id="charts">(.*?)</script>', page)
    assert charts is not None
    drawn = json.loads(charts[1])
    sends = [
        sum(value or 0 for value in trace["y"])
        for chart in drawn
        for trace in chart["traces"]
        if trace["name"] == "send"
    ]
    # Of the account, and of the set.
    assert sends == [len(mails), len(mails) / 2]


def test_the_dashboard_is_there_whoever_reads_the_report(monitored: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "commands", "sandbox", "--dashboard", "page.html"],
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert "Traceback" not in done.stderr
    assert "</html>" in (monitored / "page.html").read_text(encoding="utf-8")


def test_a_stack_without_a_dashboard_is_told_so_before_mail_is_sent(
    project: Path,
) -> None:
    result = run("--dashboard", "page.html")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(
        "ses-feedback:monitoring: found none, so there is no dashboard to draw"
    )
    assert not (project / "page.html").exists()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param("gone/page.html", "No such file or directory", id="no folder"),
        pytest.param(".", "found something that is no file", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_said_at_once(
    monitored: Path, file: str, reason: str
) -> None:
    result = run("--dashboard", file)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"--dashboard {file}: cannot be written: {reason}\n"


def test_a_served_stack_has_no_mail_to_draw(monitored: Path) -> None:
    result = run("--dashboard", "page.html", "serve")
    assert result.exit_code == 2
    assert "which serve does not" in result.stderr


def test_a_refused_configuration_is_printed_as_it_is(project: Path) -> None:
    text = STACK.replace("feedback: app", "feedback: ap")
    (project / "Pulumi.dev.yaml").write_text(text)
    result = run()
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "ses-feedback:identities.shop.feedback" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_cannot_be_applied_is_said_without_a_traceback(project: Path) -> None:
    program = (
        "import pulumi_aws as aws\n"
        "aws.cloudwatch.CompositeAlarm('both', alarm_name='both', alarm_rule='TRUE')\n"
    )
    (project / "__main__.py").write_text(program)
    result = run()
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "aws:cloudwatch/compositeAlarm:CompositeAlarm both: the sandbox knows no"
        " resources of this type"
    )
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("region", "folder", "said"),
    [
        pytest.param(
            "eu-wst-1",
            "there",
            "aws:region: found eu-wst-1, expected a region that the emulator has",
            id="misspelt region",
        ),
        pytest.param("eu-west-1", "gone", "found no __main__.py", id="no program"),
    ],
)
def test_a_mistake_outside_the_configuration_is_said_without_a_traceback(
    project: Path, region: str, folder: str, said: str
) -> None:
    if folder == "gone":
        (project / "__main__.py").unlink()
    (project / "Pulumi.dev.yaml").write_text(STACK.replace("eu-west-1", region))
    result = run()
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_an_unknown_stack_names_those_that_are_there(project: Path) -> None:
    result = run("--stack", "nope")
    assert result.exit_code == 1
    assert "Pulumi.nope.yaml" in result.stderr
    assert "takes the name of one of these: dev." in result.stderr


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "../dev", "", "Dev"])
def test_a_stack_that_is_named_otherwise_is_not_found(project: Path, name: str) -> None:
    result = run("serve", "--stack", name, "--port", "0")
    assert result.exit_code == 1
    assert "takes the name of one of these: dev." in result.stderr


def test_outside_the_project_it_says_where_to_go(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "elsewhere").mkdir()
    monkeypatch.chdir(project / "elsewhere")
    result = run("serve")
    assert result.exit_code == 1
    assert "run this in the folder of Pulumi.yaml" in result.stderr


@contextmanager
def serve(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "commands", "sandbox", "serve", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_is_and_ends_when_told(project: Path, number: int) -> None:
    with serve("--port", "0", "--json") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready.keys() == {"endpointUrl", "environment", "outputs"}
        environment = ready["environment"]
        assert environment["AWS_ENDPOINT_URL"] == ready["endpointUrl"]
        outputs = ready["outputs"]
        client: Any = boto3.Session().client(
            "sqs",
            region_name=environment["AWS_REGION"],
            endpoint_url=ready["endpointUrl"],
            aws_access_key_id=outputs["consumerAccessKeyIds"]["app"]["main"],
            aws_secret_access_key=outputs["consumerSecretAccessKeys"]["app"]["main"],
        )
        own, dead = outputs["queueUrls"]["app"], outputs["deadLetterQueueUrls"]["app"]
        attributes = {"QueueUrl": own, "AttributeNames": ["QueueArn"]}
        assert client.get_queue_attributes(**attributes)["Attributes"]
        for operation, parameters in (
            (client.receive_message, {"QueueUrl": dead}),
            (client.send_message, {"QueueUrl": own, "MessageBody": "m"}),
        ):
            with pytest.raises(ClientError, match="AccessDenied"):
                operation(**parameters)
        process.send_signal(number)
        rest, errors = process.communicate()
    assert (process.returncode, rest) == (0, "")
    assert "Traceback" not in errors


def test_serve_prints_what_a_shell_takes(project: Path) -> None:
    with serve("--port", "0") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert "export AWS_SECRET_ACCESS_KEY=" in rest
    assert "consumerSecretAccessKeys" in rest


def test_serve_on_a_port_that_is_taken(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "Address already in use" in result.stderr
    assert "Traceback" not in result.output


def test_serve_on_a_port_that_nobody_gave_it_the_right_to(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket, "create_server", refuse)
    result = run("serve", "--port", "80")
    assert result.exit_code == 1
    assert result.stderr == (
        "--port 80: Permission denied. Take another, or 0 for any that is free.\n"
    )


def test_a_second_signal_ends_it_at_once_while_it_starts(project: Path) -> None:
    program = "import os, time\nprint('begun', flush=True)\ntime.sleep(600)\n"
    (project / "__main__.py").write_text(program)
    with serve("--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert "Traceback" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", [[], ["serve", "--port", "0"]])
def test_a_disk_that_is_full_is_said(project: Path, command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "commands", "sandbox", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert run.returncode == 1
    assert "The output cannot be written: No space left on device" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_reader_that_goes_after_the_first_line_ends_nothing(project: Path) -> None:
    with serve("--port", "0", "--json") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.stdout.close()
        with urllib.request.urlopen(ready["endpointUrl"]) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_serve_with_a_file_of_authorities_that_is_none(
    project: Path, text: str | None
) -> None:
    if text is not None:
        (project / "ca.pem").write_text(text)
    result = run("serve", "--port", "0", "--ca-file", "ca.pem")
    assert result.exit_code == 1
    assert result.stderr.startswith("--ca-file ca.pem: ")
    assert "Traceback" not in result.output


def test_serve_of_a_refused_configuration(project: Path) -> None:
    text = STACK.replace("feedback: app", "feedback: ap")
    (project / "Pulumi.dev.yaml").write_text(text)
    result = run("serve", "--port", "0")
    assert result.exit_code == 1
    assert "ses-feedback:identities.shop.feedback" in result.stderr


def test_help_is_there_without_moto_or_pulumi() -> None:
    """Help has to be quick, and both take seconds to import."""
    check = (
        "import sys, commands.sandbox;"
        "assert not {'moto', 'pulumi', 'boto3', 'rich', 'plotly'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)
