"""The event log: its stream, bucket and roles, seen by their resources."""

import json
from functools import cache
from typing import Any

import pytest

from sandbox.access import Caller, Request, admits, denial
from tests.engine import Engine, Resource, declare
from tests.stacks import declared, program, stack_of

DESTINATION = "sesv2/configurationSetEventDestination:ConfigurationSetEventDestination"
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOG_GROUP = "cloudwatch/logGroup:LogGroup"
LOG_STREAM = "cloudwatch/logStream:LogStream"
ROLE = "iam/role:Role"
ROLE_POLICY = "iam/rolePolicy:RolePolicy"
STREAM = "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"

BUCKET_ARN = "arn:aws:s3:::event-log-storage-bucket"
SETS = "arn:aws:ses:eu-west-1:123456789012:configuration-set"


@cache
def event_log(keys: str = "", sets: str = "letters: {eventLog: [send]}") -> Engine:
    """A stack with an event log, and the sets that write to it."""
    return declare(stack_of(f"{{configurationSets: {{{sets}}}, eventLog: {{{keys}}}}}"))


def destination(engine: Engine) -> dict[str, Any]:
    """Where the stream writes to, and how."""
    found = engine.one(STREAM).inputs["extendedS3Configuration"]
    assert isinstance(found, dict)
    return found


def test_the_stream_writes_gzipped_files_by_the_day() -> None:
    engine = event_log()
    stream = engine.one(STREAM).inputs
    assert stream["destination"] == "extended_s3"
    assert destination(engine) == {
        "bucketArn": BUCKET_ARN,
        "roleArn": "arn:aws:iam::123456789012:event-log-stream-role",
        "prefix": "events/day=!{timestamp:yyyy-MM-dd}/",
        "errorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "bufferingInterval": 300,
        "bufferingSize": 5,
        "compressionFormat": "GZIP",
        "fileExtension": ".json.gz",
        "cloudwatchLoggingOptions": {
            "enabled": True,
            "logGroupName": "event-log-log-group",
            "logStreamName": "event-log-log-stream",
        },
    }


def test_what_the_stream_holds_is_encrypted() -> None:
    assert event_log().one(STREAM).inputs["serverSideEncryption"] == {
        "enabled": True,
        "keyType": "AWS_OWNED_CMK",
    }


def test_the_stream_gathers_as_much_as_it_is_told_to() -> None:
    found = destination(event_log("bufferSeconds: 0, bufferMegabytes: 128"))
    assert (found["bufferingInterval"], found["bufferingSize"]) == (0, 128)


def test_firehoses_own_messages_are_kept_for_a_month() -> None:
    engine = event_log()
    assert engine.one(LOG_GROUP).inputs["retentionInDays"] == 30
    assert engine.one(LOG_STREAM).inputs["logGroupName"] == "event-log-log-group"


def test_events_and_errors_expire_together_and_results_by_themselves() -> None:
    _, *rules = event_log("expireDays: 90").one(LIFECYCLE).inputs["rules"]
    assert [
        (rule["filter"]["prefix"], rule["expiration"]["days"]) for rule in rules
    ] == [
        ("events/", 90),
        ("errors/", 90),
        ("results/", 30),
    ]


def role(engine: Engine, name: str) -> tuple[Resource, Resource]:
    """A role with its policy."""
    policy = engine.one(ROLE_POLICY, f"event-log-{name}-policy")
    assert policy.inputs["role"] == f"event-log-{name}"
    return engine.one(ROLE, f"event-log-{name}"), policy


def test_firehose_may_write_to_its_bucket_and_its_log_and_nothing_else() -> None:
    _, policy = role(event_log(), "stream-role")
    assert policy.policy()["Statement"] == [
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetBucketLocation",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
            ],
            "Resource": BUCKET_ARN,
        },
        {
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            "Resource": f"{BUCKET_ARN}/*",
        },
        {
            "Effect": "Allow",
            "Action": "logs:PutLogEvents",
            "Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:"
            "event-log-log-group:log-stream:event-log-log-stream",
        },
    ]


def test_only_firehose_of_this_account_assumes_the_streams_role() -> None:
    found, _ = role(event_log(), "stream-role")
    assert found.statement("assumeRolePolicy") == {
        "Effect": "Allow",
        "Principal": {"Service": "firehose.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "123456789012"}},
    }


def test_ses_may_write_to_the_stream_and_nothing_else() -> None:
    _, policy = role(event_log(), "publisher-role")
    assert policy.statement() == {
        "Effect": "Allow",
        "Action": "firehose:PutRecordBatch",
        "Resource": "arn:aws:firehose:eu-west-1:123456789012:"
        "deliverystream/event-log-stream",
    }


def test_only_ses_assumes_its_role_and_for_exactly_the_sets_that_write() -> None:
    engine = event_log(
        sets="a: {eventLog: [send]}, b: {}, c: {eventLog: []}, d: {eventLog: [open]}"
    )
    found, _ = role(engine, "publisher-role")
    assert found.statement("assumeRolePolicy") == {
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": "123456789012",
                "aws:SourceArn": [
                    f"{SETS}/ses-feedback-test-a",
                    f"{SETS}/ses-feedback-test-d",
                ],
            }
        },
    }


@pytest.mark.parametrize("number", [20, 30])
def test_the_trust_is_never_longer_than_iam_takes(number: int) -> None:
    """2,048 characters; beyond, all sets of the stack are trusted."""
    sets = ", ".join(f"s{index}: {{eventLog: [send]}}" for index in range(number))
    found, _ = role(event_log(sets=sets), "publisher-role")
    assert len(found.inputs["assumeRolePolicy"]) <= 2_048
    condition = found.statement("assumeRolePolicy")["Condition"]
    if number == 20:
        assert len(condition["StringEquals"]["aws:SourceArn"]) == number
    else:
        assert condition == {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": f"{SETS}/ses-feedback-test-*"},
        }


ACCOUNT_ID = "123456789012"
LOG = "arn:aws:logs:eu-west-1:123456789012:log-group:event-log-log-group"
STREAMS = "arn:aws:firehose:eu-west-1:123456789012:deliverystream"


@pytest.mark.parametrize(
    ("name", "action", "resource", "may"),
    [
        ("stream-role", "s3:PutObject", f"{BUCKET_ARN}/events/day=2026-05-04/a", True),
        ("stream-role", "s3:ListBucket", BUCKET_ARN, True),
        ("stream-role", "s3:PutObject", "arn:aws:s3:::other/events/a", False),
        ("stream-role", "s3:PutObject", f"{BUCKET_ARN}-2/events/a", False),
        ("stream-role", "s3:DeleteObject", f"{BUCKET_ARN}/events/a", False),
        ("stream-role", "s3:PutBucketPolicy", BUCKET_ARN, False),
        ("stream-role", "logs:PutLogEvents", f"{LOG}:log-stream:event-log-log-stream", True),
        ("stream-role", "logs:PutLogEvents", f"{LOG}:log-stream:other", False),
        ("stream-role", "logs:CreateLogStream", f"{LOG}:log-stream:other", False),
        ("stream-role", "firehose:PutRecordBatch", f"{STREAMS}/event-log-stream", False),
        ("publisher-role", "firehose:PutRecordBatch", f"{STREAMS}/event-log-stream", True),
        ("publisher-role", "firehose:PutRecord", f"{STREAMS}/event-log-stream", False),
        ("publisher-role", "firehose:PutRecordBatch", f"{STREAMS}/other", False),
        ("publisher-role", "s3:PutObject", f"{BUCKET_ARN}/events/a", False),
    ],
)  # fmt: skip
def test_what_a_role_may_do(name: str, action: str, resource: str, may: bool) -> None:
    found, policy = role(event_log(), name)
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{found.name}"
    caller = Caller(arn, ACCOUNT_ID, frozenset({arn}), (policy.inputs["policy"],))
    assert (denial(caller, Request("", action, resource)) is None) is may


def asking(configuration_set: str, account: str = ACCOUNT_ID) -> dict[str, str]:
    """What SES says for which set it asks."""
    return {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"{SETS}/ses-feedback-test-{configuration_set}",
    }


@pytest.mark.parametrize(
    ("name", "service", "context", "may"),
    [
        ("publisher-role", "ses", asking("letters"), True),
        ("publisher-role", "ses", asking("quiet"), False),
        ("publisher-role", "ses", asking("letters", "210987654321"), False),
        ("publisher-role", "ses", {}, False),
        ("publisher-role", "firehose", asking("letters"), False),
        ("stream-role", "firehose", {"sts:ExternalId": ACCOUNT_ID}, True),
        ("stream-role", "firehose", {"sts:ExternalId": "210987654321"}, False),
        ("stream-role", "firehose", {}, False),
        ("stream-role", "ses", {"sts:ExternalId": ACCOUNT_ID}, False),
    ],
)
def test_who_may_assume_a_role(
    name: str, service: str, context: dict[str, str], may: bool
) -> None:
    sets = "letters: {eventLog: [send]}, quiet: {}"
    found, _ = role(event_log(sets=sets), name)
    request = Request(f"{service}.amazonaws.com", "sts:AssumeRole", "", context)
    assert admits(found.inputs["assumeRolePolicy"], request) is may


@pytest.mark.parametrize(("tls", "may"), [("true", True), ("false", False)])
@pytest.mark.parametrize("resource", [BUCKET_ARN, f"{BUCKET_ARN}/events/a"])
def test_nobody_reaches_the_bucket_without_tls(
    resource: str, tls: str, may: bool
) -> None:
    policy = event_log().one("s3/bucketPolicy:BucketPolicy").inputs["policy"]
    arn = f"arn:aws:iam::{ACCOUNT_ID}:user/operator"
    everything = policy_of(action="*", resource="*")
    caller = Caller(arn, ACCOUNT_ID, frozenset({arn}), (everything,))
    request = Request("", "s3:GetObject", resource, {"aws:SecureTransport": tls})
    assert (denial(caller, request, [policy]) is None) is may


def policy_of(*, action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_where_no_set_writes_ses_has_no_role() -> None:
    """A condition on no set at all would be invalid."""
    engine = event_log(sets="letters: {}")
    assert engine.names(ROLE) == ["event-log-stream-role"]
    assert engine.names(STREAM) == ["event-log-stream"]


def test_the_stream_waits_until_firehose_may_write() -> None:
    engine = event_log()
    _, policy = role(engine, "stream-role")
    assert engine.one(STREAM).depends_on == {policy.urn}


def test_a_set_waits_until_ses_may_write() -> None:
    engine = event_log()
    found, policy = role(engine, "publisher-role")
    waits_for = engine.one(DESTINATION, "letters-event-log").input_dependencies
    assert {found.urn, policy.urn, engine.one(STREAM).urn} <= waits_for[
        "eventDestination"
    ]


def test_the_outputs_say_where_the_events_are() -> None:
    exports = event_log().exports
    assert exports["eventLogBucket"] == "event-log-storage-bucket"
    assert exports["athenaWorkgroup"] == "event-log-athena-workgroup"


def test_every_role_has_the_permissions_boundary() -> None:
    boundary = "arn:aws:iam::123456789012:policy/limit"
    engine = declare(program("prod", permissionsBoundary=boundary))
    for name in ("stream-role", "publisher-role"):
        found, _ = role(engine, name)
        assert found.inputs["permissionsBoundary"] == boundary


def test_the_sets_of_the_shipped_stack_write_to_it() -> None:
    engine = declared("prod")
    found, _ = role(engine, "publisher-role")
    trusted = found.statement("assumeRolePolicy")["Condition"]["StringEquals"]
    assert trusted["aws:SourceArn"] == [
        f"{SETS}/ses-feedback-prod-transactional",
        f"{SETS}/ses-feedback-prod-campaigns",
    ]
