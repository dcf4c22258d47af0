"""The two gates, as blocking asset checks.

Put here: wiring from a gate's results to the tables they are about. Keep out: what is checked
(``expectations/suites``) and anything dbt can state in SQL (``models/**.yml``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from contract.model import load_contract
from orchestration.assets.lake import BATCH_REPORT, lake_table
from orchestration.assets.release import published_marts
from orchestration.errors import Fault, FaultError
from orchestration.resources import WRITER, told_to_dagster
from orchestration.turns import TurnRun

if TYPE_CHECKING:
    from expectations.results import CheckResult, GateResult


_DESCRIPTIONS = {
    "fit_to_load": "Gate 1: arrival, keys, references, values and totals, before dbt reads the table.",
    "fit_to_publish": "Gate 2: reconciliation, drift and restatement, before readers see the table.",
}


def fit_to_load() -> dg.AssetChecksDefinition:
    """Gate 1: between the lake and dbt."""
    assets = [BATCH_REPORT, *map(lake_table, load_contract().table_names)]

    @dg.multi_asset_check(specs=_specs("fit_to_load", assets), pool=WRITER, can_subset=True)
    def fit_to_load(
        context: dg.AssetCheckExecutionContext, turn: dg.ResourceParam[TurnRun]
    ) -> Iterator[dg.AssetCheckResult]:
        yield from _through_gate("fit_to_load", context, turn, lambda: turn.night.fit_to_load())

    return fit_to_load


def fit_to_publish(manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition:
    """Gate 2: between dbt and the release."""
    assets = published_marts(manifest)

    @dg.multi_asset_check(specs=_specs("fit_to_publish", assets), pool=WRITER, can_subset=True)
    def fit_to_publish(
        context: dg.AssetCheckExecutionContext, turn: dg.ResourceParam[TurnRun]
    ) -> Iterator[dg.AssetCheckResult]:
        yield from _through_gate("fit_to_publish", context, turn, lambda: turn.night.fit_to_publish())

    return fit_to_publish


def _specs(gate: str, assets: Sequence[dg.AssetKey]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(gate, asset=asset, description=_DESCRIPTIONS[gate], blocking=True)
        for asset in assets
    ]


def _through_gate(
    gate: str, context: dg.AssetCheckExecutionContext, turn: TurnRun, station: Callable[[], "GateResult"]
) -> Iterator[dg.AssetCheckResult]:
    """A result for each table; if the gate stays shut, one for each table that keeps it so, and a failure."""
    assets = sorted(check.asset_key for check in context.selected_asset_check_keys)
    with told_to_dagster():
        try:
            outcome = station()
        except FaultError as error:
            for asset in assets:
                faults = [fault for fault in error.faults if _is_about(fault.table, asset)]
                if faults:
                    yield _blocked(gate, asset, turn, faults)
            raise
    for asset in assets:
        about = [result for result in outcome.results if _is_about(result.table_name, asset)]
        yield _passed(gate, asset, turn, about)


def _is_about(table: str | None, asset: dg.AssetKey) -> bool:
    """Whether a result is the asset's; what is about no table is about the batch."""
    return asset.path[-1] == table if table else asset == BATCH_REPORT


def _blocked(gate: str, asset: dg.AssetKey, turn: TurnRun, faults: list[Fault]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=gate,
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "batch": str(turn.night.batch),
            "faults": dg.MetadataValue.text("\n".join(map(str, faults))),
        },
    )


def _passed(
    gate: str, asset: dg.AssetKey, turn: TurnRun, results: "list[CheckResult]"
) -> dg.AssetCheckResult:
    warnings = [str(result.fault) for result in results if not result.is_passed]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=gate,
        passed=not warnings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "batch": str(turn.night.batch),
            "checks": len(results),
            "warnings": dg.MetadataValue.text("\n".join(warnings) or "none"),
        },
    )
