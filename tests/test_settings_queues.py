"""Queues; what is refused of them is in test_refusals.py."""

from pathlib import Path

import pytest

from tests.snippets import checked, refusals


def test_the_defaults_of_a_queue(tmp_path: Path) -> None:
    queue = checked(tmp_path, "").queues["app"]
    assert queue.channels is None
    assert queue.raw is False
    assert (queue.visibility_seconds, queue.retention_days) == (60, 7)
    dead_letters = queue.dead_letters
    assert (dead_letters.after_receives, dead_letters.retention_days) == (5, 14)


def test_a_queue_hears_every_channel_unless_it_names_some(tmp_path: Path) -> None:
    settings = checked(
        tmp_path,
        "channels: {b: {}, app: {}}\nqueues: {all: {}, one: {channels: [app]}}",
    )
    assert settings.heard_by(settings.queues["all"]) == ("b", "app")
    assert settings.heard_by(settings.queues["one"]) == ("app",)


@pytest.mark.parametrize(
    "queue",
    [
        "{visibilitySeconds: 0}",
        "{visibilitySeconds: 43200}",
        "{retentionDays: 1, deadLetters: {retentionDays: 2}}",
        "{retentionDays: 13}",
        "{deadLetters: {afterReceives: 1}}",
        "{deadLetters: {afterReceives: 1000, retentionDays: 8}}",
        "{deadLetters: {}}",
        "{raw: true, channels: [app]}",
    ],
)
def test_bounds_that_are_allowed(tmp_path: Path, queue: str) -> None:
    assert refusals(tmp_path, f"queues: {{app: {queue}}}") == []
