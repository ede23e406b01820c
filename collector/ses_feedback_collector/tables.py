"""The tables that feedback is kept in: a row for each event and recipient."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.schema import SchemaItem

from ses_feedback_collector.events import EventType

metadata = MetaData()

DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """A moment, in UTC; SQLite keeps it as text that sorts by time."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.replace(tzinfo=None).isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        found: datetime | None = value
        return found.astimezone(UTC) if found else None


def _table(name: str, at: str, *columns: SchemaItem) -> Table:
    """A table of one kind of event, with the columns that all of them have.

    Every index costs each insert: one for what is known of an address, one for reports
    of a time.
    """
    return Table(
        name,
        metadata,
        Column("id", String(36), primary_key=True),
        Column("email", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column(at, UtcTime, nullable=False),
        *columns,
        Column("message_id", Text, nullable=False),
        Column("source", Text),
        Column("subject", Text),
        Column("configuration_set", Text),
        Column("channel", Text),
        Column("mail", DOCUMENT, nullable=False),
        Column("event", DOCUMENT, nullable=False),
        Column("received_at", UtcTime, nullable=False),
        Index(f"ix_{name}_address", "address", at),
        Index(f"ix_{name}_{at}", at),
    )


bounces = _table(
    "email_bounces",
    "bounced_at",
    Column("type", Text, nullable=False),
    Column("subtype", Text),
    Column("status", Text),
    Column("diagnostic", Text),
    Column("cause", Text),
    Index("ix_email_bounces_email", "email"),
)
"""`cause` says what a bounce is that tells nothing of the address itself:
`suppression-list` or `automatic-reply`; null for any other."""

complaints = _table(
    "email_complaints",
    "complained_at",
    Column("type", Text),
    Column("subtype", Text),
    Column("user_agent", Text),
    Column("cause", Text),
    Index("ix_email_complaints_email", "email"),
)
"""`type` is the complainer's feedback type (abuse, not-spam ...), null where the
provider gave none; `cause` as in bounces."""

deliveries = _table(
    "email_deliveries", "delivered_at", Column("response", Text), Column("mta", Text)
)
delays = _table(
    "email_delays",
    "delayed_at",
    Column("type", Text),
    Column("status", Text),
    Column("diagnostic", Text),
    Column("expires_at", UtcTime),
)
sends = _table("email_sends", "sent_at")
rejects = _table("email_rejects", "rejected_at", Column("reason", Text))
rendering_failures = _table(
    "email_rendering_failures",
    "failed_at",
    Column("template", Text),
    Column("reason", Text),
)
opens = _table(
    "email_opens", "opened_at", Column("ip", Text), Column("user_agent", Text)
)
clicks = _table(
    "email_clicks",
    "clicked_at",
    Column("link", Text),
    Column("ip", Text),
    Column("user_agent", Text),
)
subscriptions = _table(
    "email_subscriptions",
    "changed_at",
    Column("contact_list", Text),
    Column("unsubscribed_all", Boolean),
    Column("opted_out", DOCUMENT, nullable=False),
    Column("opted_in", DOCUMENT, nullable=False),
)
"""`opted_out` and `opted_in` are the lists of topics, as they stand afterwards."""

TABLES = {
    EventType.BOUNCE: bounces,
    EventType.COMPLAINT: complaints,
    EventType.DELIVERY: deliveries,
    EventType.DELIVERY_DELAY: delays,
    EventType.SEND: sends,
    EventType.REJECT: rejects,
    EventType.RENDERING_FAILURE: rendering_failures,
    EventType.OPEN: opens,
    EventType.CLICK: clicks,
    EventType.SUBSCRIPTION: subscriptions,
}
"""Where an event's rows go."""

overrides = Table(
    "suppression_overrides",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("until", UtcTime),
    Index("ix_suppression_overrides_address", "address", "decided_at"),
)
"""What somebody decided by hand: `action` is suppress or lift. Nothing is ever
changed in it; the last word on an address holds until `until`, or for good."""

replays = Table(
    "replays",
    metadata,
    Column("source", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
"""How far each file or object has been replayed: `position` counts lines, and holds
for the content that `fingerprint` stands for (its size and digest or ETag)."""
