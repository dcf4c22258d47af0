"""The night report: its numbers are the release's, it asks nothing of any network, and names nobody."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from orchestration.bridge import PARTS
from orchestration.night_report.assets import Part, moved_tonight
from orchestration.night_report.figures import Check, Figures, Refused, TierRow, _refused, read_figures
from orchestration.night_report.page import render
from orchestration.releases.on_disk import releases
from orchestration.settings import BatchId, Settings
from tests.support.warehouse import Warehouse

LAST_MONTH = "month_start_date = (select max(month_start_date) from customer_value.fct_customer_tier_monthly)"


def figures(town: Warehouse) -> Figures:
    read = read_figures(town.current / "night_report.json")
    assert read is not None
    return read


def test_its_numbers_are_those_of_the_release(town: Warehouse):
    now = figures(town)
    tiers = town.query(
        f"select tier_code, count(*) as n, sum(assessment_aum_amt) as aum"
        f" from customer_value.fct_customer_tier_monthly where {LAST_MONTH} group by all"
    )
    assert {(t.tier_code, t.customer_cnt, t.aum_amt) for t in now.tiers if t.customer_cnt} == {
        (row["tier_code"], row["n"], row["aum"]) for row in tiers
    }
    (whole,) = town.query(
        f"select count(*) as n, sum(aum_end_amt) as aum from customer_value.fct_customer_aum_monthly"
        f" where {LAST_MONTH} and customer_id in"
        f" (select customer_id from customer_value.fct_customer_tier_monthly where {LAST_MONTH})"
    )
    assert (now.customer_cnt, now.aum_amt) == (whole["n"], whole["aum"])
    assert sum(org.customer_cnt for org in now.orgs) == whole["n"]
    (checks,) = town.query(
        "select count(*) as n from quality.fct_check_result"
        " where business_date = (select business_date from data_as_of)"
    )
    assert now.check_cnt == checks["n"]
    trades = pl.read_csv(town.home / "landing/business_date=2026-10-29/sequence=1/sales_trade-0001.csv")
    live = trades.filter(pl.col("status") == "live").height
    assert sum(sale.trade_cnt for sale in now.sales) == 2 * live - trades.height


def test_what_moved_and_what_was_told_are_those_of_the_release(town: Warehouse):
    assets = figures(town).assets
    names = ", ".join(f"sum({part}) as {part}" for part in PARTS)
    (bridge,) = town.query(
        f"select {names}, sum(opening_amt) as opening, sum(closing_amt) as closing"
        " from monitoring.agg_aum_bridge_monthly"
        " where month_start_date = (select max(month_start_date) from monitoring.agg_aum_bridge_monthly)"
    )
    assert {part.part: part.amount_amt for part in assets.parts} == {part: bridge[part] for part in PARTS}
    assert sum(part.amount_amt for part in assets.parts) == bridge["closing"] - bridge["opening"]
    told = town.query(
        "select event_code, amount_amt from monitoring.fct_event where entry_type_code = 'event'"
        " and knowledge_date = (select business_date from data_as_of) order by amount_amt desc nulls last"
    )
    assert assets.event_cnt == len(told) > 0
    assert [event.amount_amt for event in assets.largest] == [
        row["amount_amt"] for row in told if row["amount_amt"] is not None
    ][:10]
    sent = town.query(
        "select channel_code, status_code, reason_code, count(*) as n from monitoring.fct_event_response"
        " where knowledge_date = (select business_date from data_as_of) group by all"
    )
    assert {(r.channel_code, r.status_code, r.reason_code, r.response_cnt) for r in assets.reminders} == {
        tuple(row.values()) for row in sent
    }


def test_what_moved_tonight_is_what_the_month_has_more_than_the_night_before():
    def part(amount: str) -> Part:
        return Part(part="fee_amt", amount_amt=Decimal(amount))

    tonight = moved_tonight(date(2026, 10, 30), [part("-7.50")], [part("-5.00")], date(2026, 10, 29))
    new_month = moved_tonight(date(2026, 11, 2), [part("-7.50")], [part("-5.00")], date(2026, 10, 30))

    assert tonight == (part("-2.50"),)
    assert new_month == (part("-7.50"),)


def test_it_compares_with_the_night_before_and_keeps_the_days(town: Warehouse):
    first, last = releases(Settings.load(town.home))
    assert [point.day for point in figures(town).days] == [date(2026, 10, 28), date(2026, 10, 29)]
    assert "无前夜可比" in (first.folder / "night_report.html").read_text(encoding="utf-8")
    assert "与 2026-10-28 相比" in (last.folder / "night_report.html").read_text(encoding="utf-8")


def test_it_needs_no_server_and_no_network(town: Warehouse):
    page = (town.current / "night_report.html").read_text(encoding="utf-8")

    assert not re.search(r"https?:|<script|<img|<link|@import|url\(", page)
    for target in re.findall(r'href="([^"#]+)"', page):
        assert (town.current.resolve() / target).exists(), target


def test_it_says_what_failed_and_leads_to_the_rows(tmp_path: Path):
    settings, batch = Settings.load(tmp_path), BatchId(date(2026, 10, 29), 1)
    folder = settings.quarantine / batch.folder
    folder.mkdir(parents=True)
    pl.DataFrame(
        {
            "table_name": ["customer"] * 7,
            "source_file": ["customer-0001.csv"] * 7,
            "source_row": list(range(7, 0, -1)),
            "column_name": ["mobile"] * 7,
            "value": ["13800138000"] * 7,
            "rule_code": ["value_not_typed"] * 7,
            "row_key": ["C1"] * 7,
            "record": ["{}"] * 7,
        }
    ).write_parquet(folder / "customer.parquet")
    with duckdb.connect() as connection:
        refused = _refused(connection, settings, batch)
    check = Check(
        gate_code="fit_to_load",
        severity_code="warn",
        table="customer",
        check_code="value_not_typed",
        failing_cnt=7,
        message="7 values <do> not parse",
    )
    tier = TierRow(tier_code="gold", name_zh="金级", rank=2, customer_cnt=3, aum_amt=Decimal("12345678.90"))
    now = Figures(
        business_date=batch.business_date,
        sequence=1,
        currency="CNY",
        refused=refused,
        failed=(check,),
        tiers=(tier,),
    )
    page = render("2026-10-29.1", now, now.model_copy(update={"business_date": date(2026, 10, 28)}))

    assert [(row.row, row.row_cnt) for row in refused] == [(number, 7) for number in range(1, 6)]
    assert 'href="#refused-customer"' in page and 'id="refused-customer"' in page
    assert "customer-0001.csv · 1" in page and "&lt;do&gt;" in page and "拒收 7 行" in page
    assert "13800138000" not in page and "C1" not in page
    assert "1,235" in page and isinstance(refused[0], Refused)
