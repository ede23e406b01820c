"""The one question to the database: what is known of these addresses?"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from ses_feedback_collector.rows import SUPPRESSION_LIST
from ses_feedback_collector.tables import (
    UtcTime,
    bounces,
    complaints,
    deliveries,
    overrides,
    subscriptions,
)

BY_INDEX = text(
    "SELECT set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true)"
)
"""For PostgreSQL, first in the transaction that asks: it cannot tell how few addresses
an array holds, and would rather read the whole of a table of some ten thousand rows."""

EVER = datetime(1900, 1, 1, tzinfo=UTC)
"""Before any mail was sent by SES."""

ONE = literal(1)
NO_NUMBER = cast(null(), Integer)
NO_TIME = cast(null(), UtcTime)
NO_TEXT = cast(null(), Text)


def evidence(dialect: str) -> CompoundSelect[Any]:
    """A row for each kind of thing that is known of an address: a `Found`.

    Parameters: `addresses`, as `normalised` has them, as a list, and as its JSON for
    SQLite; `now`; `window_start`, before which a transient bounce does not count; and
    `enough`, the number of them that forbids. Every table is asked by its index of
    addresses.
    """
    asked = _asked(dialect)
    decided = _decided(asked)
    counted = _counted(asked, decided)
    return union_all(
        _decisions(decided),
        _complained(counted),
        _bounced(counted),
        _transient(counted),
        _subscribed(counted),
    )


def _asked(dialect: str) -> CTE:
    """The addresses, handed over as one parameter."""
    if dialect == "postgresql":
        given = bindparam("addresses", type_=ARRAY(Text))
        unnested = func.unnest(given).table_valued("address", name="given")
        rows: FromClause = unnested.render_derived()
        return select(rows.c.address).cte("asked")
    given_json = bindparam("addresses", type_=Text)
    rows = func.json_each(given_json).table_valued("value", name="given")
    return _inlined(select(rows.c.value.label("address")).cte("asked"))


def _inlined(part: CTE) -> CTE:
    """SQLite takes what it has put aside for a million rows, and then, once ANALYZE has
    told it how many a table has, reads all of that to make a Bloom filter first."""
    return part.prefix_with("NOT MATERIALIZED", dialect="sqlite")


def _decided(asked: CTE) -> CTE:
    """The last decision by hand that still holds; of two at once, suppress."""
    nth = func.row_number().over(
        partition_by=asked.c.address,
        order_by=(
            overrides.c.decided_at.desc(),
            overrides.c.action.desc(),
            overrides.c.id,
        ),
    )
    holds = or_(
        overrides.c.until.is_(None),
        overrides.c.until > bindparam("now", type_=UtcTime),
    )
    ranked = (
        select(overrides, nth.label("nth"))
        .join_from(asked, overrides, overrides.c.address == asked.c.address)
        .where(holds)
        .cte("ranked")
    )
    return select(ranked).where(ranked.c.nth == 1).cte("decided")


def _counted(asked: CTE, decided: CTE) -> CTE:
    """The addresses, and the time after which what happened counts."""
    after = func.coalesce(decided.c.decided_at, literal(EVER, UtcTime))
    is_lift = and_(
        decided.c.address == asked.c.address, decided.c.action == literal("lift")
    )
    return _inlined(
        select(asked.c.address, after.label("after"))
        .join_from(asked, decided, is_lift, isouter=True)
        .cte("counted")
    )


def _decisions(decided: CTE) -> Select[Any]:
    return _found(
        decided.c.address,
        decided.c.action,
        since=decided.c.decided_at,
        until=decided.c.until,
        who=decided.c.who,
        why=decided.c.why,
    )


def _complained(counted: CTE) -> Select[Any]:
    """Complaints that no later report of not-spam takes back, and the list's own."""
    at = complaints.c.complained_at
    is_own = complaints.c.cause.is_(None)
    is_not_spam = and_(is_own, complaints.c.type == "not-spam")
    # By the address that was asked for: by the table's own, SQLite reads all of its
    # index for the order that it has.
    taken_back = func.max(case((is_not_spam, at))).over(partition_by=counted.c.address)
    kind = case((is_not_spam, "not-spam"), (is_own, "complaint"), else_="list")
    all_of_them = (
        select(
            counted.c.address,
            kind.label("kind"),
            at.label("at"),
            taken_back.label("taken_back"),
        )
        .join_from(counted, complaints, _of(complaints, counted, at))
        .subquery("reports")
    )
    each = all_of_them.c
    stands = or_(
        each.kind == "list",
        and_(
            each.kind == "complaint",
            or_(each.taken_back.is_(None), each.at >= each.taken_back),
        ),
    )
    return (
        _found(each.address, each.kind, func.count(), since=func.min(each.at))
        .where(stands)
        .group_by(each.address, each.kind)
    )


def _bounced(counted: CTE) -> Select[Any]:
    """Permanent bounces, and those that only a suppression list made."""
    is_permanent = and_(bounces.c.type == "Permanent", bounces.c.cause.is_(None))
    is_list = bounces.c.cause == SUPPRESSION_LIST
    each = (
        select(
            counted.c.address,
            case((is_list, "list"), else_="bounce").label("kind"),
            bounces.c.bounced_at.label("at"),
        )
        .join_from(counted, bounces, _of(bounces, counted, bounces.c.bounced_at))
        .where(or_(is_permanent, is_list))
        .subquery("returned")
    ).c
    return _found(
        each.address, each.kind, func.count(), since=func.min(each.at)
    ).group_by(each.address, each.kind)


def _transient(counted: CTE) -> Select[Any]:
    """Mails that came back for now: how many, and since when they are too many.

    They are when no delivery came after the oldest of the last `enough` of them.
    """
    at = bounces.c.bounced_at
    mails = (
        select(
            counted.c.address,
            func.max(at).label("at"),
            func.max(case((bounces.c.subtype == "MailboxFull", 1), else_=0)).label(
                "full"
            ),
        )
        .join_from(counted, bounces, _of(bounces, counted, at))
        .where(
            at > bindparam("window_start", type_=UtcTime),
            bounces.c.type == "Transient",
            bounces.c.cause.is_(None),
        )
        .group_by(counted.c.address, bounces.c.message_id)
        .subquery("mails")
    )
    each = mails.c
    ranked = (
        select(
            each.address,
            each.at,
            func.row_number()
            .over(partition_by=each.address, order_by=each.at.desc())
            .label("nth"),
            func.count().over(partition_by=each.address).label("mails"),
            func.sum(each.full).over(partition_by=each.address).label("full"),
        )
        .select_from(mails)
        .subquery("newest_first")
    )
    one = ranked.c
    enough = bindparam("enough", type_=Integer)
    too_many = and_(one.nth == enough, ~_delivered_after(one.address, one.at))
    return _found(
        one.address,
        literal("transient"),
        one.mails,
        full=one.full,
        since=case((too_many, one.at)),
    ).where(one.nth == case((one.mails < enough, one.mails), else_=enough))


def _delivered_after(
    address: ColumnElement[str], at: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether a mail was delivered, and did not come back after all.

    A mail server that takes a mail and returns it later makes SES tell of a delivery
    and then of a bounce.
    """
    returned = exists().where(
        bounces.c.address == deliveries.c.address,
        bounces.c.bounced_at >= deliveries.c.delivered_at,
        bounces.c.message_id == deliveries.c.message_id,
        bounces.c.cause.is_(None),
    )
    return exists().where(
        deliveries.c.address == address, deliveries.c.delivered_at > at, ~returned
    )


def _subscribed(counted: CTE) -> Select[Any]:
    each = subscriptions.c
    return _found(
        counted.c.address,
        literal("subscription"),
        cast(each.unsubscribed_all, Integer),
        since=each.changed_at,
        who=each.contact_list,
        opted_out=cast(each.opted_out, Text),
        opted_in=cast(each.opted_in, Text),
    ).join_from(counted, subscriptions, _of(subscriptions, counted, each.changed_at))


def _of(table: Table, counted: CTE, at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(table.c.address == counted.c.address, at > counted.c.after)


def _found(
    address: ColumnElement[str],
    kind: ColumnElement[str],
    number: ColumnElement[Any] = ONE,
    *,
    full: ColumnElement[Any] = NO_NUMBER,
    since: ColumnElement[Any] = NO_TIME,
    until: ColumnElement[Any] = NO_TIME,
    who: ColumnElement[Any] = NO_TEXT,
    why: ColumnElement[Any] = NO_TEXT,
    opted_out: ColumnElement[Any] = NO_TEXT,
    opted_in: ColumnElement[Any] = NO_TEXT,
) -> Select[Any]:
    """The columns of a `Found`, which are the same for every table."""
    return select(
        address.label("address"),
        kind.label("kind"),
        cast(number, Integer).label("number"),
        cast(full, Integer).label("full"),
        since.label("since"),
        until.label("until"),
        who.label("who"),
        why.label("why"),
        opted_out.label("opted_out"),
        opted_in.label("opted_in"),
    )
