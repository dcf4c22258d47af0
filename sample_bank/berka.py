"""The Berka bank, a real Czech bank of the 1990s, as nightly batches of the extract contract.

Put here: which nights, which batches, and how they get into landing. What a row becomes is in
``berka_mapping``; docs/berka.md tells a reader about it.
"""

import filecmp
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import polars as pl
import yaml

from orchestration.errors import ConfigurationError
from orchestration.ingestion.landing import landed_batches
from orchestration.settings import PRIVATE_FILE, BatchId, Settings, private_folder
from sample_bank import berka_mapping as mapping
from sample_bank.berka_balances import nightly_balances
from sample_bank.berka_source import BerkaSource, read_source
from sample_bank.delivery import Format, write_batch

FIRST_NIGHT = date(1994, 1, 1)

LAST_NIGHT = date(1994, 3, 30)
"""The transactions at hand end in the middle of the day after."""

BANK = {"reporting_currency": mapping.CURRENCY, "time_zone": "Europe/Prague", "rulebook": "berka_czk"}

Tables = dict[str, pl.DataFrame]


def import_berka(
    folder: Path,
    settings: Settings,
    *,
    first_night: date = FIRST_NIGHT,
    last_night: date = LAST_NIGHT,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[BatchId]:
    """Turn the data set into one batch a night; the months before the first one become its initial load.

    All batches are made before the first one is put into landing. A batch that is there already is left
    alone if it is the same, so an import can be repeated, or extended with a later last night.

    Args:
        folder: Holds the tables as ``.parquet``, ``.csv`` or ``.asc``.
        first_night: Business date of the initial load.
        last_night: Business date of the last batch; what was booked later is not used.
        settings: The warehouse; its ``bank.yml`` is written if there is none.
        on_progress: Told after each night how many are made and how many there will be.

    Returns:
        The batches put into landing, oldest first; those that were there already are not among them.

    Raises:
        ConfigurationError: The data set cannot be read, the nights are outside of it, or the warehouse is
            another bank's or holds other batches. Nothing was written then.
    """
    source = read_source(folder)
    _check_nights(source, first_night, last_night)
    _check_bank(settings)
    _check_landing(settings, first_night)
    nights = [first_night + timedelta(day) for day in range((last_night - first_night).days + 1)]
    private_folder(settings.home)
    with TemporaryDirectory(dir=settings.home, prefix="import-") as made:
        staging = Path(made)
        batches = []
        for night, tables in _nightly_tables(source, nights):
            batch = BatchId(night, 1)
            write_batch(
                staging, batch, tables, produced_at=_produced_at(night), formats=Format(kind="parquet")
            )
            batches.append(batch)
            if on_progress is not None:
                on_progress(len(batches), len(nights))
        new = [batch for batch in batches if not _is_landed(staging, settings.landing, batch)]
        _write_bank(settings)
        for batch in new:
            private_folder((settings.landing / batch.folder).parent)
            (staging / batch.folder).rename(settings.landing / batch.folder)
    return new


def _nightly_tables(source: BerkaSource, nights: list[date]) -> Iterator[tuple[date, Tables]]:
    fixed = mapping.fixed_tables(source) | {table: pl.DataFrame() for table in mapping.EMPTY_TABLES}
    dated, events = mapping.dated_tables(source), mapping.event_tables(source)
    account_closings, loan_closings = mapping.account_closings(source), mapping.loan_closings(source)
    balances = nightly_balances(account_closings, nights)
    outstanding = nightly_balances(loan_closings, nights)
    for night, deposits, loans in zip(nights, balances, outstanding, strict=True):
        tables = dict(fixed)
        for table, (rows, known_from) in dated.items():
            is_initial = night == nights[0]
            tables[table] = rows.filter(known_from <= night if is_initial else known_from == night)
        for table, (rows, happened_on) in events.items():
            tables[table] = rows.filter(happened_on == night)
        tables["deposit_balance"] = mapping.deposit_balance(deposits)
        tables["loan_balance"] = mapping.loan_balance(loans)
        if night == nights[0]:
            tables["monthly_balance_history"] = mapping.history(account_closings, night)
        yield night, tables


def _produced_at(night: date) -> str:
    # the manifest needs a time and the data set has none: one in the morning after
    return datetime.combine(night + timedelta(1), time(1), ZoneInfo(BANK["time_zone"])).isoformat()


def _check_nights(source: BerkaSource, first_night: date, last_night: date) -> None:
    begin, end = source.trans.select(begin=pl.col("date").min(), end=pl.col("date").max()).row(0)
    if begin is None or not begin <= first_night <= last_night <= end:
        raise ConfigurationError(
            f"Nights {first_night} to {last_night}: the transactions are from {begin} to {end}. "
            "Choose a first and a last night within them, in this order."
        )


def _check_bank(settings: Settings) -> None:
    if not _bank_file(settings).exists():
        return
    # settings may have been read before an earlier import wrote the file
    bank = Settings.load(settings.home).bank
    differing = [name for name, value in BANK.items() if getattr(bank, name) != value]
    if differing:
        wanted = ", ".join(f"{name}: {BANK[name]}" for name in differing)
        raise ConfigurationError(
            f"{_bank_file(settings)}: this warehouse is another bank's; Berka needs {wanted}. "
            "Set ACRM_HOME to a folder of its own."
        )


def _check_landing(settings: Settings, first_night: date) -> None:
    landed = landed_batches(settings)
    if landed and landed[0].business_date != first_night:
        raise ConfigurationError(
            f"{settings.landing}: the first batch there is of {landed[0].business_date}, the import begins "
            f"on {first_night}. Begin on the same night to extend it, or set ACRM_HOME to another folder."
        )


def _is_landed(staging: Path, landing: Path, batch: BatchId) -> bool:
    made, landed = staging / batch.folder, landing / batch.folder
    if not landed.exists():
        return False
    names = {path.name for path in made.iterdir()}
    _, differing, unreadable = filecmp.cmpfiles(made, landed, names, shallow=False)
    if differing or unreadable or names != {path.name for path in landed.iterdir()}:
        raise ConfigurationError(
            f"{landed}: another batch is there for this night, and landing is never changed. "
            "Set ACRM_HOME to another folder."
        )
    return True


def _write_bank(settings: Settings) -> None:
    path = _bank_file(settings)
    if not path.exists():
        path.write_text(yaml.safe_dump(BANK), encoding="utf-8")
        path.chmod(PRIVATE_FILE)


def _bank_file(settings: Settings) -> Path:
    return settings.home / "bank.yml"
