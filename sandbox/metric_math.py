"""CloudWatch's metric math, as far as dashboards and alarms of this program use it.

An expression names metrics by their ids: `IF(FILL(send, 0) > 0, 1, 0)`. It knows
numbers, + - * /, comparisons, AND and OR (also && and ||), lists, and the functions of
`FUNCTIONS`. (CloudWatch user guide, "Using metric math".)
"""

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import signature
from typing import Any


class UnknownExpression(Exception):
    """An expression that is none, or more than is known here; the text says why."""


@dataclass(frozen=True)
class Series:
    """A value for each period that has one."""

    points: Mapping[datetime, float]
    """By the beginning of the period."""
    moments: Sequence[datetime]
    """Every period that was asked for."""


MISPLACED = "a list stands where a series or a number should"

Value = float | Series | list[Any]

OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: lambda left, right: bool(left) and bool(right),
    ast.Or: lambda left, right: bool(left) or bool(right),
}


def evaluate(
    expression: str,
    series: Mapping[str, Series],
    metrics: Collection[str] | None = None,
) -> Series:
    """The series that an expression makes of others, by their ids.

    METRICS() is those of `metrics`, or all of them. Raises UnknownExpression for what is no expression of those that are known here, and
    for one that makes no series.
    """
    text = re.sub(r"&&|\bAND\b", " and ", expression)
    text = re.sub(r"\|\||\bOR\b", " or ", text)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnknownExpression(f"found no expression in {expression}") from None
    ids = series if metrics is None else metrics
    try:
        value = _Evaluation(series, [series[one] for one in ids]).of(tree.body)
    except RecursionError:
        raise UnknownExpression("the expression is too deep") from None
    if not isinstance(value, Series):
        raise UnknownExpression(f"{expression} makes no series")
    return value


@dataclass(frozen=True)
class _Evaluation:
    series: Mapping[str, Series]
    metrics: Sequence[Series]

    def of(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self.series:
                return self.series[name]
            case ast.List(elts=elements):
                return [self.of(element) for element in elements]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _combined(operator.sub, 0.0, self.of(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return _combined(OPERATORS[type(op)], self.of(left), self.of(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if (
                type(op) in OPERATORS
            ):
                return _combined(OPERATORS[type(op)], self.of(left), self.of(right))
            case ast.BoolOp(op=op, values=values):
                result = self.of(values[0])
                for value in values[1:]:
                    result = _combined(OPERATORS[type(op)], result, self.of(value))
                return result
            case ast.Call(func=ast.Name(id="METRICS"), args=[], keywords=[]):
                return list(self.metrics)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
                name in FUNCTIONS
            ):
                return _called(name, [self.of(argument) for argument in arguments])
        raise UnknownExpression(f"{ast.unparse(node)} is not known to the sandbox")


def _called(name: str, arguments: list[Value]) -> Value:
    function = FUNCTIONS[name]
    try:
        signature(function).bind(*arguments)
    except TypeError:
        raise UnknownExpression(
            f"{name} does not take {len(arguments)} arguments"
        ) from None
    return function(*arguments)


def _combined(
    function: Callable[[Any, Any], float], left: Value, right: Value
) -> Value:
    """Of two series, where both have a value; a division by zero makes none."""
    if isinstance(left, list) or isinstance(right, list):
        raise UnknownExpression(MISPLACED)
    moments = _moments(left, right)
    if moments is None:
        try:
            return float(function(left, right))
        except ZeroDivisionError:
            raise UnknownExpression("a number is divided by zero") from None
    points = {}
    for moment in moments:
        first, second = _at(left, moment), _at(right, moment)
        if first is None or second is None:
            continue
        try:
            points[moment] = float(function(first, second))
        except (ZeroDivisionError, OverflowError):
            continue
    return Series(points, moments)


def _moments(*values: Any) -> Sequence[datetime] | None:
    return next((one.moments for one in values if isinstance(one, Series)), None)


def _at(value: Any, moment: datetime) -> float | None:
    if isinstance(value, list):
        raise UnknownExpression(MISPLACED)
    return value.points.get(moment) if isinstance(value, Series) else value


def _filled(metric: Any, filling: Any) -> Series:
    if not isinstance(metric, Series):
        raise UnknownExpression("FILL takes a series")
    points = {}
    for moment in metric.moments:
        value = metric.points.get(moment, _at(filling, moment))
        if value is not None:
            points[moment] = value
    return Series(points, metric.moments)


def _chosen(condition: Any, then: Any, otherwise: Any) -> Series:
    moments = _moments(condition, then, otherwise)
    if moments is None:
        raise UnknownExpression("IF takes a series")
    points = {}
    for moment in moments:
        decision = _at(condition, moment)
        if decision is None:
            continue
        value = _at(then if decision else otherwise, moment)
        if value is not None:
            points[moment] = value
    return Series(points, moments)


def _over(reduce: Callable[[list[float]], float]) -> Callable[..., Value]:
    """Of a list, a series: over what its members have at each time. Of one series, a
    number: over its values."""

    def over(values: Value) -> Value:
        if isinstance(values, Series):
            return reduce(list(values.points.values()) or [0.0])
        members = values if isinstance(values, list) else [values]
        moments = _moments(*members)
        if not members:
            raise UnknownExpression("a function is asked about an empty list")
        if any(isinstance(member, list) for member in members):
            raise UnknownExpression(MISPLACED)
        if moments is None:
            return reduce(members)
        points = {}
        for moment in moments:
            there = [_at(member, moment) for member in members]
            known = [value for value in there if value is not None]
            if known:
                points[moment] = reduce(known)
        return Series(points, moments)

    return over


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "FILL": _filled,
    "IF": _chosen,
    "SUM": _over(sum),
    "MAX": _over(max),
    "MIN": _over(min),
    "AVG": _over(lambda values: sum(values) / len(values)),
}
