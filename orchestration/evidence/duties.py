"""``contract/duties.yml``: rules of laws, what here meets each, and what is the bank's own duty."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from orchestration.publication.schema import agreed_schema
from orchestration.settings import PROJECT, Bank

DUTIES_FILE = PROJECT / "contract" / "duties.yml"

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Kind = Literal["test", "table", "check", "document", "command", "setting", "evidence"]
Reference = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(get_args(Kind))}) \S+$")]
"""What meets a rule: its kind, and where it is. Whether it is there is looked up (:func:`missing`)."""

_CHECK_RULES = PROJECT / "seeds" / "rules" / "check_rules.csv"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Strict):
    """One rule.

    Attributes:
        at: Article or principle; its subject alone where it was not compared.
        is_compared: Whether number and content were compared with the text; else nothing is claimed of them.
        says: What it asks for, in short and not by its words.
        met_by: What here meets it, or helps to; empty where nothing does.
        bank: What stays the bank's own duty.
    """

    at: Text
    is_compared: bool
    says: Text
    met_by: tuple[Reference, ...] = ()
    bank: Text

    @model_validator(mode="after")
    def _claims_no_number_that_was_not_compared(self) -> Self:
        if not self.is_compared and any(character.isdigit() for character in self.at):
            raise ValueError(f"{self.at}: was not compared with the text, so it gives no number")
        return self


class Law(_Strict):
    """A law, guideline or standard.

    Attributes:
        code: Short name for files.
        source: Who issued it, when and under which number.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
    title: Text
    source: Text
    rules: tuple[Rule, ...] = Field(min_length=1)


class Duties(_Strict):
    """All laws."""

    laws: tuple[Law, ...] = Field(min_length=1)


@cache
def load_duties() -> Duties:
    """The table shipped with the project."""
    return Duties.model_validate(yaml.safe_load(DUTIES_FILE.read_text(encoding="utf-8")))


def missing(duties: Duties, files: tuple[str, ...], commands: frozenset[str]) -> Iterator[str]:
    """References that lead nowhere, a line each.

    Args:
        files: Files of the examiner's folder.
        commands: Commands of the command line.
    """
    there: Mapping[str, Callable[[str], bool]] = {
        "test": _is_test,
        "table": lambda name: name in agreed_schema().tables,
        "check": lambda code: re.search(rf"^{code},", _CHECK_RULES.read_text("utf-8"), re.M) is not None,
        "document": _is_document,
        "command": lambda name: name in commands,
        "setting": lambda name: name in Bank.model_fields,
        "evidence": lambda name: name in files,
    }
    for law in duties.laws:
        for rule in law.rules:
            for reference in rule.met_by:
                kind, _, place = reference.partition(" ")
                if not there[kind](place):
                    yield f"{law.code}, {rule.at}: there is no {reference}"


def _is_test(place: str) -> bool:
    file, _, name = place.partition("::")
    path = (PROJECT / file).resolve()
    if not (path.is_file() and path.is_relative_to(PROJECT / "tests")):
        return False
    return not name or f"def {name}(" in path.read_text(encoding="utf-8")


def _is_document(place: str) -> bool:
    file, _, anchor = place.partition("#")
    path = PROJECT / file
    if not path.is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return not anchor or anchor in {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }
