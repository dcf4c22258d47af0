"""Tables of the lake.

Put here: the asset of each contract table. Keep out: reading and typing (``orchestration/ingestion``).
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from contract.model import load_contract
from orchestration.assets.landing import LANDED_BATCH
from orchestration.ingestion.lake import BatchReport
from orchestration.resources import WRITER, told_to_dagster
from orchestration.turns import TurnRun

BATCH_REPORT = dg.AssetKey(["lake", "batch_report"])


def lake_table(table: str) -> dg.AssetKey:
    """Key of a contract table in the lake; dbt's sources have the same."""
    return dg.AssetKey(["lake", table])


def lake_tables(business_dates: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Every contract table, and the report that says the batch is in."""
    specs = [
        dg.AssetSpec(lake_table(table.name), deps=[LANDED_BATCH], description=f"{table.about} ({table.zh})")
        for table in load_contract().tables
    ]
    report = dg.AssetSpec(
        BATCH_REPORT,
        deps=[LANDED_BATCH],
        description="What became of the batch. Written last: where it is, the batch is in the lake.",
    )

    @dg.multi_asset(
        name="ingest",
        specs=[report, *specs],
        group_name="lake",
        partitions_def=business_dates,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        pool=WRITER,
    )
    def ingest(
        context: dg.AssetExecutionContext, turn: dg.ResourceParam[TurnRun]
    ) -> Iterator[dg.MaterializeResult[None]]:
        with told_to_dagster():
            batch = turn.ingest(date.fromisoformat(context.partition_key))
        yield dg.MaterializeResult(asset_key=BATCH_REPORT, metadata=_about_batch(batch))
        for table in load_contract().table_names:
            yield dg.MaterializeResult(asset_key=lake_table(table), metadata=_about_table(batch, table))

    return ingest


def _about_batch(batch: BatchReport) -> dict[str, int | bool | str]:
    return {
        "sequence": batch.sequence,
        "is_initial": batch.is_initial,
        "tables": len(batch.tables),
        "manifest_sha256": batch.manifest_sha256,
    }


def _about_table(batch: BatchReport, name: str) -> dict[str, int | str]:
    table = batch.tables.get(name)
    if table is None:
        return {"load": "not delivered", "dagster/partition_row_count": 0}
    return {
        "load": table.load,
        "dagster/partition_row_count": table.accepted_rows,
        "delivered_rows": table.delivered_rows,
        "quarantined_rows": table.delivered_rows - table.accepted_rows,
    }
