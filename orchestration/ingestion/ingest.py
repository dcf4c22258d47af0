"""Takes a landed batch into the lake: good rows typed, bad rows to quarantine, or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from contract.model import OP_COLUMN, OP_VALUES, Column, Table
from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.bounds import out_of_bounds
from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.lake import (
    BatchReport,
    TableReport,
    TableWriter,
    admit,
    before_initial_load,
    discard_incoming,
    has_passed,
    incoming_folder,
    lake_batches,
    read_report,
    replace_quarantine,
    tables_of_last,
    take_out,
)
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import (
    MANIFEST,
    FileDelivery,
    TableDelivery,
    changed_while_read,
    check_file,
    check_manifest,
    file_digest,
    file_state,
    read_manifest,
    summable_columns,
)
from orchestration.ingestion.mapping import MAPPING_FILE, TableMap, load_mapping, read_mapped
from orchestration.ingestion.parsing import TooManyViolationsError, Typing, shape_violations
from orchestration.ingestion.reader import Chunk, read_file
from orchestration.settings import BatchId, Settings, private_folder

T = TypeVar("T")

OnTable = Callable[[str, int], None]
"""Told of progress: the table, and how many of its rows have been read so far."""

FREE_ROWS = 1_000_000
"""Rows beyond twice the manifest's number that are still counted, to tell by how many it is off."""

RECEIVED = Column(name=OP_COLUMN, type="code", pfi="none", zh="变更标志", about="Change", values=OP_VALUES)


@dataclass
class TableOutcome:
    """What reading one table came to.

    Attributes:
        faults: What blocks the batch.
    """

    delivered: int = 0
    accepted: int = 0
    bytes_read: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    padded: Counter[str] = field(default_factory=Counter)
    open_dates: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)
    unknown_columns: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Read:
    """A batch that was read: its parts wait outside the lake, what was refused is in quarantine.

    Attributes:
        incoming: Folder of the parts.
        faults: What keeps the batch out.
    """

    incoming: Path
    report: BatchReport
    faults: list[Fault]


def ingest_batch(
    settings: Settings, batch: BatchId, on_table: OnTable | None = None, *, is_built: bool = False
) -> BatchReport:
    """Take a landed batch into the lake; a batch that is in is left as it is.

    One that gate 1 has never let through is read again where its manifest has changed: nothing rests on it.

    Args:
        settings: Where the warehouse lives.
        batch: The delivery.
        on_table: Told of progress.
        is_built: Whether a night was built on it: then it stays as it is.

    Raises:
        BadBatchError: With everything that is wrong; the lake is as before, quarantine has the rows refused.
    """
    stored = read_report(settings, batch)
    if stored is not None:
        if is_built or not is_mended(settings, batch, stored):
            return stored
        take_out(settings, batch)
    read = read_batch(settings, batch, on_table)
    if read.faults:
        discard_incoming(settings)
        raise BadBatchError(read.faults)
    admit(settings, batch, read.incoming, read.report)
    return read.report


def is_mended(settings: Settings, batch: BatchId, stored: BatchReport) -> bool:
    """Whether landing has another manifest than the lake took, of a batch that has not passed gate 1."""
    manifest = landing_folder(settings, batch) / MANIFEST
    if has_passed(settings, batch) or not manifest.is_file():
        return False
    return file_digest(manifest) != stored.manifest_sha256


def read_batch(settings: Settings, batch: BatchId, on_table: OnTable | None = None) -> Read:
    """Read a landed batch as far as it can be read.

    Raises:
        BadBatchError: It cannot be a batch of this warehouse, or its manifest cannot be read.
    """
    unbound = out_of_bounds(batch)
    if unbound is not None:
        raise BadBatchError([unbound])
    folder = landing_folder(settings, batch)
    manifest = read_manifest(folder, batch)
    in_lake = lake_batches(settings)
    is_initial = all(known.business_date >= batch.business_date for known in in_lake)
    early = before_initial_load(settings, batch, in_lake) if is_initial else None
    if early is not None:
        raise BadBatchError([early])
    faults = check_manifest(
        manifest,
        folder,
        is_initial=is_initial,
        begun=tables_of_last(settings, [known for known in in_lake if known < batch]),
        begun_before_the_day=tables_of_last(
            settings, [known for known in in_lake if known.business_date < batch.business_date]
        ),
    )
    mapping = load_mapping(settings)
    incoming = incoming_folder(settings, batch)
    refused = private_folder(incoming / "_refused")
    outcomes = {}
    for table, delivery in manifest.deliveries:
        writer = TableWriter(table, incoming / table.name, refused / f"{table.name}.parquet")
        outcome = read_table(
            settings, folder, batch.business_date, delivery, writer, on_table, mapping.table(table.name)
        )
        outcomes[table.name] = outcome
        faults += outcome.faults
    replace_quarantine(settings, batch, refused)
    report = BatchReport(
        business_date=batch.business_date,
        sequence=batch.sequence,
        is_initial=is_initial,
        manifest_sha256=file_digest(folder / MANIFEST),
        unknown_columns={t: sorted(o.unknown_columns) for t, o in outcomes.items() if o.unknown_columns},
        tables={
            name: TableReport(
                load=manifest.tables[name].load,
                delivered_rows=outcome.delivered,
                accepted_rows=outcome.accepted,
                quarantined=dict(sorted(outcome.quarantined.items())),
                padded=dict(sorted(outcome.padded.items())),
                open_dates=dict(sorted(outcome.open_dates.items())),
                bytes_read=outcome.bytes_read,
            )
            for name, outcome in outcomes.items()
        },
    )
    return Read(incoming, report, faults)


def read_table(
    settings: Settings,
    folder: Path,
    business_date: date,
    delivery: TableDelivery,
    writer: TableWriter,
    on_table: OnTable | None = None,
    said: TableMap | None = None,
) -> TableOutcome:
    """Read the files of a table, hand its rows to the writer and compare with the manifest's totals.

    Args:
        settings: The bank's choices.
        folder: The batch's folder.
        business_date: Day of the batch.
        delivery: What the manifest says of the table.
        writer: Takes accepted and refused rows.
        on_table: Told of progress.
        said: What the bank's mapping says of the table.
    """
    table = writer.table
    typing = Typing(
        table=table,
        is_delta=delivery.load == "delta",
        business_date=business_date,
        time_zone=settings.bank.time_zone,
        summed=tuple(sorted(delivery.control_sums.keys() & summable_columns(table))),
    )
    outcome = TableOutcome(sums={name: Decimal(0) for name in typing.summed})
    sizes: dict[str, int] = {}
    for piece in _ahead(_pieces(folder, delivery, typing, said)):
        if isinstance(piece, Fault):
            outcome.faults.append(piece)
            continue
        file, chunk, size = piece
        sizes[file.name] = size
        fault = _too_much(table, file, delivery, chunk, outcome) or _take(
            file, chunk, typing, writer, outcome
        )
        if fault is not None:
            # the batch is refused whatever follows, and a sender decides how much that is
            outcome.faults.append(fault)
            break
        if on_table is not None:
            on_table(table.name, outcome.delivered)
    outcome.bytes_read = sum(sizes.values())
    writer.close()
    if not outcome.faults:
        # totals of a table that could not be read whole would only repeat that
        outcome.faults += _total_faults(table, delivery, outcome)
    return outcome


def _pieces(
    folder: Path, delivery: TableDelivery, typing: Typing, said: TableMap | None
) -> Iterator[tuple[FileDelivery, Chunk, int] | Fault]:
    """The chunks of all files, in order, with the file's size; a file that cannot be read gives a fault."""
    columns = (*typing.table.columns, *([RECEIVED] if typing.is_delta else []))
    for file in delivery.files:
        path = folder / file.name
        checked = file_state(path)
        fault = check_file(folder, typing.table.name, file)
        if fault is not None or checked is None:
            yield fault or changed_while_read(typing.table.name, file)
            continue
        try:
            if said is None:
                chunks = read_file(path, delivery.format, columns)
            else:
                chunks = read_mapped(path, delivery.format, columns, said)
            for chunk in chunks:
                yield file, chunk, checked.size
            if file_state(path) != checked:
                yield changed_while_read(typing.table.name, file)
        except UnreadableFileError as error:
            remedy = "Have the batch sent again as the contract says"
            if said is not None:
                remedy = f"Mend {MAPPING_FILE}, or have the file sent again as it says"
            yield Fault(
                error.check_code, str(error), remedy, typing.table.name, file.name, column=error.column
            )


def _too_much(
    table: Table, file: FileDelivery, delivery: TableDelivery, chunk: Chunk, outcome: TableOutcome
) -> Fault | None:
    """A fault where far more rows come than the manifest says."""
    if outcome.delivered + chunk.count <= 2 * delivery.row_count + FREE_ROWS:
        return None
    what = f"far more rows than the manifest says, {delivery.row_count}; reading stopped"
    return Fault("row_count", what, "Have the batch sent again", table.name, file.name)


def _take(
    file: FileDelivery, chunk: Chunk, typing: Typing, writer: TableWriter, outcome: TableOutcome
) -> Fault | None:
    """Hand the rows of a chunk to the writer; a fault where nearly everything is wrong."""
    try:
        typed = typing.apply(chunk.rows)
    except TooManyViolationsError as error:
        what = f"{error.rows} values of {chunk.count} rows break {error.rule}; reading stopped"
        remedy = "Have the batch sent again as the contract says"
        return Fault("file_unreadable", what, remedy, typing.table.name, file.name, column=error.column)
    if typed.accepted.height:
        writer.accept(typed.accepted, file.name)
    writer.refuse(shape_violations(chunk.misshapen), file.name)
    writer.refuse(typed.violations, file.name)
    outcome.delivered += chunk.count
    outcome.accepted += typed.accepted.height
    outcome.quarantined.update(typed.quarantined)
    outcome.padded.update(typed.padded)
    outcome.open_dates.update(typed.open_dates)
    if chunk.misshapen.height:
        outcome.quarantined["row_shape"] += chunk.misshapen.height
    for name, total in typed.sums.items():
        outcome.sums[name] += total
    outcome.unknown_columns.update(chunk.unknown_columns)
    return None


def _total_faults(table: Table, delivery: TableDelivery, outcome: TableOutcome) -> list[Fault]:
    faults = []
    remedy = "Have the batch sent again"
    if outcome.delivered != delivery.row_count:
        what = f"{outcome.delivered} rows delivered, the manifest says {delivery.row_count}"
        faults.append(Fault("row_count", what, remedy, table.name))
    refused = outcome.delivered - outcome.accepted
    for name, total in sorted(outcome.sums.items()):
        if total != delivery.control_sums[name]:
            # which way it is off helps to find it; the amounts themselves stay out of logs
            way = "more" if total > delivery.control_sums[name] else "less"
            what = f"the rows add to {way} than the manifest says"
            if refused:
                what += f"; {refused} rows are in quarantine, values that do not parse are not in the total"
            faults.append(Fault("control_sum", what, remedy, table.name, column=name))
    return faults


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, the next one made while the last one is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
