"""The words of a condition, each with its place."""

import re
from dataclasses import dataclass

from orchestration.errors import AcrmError, ExitCode

_WORDS = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<number>\d+(?:\.\d+)?(?![\w.]))
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|<>|!=|[<>=+\-*/(),](?!(?<=-)-)(?!(?<=/)\*))
    """,
    re.VERBOSE,
)


class ConditionError(AcrmError):
    """A condition that is refused, with the place."""

    exit_code = ExitCode.USAGE

    def __init__(self, condition: str, at: int, why: str) -> None:
        line = condition.count("\n", 0, at) + 1
        column = at - (condition.rfind("\n", 0, at) + 1) + 1
        shown = (condition.splitlines() or [""])[line - 1] if at < len(condition) or condition else ""
        super().__init__(f"line {line}, column {column}: {why}\n  {shown}\n  {' ' * (column - 1)}^")
        self.line, self.column, self.why = line, column, why


@dataclass(frozen=True)
class Token:
    """A word.

    Attributes:
        kind: name, number, text, sign or end.
        text: What it says; a name in lower case.
    """

    kind: str
    text: str
    at: int


def tokens(condition: str) -> list[Token]:
    """The words of a condition, and one that says where it ends.

    Raises:
        ConditionError: Something is no word of a condition: a comment, a semicolon, a quoted name.
    """
    found: list[Token] = []
    at = 0
    while at < len(condition):
        word = _WORDS.match(condition, at)
        if word is None:
            raise ConditionError(condition, at, f"{condition[at]!r} has no meaning here")
        kind = word.lastgroup or ""
        if kind != "space":
            text = word[0].lower() if kind == "name" else word[0]
            found.append(Token(kind, text, at))
        at = word.end()
    return [*found, Token("end", "", len(condition))]
