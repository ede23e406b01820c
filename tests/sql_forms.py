"""Which SQL means the same in Athena and in DuckDB, told by the tree of its parts.

Only what stands on the lists here is let through, so that a form nobody has thought of
is refused. Differences that were looked at, and the form that has none:

- Athena makes a column of each field of an unnested struct, DuckDB one column: unnest
  scalars, by `transform(array, x -> x.field)` where the array holds structs;
- `map['key']` and `array[1]` are errors in Athena where nothing is there: `element_at`;
- where nothing fits, `regexp_extract` is null in Athena and empty in DuckDB: `nullif`;
- `AT TIME ZONE` of a time with a zone keeps the zone in Athena and drops it in DuckDB,
  and without it a date is the session's: cast what `AT TIME ZONE 'UTC'` makes;
- `/` of whole numbers is whole in Athena alone; casts between text and numbers, JSON and
  approximations differ in many ways: none of these.
"""

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from components.event_table import PARTITION_KEY, TABLE
from tests.athena import COLUMN_TYPES, DIALECT, SCALARS, Type

STRUCTURE: tuple[type[exp.Expr], ...] = (
    exp.Select,
    exp.From,
    exp.Table,
    exp.TableAlias,
    exp.Identifier,
    exp.Column,
    exp.Dot,
    exp.Alias,
    exp.Where,
    exp.Join,
    exp.Unnest,
    exp.With,
    exp.CTE,
    exp.Subquery,
    exp.Union,
    exp.Values,
    exp.Tuple,
    exp.Star,
    exp.Distinct,
    exp.Group,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Window,
    exp.WindowSpec,
    exp.Lambda,
    exp.Case,
    exp.If,
    exp.Cast,
    exp.DataType,
    exp.AtTimeZone,
    exp.Interval,
    exp.Var,
    exp.Literal,
    exp.Null,
    exp.Placeholder,
)

OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.Paren,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.Between,
    exp.In,
    exp.Is,
    exp.Sub,
    exp.Bracket,
)
"""`Bracket` is how `element_at` is told, too."""

FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.ArrayFilter,
    exp.ArrayToString,
    exp.Coalesce,
    exp.ConcatWs,
    exp.Count,
    exp.CountIf,
    exp.CurrentDate,
    exp.FromISO8601Timestamp,
    exp.Levenshtein,
    exp.Lower,
    exp.Max,
    exp.Min,
    exp.Nullif,
    exp.RegexpExtract,
    exp.RegexpLike,
    exp.TimeToStr,
    exp.Transform,
)

RESERVED = """
    alter and as between by case cast constraint create cross cube current_date
    current_path current_time current_timestamp current_user deallocate delete describe
    distinct drop else end escape except execute exists extract false first for from
    full group grouping having in inner insert intersect into is join last left like
    localtime localtimestamp natural normalize not null on or order outer prepare
    recursive right rollup select table then true unescape union unnest using values
    when where with
"""
"""Names that Athena takes in quotes only (user guide, "Reserved keywords")."""


def refusals(sql: str) -> list[str]:
    """What in a query over the events may mean something else in Athena; else []."""
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
    except ParseError as error:
        return [f"found no single statement: {error}"]
    if not isinstance(tree, exp.Query):
        return [f"found {tree.key}, expected a query"]
    return [text for node in tree.walk() for text in _refused(node)]


def _refused(node: exp.Expr) -> Iterator[str]:
    if type(node) not in STRUCTURE + OPERATORS + FUNCTIONS:
        yield f"found {node.sql(DIALECT)}: {node.key} is not known to mean the same"
    for kind, rule in _RULES:
        if isinstance(node, kind) and (expected := rule(node)):
            yield f"found {node.sql(DIALECT)}, expected {expected}"


def _bracket(node: exp.Expr) -> str | None:
    return None if node.args.get("safe") else "element_at"


def _identifier(node: exp.Expr) -> str | None:
    if node.name.lower() in RESERVED.split() and not node.args["quoted"]:
        return "a name that Athena does not reserve"
    return None


def _regexp_extract(node: exp.Expr) -> str | None:
    return None if isinstance(node.parent, exp.Nullif) else "it in nullif(..., '')"


def _pattern(node: exp.Expr) -> str | None:
    pattern = node.args["expression"]
    if not pattern.is_string or "\\" in pattern.name or "(?" in pattern.name:
        return "a pattern as text, without \\ and (?"
    return None


def _timestamp(node: exp.Expr) -> str | None:
    zoned = node.parent
    if isinstance(zoned, exp.AtTimeZone) and zoned.args["zone"].name == "UTC":
        return None
    return "it AT TIME ZONE 'UTC'"


def _at_time_zone(node: exp.Expr) -> str | None:
    if not isinstance(node.this, exp.FromISO8601Timestamp):
        return "it of from_iso8601_timestamp(...) alone"
    return None if isinstance(node.parent, exp.Cast) else "it in CAST"


def _cast(node: exp.Expr) -> str | None:
    if node.args["to"].this in (exp.DType.DATE, exp.DType.TIMESTAMP):
        return None
    return "a cast AS date or AS timestamp"


def _placeholder(node: exp.Expr) -> str | None:
    """Athena user guide, "Use parameterized queries"."""
    return None if node.find_ancestor(exp.Where) else "a parameter in WHERE"


def _unnest(node: exp.Expr) -> str | None:
    (array, *more) = node.expressions
    alias = node.args.get("alias")
    if more or node.args.get("offset") or not alias or len(alias.columns) != 1:
        return "one array AS t (name)"
    found = _element(array)
    if found is None or found.name not in SCALARS:
        return "an array of scalars: transform(array, x -> x.field)"
    return None


def _element(array: exp.Expr) -> Type | None:
    """What an array holds; None where that cannot be told."""
    match array:
        case exp.ArrayFilter():
            return _element(array.this)
        case exp.Transform():
            lambda_ = array.args["expression"]
            of = _element(array.this)
            if of and isinstance(lambda_.this, exp.Dot):
                return of.fields.get(lambda_.this.expression.name)
            return None
        case exp.Column() | exp.Dot():
            found = _column(array)
            return found.of if found and found.name == "array" else None
        case _:
            return None


def _column(node: exp.Expr) -> Type | None:
    """The type of `column.field.field` of the table."""
    first, *fields = node.sql(DIALECT).split(".")
    found = COLUMN_TYPES.get(first)
    for each in fields:
        found = found.fields.get(each) if found else None
    return found


def _scan(node: exp.Expr) -> str | None:
    """Every read of the table is of some days back from today."""
    if node.name != TABLE:
        return None
    select = node.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    conditions = _all_of(where.this) if where else []
    if any(map(_is_recent, conditions)):
        return None
    return (
        f"it WHERE {PARTITION_KEY} >="
        " date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d') AND ..."
    )


def _all_of(condition: exp.Expr) -> list[exp.Expr]:
    """The conditions that all hold."""
    if isinstance(condition, exp.And):
        return _all_of(condition.left) + _all_of(condition.right)
    return [condition]


def _is_recent(condition: exp.Expr) -> bool:
    return (
        isinstance(condition, exp.GTE)
        and condition.this.sql(DIALECT) == PARTITION_KEY
        and isinstance(condition.expression, exp.TimeToStr)
        and condition.expression.find(exp.CurrentDate) is not None
        and condition.expression.find(exp.Interval) is not None
        and condition.expression.args["format"].name == "%Y-%m-%d"
    )


_RULES: tuple[tuple[type[exp.Expr], Callable[[exp.Expr], str | None]], ...] = (
    (exp.AtTimeZone, _at_time_zone),
    (exp.Bracket, _bracket),
    (exp.Cast, _cast),
    (exp.FromISO8601Timestamp, _timestamp),
    (exp.Identifier, _identifier),
    (exp.Placeholder, _placeholder),
    (exp.RegexpExtract, _regexp_extract),
    (exp.RegexpExtract, _pattern),
    (exp.RegexpLike, _pattern),
    (exp.Table, _scan),
    (exp.Unnest, _unnest),
)
