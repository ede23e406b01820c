import pytest

from tests.sql_forms import refusals

RECENT = "day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')"
TAG = "element_at(element_at(mail.tags, 'campaign'), 1)"
TIME = "from_iso8601_timestamp(mail.timestamp)"
UTC = f"{TIME} AT TIME ZONE 'UTC'"
ADDRESSES = "transform(bounce.bouncedrecipients, x -> x.emailaddress)"
REFUSED = "filter(bounce.bouncedrecipients, x -> x.status = '5.1.1')"


def test_a_query_of_the_known_forms_is_let_through() -> None:
    query = f"""
        WITH seen AS (
            SELECT DISTINCT {TAG} AS campaign, CAST({UTC} AS date) AS sent_on, address
            FROM events CROSS JOIN UNNEST({ADDRESSES}) AS t (address)
            WHERE eventtype = 'Bounce' AND {RECENT} AND mail.messageid = ?
        )
        SELECT sent_on, count(*) AS bounces FROM seen GROUP BY sent_on
    """
    assert refusals(query) == []


@pytest.mark.parametrize(
    "array",
    [
        "mail.destination",
        "delivery.recipients",
        ADDRESSES,
        f"transform({REFUSED}, x -> x.emailaddress)",
    ],
)
def test_scalars_are_unnested(array: str) -> None:
    query = f"SELECT a FROM events CROSS JOIN UNNEST({array}) AS t (a) WHERE {RECENT}"
    assert refusals(query) == []


@pytest.mark.parametrize(
    ("array", "alias"),
    [
        pytest.param("bounce.bouncedrecipients", "t (a)", id="structs"),
        pytest.param(REFUSED, "t (a)", id="structs that were chosen"),
        pytest.param(
            "transform(bounce.bouncedrecipients, x -> x)", "t (a)", id="not a field"
        ),
        pytest.param(
            "transform(bounce.bouncedrecipients, x -> x.name)", "t (a)", id="no field"
        ),
        pytest.param("mail.headers", "t (a)", id="structs in a struct"),
        pytest.param("mail.tags", "t (a)", id="a map"),
        pytest.param("mail.tags", "t (key, value)", id="a map in two columns"),
        pytest.param("mail.destination", "t", id="a column without a name"),
        pytest.param("mail.destination, mail.destination", "t (a, b)", id="two arrays"),
        pytest.param("somebody.else", "t (a)", id="no column of the table"),
    ],
)
def test_nothing_else_is_unnested(array: str, alias: str) -> None:
    query = f"SELECT 1 FROM events CROSS JOIN UNNEST({array}) AS {alias} WHERE {RECENT}"
    assert any("UNNEST" in text for text in refusals(query))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mail.tags['campaign']", "element_at"),
        ("element_at(mail.tags, 'campaign')[1]", "element_at"),
        ("regexp_extract(mail.source, '@(.+)', 1)", "nullif"),
        (r"nullif(regexp_extract(mail.source, '\d'), '')", "pattern"),
        ("regexp_like(mail.source, '(?i)shop')", "pattern"),
        ("regexp_like(mail.source, mail.sourcearn)", "pattern"),
        (TIME, "AT TIME ZONE 'UTC'"),
        (f"CAST({TIME} AS date)", "AT TIME ZONE 'UTC'"),
        (f"CAST({TIME} AT TIME ZONE 'Asia/Tokyo' AS date)", "AT TIME ZONE 'UTC'"),
        (UTC, "CAST"),
        ("CAST(mail.timestamp AS timestamp) AT TIME ZONE 'UTC'", "from_iso8601"),
        ("CAST(delivery.processingtimemillis AS varchar)", "AS date"),
        ("TRY_CAST(mail.timestamp AS date)", "not known"),
        ("delivery.processingtimemillis / 1000", "not known"),
        ("json_extract_scalar(send, '$.a')", "not known"),
        ("split_part(mail.source, '@', 2)", "not known"),
        ("approx_distinct(mail.source)", "not known"),
        ("cardinality(mail.destination)", "not known"),
        ("nobody_knows(mail.source)", "not known"),
        ("mail.source || mail.sourcearn", "not known"),
        ("current_timestamp", "not known"),
        ("(SELECT 1) AS last", "reserve"),
        ("?", "WHERE"),
    ],
)
def test_what_differs_is_refused_and_the_right_form_named(
    value: str, expected: str
) -> None:
    found = refusals(f"SELECT {value} FROM events WHERE {RECENT}")
    assert any(expected in text for text in found), found


@pytest.mark.parametrize(
    "where",
    [
        "",
        "WHERE eventtype = 'Bounce'",
        "WHERE day >= '2026-05-04'",
        "WHERE day <= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')",
        "WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y/%m/%d')",
        "WHERE day >= date_format(current_date, '%Y-%m-%d')",
        f"WHERE eventtype = 'Bounce' OR {RECENT}",
        f"WHERE eventtype IN (SELECT eventtype FROM events) AND {RECENT}",
    ],
)
def test_every_read_is_of_recent_days(where: str) -> None:
    assert any("day >=" in text for text in refusals(f"SELECT 1 FROM events {where}"))


@pytest.mark.parametrize(
    "sql", ["DROP TABLE events", "SELECT 1; SELECT 2", "SELECT FROM WHERE", ""]
)
def test_only_a_single_query_is_let_through(sql: str) -> None:
    assert refusals(sql)
