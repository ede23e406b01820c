"""Questions to the event log, as the Athena console offers them.

Their SQL is in the folder `queries`. Each reads only the days that it needs, counts an
event once though Firehose may write it twice ("at least once", Firehose developer
guide, "Data delivery"), and tells times in UTC. They keep to the forms that mean the same
in Athena and in DuckDB, which tests them: what is unnested is scalar, since Athena makes
a column of each field of a struct and DuckDB one column; maps and arrays are read by
`element_at`, since `[]` is an error in Athena where there is no such element;
`regexp_extract` stands in `nullif`, since where nothing fits Athena answers null and
DuckDB an empty text. Names of message tags are looked up in small letters: with the table's
SerDe, a tag that a mail writes with capitals may come out in small ones.
"""

from pathlib import Path
from typing import NamedTuple


class SavedQuery(NamedTuple):
    """A query over the table `events`."""

    name: str
    """As its logical name ends, and as the console lists it."""
    description: str
    """What it answers, for whoever reads it in the console."""
    sql: str
    """In Athena's dialect; a `?` is an execution parameter."""


def _query(name: str, description: str) -> SavedQuery:
    sql = Path(__file__).with_name("queries") / f"{name}.sql"
    return SavedQuery(name, description, sql.read_text("utf-8"))


SAVED_QUERIES: tuple[SavedQuery, ...] = (
    _query(
        "bounces-by-type-and-day",
        "How many recipients bounced in the last 30 days, by day (UTC), type and"
        " subtype. Suppressed and OnAccountSuppressionList are addresses that SES did"
        " not mail at all.",
    ),
    _query(
        "complaints-by-source-and-campaign",
        "Who complained of what in the last 30 days: complaints and the mails that"
        " they are of, by source and by the message tag campaign (empty where a mail"
        " has none). Reports that a mail is no spam, and addresses that SES did not"
        " mail since they had complained before, do not count.",
    ),
    _query(
        "domains-that-bounce-most",
        "The 100 recipient domains with the most bounces in the last 30 days: for good"
        " (permanent), for now (transient), and not mailed at all since SES knew the"
        " address as bad (suppressed); recipients counts different addresses.",
    ),
    _query(
        "likely-misspelt-domains",
        "Domains that bounced for good or do not exist, in the last 30 days, and are"
        " one or two letters off a well-known mailbox provider: likely slips in a form"
        " of yours. Domains that took a mail in that time, as far as Delivery events"
        " are in the log, and a provider's names in other countries are left out.",
    ),
    _query(
        "full-mailboxes",
        "Recipients whose mailbox was full in the last 30 days: how often mail to them"
        " bounced or was delayed for that, since when, and when last.",
    ),
    _query(
        "senders-by-configuration-set",
        "Who sends through which configuration set, as seen in the mails of the last 30"
        " days: source, verified identity and IAM caller. SES itself does not show"
        " this. Mail outside every set is not in the log.",
    ),
    _query(
        "same-subject-within-an-hour",
        "Recipients who were sent the same subject more than twice within an hour, in"
        " the last 7 days: most_in_an_hour counts the mails of the worst hour, latest"
        " is the last mail that was one too many. Needs Send events in the log.",
    ),
    _query(
        "opens-and-clicks",
        "Opens and clicks of the last 30 days by day (UTC), by the message tag campaign"
        " (empty where a mail has none) and, for clicks, by link: how often, and of how"
        " many mails. Mail programs that load pictures ahead count as opens.",
    ),
    _query(
        "story-of-a-message",
        "All that is known of one mail of the last 90 days, in order of time. The"
        " message id is an execution parameter: Run asks for it, and it goes in single"
        " quotes, as '0102...-000000'. So this query stays as it is, and an id, which"
        " comes from elsewhere, is never part of its text.",
    ),
)
