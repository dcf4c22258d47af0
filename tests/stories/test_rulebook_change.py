"""The bank chooses another rulebook: nothing is mixed, and `acrm rebuild` judges all history anew."""

import shutil
from datetime import date
from pathlib import Path

from orchestration.errors import ExitCode
from orchestration.settings import Settings
from tests.support.quick_build import run_quickly
from tests.support.warehouse import PROJECT, Warehouse


def test_another_rulebook_needs_a_rebuild(golden_warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse = golden_warehouse.copy_to(tmp_path / "home")
    (warehouse.home / "bank.yml").write_text("rulebook: postal\n", encoding="utf-8")

    refused = warehouse.command("run", "--date", "2026-02-02")

    assert refused.returncode == int(ExitCode.CONFIGURATION)
    assert "judged by rulebook documents, now it is postal. Run `acrm rebuild`" in refused.stderr
    assert _tiers_of(warehouse, "G1") == {"platinum"}

    run_quickly(Settings.load(warehouse.home), rebuild=True)

    # 500,000 in January; in February to date as well
    assert _tiers_of(warehouse, "G1") == {"a1"}
    assert _tiers_of(warehouse, "G2") == {"a2"}


def test_an_edited_version_needs_a_rebuild_too(golden_warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse = golden_warehouse.copy_to(tmp_path / "home")
    project = tmp_path / "project"
    edited = Warehouse(warehouse.home, project)
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"))
    rules = project / "seeds" / "rules" / "tier_rules.csv"
    text = rules.read_text(encoding="utf-8")
    asked = "documents-1,platinum,3,白金级,500000.00,6"
    assert asked in text
    rules.write_text(text.replace(asked, asked.replace("500000.00", "500000.01")), encoding="utf-8")

    refused = edited.command("run", "--date", "2026-02-02")

    assert refused.returncode == int(ExitCode.CONFIGURATION)
    assert "by other rules of documents. Run `acrm rebuild`" in refused.stderr
    assert _tiers_of(warehouse, "G1") == {"platinum"}

    rebuilt = edited.command("rebuild")

    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    # 500,000 was just enough
    assert _tiers_of(warehouse, "G1") == {"gold"}


def _tiers_of(warehouse: Warehouse, customer: str) -> set[str]:
    rows = warehouse.query(
        "select tier_code from customer_value.fct_customer_tier_monthly"
        " where customer_id = ? and month_start_date >= ?",
        customer,
        date(2026, 1, 1),
    )
    return {row["tier_code"] for row in rows}
