"""What stands from one night to the next: seeds, and views whose text does not name the night.

A night of an unchanged project builds the rest only. The build database keeps by which project it was built.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import duckdb

from contract.model import load_contract
from orchestration.settings import Settings
from orchestration.warehouse import open_database, tables

# the variables of a night; the others are settings of the bank
_NIGHT = re.compile(r"""\bvar\(\s*["'](previous_)?business_date["']""")


def changing_nodes(manifest: Mapping[str, Any]) -> list[str]:
    """Selects the models and tests that a night has to build; the others came out the same the night before.

    A seed stands, and a view whose text does not name the night. A test stands if all it reads is seeds.
    """
    of_night = _macros_of_the_night(manifest)
    models, tests = (
        {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == kind}
        for kind in ("model", "test")
    )
    stored = {key for key, node in models.items() if node["config"]["materialized"] != "view"}
    views = {
        key
        for key, node in models.items()
        if key not in stored
        and (_NIGHT.search(node["raw_code"]) or of_night.intersection(node["depends_on"]["macros"]))
    }
    # tests of selected models come along
    beside = {
        key
        for key, node in tests.items()
        if not (stored | views).intersection(node["depends_on"]["nodes"])
        and any(not parent.startswith("seed.") for parent in node["depends_on"]["nodes"])
    }
    kinds = {node["config"]["materialized"] for key, node in models.items() if key in stored}
    names = {manifest["nodes"][key]["name"] for key in views | beside}
    return [*(f"config.materialized:{kind}" for kind in sorted(kinds)), *sorted(names)]


def _macros_of_the_night(manifest: Mapping[str, Any]) -> set[str]:
    """Our macros that say something else every night: they name the night, or call one that does."""
    project = manifest["metadata"]["project_name"]
    macros = {key: macro for key, macro in manifest["macros"].items() if macro["package_name"] == project}
    found = {key for key, macro in macros.items() if _NIGHT.search(macro["macro_sql"])}
    while True:
        callers = {key for key, macro in macros.items() if found.intersection(macro["depends_on"]["macros"])}
        if callers <= found:
            return found
        found |= callers


def project_checksum(manifest: Mapping[str, Any], settings: Settings) -> str:
    """Checksum of all that the columns of tables and views come from, down to lake and database."""
    project = manifest["metadata"]["project_name"]
    said = [
        duckdb.__version__,
        load_contract().model_dump_json(),
        sorted((key, node["checksum"], node["config"]) for key, node in manifest["nodes"].items()),
        sorted(
            (key, macro["macro_sql"])
            for key, macro in manifest["macros"].items()
            if macro["package_name"] == project
        ),
        settings.bank.model_dump_json(),
    ]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def standing(settings: Settings) -> str | None:
    """Checksum of the seeds and views that the build database holds; None if it holds none."""
    with open_database(settings) as connection:
        if ("pipeline", "standing") not in tables(connection):
            return None
        ((checksum,),) = connection.execute("select checksum from pipeline.standing").fetchall()
    return str(checksum)


def note_standing(settings: Settings, checksum: str) -> None:
    """Keep which seeds and views were built."""
    with open_database(settings) as connection:
        connection.execute(
            "create or replace table pipeline.standing as select $checksum::varchar as checksum",
            {"checksum": checksum},
        )


def forget_standing(settings: Settings) -> None:
    """Dbt is about to build everything by other means: the next night looks at nothing as built before."""
    with open_database(settings) as connection:
        connection.execute("drop table if exists pipeline.standing")
