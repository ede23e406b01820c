"""What the endpoint does not take, as another program's SDK asks for it."""

from typing import Any

import pytest

from sandbox.functions import function_of
from tests.called import alarm_arn, archive, function, role
from tests.emulated import ACCOUNT
from tests.served import Served, allow, error, policy

EMPTY = "def handle(event, context): ..."

ROLE = f"arn:aws:iam::{ACCOUNT.id}:role/function"
FUNCTION = f"arn:aws:lambda:{ACCOUNT.region}:{ACCOUNT.id}:function:function"

REQUESTS: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "lambda",
        "create_function",
        {"FunctionName": "mine", "Role": ROLE, "Code": {"ZipFile": archive(EMPTY)}},
        "only those that the program has",
    ),
    (
        "lambda",
        "update_function_code",
        {"FunctionName": "function", "ZipFile": archive(EMPTY)},
        "only those that the program has",
    ),
    (
        "lambda",
        "update_function_configuration",
        {"FunctionName": "function", "Environment": {"Variables": {"A": "b"}}},
        "only those that the program has",
    ),
    (
        "lambda",
        "create_event_source_mapping",
        {
            "FunctionName": "function",
            "EventSourceArn": f"arn:aws:sqs:{ACCOUNT.region}:{ACCOUNT.id}:inbox",
        },
        "called by alarms alone",
    ),
    (
        "logs",
        "put_subscription_filter",
        {
            "logGroupName": "logged",
            "filterName": "all",
            "filterPattern": "",
            "destinationArn": FUNCTION,
        },
        "passed on to nobody",
    ),
    (
        "logs",
        "start_query",
        {
            "logGroupName": "logged",
            "startTime": 0,
            "endTime": 1,
            "queryString": "fields @message",
        },
        "No query is run here",
    ),
    (
        "athena",
        "start_query_execution",
        {"QueryString": "SELECT 1", "WorkGroup": "primary"},
        "No query is run here",
    ),
]


@pytest.mark.parametrize(
    ("service", "method", "parameters", "said"),
    REQUESTS,
    ids=[method for _, method, _, _ in REQUESTS],
)
def test_it_says_that_it_does_not_do_this(
    account: Served, service: str, method: str, parameters: dict[str, Any], said: str
) -> None:
    account.cloud.client("logs").create_log_group(logGroupName="logged")
    account.cloud.client("sqs").create_queue(QueueName="inbox")
    function(account.cloud, EMPTY)
    code, message = error(getattr(account.client(service), method), **parameters)
    assert code == "NotImplemented"
    assert said in message
    functions = account.client("lambda")
    assert [one["FunctionName"] for one in functions.list_functions()["Functions"]] == [
        "function"
    ]
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_function_makes_no_other_function(account: Served) -> None:
    cloud = account.cloud
    cloud.client("logs").create_log_group(logGroupName="logged")
    other = role(cloud, "other")
    code = f"""
        import boto3
        def handle(event, context):
            boto3.client("lambda").create_function(
                FunctionName="other", Role="{other}", Code={{"ZipFile": b""}})
    """
    arn = function(cloud, code, allow("*", "*"))
    made = function_of(arn)
    assert made is not None
    failure = made.at_alarm(arn, alarm_arn("bounces"), {})
    assert failure is not None
    assert "only those that the program has" in failure


def test_whoever_may_not_is_told_that_first(account: Served) -> None:
    key = account.user("reader", policy(allow("athena:Get*", "*")))
    query = {"QueryString": "SELECT 1", "WorkGroup": "primary"}
    athena = account.client("athena", *key)
    code, _ = error(athena.start_query_execution, **query)
    assert code == "AccessDeniedException"
