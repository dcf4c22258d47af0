import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from contract.model import load_contract
from expectations import check, gate
from expectations.check import FailingRows, RowCount, Suite
from expectations.results import CheckResult, GateResult
from expectations.suites.extract import key_unique
from orchestration.settings import Bank, BatchId
from orchestration.sql import Sql
from tests.unit.gate_bank import DAY, DAY_BEFORE, LakeNight, row

Spoil = Callable[[LakeNight], object]


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    return LakeNight(tmp_path)


def run(night: LakeNight) -> GateResult:
    report = night.write()
    night.screen()
    return night.gate(report)


def failed(outcome: GateResult) -> set[tuple[str, str]]:
    return {(result.table_name, result.check_code) for result in outcome.results if not result.is_passed}


def only(outcome: GateResult, check_code: str, table: str) -> CheckResult:
    (found,) = (r for r in outcome.results if (r.check_code, r.table_name) == (check_code, table))
    return found


def test_a_clean_batch_passes_every_check_that_was_declared(night: LakeNight) -> None:
    outcome = run(night)

    assert failed(outcome) == set()
    assert outcome.faults == []
    assert outcome.ran == outcome.declared == len(outcome.results)
    assert {result.check_code for result in outcome.results} == {
        "amount_too_large", "arrival", "aum_moved", "event_amount_too_large", "reference_rate_carried",
        "reference_rate_later", "certificate_duplicate", "column_unknown", "curve_unknown", "key_not_unique",
        "history_account_missing", "history_days_missing", "ledger_control", "loan_history_missing",
        "month_after_closing", "month_before_opening", "month_sum_off", "start_history_short",
        "negative_balance", "merge_not_followed", "rate_above_one", "reference_circle",
        "reference_rate_missing", "reference_unknown", "rows_lost",
        "shares_not_one", "start_without_history", "value_missing", "value_not_in_list",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "values"),
    [
        pytest.param("deposit_balance", {"account_id": "A404"}, id="a reference"),
        pytest.param("deposit_balance", {"balance": Decimal("-1.00")}, id="an overdraft"),
    ],
)
def test_what_the_screening_has_counted_and_what_the_gate_counts_are_the_same(
    night: LakeNight, table: str, values: dict[str, object]
) -> None:
    for spoiled in (False, True):
        if spoiled:
            night.tables[table][0].update(values)
        report = night.write()
        with_screening = night.gate(report, is_screened=True)
        # what was refused is out of the views now: the gate counts for itself
        assert night.gate(report).results == with_screening.results
        assert any(night.screen().values()) == spoiled


def _replaced(table: str, number: int, **values: object) -> Spoil:
    return lambda night: night.tables[table][number].update(values)


def _added(table: str, **values: object) -> Spoil:
    return lambda night: night.tables[table].append(row(table, **values))


def _emptied(table: str) -> Spoil:
    return lambda night: night.tables[table].clear()


@pytest.mark.parametrize(
    ("spoil", "table", "check_code"),
    [
        (_emptied("deposit_balance"), "deposit_balance", "arrival"),
        (_emptied("customer"), "customer", "arrival"),
        (_emptied("calendar"), "calendar", "arrival"),
        (_added("deposit_balance", account_id="A1"), "deposit_balance", "key_not_unique"),
        (_added("fx_rate", currency="USD", rate_date=DAY_BEFORE), "fx_rate", "key_not_unique"),
        (_replaced("customer", 0, customer_name=None), "customer", "value_missing"),
        (_replaced("account", 0, status="asleep"), "account", "value_not_in_list"),
        (_replaced("product", 0, day_count="364"), "product", "value_not_in_list"),
        (_replaced("customer", 1, cert_no="N1"), "customer", "certificate_duplicate"),
        (_replaced("fx_rate", 0, rate_date=date(2026, 2, 1)), "fx_rate", "reference_rate_missing"),
        (_replaced("ledger_control", 0, balance="950.02"), "ledger_control", "ledger_control"),
        (_replaced("ledger_control", 1, balance="710.02"), "ledger_control", "ledger_control"),
        (_replaced("ledger_control", 2, balance="299.98"), "ledger_control", "ledger_control"),
        (
            _added("ledger_control", org_id="O1", asset_class="loan", balance="0.02"),
            "ledger_control",
            "ledger_control",
        ),
        (_added("deposit_balance", account_id="A9"), "deposit_balance", "reference_unknown"),
    ],
)
def test_the_check_fails_on(night: LakeNight, spoil: Spoil, table: str, check_code: str) -> None:
    spoil(night)

    outcome = run(night)

    assert (table, check_code) in failed(outcome)
    assert outcome.ran == outcome.declared


def test_a_first_batch_inside_a_month_without_its_history_is_refused(
    night: LakeNight,
) -> None:
    night.tables["monthly_balance_history"][:] = [
        row("monthly_balance_history", account_id="A1", product_code="DEP", balance_month=date(2025, 12, 1))
    ]

    (fault,) = run(night).faults

    assert (fault.check_code, fault.table) == ("start_without_history", "monthly_balance_history")
    # 31 January: 30 days before it
    assert "30 of 30 days" in str(fault) and "accept_partial_start: true" in str(fault)


def test_a_bank_may_accept_to_go_live_without_the_days_before(night: LakeNight) -> None:
    night.bank = Bank(accept_partial_start=True)
    del night.tables["monthly_balance_history"]

    assert failed(run(night)) == set()


def test_a_first_batch_of_the_first_of_a_month_needs_no_history(tmp_path: Path) -> None:
    night = LakeNight(tmp_path, batch=BatchId(date(2026, 2, 1), 1))
    del night.tables["monthly_balance_history"]

    assert failed(run(night)) == set()


def test_accounts_that_the_history_leaves_out_are_counted_as_a_warning(night: LakeNight) -> None:
    night.tables["monthly_balance_history"].pop()  # A3, open since 2020, holds 100 dollars of a fund
    night.tables["deposit_balance"].append(row("deposit_balance", account_id="A9", balance="5.00"))
    night.tables["account"].append(  # opened in the month: it has no days before that anybody could tell
        row("account", account_id="A9", customer_id="C1", product_code="DEP", org_id="O2", currency="CNY",
            open_date=date(2026, 1, 2))
    )  # fmt: skip
    night.tables.pop("ledger_control")

    outcome = run(night)

    assert failed(outcome) == {("monthly_balance_history", "history_account_missing")}
    assert outcome.faults == []
    # of A1 and A3; A2 is overdrawn and holds nothing
    assert only(outcome, "history_account_missing", "monthly_balance_history").failing_cnt == 1


def test_a_running_month_of_which_few_days_are_told_is_refused(night: LakeNight) -> None:
    """31 January: 10 of 30 days of every account; averages would count the other 20 as 0."""
    for told in night.tables["monthly_balance_history"]:
        told["day_count"] = 10

    outcome = run(night)

    assert failed(outcome) == {
        ("monthly_balance_history", "start_history_short"),
        ("monthly_balance_history", "history_days_missing"),
    }
    (fault,) = outcome.faults
    assert (fault.check_code, fault.column) == ("start_history_short", "day_count")
    assert "3 of 3 accounts" in str(fault)


def test_days_and_months_that_the_history_leaves_out_are_counted_as_a_warning(night: LakeNight) -> None:
    history = night.tables["monthly_balance_history"]
    night.tables["account"][1]["open_date"] = date(2025, 12, 17)
    history += [
        {**history[0], "balance_month": date(2025, 9, 1), "day_count": 15},  # 15 of 30 days, then no October
        {**history[0], "balance_month": date(2025, 11, 1), "day_count": 30},
        {**history[0], "balance_month": date(2025, 12, 1), "day_count": 31},
        {**history[1], "balance_month": date(2025, 12, 1), "day_count": 15},  # opened on the 17th: whole
    ]

    outcome = run(night)

    assert failed(outcome) == {("monthly_balance_history", "history_days_missing")}
    assert outcome.faults == []
    found = only(outcome, "history_days_missing", "monthly_balance_history")
    # A1 from September to January, A2 of two months, A3 of one
    assert (found.checked_cnt, found.failing_cnt) == (5 + 2 + 1, 2)
    assert any("1 months without a row, 1 with 15 days too few" in warning for warning in outcome.warnings)


def test_loans_that_the_loan_history_leaves_out_are_counted_as_a_warning(night: LakeNight) -> None:
    bank, loan = night.tables, night.tables["loan"][0]
    bank["loan"] += [{**loan, "loan_id": "L2"}, {**loan, "loan_id": "L3", "start_date": date(2026, 1, 5)}]
    bank["loan_balance"] += [
        {**bank["loan_balance"][0], "loan_id": key, "balance": "1.00"} for key in ("L2", "L3")
    ]
    bank["monthly_loan_history"] = [
        row("monthly_loan_history", loan_id="L1", balance_month=date(2026, 1, 1), day_count=30)
    ]
    del bank["ledger_control"]

    outcome = run(night)

    assert failed(outcome) == {("monthly_loan_history", "loan_history_missing")}
    assert outcome.faults == []
    # of L1 and L2; L3 was lent in the month
    found = only(outcome, "loan_history_missing", "monthly_loan_history")
    assert (found.checked_cnt, found.failing_cnt) == (2, 1)


def test_books_may_be_off_by_a_cent(night: LakeNight) -> None:
    night.tables["ledger_control"][1]["balance"] = "710.01"

    assert failed(run(night)) == set()


def test_a_fault_tells_file_and_row(night: LakeNight) -> None:
    night.tables["deposit_balance"].append(row("deposit_balance", account_id="A1"))

    (fault,) = (fault for fault in run(night).faults if fault.check_code == "key_not_unique")

    assert (fault.table, fault.file, fault.row) == ("deposit_balance", "deposit_balance-0001.csv", 3)
    assert "1 of 3 rows" in fault.what
    assert "A1" not in str(fault)


def test_a_merge_that_nobody_can_follow_is_a_warning_and_the_customer_stays(night: LakeNight) -> None:
    one, other, *_ = night.tables["customer"]
    one["golden_id"], other["golden_id"] = "NOBODY", one["customer_id"]
    other["customer_type"] = "C" if one["customer_type"] == "P" else "P"

    outcome = run(night)

    assert failed(outcome) == {("customer", "merge_not_followed")}
    assert outcome.faults == []
    (warning,) = outcome.warnings
    assert "2 of" in warning and "golden_id" in warning
    ((left,),) = night.query("select count(*) from lake.customer")
    assert left == len(night.tables["customer"])


def test_warnings_leave_the_gate_open(night: LakeNight) -> None:
    night.tables["customer"][1]["cert_no"] = "N1"
    night.unknown_columns = {"org": ["9 shoe_size", "10 13800138000", "Wang 2"]}

    outcome = run(night)

    assert failed(outcome) == {("customer", "certificate_duplicate"), ("org", "column_unknown")}
    assert outcome.faults == []
    assert len(outcome.warnings) == 2
    # the name of a column is told, what may be a value is not
    (told,) = (warning for warning in outcome.warnings if "column_unknown" in warning)
    assert "3 of 3 columns: shoe_size, a name of other characters, a name of other characters." in told
    assert not any("138" in warning or "Wang" in warning or "N1" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(("bad_rows", "goes_on"), [(1, True), (2, False)])
def test_a_share_of_exactly_the_limit_goes_on_and_more_blocks(
    night: LakeNight, bad_rows: int, goes_on: bool
) -> None:
    rows = night.tables["customer"]
    rows += [
        row("customer", customer_id=f"X{n}", home_org_id="O2") for n in range(1000 - bad_rows - len(rows))
    ]
    night.refused = {"customer": [(5000 + n, "value_not_parsed") for n in range(bad_rows)]}

    outcome = run(night)

    result = only(outcome, "value_not_parsed", "customer")
    assert (result.checked_cnt, result.failing_cnt) == (1000, bad_rows)
    assert result.limit_share == Decimal("0.001")
    assert (outcome.faults == []) is goes_on
    if not goes_on:
        assert (outcome.faults[0].file, outcome.faults[0].row) == ("customer-0001.csv", 5000)


@pytest.mark.parametrize(
    ("table", "bad_rows", "goes_on"),
    # of 40 rows 0.1 % is none: one is let through all the same, but not of balances
    [("customer", 1, True), ("customer", 2, False), ("deposit_balance", 1, False)],
)
def test_in_a_small_table_one_bad_row_goes_on_unless_it_is_a_balance(
    night: LakeNight, table: str, bad_rows: int, goes_on: bool
) -> None:
    night.refused = {table: [(5000 + n, "value_not_parsed") for n in range(bad_rows)]}
    report = night.write()
    sent = report.tables[table].model_copy(update={"delivered_rows": 2 + bad_rows})
    report = report.model_copy(update={"tables": {**report.tables, table: sent}})
    night.screen()

    outcome = night.gate(report)

    result = only(outcome, "value_not_parsed", table)
    assert (result.failing_cnt, result.is_passed) == (bad_rows, goes_on)
    assert ([fault.table for fault in outcome.faults] == []) is goes_on


def test_a_row_that_breaks_a_rule_in_two_columns_counts_once(night: LakeNight) -> None:
    night.refused = {"loan": [(7, "value_missing"), (7, "value_missing")]}

    outcome = run(night)

    shares = [
        r
        for r in outcome.results
        if (r.table_name, r.check_code, r.limit_share) == ("loan", "value_missing", Decimal("0.001"))
    ]
    assert [(r.checked_cnt, r.failing_cnt) for r in shares] == [(2, 1)]


def test_delivered_rows_that_are_nowhere_are_found(night: LakeNight) -> None:
    report = night.write()
    loans = report.tables["loan"].model_copy(update={"delivered_rows": 2})
    report = report.model_copy(update={"tables": {**report.tables, "loan": loans}})

    outcome = night.gate(report)

    result = only(outcome, "rows_lost", "")
    assert (result.is_passed, result.failing_cnt, result.observed) == (False, 1, "loan")


def test_a_table_that_was_not_delivered_declares_nothing(night: LakeNight) -> None:
    with_ledger = run(night).declared
    del night.tables["ledger_control"]
    night = LakeNight(night.home / "other", night.tables)

    outcome = run(night)

    assert outcome.ran == outcome.declared < with_ledger
    assert not [result for result in outcome.results if result.table_name == "ledger_control"]


def test_a_table_without_rows_passes_what_is_said_of_rows(night: LakeNight) -> None:
    assert night.tables["card"] == []

    outcome = run(night)

    cards = [result for result in outcome.results if result.table_name == "card"]
    assert cards
    assert all(result.is_passed and result.checked_cnt == 0 for result in cards)


def test_an_ordinary_night_may_bring_no_change_of_customers(night: LakeNight) -> None:
    night.previous = DAY_BEFORE
    night.tables |= {"customer": [], "account": []}
    report = night.write()

    outcome = night.gate(report)

    assert not [
        r for r in outcome.results if r.check_code == "arrival" and r.table_name in ("customer", "account")
    ]
    assert only(outcome, "arrival", "deposit_balance").is_passed


@pytest.mark.parametrize(("rows", "moves"), [(8, False), (12, False), (7, True), (13, True)])
def test_a_full_table_moves_when_it_changes_by_more_than_a_fifth(
    night: LakeNight, rows: int, moves: bool
) -> None:
    before = night.report()
    orgs = before.tables["org"].model_copy(update={"accepted_rows": 10})
    before = before.model_copy(update={"tables": {**before.tables, "org": orgs}})
    night.tables["org"] = [row("org", org_id="O1"), row("org", org_id="O2")]
    night.tables["org"] += [row("org", org_id=f"P{n}") for n in range(rows - 2)]
    report = night.write()

    outcome = night.gate(report, before)

    assert (("org", "row_count_moved") in failed(outcome)) is moves
    assert outcome.faults == []


@pytest.mark.parametrize(
    ("balance", "moves"),
    # the night before: 1,000.00 of deposits and half of 100.00 dollars at 7.1
    [("1135.50", False), ("1135.51", True), ("864.50", False), ("864.49", True)],
)
def test_aum_moves_when_it_changes_by_more_than_a_tenth(night: LakeNight, balance: str, moves: bool) -> None:
    night.batch = BatchId(DAY_BEFORE, 1)
    assert only(run(night), "aum_moved", "").observed == "1355.00"
    night.batch, night.previous = BatchId(DAY, 1), DAY_BEFORE
    night.tables["deposit_balance"][0]["balance"] = balance
    night.tables["ledger_control"] = []

    outcome = run(night)

    assert failed(outcome) == ({("", "aum_moved")} if moves else set())


def _broken_suite(*checks: check.Check) -> Callable[..., Suite]:
    return lambda *_: Suite("lake_raw", "org", list(checks))


@pytest.mark.parametrize(
    "query",
    [
        "select no_such_column from lake.org",
        "select null, null",
        "select 1 where false",
        "select 1, cast('x' as int)",
    ],
)
def test_a_check_that_raises_blocks_whatever_its_severity(
    night: LakeNight, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    broken = FailingRows(check_code="certificate_duplicate", table="org", query=Sql(query))
    sound = RowCount(check_code="arrival", table="org", least=1)
    monkeypatch.setattr(gate.tonight, "refused_suite", _broken_suite(broken, sound))

    outcome = run(night)

    assert outcome.ran == outcome.declared - 1
    (fault,) = outcome.faults
    assert fault.check_code == "check_not_run"
    assert "certificate_duplicate did not run" in fault.what
    assert ("no_such_column" in fault.what) is ("no_such_column" in query)


def test_a_suite_over_a_relation_that_is_not_there_blocks(
    night: LakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [RowCount(check_code="arrival", table="org", least=1)] * 2
    monkeypatch.setattr(gate.tonight, "refused_suite", lambda *_: Suite("lake", "nowhere", checks))

    outcome = run(night)

    assert outcome.ran == outcome.declared - 2
    assert [fault.check_code for fault in outcome.faults] == ["check_not_run"] * 2


def test_results_are_kept_once_per_night_and_the_same_each_time(night: LakeNight) -> None:
    outcome = run(night)
    path = night.settings.quality / night.batch.folder / "fit_to_load.parquet"
    content = path.read_bytes()
    run(night)

    assert path.read_bytes() == content
    kept = night.query(
        "select count(*), count(distinct (gate_code, business_date)), bool_and(is_passed) "
        "from quality.fct_check_result"
    )
    assert kept == [(outcome.declared, 1, True)]


def test_the_database_is_free_after_the_gate(night: LakeNight) -> None:
    run(night)

    assert night.query("create or replace table pipeline.free as select 1") == [(1,)]


@pytest.mark.parametrize(
    ("revoked_at", "repeated"), [("timestamp '2026-01-30 09:00:00'", 0), ("cast(null as timestamp)", 1)]
)
def test_a_registration_and_its_revocation_may_come_in_one_batch(revoked_at: str, repeated: int) -> None:
    connection = duckdb.connect()
    connection.execute("create schema lake")
    connection.execute(
        "create table lake.sales_registration as "
        "select 'R1' as registration_id, cast(null as timestamp) as revoked_at "
        f"union all select 'R1', {revoked_at}"
    )

    check = key_unique(load_contract().table("sales_registration"))

    assert connection.execute(check.query).fetchone() == (2, repeated)


def _orgs(night: LakeNight, parents: dict[str, str | None], column: str = "parent_org_id") -> None:
    night.tables["org"] += [row("org", org_id=org, **{column: other}) for org, other in parents.items()]


@pytest.mark.parametrize("column", ["parent_org_id", "successor_org_id"])
def test_orgs_in_a_circle_are_one_line_that_names_them(night: LakeNight, column: str) -> None:
    # P5 hangs below the circle, it is not in it
    _orgs(night, {"P1": "P2", "P2": "P3", "P3": "P1", "P5": "P1"}, column)

    outcome = run(night)

    (fault,) = outcome.faults
    assert (fault.check_code, fault.table, fault.column) == ("reference_circle", "org", column)
    assert (fault.file, fault.row) == ("org-0001.csv", 3)
    assert "3 of 6 rows: P1, P2, P3." in str(fault)


def test_two_orgs_that_are_above_each_other_are_a_circle(night: LakeNight) -> None:
    _orgs(night, {"P1": "P2", "P2": "P1"})

    (fault,) = run(night).faults

    assert "2 of 4 rows: P1, P2." in str(fault)


def test_a_root_that_is_its_own_parent_and_a_deep_tree_are_no_circle(night: LakeNight) -> None:
    night.tables["org"][0]["parent_org_id"] = "O1"
    night.tables["org"][1]["successor_org_id"] = "O2"
    _orgs(night, {"L0": "O2"} | {f"L{n}": f"L{n - 1}" for n in range(1, 30)})

    assert failed(run(night)) == set()


def test_a_product_whose_curve_has_no_rate_is_named(night: LakeNight) -> None:
    night.tables["ftp_rate"] = [row("ftp_rate", curve_id="CV", rate="0.02")]
    night.tables["product"][0]["ftp_curve_id"] = "GONE"
    night.tables["product"][1]["ftp_curve_id"] = "CV"
    # customers' own money has no price
    night.tables["product"][2]["ftp_curve_id"] = "GONE"

    outcome = run(night)

    assert outcome.faults == []
    (line,) = outcome.warnings
    assert "product · ftp_curve_id · curve_unknown" in line and "1 of 4 products: DEP." in line


@pytest.mark.parametrize(("rate", "is_told"), [("3.5", True), ("-3.5", True), ("1", False), ("0.035", False)])
def test_rates_that_were_told_in_percent_are_a_warning(night: LakeNight, rate: str, is_told: bool) -> None:
    night.tables["loan"][0]["interest_rate"] = Decimal(rate)

    outcome = run(night)

    assert outcome.faults == []
    found = only(outcome, "rate_above_one", "loan")
    assert (found.column_name, found.is_passed) == ("interest_rate", not is_told)
    assert outcome.warnings == [] or "1 of 1 rows" in outcome.warnings[0]


def test_a_warning_of_padding_names_table_column_and_count_once(night: LakeNight) -> None:
    report = night.write()
    accounts = report.tables["account"].model_copy(
        update={"padded": {"account_id": 3}, "open_dates": {"close_date": 2}}
    )
    report = report.model_copy(update={"tables": {**report.tables, "account": accounts}})
    night.screen()

    outcome = night.gate(report)

    (line,) = outcome.warnings
    assert line.startswith("account · account_id · key_padded: ") and "3 of 3 values" in line
    found = only(outcome, "open_date", "account")
    assert (found.column_name, found.is_passed, found.observed) == ("close_date", True, "2")


def test_what_was_refused_below_the_limit_is_told_with_its_columns(night: LakeNight) -> None:
    night.refused = {"customer": [(7, "value_missing")]}

    (line,) = run(night).warnings

    assert line.startswith("customer · value_missing: ")
    assert "1 of 3 rows, 0.001 of them allowed, or 1: balance." in line


def test_a_table_that_moved_says_from_how_many_to_how_many_rows(night: LakeNight) -> None:
    before = night.report()
    orgs = before.tables["org"].model_copy(update={"accepted_rows": 10})
    before = before.model_copy(update={"tables": {**before.tables, "org": orgs}})
    report = night.write()

    (line,) = night.gate(report, before).warnings

    assert line.startswith("org · row_count_moved: ") and ": 2 rows, 10 the night before." in line


def test_aum_that_moved_says_by_how_much_and_where_it_lies_and_no_amount(night: LakeNight) -> None:
    night.batch = BatchId(DAY_BEFORE, 1)
    run(night)
    night.batch, night.previous = BatchId(DAY, 1), DAY_BEFORE
    night.tables["deposit_balance"][0]["balance"] = "2000.00"
    night.tables["ledger_control"] = []

    (line,) = run(night).warnings

    # 100.00 dollars at 7.1, of which half counts
    assert "by 73.8 per cent of the night before; tonight" in line
    assert "84.9 per cent of it is deposit_balance.balance" in line
    assert "and 15.1 per cent investment_position.market_value" in line
    assert not {"1355.00", "2355.00", "2000.00", "355.00"} & set(re.findall(r"[0-9.]+[0-9]", line))


def test_books_that_are_off_say_by_how_much_of_them(night: LakeNight) -> None:
    night.tables["ledger_control"][0]["balance"] = "950.02"

    outcome = run(night)

    (fault,) = outcome.faults
    assert "1 of 3 totals: the largest difference is 0.002105 per cent of its total." in str(fault)
    # the amount itself stays in the warehouse
    assert only(outcome, "ledger_control", "ledger_control").observed == "0.02"
