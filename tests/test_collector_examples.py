"""From a stack's outputs to an application that asks: as the README has it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError

from ses_feedback_collector import (
    Event,
    EventType,
    Store,
    migrate,
    open_database,
    parse,
)
from tests.feedback import in_sns, notification
from tests.snippets import stack_text
from tests.stacks import ROOT

EXAMPLES = ROOT / "collector" / "examples"
SHOP = "no-reply@shop.example.com"
BOUNCE, COMPLAINT, SUCCESS = (
    f"{name}@simulator.amazonses.com" for name in ("bounce", "complaint", "success")
)

PULUMI = """\
#!/bin/sh
case "$*" in
'stack output --json --show-secrets') cat outputs.json ;;
*) exit 64 ;;
esac
"""
"""Answers as the Pulumi CLI does, with what the sandbox said."""


@dataclass(frozen=True)
class Sandbox:
    """A stack that is served, and a folder in which a person works."""

    folder: Path
    environment: dict[str, str]
    """What the sandbox says that its administrator has to set."""
    consumer: dict[str, str]
    """What the README's lines made of the outputs, and where the sandbox is."""

    def send(self, *recipients: str) -> None:
        """As an application without the collector does."""
        client: Any = boto3.Session().client(
            "sesv2",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )
        for recipient in recipients:
            client.send_email(
                FromEmailAddress=SHOP,
                Destination={"ToAddresses": [recipient]},
                Content={
                    "Simple": {
                        "Subject": {"Data": "Your order"},
                        "Body": {"Text": {"Data": "It is on its way."}},
                    }
                },
            )

    def run(
        self, *arguments: str, administrator: bool = False, words: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs Python in the folder, with the consumer's key unless told otherwise."""
        more = self.environment if administrator else {}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**bare_environment(), **self.consumer, **more},
            input=words,
            capture_output=True,
            text=True,
            check=False,
        )


def bare_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SES_FEEDBACK_"))
    }


def readme_block(holding: str) -> str:
    """The shell lines of the README with these words in them."""
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```sh\n")[1:]
    (found,) = [
        block.partition("```")[0]
        for block in blocks
        if holding in block.partition("```")[0]
    ]
    return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text("name: ses-feedback\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(stack_text(""))
    (folder / "__main__.py").write_text((ROOT / "__main__.py").read_text())
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").write_text(PULUMI)
    (folder / "bin" / "pulumi").chmod(0o700)
    command = [sys.executable, "-m", "commands", "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--json"],
        cwd=folder,
        env={**bare_environment(), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            (folder / "outputs.json").write_text(json.dumps(ready["outputs"]))
            endpoint = {"AWS_ENDPOINT_URL": ready["endpointUrl"]}
            database = {"SES_FEEDBACK_DATABASE": "sqlite:///feedback.db"}
            made = {**endpoint, **database, **environment_file(folder)}
            yield Sandbox(folder, ready["environment"], made)
        finally:
            process.terminate()


def environment_file(folder: Path) -> dict[str, str]:
    """What the README's lines write, run as they stand there."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    lines = readme_block("> collector.env")
    subprocess.run(
        ["sh", "-eu", "-c", lines],
        cwd=folder,
        env={**bare_environment(), "PATH": path},
        check=True,
    )
    written = folder / "collector.env"
    assert written.stat().st_mode & 0o777 == 0o600
    pairs = (line.partition("=") for line in written.read_text().splitlines())
    return {name: value for name, _, value in pairs}


@pytest.mark.needs("jq")
def test_outputs_become_an_environment_and_a_worker_and_an_application_asks(
    sandbox: Sandbox,
) -> None:
    sandbox.send(BOUNCE, COMPLAINT, SUCCESS)
    ran = sandbox.run("-m", "ses_feedback_collector", "run", "--drain")
    assert ran.returncode == 0, ran.stderr
    assert sandbox.consumer["AWS_SECRET_ACCESS_KEY"] not in ran.stdout + ran.stderr

    example = str(EXAMPLES / "send.py")
    misspelt = "jane@gmial.com"
    for recipient, code, said in (
        (BOUNCE, 3, f"Our mail to {BOUNCE} came back: "),
        (COMPLAINT, 3, f"Our mail to {COMPLAINT} was reported as unwanted, "),
        (SUCCESS, 0, ""),
        (misspelt, 0, "Did you mean jane@gmail.com?\n"),
    ):
        sent = sandbox.run(
            example, SHOP, recipient, "Hello", administrator=True, words="Words"
        )
        assert sent.returncode == code, sent.stderr
        assert sent.stderr.startswith(said)
        assert said or not sent.stderr


def test_the_readme_names_the_command_and_variables_of_the_worker() -> None:
    lines = readme_block("ses-feedback-collector run")
    assert "pip install ./collector\n" in lines
    assert "export SES_FEEDBACK_DATABASE=" in lines


@pytest.fixture(scope="module")
def django_feedback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The example, in a Django of its own; one address has bounced."""
    url = f"sqlite:///{tmp_path_factory.mktemp('django') / 'feedback.db'}"
    engine = open_database(url)
    migrate(engine)
    bounced = parse(in_sns(notification(EventType.BOUNCE, ["gone@example.com"])))
    assert isinstance(bounced, Event)
    Store(engine).save({"one": bounced})
    settings.configure(
        EMAIL_BACKEND="django_feedback.AskFirst",
        SES_FEEDBACK_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        SES_FEEDBACK_DATABASE=url,
        USE_I18N=False,
    )
    sys.path.insert(0, str(EXAMPLES))
    try:
        example = import_module("django_feedback")
        yield example
        example.suppression()._engine.dispose()
    finally:
        sys.path.remove(str(EXAMPLES))
        engine.dispose()


@pytest.fixture
def outbox(django_feedback: Any) -> list[mail.EmailMessage]:
    outbox: list[mail.EmailMessage] = []
    mail.outbox = outbox
    return outbox


def test_django_leaves_out_who_bounced(outbox: list[mail.EmailMessage]) -> None:
    message = mail.EmailMessage(
        "Hello",
        "Words",
        SHOP,
        ["Jane <jane@example.com>", "Gone <Gone@example.com>"],
        bcc=["gone@example.com"],
    )
    assert message.send() == 1
    (sent,) = outbox
    assert (sent.to, sent.bcc) == (["Jane <jane@example.com>"], [])
    assert message.bcc == ["gone@example.com"], "the application's own is as it was"


def test_django_sends_nothing_to_nobody(outbox: list[mail.EmailMessage]) -> None:
    assert mail.send_mail("Hello", "Words", SHOP, ["gone@example.com"]) == 0
    assert outbox == []


def test_a_form_says_why_an_address_will_not_do(django_feedback: Any) -> None:
    django_feedback.may_be_mailed("jane@example.com")
    with pytest.raises(ValidationError) as raised:
        django_feedback.may_be_mailed("gone@example.com")
    assert raised.value.code == "bounced"
    (said,) = raised.value.messages
    assert said.startswith("Our mail to gone@example.com came back")
