"""The page of a cut: what it shows of a small one, and that nothing in it can become anything but text."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.own_page import PAGE_FILE, write_own_page
from orchestration.own_page.figures import MOST_CUSTOMERS
from orchestration.settings import Settings
from tests.support.small_release import NIGHT, filled, publish

LAST_DAY = date(2026, 1, 31)
CUSTOMER, LOST, DUE, RANK, EMPLOYEE = (
    "customer.dim_customer_360",
    "workbench.feed_lost_warning",
    "workbench.feed_calendar",
    "workbench.feed_ranking",
    "reference.dim_employee",
)


def customer(number: str, aum: str, **values: Any) -> dict[str, Any]:
    return filled(
        CUSTOMER, customer_id=number, customer_name=f"{number}**", tier_code="gold", status_code="attention",
        owning_org_name="城东支行", employee_name="员工1", aum_amt=Decimal(aum), next_tier_code="platinum",
        next_tier_missing_amt=Decimal("1000"), next_maturity_date=None, last_contact_date=date(2026, 1, 5),
        **values,
    )  # fmt: skip


def warning(number: str, top_up: str | None, code: str = "attention") -> dict[str, Any]:
    return filled(
        LOST, customer_id=number, employee_id="E1", org_id="O1", tier_code="gold", warning_code=code,
        business_date=NIGHT, loss_month_date=date(2026, 3, 1), last_contact_date=None, months_left=1,
        missing_amt=Decimal("1234.5"), top_up_amt=None if top_up is None else Decimal(top_up),
    )  # fmt: skip


def due(number: str, what: str, day: date) -> dict[str, Any]:
    return filled(
        DUE, customer_id=number, calendar_line_code=what, due_date=day, days_left=(day - NIGHT).days,
        business_date=NIGHT, amount_amt=Decimal("50000"), line_id=f"{number}{day}",
    )  # fmt: skip


def rank(product: str) -> dict[str, Any]:
    return filled(
        RANK, employee_id="E1", sales_product_code=product, sales_cnt=Decimal("2.50000"),
        credit_amt=Decimal("99"), rank_number=3, rank_in_org_number=1, business_date=NIGHT,
        month_start_date=date(2026, 1, 1),
    )  # fmt: skip


def page(
    tmp_path: Path, tables: dict[str, list[dict[str, Any]]], kind: str = "rm", night: date = NIGHT
) -> str:
    employee = filled(
        EMPLOYEE, employee_id="E1", employee_name="员工1", employed_from_date=None, employed_to_date=None
    )
    folder = publish(Settings.load(tmp_path), {EMPLOYEE: [employee], **tables}, night)
    write_own_page(folder, kind, "E1")
    return (folder / PAGE_FILE).read_text(encoding="utf-8")


def cells(text: str, section: str) -> list[str]:
    body = text.partition(f'<section id="{section}">')[2].partition("</section>")[0]
    return [re.sub("<[^>]+>", " ", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", body)]


def test_a_manager_reads_whom_to_call_and_what_it_takes(tmp_path: Path) -> None:
    tables = {
        CUSTOMER: [
            customer("C1", "150000"),
            customer("C2", "250000.5"),
            customer("GONE", "1", is_closed=True),
        ],
        LOST: [warning("C1", "106896.56", "last_month"), warning("C2", None)],
        DUE: [due("C1", "maturity", date(2026, 2, 2)), due("C2", "birthday", date(2026, 2, 3))],
        RANK: [rank("fund"), rank("all")],
    }

    text = page(tmp_path, tables)

    assert "<h1>员工1 <small>客户经理 E1</small></h1>" in text and "其中 1 户下月流失" in text
    assert cells(text, "calls") == [
        "C1** C1", "金级", "2026-03", "0.00", "0.00", "1,234.50", "106,896.56", "",
        "C2** C2", "金级", "2026-03", "0.00", "0.00", "1,234.50", "按多月考核，不计算", "",
    ]  # fmt: skip
    assert cells(text, "due") == ["C1** C1", "02-02 (3 天)", "到期", "50,000.00"]
    assert cells(text, "ranks")[::5] == ["合计", "基金"] and "2.5" in cells(text, "ranks")
    assert [cell for cell in cells(text, "customers") if cell.startswith("C")] == ["C2** C2", "C1** C1"]
    assert "GONE" not in text and "无 none" in text, "there is no table of disputes"


def test_on_the_last_day_of_a_month_nothing_paid_in_helps_it(tmp_path: Path) -> None:
    text = page(tmp_path, {CUSTOMER: [customer("C1", "1")], LOST: [warning("C1", None)]}, night=LAST_DAY)

    assert "本月已无法补足" in cells(text, "calls")


def test_an_org_reads_whose_customers_they_are(tmp_path: Path) -> None:
    text = page(tmp_path, {CUSTOMER: [customer("C1", "1")], LOST: [warning("C1", "1")]}, kind="org")

    assert cells(text, "calls")[-2:] == ["城东支行", "员工1"]


def test_disputes_are_shown(tmp_path: Path) -> None:
    folder = publish(Settings.load(tmp_path), {})
    with duckdb.connect(str(folder / "acrm.duckdb")) as database:
        database.execute(
            "create schema sales; create table sales.rpt_sales_dispute as select 'R1' as registration_id,"
            " 'T1' as trade_id, 'C1' as customer_id, 'fund' as sales_product_code, date '2026-01-05' as"
            " trade_date, 'E1' as employee_id, 'E2' as credited_employee_id, null as claimed_ratio,"
            " 'CNY' as currency_code, 1000.00 as trade_amt, 25 as age_days"
        )
    write_own_page(folder, "rm", "E1")

    text = (folder / PAGE_FILE).read_text(encoding="utf-8")
    assert cells(text, "disputes") == ["R1", "C1", "基金", "2026-01-05", "E1", "E2", "1,000.00 CNY", "25"]


def test_names_are_text_and_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    odd = "<script>alert(1)</script>"
    text = page(tmp_path, {CUSTOMER: [customer("C1", "1") | {"customer_name": odd, "tier_code": odd}]})

    assert "<script" not in text and "&lt;script&gt;" in text
    assert not re.search(r"(src|href)=(?!\"#)|url\(|@import|http", text)
    assert 'name="viewport"' in text


@pytest.mark.parametrize("count", [MOST_CUSTOMERS, MOST_CUSTOMERS + 2])
def test_a_large_org_says_how_many_are_not_shown(tmp_path: Path, count: int) -> None:
    text = page(tmp_path, {CUSTOMER: [customer(f"C{n:04d}", str(n)) for n in range(count)]}, kind="org")

    assert f"<b>{count:,}</b>" in text and text.count('data-label="今日资产"') == MOST_CUSTOMERS
    assert ("另有 2 户" in text) == (count > MOST_CUSTOMERS)
    assert text.count("<details>") == 1
