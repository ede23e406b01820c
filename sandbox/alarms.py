"""CloudWatch's alarms: a change of state runs the actions for it, which moto lacks.

Alarms change their state by SetAlarmState alone; no metric is evaluated.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.core.utils import utcnow

from sandbox.alarm_messages import Change, State
from sandbox.functions import function_of
from sandbox.publishing import CLOUDWATCH, Publisher

MOST_KEPT = 1_000
"""Changes of state and actions that are remembered."""

INITIAL = "INSUFFICIENT_DATA"
"""The state of an alarm that nothing was measured for yet."""


@dataclass(frozen=True)
class Action:
    """What an alarm did at a change of its state."""

    alarm: str
    """Its name."""
    state: str
    """The new one."""
    target: str
    """The ARN of a topic or function."""
    moment: datetime
    """UTC, without a zone as moto keeps it."""
    failure: str | None = None
    """Why nothing came of it, if so."""

    kind: ClassVar[str] = "Action"

    @property
    def summary(self) -> str:
        """For a person."""
        if self.failure is None:
            return f"Successfully executed action {self.target}"
        return f"Failed to execute action {self.target}"

    def data(self) -> str:
        """JSON, for a program."""
        return json.dumps(
            {
                "actionState": "Failed" if self.failure else "Succeeded",
                "notificationResource": self.target,
                "error": self.failure,
            }
        )


@dataclass(frozen=True)
class Update:
    """An alarm's change of state, as its history has it."""

    alarm: str
    """Its name."""
    before: State
    after: State

    kind: ClassVar[str] = "StateUpdate"

    @property
    def moment(self) -> datetime:
        return self.after.since

    @property
    def summary(self) -> str:
        """For a person."""
        return f"Alarm updated from {self.before.value} to {self.after.value}"

    def data(self) -> str:
        """JSON, for a program."""
        states = {"oldState": self.before, "newState": self.after}
        return json.dumps(
            {
                "version": "1.0",
                **{
                    name: {"stateValue": state.value, "stateReason": state.reason}
                    for name, state in states.items()
                },
            }
        )


class Alarms(CloudWatchBackend):
    """moto's state of CloudWatch, with alarms that act."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.history: deque[Update | Action] = deque(maxlen=MOST_KEPT)
        """What became of alarms, and what they did, the latest last."""

    @property
    def actions(self) -> list[Action]:
        """What alarms did, the latest last."""
        return [one for one in self.history if isinstance(one, Action)]

    def put_metric_alarm(self, name: str, *arguments: Any, **more: Any) -> Alarm:
        """An alarm that exists keeps its state (PutMetricAlarm in the API reference)."""
        known = self.alarms.get(name)
        alarm = super().put_metric_alarm(name, *arguments, **more)
        if known is None:
            alarm.state_value = INITIAL
        else:
            alarm.state_value = known.state_value
            alarm.state_reason = known.state_reason
            alarm.state_reason_data = known.state_reason_data
            alarm.state_updated_timestamp = known.state_updated_timestamp
        return alarm

    def set_alarm_state(
        self, alarm_name: str, reason: str, reason_data: str, state_value: str
    ) -> None:
        """Actions run at a change of state only (CloudWatch user guide, "Alarm
        actions"), and what goes wrong with them is nobody's error."""
        alarm = self.alarms.get(alarm_name)
        targets = list(_targets(alarm, state_value)) if alarm else []
        for target in targets:
            if _service(target) not in ("sns", "lambda"):
                raise NotImplementedError(
                    f"Alarms tell topics and call functions here, not {target}."
                )
        before = State.of(alarm) if alarm else None
        super().set_alarm_state(alarm_name, reason, reason_data, state_value)
        if alarm is None or before is None or before.value == state_value:
            return
        after = State.of(alarm)
        change = Change(alarm, self.account_id, before, after)
        self.history.append(Update(alarm_name, before, after))
        for target in targets:
            try:
                failure = self._act(target, change)
            except Exception as error:  # noqa: BLE001
                # Whatever it was, it is that action's alone.
                failure = f"{type(error).__name__}: {error}"
            self.history.append(
                Action(alarm_name, state_value, target, utcnow(), failure)
            )

    def _act(self, target: str, change: Change) -> str | None:
        """Why nothing came of it, if so."""
        source = change.alarm.alarm_arn
        if _service(target) == "lambda":
            function = function_of(target)
            if function is None:
                return f"there is no function {target}"
            return function.at_alarm(target, source, change.event())
        publisher = Publisher(self.account_id, self.region_name, source, CLOUDWATCH)
        told = publisher.publish(target, change.message(), change.subject())
        return None if told else f"CloudWatch may not publish to {target}"


def _targets(alarm: Alarm, state: str) -> Iterator[str]:
    """The actions for a state, each once."""
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    if alarm.actions_enabled:
        yield from dict.fromkeys(actions.get(state, ()))


def _service(arn: str) -> str:
    return [*arn.split(":"), "", "", ""][2]
