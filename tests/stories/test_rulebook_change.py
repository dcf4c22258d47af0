"""The bank chooses another rulebook: nothing is mixed, and `acrm rebuild` judges all history anew."""

from datetime import date
from pathlib import Path

from orchestration.errors import ExitCode
from tests.support.warehouse import Warehouse


def test_another_rulebook_needs_a_rebuild(golden_warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse = golden_warehouse.copy_to(tmp_path / "home")
    (warehouse.home / "bank.yml").write_text("rulebook: postal\n", encoding="utf-8")

    refused = warehouse.command("run", "--date", "2026-02-02")

    assert refused.returncode == int(ExitCode.CONFIGURATION)
    assert "judged by rulebook documents, now it is postal. Run `acrm rebuild`" in refused.stderr
    assert _tiers_of(warehouse, "G1") == {"platinum"}

    rebuilt = warehouse.command("rebuild")

    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    # 500,000 in January; in February to date as well
    assert _tiers_of(warehouse, "G1") == {"a1"}
    assert _tiers_of(warehouse, "G2") == {"a2"}


def _tiers_of(warehouse: Warehouse, customer: str) -> set[str]:
    rows = warehouse.query(
        "select tier_code from customer_value.fct_customer_tier_monthly"
        " where customer_id = ? and month_start_date >= ?",
        customer,
        date(2026, 1, 1),
    )
    return {row["tier_code"] for row in rows}
