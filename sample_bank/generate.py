"""Generates a bank: landing batches of the extract contract and, on request, the answer key beside them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from orchestration.settings import BatchId, private_folder
from sample_bank.answers import AnswerBook
from sample_bank.attribution import Attribution
from sample_bank.catalogue import product_table
from sample_bank.chunk import NO_BATCH, Chunk
from sample_bank.contact_year import YearOfContacts
from sample_bank.costs import Volumes, cost_table
from sample_bank.delivery import BatchWriter, Format
from sample_bank.ledger import Ledger
from sample_bank.links import BLOCK
from sample_bank.profile import PROFILES, ProfileName
from sample_bank.rng import Dice
from sample_bank.subjects import shared_answers, shared_rows
from sample_bank.tier_answers import customer_months
from sample_bank.timeline import Timeline
from sample_bank.wealth import Wealth
from sample_bank.world import World

Progress = Callable[[int, int], None]
"""Called with the customers done and their total."""

LEAST_OUTLETS = 6


class SampleSpec(BaseModel):
    """What to generate; the same spec always gives the same bytes.

    Attributes:
        customers: Customers of the bank, those who come and go within the time included.
        months: Whole months of history before the month of the first night.
        nights: Business days with a batch; the first of them is the initial load.
        end: Day of the last night, or the last business day before it.
        has_stage_two: Whether the bank delivers the tables of stage 2.
        chunk_customers: Customers in memory at a time, rounded down to whole blocks of neighbours: changes
            how rows are divided into files, not the rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: int = Field(default=10_000, ge=100)
    months: int = Field(default=18, ge=0, le=120)
    nights: int = Field(default=5, ge=1)
    end: date
    seed: int = Field(default=1, ge=0)
    profile: ProfileName = "suzhou"
    written_as: Format = Format()
    has_stage_two: bool = True
    chunk_customers: int = Field(default=100_000, ge=2, multiple_of=2)

    @property
    def timeline(self) -> Timeline:
        """The months and nights of the bank."""
        return Timeline.ending(self.end, self.months, self.nights)

    @property
    def last_batch(self) -> BatchId:
        """The batch of the last night."""
        return BatchId(self.timeline.nights[-1], 1)


def generate_bank(
    spec: SampleSpec,
    landing: Path,
    answer_key: Path | None = None,
    on_progress: Progress | None = None,
) -> list[Path]:
    """Write every batch of a made-up bank and return their folders, oldest first.

    Args:
        spec: Size, time and kind of the bank.
        landing: Folder of the batches; must not hold complete ones of the same dates.
        answer_key: Folder for ``customer_month-*.parquet``, ``income-*.parquet``, ``bridge-*.parquet``,
            ``event-*.parquet``, ``sales.parquet``, ``plan.parquet`` and a file by chunk for each subject of
            stage 2; none: no answer key.
        on_progress: Told after every chunk.

    Raises:
        FileExistsError: A batch of the spec is in landing already.
        TooFewCustomersError: The profile's figures want more customers contacted than the bank has.
    """
    profile = PROFILES[spec.profile]
    timeline = spec.timeline
    outlets = max(LEAST_OUTLETS, spec.customers // profile.customers_per_outlet)
    world = World(Dice(spec.seed), timeline, profile, outlets)
    wealth = Wealth(world.dice, profile, spec.customers)
    figures = profile.contact_year if spec.has_stage_two else None
    contact_year = YearOfContacts(world, wealth, spec.customers, figures) if figures else None
    writers = [_writer(spec, landing, night) for night in timeline.nights]
    ledgers = [Ledger(world) for _ in timeline.nights]
    volumes = [Volumes(world.outlets) for _ in timeline.nights]
    _write_shared(world, writers, spec, contact_year)
    sales: list[pl.DataFrame] = []
    size = max(spec.chunk_customers // BLOCK, 1) * BLOCK
    for number, first in enumerate(range(0, spec.customers, size)):
        last = min(first + size, spec.customers)
        chunk = Chunk(world, wealth, np.arange(first, last), contact_year)
        answers = AnswerBook(world, chunk.people, chunk.accounts, chunk.claims) if answer_key else None
        for night, (writer, ledger) in enumerate(zip(writers, ledgers, strict=True)):
            for table, frames in chunk.night(night, ledger, volumes[night], answers):
                _add(writer, table, frames)
            if spec.has_stage_two:
                for table, frames in chunk.subjects_of(night):
                    _add(writer, table, frames)
        if answer_key and answers:
            folder = private_folder(answer_key)
            key = customer_months(answers, chunk.cards, chunk.loans)
            key.write_parquet(folder / f"customer_month-{number + 1:04d}.parquet")
            chunk.bridge.table().write_parquet(folder / f"bridge-{number + 1:04d}.parquet")
            if chunk.events:
                chunk.events.table().write_parquet(folder / f"event-{number + 1:04d}.parquet")
            chunk.income.table().write_parquet(folder / f"income-{number + 1:04d}.parquet")
            attribution = Attribution(world, chunk.assignments, chunk.loans, int(timeline.night_days[-1]))
            sales.append(attribution.table(chunk.trades))
            if spec.has_stage_two:
                chunk.subjects.write_answers(folder, number + 1)
        if on_progress:
            on_progress(last, spec.customers)
    if answer_key:
        pl.concat(sales).sort("trade_id", "employee_id").write_parquet(answer_key / "sales.parquet")
        if spec.has_stage_two:
            shared_answers(world).write_parquet(answer_key / "plan.parquet")
    for night, (writer, ledger) in enumerate(zip(writers, ledgers, strict=True)):
        writer.add("cost_pool", cost_table(world, night, volumes, ledgers))
        writer.add("ledger_control", ledger.table(int(timeline.night_days[night])))
    return [writer.close() for writer in writers]


def _writer(spec: SampleSpec, landing: Path, night: date) -> BatchWriter:
    produced = datetime.combine(night + timedelta(days=1), time(1, 12)).isoformat() + "+08:00"
    return BatchWriter(landing, BatchId(night, 1), formats=spec.written_as, produced_at=produced)


def _add(writer: BatchWriter, table: str, frames: Iterable[pl.DataFrame]) -> None:
    for frame in frames:
        writer.add(table, frame)


def _write_shared(
    world: World, writers: list[BatchWriter], spec: SampleSpec, contact_year: YearOfContacts | None
) -> None:
    """The tables that do not depend on customers."""
    previous = NO_BATCH
    for night, (day, writer) in enumerate(zip(world.timeline.night_days.tolist(), writers, strict=True)):
        writer.add("org", world.org_table(day))
        writer.add("employee", world.employee_table(day))
        writer.add("product", product_table())
        writer.add("sales_ratio_param", world.ratio_table())
        writer.add("ftp_rate", world.transfer_prices.table(day))
        writer.add("fx_rate", world.fx_table(day))
        writer.add("calendar", world.timeline.calendar())
        if spec.has_stage_two:
            for table, frame in shared_rows(world, night, previous, contact_year):
                writer.add(table, frame)
        previous = day
