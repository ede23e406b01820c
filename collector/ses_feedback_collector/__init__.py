"""Keeps what Amazon SES tells of a mail, and answers: may I still send to them?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ses_feedback_collector.database import (
        Away,
        BadDatabase,
        migrate,
        open_database,
    )
    from ses_feedback_collector.events import (
        Event,
        EventType,
        Notice,
        Recipient,
        Unreadable,
    )
    from ses_feedback_collector.parsing import parse
    from ses_feedback_collector.store import Saved, Store
    from ses_feedback_collector.suppression import Reason, Suppression, Verdict

__all__ = [
    "Away",
    "BadDatabase",
    "Event",
    "EventType",
    "Notice",
    "Reason",
    "Recipient",
    "Saved",
    "Store",
    "Suppression",
    "Unreadable",
    "Verdict",
    "migrate",
    "open_database",
    "parse",
]

_MODULES = {
    "database": ("Away", "BadDatabase", "migrate", "open_database"),
    "events": ("Event", "EventType", "Notice", "Recipient", "Unreadable"),
    "parsing": ("parse",),
    "store": ("Saved", "Store"),
    "suppression": ("Reason", "Suppression", "Verdict"),
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for, no sooner: the commands begin with this package."""
    for module, names in _MODULES.items():
        if name in names:
            found = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
