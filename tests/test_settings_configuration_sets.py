"""Configuration sets; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from components.events import Event
from tests.snippets import checked, refusals


def test_the_defaults_of_a_set(tmp_path: Path) -> None:
    settings = checked(tmp_path, "configurationSets: {campaigns: {}}")
    campaigns = settings.configuration_sets["campaigns"]
    assert campaigns.notify == {}
    assert campaigns.metrics == ["send", "reject", "bounce", "complaint", "delivery"]
    assert campaigns.dimensions == {}
    assert campaigns.event_log == []
    assert campaigns.suppress == ["bounce", "complaint"]
    assert (campaigns.require_tls, campaigns.tracking_domain) == (False, None)
    assert settings.physical_name("campaigns") == "ses-feedback-dev-campaigns"


def test_the_events_of_a_set_are_those_of_any_destination(tmp_path: Path) -> None:
    settings = checked(
        tmp_path,
        "configurationSets: {s: {notify: {app: [open, bounce]}, metrics: [send],"
        " eventLog: [bounce, reject]}}\neventLog: {}",
    )
    events = settings.configuration_sets["s"].events
    assert events == {Event.SEND, Event.REJECT, Event.OPEN, Event.BOUNCE}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("{}", 1),
        ("{metrics: []}", 0),
        ("{dimensions: {campaign: unnamed}}", 2),
        ("{notify: {app: [bounce]}, metrics: []}", 1),
        ("{metrics: [], eventLog: [open, click]}", 1),
        ("{eventLog: []}", 1),
    ],
)
def test_event_destinations_are_counted(tmp_path: Path, text: str, number: int) -> None:
    settings = checked(tmp_path, f"configurationSets: {{s: {text}}}\neventLog: {{}}")
    assert settings.configuration_sets["s"].destinations == number


def test_ten_event_destinations_and_nine_dimensions_are_allowed(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(8)]
    channels = ", ".join(f"{name}: {{}}" for name in names)
    notify = ", ".join(f"{name}: [bounce]" for name in names)
    dimensions = ", ".join(f"d{number}: unnamed" for number in range(9))
    assert not refusals(
        tmp_path,
        f"channels: {{app: {{}}, {channels}}}\n"
        f"configurationSets: {{s: {{notify: {{{notify}}}, dimensions: {{{dimensions}}}}}}}",
    )


def test_a_stack_of_sets_alone_is_allowed(tmp_path: Path) -> None:
    assert not refusals(tmp_path, "configurationSets: {s: {}}", "identities")
