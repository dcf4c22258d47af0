"""What stands from one night to the next: seeds, and views whose text does not name the night.

A night of an unchanged project builds the rest only. The build database keeps by which project it was built.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import duckdb

from contract.model import load_contract
from orchestration.settings import Settings
from orchestration.warehouse import open_database, tables

CHANGING = ("config.materialized:incremental", "config.materialized:table", "tag:night")
"""Selects what a night has to build: tables, and views whose text names the night, which are tagged so.

Their tests come along; the other views and the seeds came out the same the night before."""


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
        settings.bank.of_figures,
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
