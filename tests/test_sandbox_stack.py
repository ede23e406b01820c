"""The shipped stacks, applied: the real program against the emulated account."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.settings import Refused, StackFile
from sandbox.collected import Collected
from sandbox.server import Listener, environment, serving
from sandbox.stack import AppliedStack, applied
from ses_feedback_collector import migrate
from tests.databases import opened
from tests.emulated import forwarded, objects, send, told
from tests.replays import bounced, replay
from tests.stacks import FILES


@pytest.fixture
def dev() -> Iterator[AppliedStack]:
    with applied(StackFile.read(FILES["dev"])) as stack:
        yield stack


def test_the_outputs_name_what_is_there(dev: AppliedStack) -> None:
    sqs = dev.cloud.client("sqs")
    for url in dev.outputs["queueUrls"].values():
        assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sets = dev.cloud.client("sesv2").list_configuration_sets()["ConfigurationSets"]
    assert sorted(dev.outputs["configurationSetNames"].values()) == sorted(sets)


def test_secrets_are_in_clear(dev: AppliedStack) -> None:
    ids = dev.outputs["consumerAccessKeyIds"]["developers"]
    secrets = dev.outputs["consumerSecretAccessKeys"]["developers"]
    assert ids.keys() == secrets.keys() == {"main"}
    assert isinstance(secrets["main"], str)


def test_a_secret_that_only_somebody_with_a_key_could_read_is_in_clear_here() -> None:
    file = StackFile.read(FILES["dev"])
    consumer = {"credentials": "pgp", "pgpKey": "keybase:somebody"}
    queues = {"qa": {"channels": ["qa"], "consumer": consumer}}
    changed = replace(file, config={**file.config, "ses-feedback:queues": queues})
    with applied(changed) as stack:
        assert "consumerSecretAccessKeys" not in stack.outputs
        secrets = stack.outputs_in_clear()["consumerSecretAccessKeys"]
        key_id = stack.outputs["consumerAccessKeyIds"]["qa"]["main"]
        assert secrets == {"qa": {"main": stack.cloud.kept_secrets[key_id]}}


def test_feedback_reaches_the_queue_of_its_team(dev: AppliedStack) -> None:
    queues = dev.outputs["queueUrls"]
    for url in queues.values():
        told(dev.cloud, url)
    mail = send(dev.cloud, "dev@shop.example.com")
    (message,) = told(dev.cloud, queues["developers"])
    assert message["mail"]["messageId"] == mail
    assert message["mail"]["commonHeaders"]["subject"] == "Your order"
    assert told(dev.cloud, queues["qa"]) == []
    assert forwarded(dev.cloud, mail) == []


def changed(stack: str, **keys: Any) -> StackFile:
    file = StackFile.read(FILES[stack])
    ours = {f"ses-feedback:{key}": value for key, value in keys.items()}
    return replace(file, config={**file.config, **ours})


def test_a_refused_configuration_is_not_applied() -> None:
    with pytest.raises(Refused, match="queues.qa.channels"):  # noqa: SIM117
        with applied(changed("dev", queues={"qa": {"channels": ["nope"]}})):
            pytest.fail("it was applied")


def test_every_key_can_be_applied() -> None:
    """The stack of the tests that uses what the shipped ones do not."""
    with applied(StackFile.read(FILES["full"])) as stack:
        zone = "Z0123456789ABCDEFGHIJ"
        records = stack.cloud.client("route53").list_resource_record_sets(
            HostedZoneId=zone
        )["ResourceRecordSets"]
        kinds = sorted(record["Type"] for record in records)
        assert kinds == ["CNAME", "CNAME", "CNAME", "MX", "TXT"]
        (key_id,) = stack.outputs["consumerAccessKeyIds"]["sealed"].values()
        assert stack.cloud.kept_secrets.keys() == {key_id}
        assert any("stands in for it" in note for note in stack.notes)


def test_prod_can_be_applied() -> None:
    with applied(StackFile.read(FILES["prod"])) as stack:
        assert stack.outputs["queueUrls"]
        assert stack.notes == ()


LOGGED = changed(
    "dev",
    eventLog={"query": False},
    configurationSets={
        "staging": {
            "eventLog": ["send", "bounce"],
            "notify": {"developers": ["bounce"]},
        },
        "trial": {"eventLog": ["complaint"]},
    },
)
"""Two sets with an event log."""

DEV, STAGING = "dev@shop.example.com", "staging@shop.example.com"


def test_exactly_what_a_set_keeps_is_in_the_event_log() -> None:
    with applied(LOGGED) as stack:
        cloud, names = stack.cloud, stack.outputs["configurationSetNames"]
        complaint = "complaint@simulator.amazonses.com"
        send(cloud, DEV)
        by_default = send(cloud, STAGING)
        named = send(cloud, DEV, complaint, names["trial"])
        kept = objects(cloud, stack.outputs["eventLogBucket"])
    assert all(
        re.match(r"events/day=\d{4}-\d\d-\d\d/[^/]+\.json\.gz$", key) for key in kept
    )
    events = [json.loads(gzip.decompress(body)) for body in kept.values()]
    assert sorted((one["eventType"], one["mail"]["messageId"]) for one in events) == [
        ("Bounce", by_default),
        ("Complaint", named),
        ("Send", by_default),
    ]


def test_the_event_log_is_replayed_into_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the collector's own command, over the endpoint. What has come by a queue
    already is not stored twice."""
    url = f"sqlite:///{tmp_path / 'feedback.db'}"
    with (
        Listener(0) as listener,
        applied(LOGGED, listener.endpoint) as stack,
        serving(stack.cloud, listener),
        opened(url) as engine,
    ):
        for name, value in environment(stack.cloud).items():
            monkeypatch.setenv(name, value)
        recipients = [f"bounce+{n}@simulator.amazonses.com" for n in range(3)]
        for recipient in recipients:
            send(stack.cloud, STAGING, recipient)
        names = stack.outputs["configurationSetNames"]
        with_set = [
            event
            for event in told(stack.cloud, stack.outputs["queueUrls"]["developers"])
            if "eventType" in event
        ]
        migrate(engine)
        Collected(engine).take({str(n): json.dumps(e) for n, e in enumerate(with_set)})
        before = bounced(url)
        source = f"s3://{stack.outputs['eventLogBucket']}/events/"
        first = replay(source, "--json", database=url)
        again = replay(source, "--json", database=url)
    assert {e["mail"]["tags"]["ses:configuration-set"][0] for e in with_set} == {
        names["staging"]
    }
    assert before == bounced(url) == recipients
    assert (first.code, first.said) == (0, "")
    assert (first.json["stored"], first.json["alreadyThere"]) == (3, 3)
    assert again.json["stored"] == 0
