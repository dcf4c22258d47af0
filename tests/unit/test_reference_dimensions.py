"""The dimensions: a name for every org, product, employee and day."""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

DIMENSIONS = ["dim_org", "dim_product", "dim_employee", "dim_calendar"]
FIRST, SECOND, THIRD = date(2026, 1, 28), date(2026, 1, 29), date(2026, 1, 30)


def test_what_is_no_longer_delivered_keeps_its_name() -> None:
    bank = Bank([FIRST, SECOND, THIRD])
    bank.customer("C1").holds(100)
    nights = MemoryNights(DIMENSIONS)
    whole = bank.delivery(FIRST)
    nights.run(whole)
    later = bank.delivery(SECOND)
    for table, key, gone in (("org", "org_id", "O2"), ("product", "product_code", "FUND")):
        later.tables[table] = [row for row in later.tables[table] if row[key] != gone]
    later.tables["employee"] = []
    later.tables["product"][0] = later.tables["product"][0] | {"product_name": "Renamed"}
    nights.run(later)

    orgs = {row["org_id"]: row for row in nights.query("select * from reference.dim_org")}
    named = {row["org_id"]: row["org_name"] for row in whole.tables["org"]}
    assert orgs["O1"]["org_path_name"] == f"{named['HQ']} / {named['O1']}"
    assert orgs["O2"]["org_path_name"] == orgs["O2"]["org_name"] == named["O2"]
    assert [orgs[org]["is_delivered"] for org in ("HQ", "O1", "O2")] == [True, True, False]

    products = {row["product_code"]: row for row in nights.query("select * from reference.dim_product")}
    assert products["CURRENT"]["product_name"] == "Renamed"
    assert (products["FUND"]["is_offered"], products["FUND"]["offered_since_date"]) == (False, FIRST)
    assert products["HALF"]["aum_weight"] == Decimal("0.5")

    (employee,) = nights.query("select * from reference.dim_employee")
    assert (employee["employee_name"], employee["status_code"]) == ("Manager One", "left")
    assert (employee["employed_from_date"], employee["employed_to_date"]) == (date(2015, 1, 1), SECOND)


def test_a_product_that_comes_later_is_offered_since_then() -> None:
    bank = Bank([FIRST, SECOND, THIRD])
    bank.customer("C1").holds(100)
    nights = MemoryNights(DIMENSIONS)
    first = bank.delivery(FIRST)
    first.tables["product"] = [row for row in first.tables["product"] if row["product_code"] != "HALF"]
    nights.run(first)
    nights.run(bank.delivery(SECOND))
    nights.run(bank.delivery(THIRD))

    rows = nights.query("select product_code, offered_since_date from reference.dim_product order by 1")
    assert {row["product_code"] for row in rows if row["offered_since_date"] == SECOND} == {"HALF"}
    assert nights.query("select count(*) as n from intermediate.int_product__said")[0]["n"] == len(rows)


def test_a_day_has_its_month_and_quarter() -> None:
    bank = Bank([FIRST])
    bank.customer("C1").holds(100)
    nights = MemoryNights(["dim_calendar"]).run_all(bank)

    (day,) = nights.query("select * from reference.dim_calendar where calendar_date = ?", FIRST)
    assert (day["month_start_date"], day["quarter_start_date"]) == (date(2026, 1, 1), date(2026, 1, 1))
    assert (day["is_business_day"], day["is_small_fee_day"]) == (True, False)
