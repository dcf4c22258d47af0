"""The project's dbt macros as SQL text for DuckDB, rendered without dbt."""

import datetime
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, NoReturn

import duckdb
import jinja2
import yaml

PROJECT = Path(__file__).parents[2]
MACROS = PROJECT / "macros"
# how dbt builds tables is dbt's
FOLDERS = sorted({path.name for path in MACROS.iterdir() if path.is_dir()} - {"materializations"})
FILES = ("night.sql", "month_by_month.sql")
_EXTENSIONS = ("jinja2.ext.do",)
_MACRO = re.compile(r"{%-? macro (\w+).*?{%-? endmacro -?%}", re.DOTALL)

WHAT_IF_MACROS = {
    "what_if_judged": "what_if_judged_parameters",
    "what_if_held": "what_if_held_parameters",
    "what_if_above_ordinary": "what_if_parameters",
    "what_if_tiers": "what_if_parameters",
}
"""The published table macros and what renders their parameters."""


class Relation(str):
    """A table as dbt gives it to macros."""

    @property
    def identifier(self) -> str:
        """Its name without the schema."""
        return self.rpartition(".")[2]


def model_context(**given: object) -> dict[str, object]:
    """What dbt gives to the SQL of a model that has rows, besides macros. ``given`` goes before it."""
    return {
        "ref": lambda name: Relation(f"models.{name}"),
        "source": lambda source, table: Relation(f"{source}.{table}"),
        "config": lambda **_: "",
        "execute": True,
        "is_incremental": lambda: True,
        "this": Relation("models.this"),
        **given,
    }


def dbt_var(**given: object) -> Callable[..., object]:
    """dbt's ``var``: what ``dbt_project.yml`` says where nothing else is given."""
    said = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    known: dict[str, object] = {**said, **given}
    return lambda name, default=None: known.get(name, default)


class _ReturnError(Exception):
    """Carries what a macro gives to dbt's ``return``."""

    def __init__(self, content: object) -> None:
        self.content = content


def _return(content: object) -> NoReturn:
    raise _ReturnError(content)


@cache
def _compiled(source: str) -> CodeType:
    return jinja2.Environment(extensions=_EXTENSIONS).compile(source)


class _Environment(jinja2.Environment):
    """Jinja that compiles a text once for all tests of a process."""

    def compile(self, source: Any, *arguments: Any, **named: Any) -> Any:
        return (
            _compiled(source) if not arguments and not named else super().compile(source, *arguments, **named)
        )


class Macros:
    """Every macro by its name; one may call another whatever file and order they stand in.

    Args:
        context: What dbt knows besides them: ``ref``, ``var`` and the like.
    """

    def __init__(self, context: Mapping[str, object] | None = None) -> None:
        self._macros: dict[str, Callable[..., object]] = {}
        paths = [path for folder in FOLDERS for path in (MACROS / folder).iterdir()]
        found = {
            macro[1]: macro[0]
            for path in (*paths, *(MACROS / file for file in FILES))
            for macro in _MACRO.finditer(path.read_text(encoding="utf-8"))
        }
        self.environment = _Environment(extensions=_EXTENSIONS)
        self.globals: dict[str, Any] = {name: self._caller(name) for name in found}
        self.globals |= {
            "adapter": self,
            "return": _return,
            "modules": SimpleNamespace(datetime=datetime),
            **(context or {}),
        }
        for name, text in found.items():
            module = self.environment.from_string(text, globals=self.globals).module
            self._macros[name] = getattr(module, name)

    def dispatch(self, name: str) -> Callable[..., Any]:
        """dbt's ``adapter.dispatch``, which takes the default for DuckDB."""
        return self._caller("default__" + name)

    def _caller(self, name: str) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> object:
            try:
                return self._macros[name](*arguments, **named)
            except _ReturnError as returned:
                return returned.content

        return call


def render(call: str) -> str:
    """SQL of a macro call, as it stands between dbt's braces."""
    macros = Macros()
    return macros.environment.from_string("{{ " + call + " }}", globals=macros.globals).render()


@cache
def linted(is_first: bool) -> dict[str, Any]:
    """All that a model's SQL may name, for who only reads it: on the first night, or on another."""
    night = dbt_var(business_date="2026-02-03", previous_business_date="" if is_first else "2026-02-02")
    return Macros(model_context(var=night, is_incremental=lambda: not is_first)).globals


def create_what_if_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """The table macros of a published database."""
    for macro, parameters in WHAT_IF_MACROS.items():
        given, text = render(f"{parameters}()"), render(f"{macro}()")
        connection.execute(f"create macro customer_value.{macro} ({given}) as table {text}")
