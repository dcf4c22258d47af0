"""The golden cases S1–S11: the models of sales night by night, and whole nights, both in memory.

After the last night the warehouse gets one batch again, with a manager's registration that was missing.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from orchestration.errors import NotFoundError
from orchestration.explain import print_trade, read_trade
from orchestration.explain.trade import sentences
from orchestration.releases.on_disk import DATABASE_FILE
from orchestration.settings import Settings
from tests.golden.sales_cases import CASES, NIGHTS, RATES, TRADES, Case, assigned, batches, standing
from tests.reference.sales import Known, Registration, Rule
from tests.support.sales import SalesNights
from tests.support.sales_bank import sales_bank, sales_delivery
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

LEDGER = """
select trade_id, employee_id, rule_code, entry_type_code, credit_ratio, credit_amt, entry_id,
    reverses_entry_id
from sales.fct_sales_credit where knowledge_date <= ? order by entry_id
"""


def credits_of(
    ledger: list[tuple[Any, ...]], trade_id: str
) -> tuple[dict[str, tuple[Decimal, str, Decimal]], Any]:
    """Live credit by employee, and whose was taken back."""
    entries = [row for row in ledger if row[0] == trade_id]
    taken_back = {row[7] for row in entries}
    live = {
        row[1]: (row[4], row[2], row[5]) for row in entries if row[3] == "credit" and row[6] not in taken_back
    }
    return live, tuple(row[1] for row in entries if row[3] == "reversal")


def expected_of(case: Case) -> tuple[dict[str, tuple[Decimal, str, Decimal]], Any]:
    return {
        who: (Decimal(ratio), rule, Decimal(ratio) * case.amount)
        for who, (ratio, rule) in case.credits.items()
    }, case.reversed_by_then


@pytest.fixture(scope="module")
def in_memory() -> dict[date, tuple[dict[str, tuple[str, str | None]], list[tuple[Any, ...]]]]:
    """State of every trade and the ledger, night by night."""
    warehouse, nights = SalesNights({}, NIGHTS, RATES), {}
    for batch in batches():
        warehouse.run(batch)
        states = {
            trade_id: (outcome.state, outcome.reason) for trade_id, outcome in warehouse.outcomes().items()
        }
        nights[batch.night] = states, warehouse.connection.execute(LEDGER, [batch.night]).fetchall()
    return nights


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case_in_memory(in_memory, case: Case):
    states, ledger = in_memory[case.night]

    assert states[case.trade_id] == (case.state, case.reason)
    assert credits_of(ledger, case.trade_id) == expected_of(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case_by_the_reference(case: Case):
    known = Known({"insurance": Rule()}, frozenset(), RATES)
    for batch in batches():
        if batch.night <= case.night:
            known.add(batch)

    outcome = known.outcomes()[case.trade_id]
    assert (outcome.state, outcome.reason) == (case.state, case.reason)
    assert {share[0]: share[2:4] for share in outcome.shares} == {
        who: (ratio, amount) for who, (ratio, _, amount) in expected_of(case)[0].items()
    }


SENT = [date(2026, 10, 10), date(2026, 10, 15), date(2026, 10, 20)]
LAST, CORRECTED = SENT[-1], SENT[1]
MARTS = (
    "fct_sales_credit", "fct_trade_attribution", "agg_sales_performance_daily", "rpt_sales_dispute",
    "rpt_rejected_registration", "rpt_sales_ranking", "fct_assignment", "fct_assignment_version",
    "rpt_pending_assignment", "rpt_rm_workload",
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Three nights; then 10-15 again: a manager's registration for S4 and S1's recall were missing."""
    home, nights, stream = Path(tmp_path_factory.mktemp("sales")), WholeNights(MARTS), batches(SENT)
    bank = sales_bank(stream)
    for batch in stream:
        nights.run(sales_delivery(bank, batch))
        nights.published(home)
    late = Registration("RS4D", "S4", "D", "seller", Decimal(1), datetime(2026, 10, 15, 9), "F", "manager")
    again = replace(
        stream[1],
        registrations=(*stream[1].registrations, late),
        assignments=(replace(assigned("S1", "A"), valid_to=CORRECTED, is_recalled=True),),
    )
    nights.run(sales_delivery(bank, again, sequence=2), is_published=False)
    nights.run(sales_delivery(bank, stream[2]))
    return nights.published(home)


def published(warehouse: Warehouse, release: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of a query of a release, be it the current one or not."""
    database = warehouse.home / "published" / release / DATABASE_FILE
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query, list(parameters)).fetchall()


@pytest.mark.parametrize("night", SENT, ids=str)
def test_golden_cases_come_out_of_whole_nights_as_the_specification_says(warehouse: Warehouse, night: date):
    states = published(
        warehouse, f"{night}.1", "select trade_id, state_code, reason_code from sales.fct_trade_attribution"
    )
    # the ledger of now, up to the night; the last night's release came before its correction
    ledger = published(warehouse, f"{LAST}.1" if night == LAST else f"{LAST}.2", LEDGER, night)

    cases = standing(night)
    told = {trade_id: (state, reason) for trade_id, state, reason in states}
    assert {case.trade_id: told[case.trade_id] for case in cases} == {
        case.trade_id: (case.state, case.reason) for case in cases
    }
    assert {case.trade_id: credits_of(ledger, case.trade_id)[0] for case in cases} == {
        case.trade_id: expected_of(case)[0] for case in cases
    }


def test_every_release_begins_with_the_ledger_of_the_one_before(warehouse: Warehouse):
    names = [*(f"{night}.1" for night in SENT), f"{LAST}.2"]
    query = "select * from sales.fct_sales_credit order by entry_id"
    ledgers = [published(warehouse, name, query) for name in names]

    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(ledgers))
    assert [len(later) - len(earlier) for earlier, later in pairwise(ledgers)] == [11, 4, 2]


def test_a_batch_sent_again_is_corrected_by_new_entries_of_the_night_that_publishes_it(warehouse: Warehouse):
    rows = warehouse.query(
        "select employee_id, entry_type_code, rule_code, credit_ratio, effective_date, knowledge_date"
        " from sales.fct_sales_credit where trade_id = 'S4' order by entry_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("B", "credit", "manual", Decimal(1), CORRECTED, CORRECTED),
        ("B", "reversal", "manual", Decimal(-1), LAST, LAST),
        ("D", "credit", "manager", Decimal(1), LAST, LAST),
    ]


def test_dispute_and_rejection_are_listed_with_reason_and_age(warehouse: Warehouse):
    (dispute,) = warehouse.query("from sales.rpt_sales_dispute")
    assert (dispute["trade_id"], dispute["employee_id"], dispute["credited_employee_id"]) == ("S8", "B", "A")
    assert dispute["age_days"] == 10
    rejected, gone = warehouse.query("from sales.rpt_rejected_registration order by trade_id desc")
    assert (gone["trade_id"], gone["employee_id"], gone["reason_code"]) == ("S13", "H", "not_employed")
    assert (rejected["trade_id"], rejected["employee_id"], rejected["reason_code"]) == (
        "S9",
        "BX",
        "other_org",
    )
    assert (rejected["registered_org_id"], rejected["age_days"]) == ("0102", 10)


def test_performance_is_the_ledger_by_employee_org_product_and_day(warehouse: Warehouse):
    differing = warehouse.query(
        """
        select *
        from sales.agg_sales_performance_daily as performance
        full outer join (
            select effective_date, employee_id, sales_org_id, sales_product_code,
                sum(credit_ratio) as sales_cnt, sum(credit_reporting_amt) as credit_amt
            from sales.fct_sales_credit
            group by all
        ) as ledger
            on performance.calendar_date = ledger.effective_date
                and performance.employee_id = ledger.employee_id
                and performance.org_id = ledger.sales_org_id
                and performance.sales_product_code = ledger.sales_product_code
                and performance.sales_cnt = ledger.sales_cnt
                and performance.credit_amt = ledger.credit_amt
        where performance.employee_id is null or ledger.employee_id is null
        """
    )
    assert differing == []


def test_ties_share_a_rank(warehouse: Warehouse):
    """Who has how much in CNY.

    A has 200,000 (S1, S8) and 7 x 1,000.01 (S17); T1 370,000 (S2, S5, S6, S9) and 300,000 (S12, S13, S14);
    D 60,000 (S7), 33,333 (S11) and 100,000 (S4).
    """
    rows = warehouse.query(
        """
        select employee_id, credit_amt, rank_number from sales.rpt_sales_ranking
        where subject_code = 'employee' and period_code = 'month' and sales_product_code = 'insurance'
        order by rank_number, employee_id
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("T1", Decimal("670000.00"), 1),
        ("A", Decimal("207000.07"), 2),
        ("D", Decimal("193333.00"), 3),
        ("M", Decimal("100000.00"), 4),
        ("E", Decimal("73333.00"), 5),
        ("F", Decimal("33334.00"), 6),
        ("C", Decimal("30000.00"), 7),
        ("B", Decimal("0.00"), 8),
    ]
    trees = warehouse.query(
        """
        select distinct subject_id, credit_amt from sales.rpt_sales_ranking
        where subject_code = 'org_tree' and sales_product_code = 'all' order by all
        """
    )
    # of S10, which is cancelled, and S15 nobody is credited; S17 is in dollars
    total = Decimal(100_000) * (len(TRADES) - 3) + Decimal("7000.07")
    assert [tuple(row.values()) for row in trees] == [("0101", total), ("HQ", total)]


def test_the_ledger_is_in_the_trades_currency(warehouse: Warehouse):
    (entry,) = warehouse.query(
        "select currency_code, credit_amt, credit_reporting_amt from sales.fct_sales_credit"
        " where trade_id = 'S17'"
    )
    assert tuple(entry.values()) == ("USD", Decimal("1000.01"), Decimal("7000.07"))


def test_a_recalled_customer_waits_on_the_list_of_the_org(warehouse: Warehouse):
    rows = warehouse.query(
        "select customer_id, org_id, reason_code, pending_since_date, age_days, is_assignable"
        " from ownership.rpt_pending_assignment where customer_id in ('S1', 'S12', 'S4', 'S8') order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("S1", "0101", "recalled", CORRECTED, 5, True),
        # G left on 10-08
        ("S12", "0101", "manager_left", date(2026, 10, 8), 12, True),
        ("S4", "O1", "never_assigned", SENT[0], 10, True),
    ]


def test_a_question_may_be_asked_of_both_clocks(warehouse: Warehouse):
    """Who looked after S1 on 10-19, as was known on 10-12 and as is known now."""
    query = """
        select employee_id from ownership.fct_assignment_version
        where customer_id = 'S1' and valid_from_date <= date '2026-10-19'
            and (valid_to_date is null or valid_to_date > date '2026-10-19')
            and known_from_date <= $1 and (known_to_date is null or known_to_date > $1)
    """
    assert warehouse.query(query, date(2026, 10, 12)) == [{"employee_id": "A"}]
    assert warehouse.query(query, LAST) == []
    assert warehouse.query("from ownership.fct_assignment where customer_id = 'S1' and is_current") == []


def test_workload_counts_customers_and_what_changed(warehouse: Warehouse):
    rows = warehouse.query(
        """
        select employee_id, sum(main_customer_cnt) as main_customer_cnt, sum(recalled_cnt) as recalled_cnt,
            sum(pending_cnt) as pending_cnt, max(oldest_pending_days) as oldest_pending_days
        from ownership.rpt_rm_workload where month_start_date = date '2026-10-01' group by all order by all
        """
    )
    # A has S8, S10 and S17, and S1 was recalled; AX has S2 and S7; G, who left, looks after nobody
    assert [
        tuple(map(int, list(row.values())[1:])) for row in rows if row["employee_id"] != "UNASSIGNED"
    ] == [
        (3, 1, 0, 0),
        (2, 0, 0, 0),
    ]


def test_explain_trade_tells_the_whole_story(warehouse: Warehouse):
    settings = Settings.load(warehouse.home)
    console = Console(record=True, width=140, file=StringIO())
    print_trade(console, read_trade(settings, "S7"))
    told = " ".join(console.export_text().split())

    assert "Looked after on that day by AX of org 0102 (main, participation 1.00000" in told
    assert "waits 5 calendar days, to 2026-10-15, then the teller is credited" in told
    assert "Credited since the night of 2026-10-20: the outlet manager's registration" in told
    assert "reversal of" in told and "-100,000.00" in told
    assert "open for 10 days" in " ".join(sentences(read_trade(settings, "S8")))
    assert "registered by another org" in " ".join(sentences(read_trade(settings, "S9")))
    assert "was not employed on that day" in " ".join(sentences(read_trade(settings, "S13")))
    assert "The main manager assigned at org 0101 was not employed" in " ".join(
        sentences(read_trade(settings, "S12"))
    )
    assert "the teller was not employed" in " ".join(sentences(read_trade(settings, "S15")))
    assert "Cancelled" in " ".join(sentences(read_trade(settings, "S10")))
    with pytest.raises(NotFoundError, match="no such trade"):
        read_trade(settings, "S99")
