"""CloudWatch's API, as an extension of moto's: what alarms have done."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from sandbox.cloudwatch import cloudwatch_of

MOST_ITEMS = 100
"""Of one answer (DescribeAlarmHistory in the API reference)."""


class CloudWatchApi(CloudWatchResponse):
    """What is not here is moto's."""

    def describe_alarm_history(self) -> ActionResult:
        """Changes of state and actions; how alarms were configured is not kept."""
        wanted = self._get_param("HistoryItemType")
        if wanted not in (None, "StateUpdate", "Action"):
            raise NotImplementedError(f"It keeps no history of {wanted}.")
        items = [item for item in self._items() if self._is_wanted(item)]
        if self._get_param("ScanBy") != "TimestampAscending":
            items.reverse()
        start = int(self._get_param("NextToken") or 0)
        end = start + min(self._get_int_param("MaxRecords", MOST_ITEMS), MOST_ITEMS)
        more = {"NextToken": str(end)} if end < len(items) else {}
        return ActionResult({"AlarmHistoryItems": items[start:end], **more})

    def _items(self) -> Iterator[dict[str, Any]]:
        """The latest last."""
        cloudwatch = cloudwatch_of(self.current_account, self.region)
        for done in cloudwatch.history:
            yield {
                "AlarmName": done.alarm,
                "AlarmType": "MetricAlarm",
                "Timestamp": done.moment,
                "HistoryItemType": done.kind,
                "HistorySummary": done.summary,
                "HistoryData": done.data(),
            }

    def _is_wanted(self, item: dict[str, Any]) -> bool:
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        return (
            name in (None, item["AlarmName"])
            and kind in (None, item["HistoryItemType"])
            and item["AlarmType"] in types
            and (start is None or _utc(start) <= item["Timestamp"])
            and (end is None or item["Timestamp"] <= _utc(end))
        )


def _utc(moment: datetime) -> datetime:
    """Without a zone, as moto keeps it."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
