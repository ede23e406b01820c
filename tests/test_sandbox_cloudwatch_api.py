"""The history of alarms, as any client asks for it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from tests.called import alarm, set_state
from tests.emulated import topic
from tests.served import Served


def history(cloud: Cloud, **more: Any) -> list[dict[str, Any]]:
    answer = cloud.client("cloudwatch").describe_alarm_history(**more)
    found: list[dict[str, Any]] = answer["AlarmHistoryItems"]
    return found


def test_it_tells_changes_and_what_came_of_their_actions(cloud: Cloud) -> None:
    arn = topic(cloud)
    alarm(cloud, "bounces", arn, f"{arn}-not")
    set_state(cloud, "bounces", "ALARM", "too many")
    set_state(cloud, "bounces", "ALARM", "still")
    found = history(cloud, AlarmName="bounces", ScanBy="TimestampAscending")
    assert [(one["HistoryItemType"], one["HistorySummary"]) for one in found] == [
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {arn}"),
        ("Action", f"Failed to execute action {arn}-not"),
    ]
    change, told, failed = (json.loads(one["HistoryData"]) for one in found)
    assert change["newState"] == {"stateValue": "ALARM", "stateReason": "too many"}
    assert (told["actionState"], told["error"]) == ("Succeeded", None)
    assert failed["actionState"] == "Failed"
    assert failed["error"] == f"CloudWatch may not publish to {arn}-not"
    assert history(cloud) == found[::-1]


def test_it_is_of_what_is_asked_for(cloud: Cloud) -> None:
    for name in ("bounces", "complaints"):
        alarm(cloud, name, topic(cloud))
        set_state(cloud, name, "ALARM")
    hour, now = timedelta(hours=1), datetime.now(UTC)
    assert len(history(cloud)) == 4
    assert len(history(cloud, AlarmName="bounces")) == 2
    assert len(history(cloud, HistoryItemType="Action")) == 2
    assert len(history(cloud, StartDate=now - hour, EndDate=now + hour)) == 4
    assert history(cloud, EndDate=now - hour) == []
    assert history(cloud, StartDate=now + hour) == []
    assert history(cloud, AlarmName="gone") == []
    assert history(cloud, AlarmTypes=["CompositeAlarm"]) == []


def test_it_comes_in_pages(cloud: Cloud) -> None:
    alarm(cloud, "bounces")
    for state in ("ALARM", "OK", "ALARM"):
        set_state(cloud, "bounces", state)
    pages = cloud.client("cloudwatch").get_paginator("describe_alarm_history")
    sizes = [
        len(page["AlarmHistoryItems"])
        for page in pages.paginate(PaginationConfig={"PageSize": 2})
    ]
    assert sizes == [2, 1]


def test_what_is_not_kept_is_said(account: Served) -> None:
    with pytest.raises(ClientError, match="keeps no history of ConfigurationUpdate"):
        account.client("cloudwatch").describe_alarm_history(
            HistoryItemType="ConfigurationUpdate"
        )
