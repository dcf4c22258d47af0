"""dbt by hand: any of its commands, on a copy of the warehouse as its last night left it.

Put here: the copy, and the night that it shows. Keep out: what stops dbt elsewhere (``macros/by_hand.sql``).
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.confirmation import show_confirmed
from orchestration.errors import ConfigurationError
from orchestration.ingestion.lake import read_report
from orchestration.interrupts import connect
from orchestration.lock import writer_lock
from orchestration.plan import Night
from orchestration.settings import Settings, private_folder
from orchestration.transform import Transform, dbt_environment, night_variables
from orchestration.waiting import processed_nights
from orchestration.warehouse import begin_build, known_tables, prepare_night, transaction
from orchestration.yaml_files import NotYamlError, parse_yaml

_WITHOUT_VARIABLES = ("clean", "debug", "deps", "init")


def copy_of_warehouse(settings: Settings) -> Path:
    """Where the copy lies that people work on."""
    # under its own name: dbt has parsed the project for a database that is called so
    return settings.home / "dbt" / "copy" / settings.database.name


def run_dbt(settings: Settings, arguments: Sequence[str], *, is_fresh: bool = False) -> bool:
    """Run a command of dbt on the copy; the warehouse, and what is published, stay as they are.

    Args:
        arguments: As dbt takes them; variables given here win over those of the night.
        is_fresh: Copy the warehouse again, though the copy is not older.

    Returns:
        Whether dbt succeeded.

    Raises:
        ConfigurationError: No night has run yet.
        BusyError: Another run is writing.
    """
    with writer_lock(settings):
        nights = processed_nights(settings)
        if not nights:
            raise ConfigurationError(f"{settings.database}: no night has run yet. Run `acrm run` first.")
        copy = _copied(settings, is_fresh=is_fresh)
    night = Night(nights[-1].batch, nights[-2].batch.business_date if len(nights) > 1 else None)
    transform = Transform(settings)
    with connect(str(copy)) as connection:
        report = read_report(settings, night.batch)
        assert report is not None, "a night that has run is in the lake"
        prepare_night(settings, connection, report, night.previous, known_tables(transform.manifest))
        with transaction(connection):
            show_confirmed(connection, settings, transform.manifest, night.batch.business_date, ())
        begin_build(connection, night)
    os.environ.update(dbt_environment(settings) | {"ACRM_DATABASE": str(copy), "DBT_QUIET": "false"})
    variables = {**night_variables(settings, night), "saved_segments": transform.saved_segments()}
    return transform.by_hand(_with_variables(list(arguments), variables))


def _copied(settings: Settings, *, is_fresh: bool) -> Path:
    copy = copy_of_warehouse(settings)
    private_folder(copy.parent)
    is_older = copy.exists() and copy.stat().st_mtime < settings.database.stat().st_mtime
    if is_fresh or is_older or not copy.exists():
        for old in copy.parent.glob(f"{copy.name}*"):
            old.unlink()
        unfinished = copy.with_name(f"{copy.name}.copying")
        shutil.copyfile(settings.database, unfinished)
        unfinished.replace(copy)
        log = settings.database.with_name(f"{settings.database.name}.wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name(f"{copy.name}.wal"))
    return copy


def _with_variables(arguments: list[str], variables: Mapping[str, object]) -> list[str]:
    """The arguments with the night's variables, and those that were given."""
    if not arguments or arguments[0] in _WITHOUT_VARIABLES:
        return arguments
    given: dict[str, object] = {}
    if "--vars" in arguments[:-1]:
        place = arguments.index("--vars")
        try:
            given = parse_yaml(arguments[place + 1]) or {}
        except NotYamlError as error:
            raise ConfigurationError(f"--vars: {error}.") from error
        del arguments[place : place + 2]
    return [*arguments, "--vars", json.dumps({**variables, **given})]
