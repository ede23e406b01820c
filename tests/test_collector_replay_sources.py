import pytest

from ses_feedback_collector.replay.sources import (
    Bucket,
    Local,
    QueueArn,
    QueueUrl,
    Source,
    source,
)

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters"
ARN = "arn:aws:sqs:eu-west-1:123456789012:dead-letters"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("events.jsonl", Local("events.jsonl")),
        ("-", Local("-")),
        ("./s3", Local("./s3")),
        ("s3://log", Bucket("log", "")),
        ("s3://log/", Bucket("log", "")),
        ("s3://log/events/day=2026-05-04/", Bucket("log", "events/day=2026-05-04/")),
        (QUEUE, QueueUrl(QUEUE)),
        ("http://127.0.0.1:9324/1/dead", QueueUrl("http://127.0.0.1:9324/1/dead")),
        (ARN, QueueArn("eu-west-1", "123456789012", "dead-letters")),
        (
            ARN.replace("aws:", "aws-cn:"),
            QueueArn(
                "eu-west-1",
                "123456789012",
                "dead-letters",
            ),
        ),
    ],
)
def test_a_source_is_told_by_what_it_looks_like(text: str, expected: Source) -> None:
    assert source(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://", "names no bucket; expected s3://BUCKET/PREFIX"),
        ("s3:/log/events", "names no bucket"),
        ("https://sqs.eu-west-1.amazonaws.com", "is no queue URL"),
        ("arn:aws:s3:::log", "is not the ARN of a queue"),
        ("arn:aws:sqs:eu-west-1:12:dead", "expected arn:aws:sqs:REGION:ACCOUNT:NAME"),
        ("", "expected a file, a folder, -"),
    ],
)
def test_what_is_nothing_is_refused_with_what_was_expected(
    text: str, expected: str
) -> None:
    with pytest.raises(ValueError, match="expected") as raised:
        source(text)
    assert expected in str(raised.value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="is no queue URL") as raised:
        source("https://user:geheim@example.com/queue")
    assert "geheim" not in str(raised.value)
