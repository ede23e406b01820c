"""The tables of the first version."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.String(32).with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    _events(
        "email_bounces",
        "bounced_at",
        sa.Column("type", sa.Text, nullable=False),
        *_texts("subtype", "status", "diagnostic", "cause"),
    )
    op.create_index("ix_email_bounces_email", "email_bounces", ["email"])
    _events(
        "email_complaints",
        "complained_at",
        *_texts("type", "subtype", "user_agent", "cause"),
    )
    op.create_index("ix_email_complaints_email", "email_complaints", ["email"])
    _events("email_deliveries", "delivered_at", *_texts("response", "mta"))
    _events(
        "email_delays",
        "delayed_at",
        *_texts("type", "status", "diagnostic"),
        sa.Column("expires_at", TIME),
    )
    _events("email_sends", "sent_at")
    _events("email_rejects", "rejected_at", *_texts("reason"))
    _events("email_rendering_failures", "failed_at", *_texts("template", "reason"))
    _events("email_opens", "opened_at", *_texts("ip", "user_agent"))
    _events("email_clicks", "clicked_at", *_texts("link", "ip", "user_agent"))
    _events(
        "email_subscriptions",
        "changed_at",
        *_texts("contact_list"),
        sa.Column("unsubscribed_all", sa.Boolean),
        sa.Column("opted_out", DOCUMENT, nullable=False),
        sa.Column("opted_in", DOCUMENT, nullable=False),
    )
    op.create_table(
        "suppression_overrides",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("until", TIME),
    )
    op.create_index(
        "ix_suppression_overrides_address",
        "suppression_overrides",
        ["address", "decided_at"],
    )
    op.create_table(
        "replays",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
    )


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text) for name in names]


def _events(name: str, at: str, *own: sa.Column[Any]) -> None:
    """A table of one kind of event, with the indexes of all of them."""
    op.create_table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column(at, TIME, nullable=False),
        *own,
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("configuration_set", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("mail", DOCUMENT, nullable=False),
        sa.Column("event", DOCUMENT, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
    )
    op.create_index(f"ix_{name}_address", name, ["address", at])
    op.create_index(f"ix_{name}_{at}", name, [at])
