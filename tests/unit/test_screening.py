from datetime import date
from pathlib import Path

import duckdb
import pytest

from contract.model import load_contract
from orchestration.screening import screen
from orchestration.screening.screen import reference_order
from tests.unit.gate_bank import LakeNight, row


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    return LakeNight(tmp_path)


def refused(night: LakeNight) -> list[tuple[str, int, str, str]]:
    """Table, row, column and rule of every screened row."""
    folder = night.settings.quarantine / night.batch.folder
    if not list(folder.glob("*.screened.parquet")):
        return []
    return duckdb.execute(
        "select table_name, source_row, column_name, rule_code from read_parquet(?) order by all",
        [str(folder / "*.screened.parquet")],
    ).fetchall()


def test_a_clean_batch_loses_no_row(night: LakeNight) -> None:
    night.write()

    assert night.screen() == {}
    assert refused(night) == []
    assert not night.settings.quarantine.exists()


def test_references_are_screened_after_what_they_refer_to() -> None:
    order = [table.name for table in reference_order(load_contract())]

    for table in load_contract().tables:
        for column in table.columns:
            target = (column.references or table.name).partition(".")[0]
            assert order.index(target) <= order.index(table.name)


def test_a_reference_to_something_unknown_is_refused_with_its_column(night: LakeNight) -> None:
    night.tables["deposit_balance"].append(row("deposit_balance", account_id="A9"))
    night.tables["loan"].append(row("loan", loan_id="L2", customer_id="C1", product_code="NO", org_id="NO"))
    night.write()

    assert night.screen() == {("deposit_balance", "reference_unknown"): 1, ("loan", "reference_unknown"): 1}
    assert refused(night) == [
        ("deposit_balance", 3, "account_id", "reference_unknown"),
        ("loan", 2, "org_id", "reference_unknown"),
        ("loan", 2, "product_code", "reference_unknown"),
    ]
    assert night.query("select count(*) from lake.loan") == [(1,)]
    assert night.query("select count(*) from lake_raw.loan") == [(2,)]


def test_an_empty_reference_is_no_fault_where_it_may_be_empty(night: LakeNight) -> None:
    night.tables["loan"][0]["manager_id"] = None
    night.write()

    assert night.screen() == {}


def test_what_hangs_on_a_refused_row_is_refused_as_well(night: LakeNight) -> None:
    night.tables["customer"][0]["home_org_id"] = "O9"
    night.write()

    counts = night.screen()

    # C1 goes, so do its account, the balance on it, all owners of it that are left, its loan, …
    assert counts == {
        ("customer", "reference_unknown"): 1,
        ("account", "reference_unknown"): 1,
        ("account_owner", "reference_unknown"): 2,
        ("deposit_balance", "reference_unknown"): 1,
        ("monthly_balance_history", "reference_unknown"): 1,
        ("loan", "reference_unknown"): 1,
        ("loan_balance", "reference_unknown"): 1,
        ("assignment", "reference_unknown"): 1,
    }
    assert night.query("select account_id from known.account order by 1") == [("A2",), ("A3",)]


def test_a_tree_of_orgs_under_an_unknown_one_is_refused_to_the_last_leaf(night: LakeNight) -> None:
    night.tables["org"] += [
        row("org", org_id="O3", parent_org_id="O9"),
        row("org", org_id="O4", parent_org_id="O3"),
        row("org", org_id="O5", parent_org_id="O4"),
    ]
    night.write()

    assert night.screen() == {("org", "reference_unknown"): 3}


def test_a_negative_balance_is_refused_unless_the_product_allows_it(night: LakeNight) -> None:
    night.tables["deposit_balance"][0]["balance"] = "-0.01"
    night.write()

    assert night.screen() == {("deposit_balance", "negative_balance"): 1}
    assert refused(night) == [("deposit_balance", 1, "balance", "negative_balance")]


def history(month: date, days: int, last: str, total: str, **values: object) -> dict[str, object]:
    columns = {"account_id": "A1", "product_code": "DEP", "balance_month": month, "day_count": days}
    return row(
        "monthly_balance_history", **{**columns, "month_end_balance": last, "balance_sum": total, **values}
    )


def test_a_past_month_was_not_over_before_the_account_began(night: LakeNight) -> None:
    night.tables["account"][0]["open_date"] = date(2025, 10, 31)
    night.tables["monthly_balance_history"] = [
        history(date(2025, 9, 1), 30, "5.00", "150.00"),
        history(date(2025, 10, 1), 1, "5.00", "5.00"),
        # a bank may count all days of the month and add nothing for those before
        history(date(2025, 11, 1), 30, "5.00", "150.00"),
    ]
    night.write()

    assert night.screen() == {("monthly_balance_history", "month_before_opening"): 1}
    assert refused(night) == [("monthly_balance_history", 1, "balance_month", "month_before_opening")]


def test_a_past_month_has_no_balance_of_days_after_the_closing(night: LakeNight) -> None:
    night.tables["account"][0]["close_date"] = date(2025, 10, 11)
    night.tables["monthly_balance_history"] = [
        # ten days before the closing; a bank tells their last one, or the month's end
        history(date(2025, 10, 1), 10, "5.00", "50.00"),
        history(date(2025, 8, 1), 31, "5.00", "155.00"),
        history(date(2025, 11, 1), 30, "0.00", "0.00"),
        history(date(2025, 10, 1), 31, "0.00", "50.00", account_id="A1", product_code="OVD"),
        # the eleventh day was none any more
        history(date(2025, 10, 1), 11, "5.00", "55.00", product_code="FUND"),
        history(date(2025, 12, 1), 31, "0.00", "5.00"),
    ]
    night.write()

    assert night.screen() == {("monthly_balance_history", "month_after_closing"): 2}
    assert refused(night) == [
        ("monthly_balance_history", row, "balance_month", "month_after_closing") for row in (5, 6)
    ]


def test_a_sum_that_no_balances_add_to_is_refused(night: LakeNight) -> None:
    overdraft = {"account_id": "A2", "product_code": "OVD"}
    night.tables["monthly_balance_history"] = [
        # one day: the sum is its balance
        history(date(2025, 9, 1), 1, "5.00", "5.01"),
        history(date(2025, 9, 1), 1, "-5.00", "-5.01", **overdraft),
        # 29 days of nothing or more, and 5.00 on the last
        history(date(2025, 10, 1), 30, "5.00", "4.99"),
        history(date(2025, 11, 1), 30, "5.00", "5.00"),
        # days before the last may have been overdrawn
        history(date(2025, 10, 1), 30, "5.00", "-400.00", **overdraft),
    ]
    night.write()

    assert night.screen() == {("monthly_balance_history", "month_sum_off"): 3}
    assert {row_number for _, row_number, column, _ in refused(night) if column == "balance_sum"} == {1, 2, 3}


def test_a_past_month_of_a_closed_overdraft_cannot_end_below_nothing(night: LakeNight) -> None:
    night.tables["monthly_balance_history"] = [history(date(2025, 9, 1), 30, "-5.00", "0.00")]
    night.write()

    assert night.screen() == {("monthly_balance_history", "negative_balance"): 1}


def test_all_owners_of_an_account_are_refused_when_shares_do_not_add_to_one(night: LakeNight) -> None:
    night.tables["account_owner"][1]["ownership_share"] = "0.399999"
    night.write()

    assert night.screen() == {("account_owner", "shares_not_one"): 2}


def test_shares_of_a_delta_are_added_to_what_was_known_before(night: LakeNight) -> None:
    night.tables["account_owner"] = [
        row("account_owner", account_id="A1", customer_id="C2", ownership_share="0.4", op="U")
    ]
    night.write()
    known = (
        "create or replace view known.account_owner as "
        "select account_id, customer_id, ownership_share from lake.account_owner where op <> 'D' "
        "union all select 'A1', 'C1', cast({} as decimal(9, 6))"
    )
    night.query(known.format("0.6"))
    assert night.screen() == {}

    night.query(known.format("0.7"))
    assert night.screen() == {("account_owner", "shares_not_one"): 1}


def test_the_last_owner_may_be_deleted(night: LakeNight) -> None:
    for owner in night.tables["account_owner"]:
        owner["op"] = "D"
    night.write()

    assert night.screen() == {}


def participation(number: int, share: str, start: date, end: date | None = None) -> dict[str, object]:
    return row(
        "assignment", assignment_id=f"S{number}", customer_id="C1", employee_id="E1", org_id="O2",
        participation=share, valid_from=start, valid_to=end,
    )  # fmt: skip


JANUARY, MARCH, MAY = date(2025, 1, 1), date(2025, 3, 1), date(2025, 5, 1)


@pytest.mark.parametrize(
    ("rows", "is_refused"),
    [
        ([participation(1, "0.7", JANUARY), participation(2, "0.3", JANUARY)], False),
        (
            [
                participation(1, "1", JANUARY, MARCH),
                participation(2, "0.5", MARCH),
                participation(3, "0.5", MARCH),
            ],
            False,
        ),
        ([participation(1, "1", JANUARY, MARCH), participation(2, "1", MAY)], False),
        ([participation(1, "1", JANUARY, MARCH)], False),
        ([participation(1, "0.7", JANUARY), participation(2, "0.2", JANUARY)], True),
        # the old row was not ended: two wholes from March
        ([participation(1, "1", JANUARY), participation(2, "1", MARCH)], True),
        # one of two ends alone: a half is left from March
        ([participation(1, "0.5", JANUARY, MARCH), participation(2, "0.5", JANUARY)], True),
    ],
)
def test_participation_adds_to_one_on_every_day(
    night: LakeNight, rows: list[dict[str, object]], is_refused: bool
) -> None:
    night.tables["assignment"] = rows
    night.write()

    assert night.screen() == ({("assignment", "shares_not_one"): len(rows)} if is_refused else {})


def test_a_rerun_starts_from_the_same_rows_and_writes_the_same_bytes(night: LakeNight) -> None:
    night.tables["deposit_balance"].append(row("deposit_balance", account_id="A9"))
    night.write()
    first = night.screen()
    path = night.settings.quarantine / night.batch.folder / "deposit_balance.screened.parquet"
    content = path.read_bytes()

    assert night.screen() == first
    assert path.read_bytes() == content


def test_a_mended_rule_leaves_nothing_of_an_earlier_screening(
    night: LakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.tables["deposit_balance"].append(row("deposit_balance", account_id="A9"))
    night.write()
    night.screen()
    rule = screen.rule_for("reference_unknown").model_copy(update={"severity_code": "warn"})
    monkeypatch.setattr(screen, "rule_for", lambda *_: rule)

    assert night.screen() == {}
    assert refused(night) == []
    assert night.query("select count(*) from lake.deposit_balance") == [(3,)]


def test_the_quarantine_keeps_the_row_as_it_came(night: LakeNight) -> None:
    night.tables["investment_position"].append(
        row("investment_position", account_id="A9", product_code="FUND", market_value="12.30")
    )
    night.write()
    night.screen()

    path = night.settings.quarantine / night.batch.folder / "investment_position.screened.parquet"
    kept = duckdb.execute(
        "select source_file, value, row_key, record->>'market_value', record->>'units' from read_parquet(?)",
        [str(path)],
    ).fetchall()
    assert kept == [("investment_position-0001.csv", "A9", "A9|FUND", "12.30", None)]
