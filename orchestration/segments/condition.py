"""Conditions over the columns of one table: parsed, checked for sense, and written anew as SQL.

A condition may hold columns, literals, comparisons, ``and``, ``or``, ``not``, ``+ - * /``, ``in``,
``between``, ``like``, ``is null``, and ``holds('LINE')`` for a product line held. What is run is the text
that comes out of here, never the one that went in: nothing else can be said. A library that reads all of
SQL would have to be told what to refuse; this reads what is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from orchestration.segments.tokens import ConditionError, Token, tokens

Kind = Literal["number", "text", "date", "boolean", "null"]

LINES_HELD = "held_line_codes"
_LONGEST = 10_000
_DEEPEST = 50
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")
_RESERVED = frozenset(
    {"and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "date", "holds"}
)


@dataclass(frozen=True)
class _Part:
    """SQL of a part of a condition, what kind of value it has, and where it began."""

    sql: str
    kind: Kind
    at: int


def kind_of_type(data_type: str) -> Kind:
    """The kind of a column by its type in DuckDB."""
    name = data_type.lower()
    if name.startswith(("decimal", "bigint", "integer")):
        return "number"
    if name == "boolean":
        return "boolean"
    return "date" if name == "date" else "text"


def condition_sql(condition: str, columns: Mapping[str, Kind]) -> str:
    """A condition as SQL of our own.

    Args:
        columns: The columns that it may name.

    Raises:
        ConditionError: It says something that is not allowed, or makes no sense; the message has the place.
    """
    if len(condition) > _LONGEST:
        raise ConditionError(condition, _LONGEST, f"a condition has at most {_LONGEST} characters")
    return _Parser(condition, columns).whole()


class _Parser:
    """One condition, read from left to right."""

    def __init__(self, condition: str, columns: Mapping[str, Kind]) -> None:
        self._condition = condition
        self._columns = columns
        self._tokens = tokens(condition)
        self._next = 0
        self._depth = 0

    def whole(self) -> str:
        part = self._wanted(self._either(), "boolean")
        if self._token.kind != "end":
            raise self._refused(self._token, f"{self._token.text!r} is not expected here")
        return part.sql

    # words

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _taken(self, *texts: str) -> Token | None:
        """The next word, if it is one of these."""
        token = self._token
        if token.kind in ("name", "sign") and token.text in texts:
            self._next += 1
            return token
        return None

    def _required(self, text: str) -> None:
        if self._taken(text) is None:
            said = f"not {self._token.text!r}" if self._token.text else "and the condition ends"
            raise self._refused(self._token, f"{text!r} is expected here, {said}")

    def _refused(self, place: Token | _Part, why: str) -> ConditionError:
        return ConditionError(self._condition, place.at, why)

    def _wanted(self, part: _Part, *kinds: Kind) -> _Part:
        if part.kind not in kinds:
            raise self._refused(part, f"a {' or '.join(kinds)} is expected here, not a {part.kind}")
        return part

    def _alike(self, first: _Part, second: _Part) -> None:
        if first.kind != second.kind:
            raise self._refused(second, f"a {first.kind} cannot be compared with a {second.kind}")

    # boolean operators, the loosest first

    def _either(self) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refused(self._token, f"more than {_DEEPEST} conditions stand inside each other")
        part = self._both()
        while self._taken("or"):
            left, right = self._wanted(part, "boolean"), self._wanted(self._both(), "boolean")
            part = _Part(f"({left.sql} or {right.sql})", "boolean", left.at)
        self._depth -= 1
        return part

    def _both(self) -> _Part:
        part = self._negated()
        while self._taken("and"):
            left, right = self._wanted(part, "boolean"), self._wanted(self._negated(), "boolean")
            part = _Part(f"({left.sql} and {right.sql})", "boolean", left.at)
        return part

    def _negated(self) -> _Part:
        times, first = 0, self._token
        while self._taken("not"):
            times += 1
        part = self._compared()
        if times == 0:
            return part
        sql = self._wanted(part, "boolean").sql
        return _Part(f"(not {sql})" if times % 2 else sql, "boolean", first.at)

    def _compared(self) -> _Part:
        left = self._sum()
        if sign := self._taken(*_COMPARISONS):
            right = self._sum()
            self._alike(left, right)
            return _Part(f"({left.sql} {sign.text} {right.sql})", "boolean", left.at)
        if self._taken("is"):
            negation = "not " if self._taken("not") else ""
            self._required("null")
            return _Part(f"({left.sql} is {negation}null)", "boolean", left.at)
        negation = "not " if self._taken("not") else ""
        if self._taken("in"):
            return _Part(f"({left.sql} {negation}in ({self._listed(left)}))", "boolean", left.at)
        if self._taken("between"):
            low = self._sum()
            self._required("and")
            high = self._sum()
            self._alike(left, low)
            self._alike(left, high)
            return _Part(f"({left.sql} {negation}between {low.sql} and {high.sql})", "boolean", left.at)
        if self._taken("like"):
            pattern = self._token
            if pattern.kind != "text":
                raise self._refused(pattern, "a text is expected after 'like'")
            self._next += 1
            return _Part(
                f"({self._wanted(left, 'text').sql} {negation}like {pattern.text})", "boolean", left.at
            )
        if negation:
            raise self._refused(self._token, "'in', 'between' or 'like' is expected after 'not'")
        return left

    def _listed(self, left: _Part) -> str:
        self._required("(")
        listed = []
        while True:
            value = self._signed()
            self._alike(left, value)
            listed.append(value.sql)
            if not self._taken(","):
                break
        self._required(")")
        return ", ".join(listed)

    # arithmetic

    def _sum(self) -> _Part:
        part = self._product()
        while sign := self._taken("+", "-"):
            left, right = self._wanted(part, "number", "date"), self._wanted(self._product(), "number")
            if left.kind == "date" and "." in right.sql:
                raise self._refused(right, "whole days are added to a date")
            moved = f"cast({right.sql} as integer)" if left.kind == "date" else right.sql
            part = _Part(f"({left.sql} {sign.text} {moved})", left.kind, left.at)
        return part

    def _product(self) -> _Part:
        part = self._signed()
        while sign := self._taken("*", "/"):
            left, right = self._wanted(part, "number"), self._wanted(self._signed(), "number")
            # nothing is a part of nothing
            by = f"nullif({right.sql}, 0)" if sign.text == "/" else right.sql
            part = _Part(f"({left.sql} {sign.text} {by})", "number", left.at)
        return part

    def _signed(self) -> _Part:
        if sign := self._taken("-"):
            part = self._wanted(self._value(), "number")
            return _Part(f"(-{part.sql})", "number", sign.at)
        return self._value()

    # values

    def _value(self) -> _Part:
        token = self._token
        if self._taken("("):
            inner = self._either()
            self._required(")")
            return _Part(inner.sql, inner.kind, token.at)
        self._next += token.kind != "end"
        if token.kind == "number":
            return _Part(token.text, "number", token.at)
        if token.kind == "text":
            return _Part(token.text, "text", token.at)
        if token.kind == "name":
            return self._named(token)
        said = repr(token.text) if token.text else "the end"
        raise self._refused(token, f"a column or a value is expected here, not {said}")

    def _named(self, token: Token) -> _Part:
        if token.text in ("true", "false"):
            return _Part(token.text, "boolean", token.at)
        if token.text == "date":
            return _Part(f"cast({self._day()} as date)", "date", token.at)
        if token.text == "holds":
            return self._held(token)
        if token.text in _RESERVED:
            raise self._refused(token, f"a column or a value is expected here, not {token.text!r}")
        if token.text not in self._columns:
            if self._token.text == "(":
                raise self._refused(
                    token, f"the function {token.text} is not allowed; holds('LINE') is the only one"
                )
            raise self._refused(token, f"{token.text} is no column that may be asked for")
        return _Part(token.text, self._columns[token.text], token.at)

    def _day(self) -> str:
        token = self._token
        try:
            day = date.fromisoformat(token.text.strip("'")) if token.kind == "text" else None
        except ValueError:
            day = None
        if day is None:
            raise self._refused(token, "a date is expected here, like date '2026-01-31'")
        self._next += 1
        return f"'{day}'"

    def _held(self, token: Token) -> _Part:
        self._required("(")
        line = self._token
        if line.kind != "text" or line.text == "''" or "," in line.text:
            raise self._refused(line, "a product line is expected here, like holds('fund')")
        self._next += 1
        self._required(")")
        if LINES_HELD not in self._columns:
            raise self._refused(token, f"there is no column {LINES_HELD} to look into")
        code = f"',' || {line.text} || ','"
        return _Part(f"(position({code} in coalesce({LINES_HELD}, '')) > 0)", "boolean", token.at)
