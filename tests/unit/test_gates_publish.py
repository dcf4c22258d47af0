from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from expectations.gate import fit_to_publish
from expectations.results import GateResult
from expectations.suites.promises import Promise
from orchestration.project import ModelMeta
from orchestration.settings import BatchId
from tests.unit.gate_bank import BATCH, LakeNight, row
from tests.unit.gate_bridge import MONITORING_MARTS
from tests.unit.gate_contribution import CONTRIBUTION_MARTS
from tests.unit.gate_customer import CUSTOMER_MARTS
from tests.unit.gate_reports import REPORT_MARTS, REPORTS_OF_DECEMBER, REPORTS_SPOILED
from tests.unit.gate_sales import SALES, SALES_SPOILED

DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
RESENT = BatchId(date(2025, 12, 30), 2)

EVENTS = "".join(
    f"create table intermediate.{model} (business_date date);"
    for model in (
        "int_card__transactions", "int_account__transaction", "int_contribution__fee",
        "int_contribution__cost_pool", "int_sales__trade_entry",
    )
)  # fmt: skip

MARTS = """
    create schema customer_value;
    create schema intermediate;
    create schema rules;
    create table rules.tier_rules as
        select * from (values ('documents-1', 'gold'), ('documents-1', 'ordinary'))
            as t(rulebook_version, tier_code);
    create table rules.tier_rulebooks as select 'documents-1' as rulebook_version, 'CNY' as currency_code;
    create table intermediate.int_aum__holding_day as
        select date '2026-01-31' as business_date, date '2026-01-01' as month_start_date, account_id,
            cast(trunc(amount, 2) as decimal(18, 2)) as aum_plain_amt,
            cast(amount - trunc(amount, 2) as decimal(38, 22)) as aum_fine_amt,
            cast(trunc(amount * 31, 2) as decimal(38, 2)) as balance_sum_plain_amt,
            cast(amount * 31 - trunc(amount * 31, 2) as decimal(38, 22)) as balance_sum_fine_amt
        from (values ('A1', 600.005), ('A1', 400.00), ('A2', 7.10)) as t(account_id, amount);
    create table intermediate.int_aum__customer_month as
        select customer_id, date '2026-01-01' as month_start_date,
            cast(trunc(amount, 2) as decimal(18, 2)) as aum_end_plain_amt,
            cast(amount - trunc(amount, 2) as decimal(38, 22)) as aum_end_fine_amt,
            cast(trunc(amount * 31, 2) as decimal(38, 2)) as balance_sum_plain_amt,
            cast(amount * 31 - trunc(amount * 31, 2) as decimal(38, 22)) as balance_sum_fine_amt
        from (values ('C1', 600.005), ('C2', 407.10)) as t(customer_id, amount);
    create table customer_value.fct_customer_aum_monthly as
        select customer_id, month_start_date,
            cast(amount as decimal(18, 2)) as aum_end_amt,
            cast(amount as decimal(18, 2)) as aum_month_avg_amt,
            cast(amount as decimal(18, 2)) as aum_month_avg_30_amt,
            cast(balance_sum as decimal(38, 2)) as balance_sum_amt,
            cast(amount - 100 as decimal(18, 2)) as deposit_end_amt,
            cast(100 as decimal(18, 2)) as investment_end_amt,
            cast(amount - 100 as decimal(18, 2)) as deposit_month_avg_amt,
            cast(100 as decimal(18, 2)) as investment_month_avg_amt,
            cast(amount as decimal(18, 2)) as aum_quarter_avg_amt,
            cast(amount as decimal(18, 2)) as aum_year_avg_amt,
            month_start_date = date '2026-01-01' as is_provisional
        from (values
            ('C1', date '2026-01-01', 600.01, 18600.16), ('C2', date '2026-01-01', 407.10, 12620.10),
            ('C1', date '2025-12-01', 500.00, 15500.00), ('C2', date '2025-12-01', 400.00, 12400.00)
        ) as t(customer_id, month_start_date, amount, balance_sum);
    create table customer_value.fct_customer_tier_monthly as
        select customer_id, month_start_date, 'documents-1' as rulebook_version, 'gold' as tier_code,
            2 as tier_rank, 'O1' as owning_org_id,
            case when customer_id = 'C1' then 'platinum' end as lost_tier_code,
            case when customer_id = 'C2' then 'attention' else 'normal' end as status_code,
            false as is_closed
        from customer_value.fct_customer_aum_monthly;
    create table customer_value.fct_customer_tier_status_monthly as
        select customer_id, month_start_date, tier_code from customer_value.fct_customer_tier_monthly;
    create table customer_value.fct_tier_reason as
        select customer_id, month_start_date from customer_value.fct_customer_tier_monthly;
    create view customer_value.fct_customer_aum_part_monthly as
        select 'deposit' as asset_class_code, 'O1' as org_id, aum.* replace (
            cast(aum_end_amt - 100 as decimal(18, 2)) as aum_end_amt
        )
        from customer_value.fct_customer_aum_monthly as aum
        union all
        select 'wealth' as asset_class_code, 'O2' as org_id, aum.* replace (
            cast(100 as decimal(18, 2)) as aum_end_amt, 0 as aum_month_avg_amt, 0 as aum_month_avg_30_amt,
            0 as aum_quarter_avg_amt, 0 as aum_year_avg_amt
        )
        from customer_value.fct_customer_aum_monthly as aum;
    create view customer_value.fct_customer_org_role as
        select
            customer_id, month_start_date, org_id, deposit_end_amt, investment_end_amt,
            case when org_id = 'O1' then 'main' else 'assistant' end as role_code
        from (
            select * replace (0 as investment_end_amt), 'O1' as org_id
            from customer_value.fct_customer_aum_monthly
            union all
            select * replace (0 as deposit_end_amt), 'O2' as org_id
            from customer_value.fct_customer_aum_monthly
        );
    create view customer_value.fct_customer_aum_daily as
        select aum.customer_id, date '2026-01-31' as calendar_date, date '2026-01-31' as business_date,
            aum.aum_end_amt
        from customer_value.fct_customer_aum_monthly as aum
        inner join customer_value.fct_customer_tier_monthly as tiers using (customer_id, month_start_date)
        where aum.month_start_date = date '2026-01-01';
"""
ALL_MARTS = MARTS + EVENTS + CONTRIBUTION_MARTS + SALES + MONITORING_MARTS + CUSTOMER_MARTS + REPORT_MARTS
RELEASE = """
    create table last_release.fct_customer_aum_monthly as
        select * from customer_value.fct_customer_aum_monthly;
    create table last_release.fct_customer_tier_monthly as
        select * from customer_value.fct_customer_tier_monthly;
"""


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    made = LakeNight(tmp_path)
    made.write()
    made.query(ALL_MARTS)
    return made


@pytest.fixture
def second_night(night: LakeNight) -> LakeNight:
    night.query(RELEASE)
    return night


def run(night: LakeNight, *restated_by: BatchId, months: list[date] | None = None) -> GateResult:
    if DECEMBER in (months or []):
        night.query(REPORTS_OF_DECEMBER)
    return fit_to_publish(night.settings, BATCH, list(restated_by), months or [JANUARY], PROMISED)


def failed(outcome: GateResult) -> set[tuple[str, str]]:
    return {(result.table_name, result.check_code) for result in outcome.results if not result.is_passed}


def test_sound_marts_pass_every_check_that_was_declared(night: LakeNight) -> None:
    outcome = run(night)

    assert failed(outcome) == set()
    assert outcome.ran == outcome.declared == len(outcome.results)


def test_what_was_published_before_shows_in_no_count(night: LakeNight) -> None:
    """Results are published: a night that is run again tells what it told at first."""
    again = [(r.table_name, r.check_code, r.checked_cnt) for r in run(night).results]
    for table in ("fct_month_confirmed", "fct_customer_tier_confirmed", "fct_sales_credit"):
        night.query(f"delete from confirmed.{table}")

    at_first = [(r.table_name, r.check_code, r.checked_cnt) for r in run(night).results]

    assert at_first == again
    kept = ("ledger_not_kept", "confirmation_not_kept")
    assert {count for _, code, count in again if code in kept} == {1, 2}


def test_events_that_came_before_are_counted_and_warn(night: LakeNight) -> None:
    fees = [
        row("fee_income", fee_id=f"F{number}", customer_id="C1", product_code="DEP", org_id="O2")
        for number in (1, 2, 3)
    ]
    night = LakeNight(night.home / "again", {**night.tables, "fee_income": fees}, previous=date(2026, 1, 30))
    night.write()
    night.query(ALL_MARTS)
    night.query(
        "insert into intermediate.int_contribution__fee values (date '2026-01-31'), (date '2026-01-30')"
    )

    outcome = run(night)

    (again,) = [r for r in outcome.results if r.check_code == "event_sent_again" and not r.is_passed]
    assert (again.table_name, again.checked_cnt, again.failing_cnt, again.blocks) == (
        "fee_income", 3, 2, False,
    )  # fmt: skip


AUM, TIER = "fct_customer_aum_monthly", "fct_customer_tier_monthly"
PART, ROLE, DAILY = "fct_customer_aum_part_monthly", "fct_customer_org_role", "fct_customer_aum_daily"


def promise(table: str, *key: str, kind: str = "open_month") -> Promise:
    return Promise("customer_value", table, ModelMeta(grain=key, carried=kind), {})


PROMISED = [
    promise(AUM, "customer_id", "month_start_date"),
    promise(TIER, "customer_id", "month_start_date"),
    promise("fct_customer_tier_status_monthly", "customer_id", "tier_code", "month_start_date"),
    promise("fct_tier_reason", "customer_id", "month_start_date"),
    promise(PART, "customer_id", "asset_class_code", "org_id", "month_start_date"),
    promise(ROLE, "customer_id", "org_id", "month_start_date"),
    promise(DAILY, "customer_id", "calendar_date", kind="business_date"),
]


def spoiled(mart: str, rows: str) -> str:
    """SQL that puts other rows in the place of a mart that is a view here; ``sound`` are those it had."""
    return (
        f"create temp table sound as from customer_value.{mart}; drop view customer_value.{mart}; "
        f"create table customer_value.{mart} as {rows}"
    )


@pytest.mark.parametrize(
    ("spoil", "table", "check_code"),
    [
        (f"insert into customer_value.{AUM} from customer_value.{AUM}", AUM, "mart_key_not_unique"),
        (f"insert into customer_value.{TIER} from customer_value.{TIER}", TIER, "mart_key_not_unique"),
        (
            f"insert into customer_value.{AUM} select * replace (date '2026-02-01' as month_start_date) "
            f"from customer_value.{AUM}",
            AUM,
            "month_after_business_date",
        ),
        # the smallest difference that the unrounded amounts can hold
        (
            "update intermediate.int_aum__holding_day set aum_fine_amt = aum_fine_amt "
            "+ cast('0.0000000000000000000001' as decimal(38, 22)) where account_id = 'A2'",
            AUM,
            "aum_not_conserved",
        ),
        (
            "update intermediate.int_aum__customer_month set balance_sum_plain_amt = 0 "
            "where customer_id = 'C2'",
            AUM,
            "aum_not_conserved",
        ),
        (
            f"update customer_value.{AUM} set aum_end_amt = 599.99 where customer_id = 'C1'",
            AUM,
            "amount_rounding",
        ),
        (f"delete from customer_value.{AUM} where customer_id = 'C1'", AUM, "amount_rounding"),
        (f"update customer_value.{AUM} set deposit_end_amt = 0", AUM, "parts_not_total"),
        (f"update customer_value.{AUM} set investment_month_avg_amt = 0", AUM, "parts_not_total"),
        (f"update customer_value.{TIER} set tier_code = 'platinum'", TIER, "tier_unknown"),
        (f"update customer_value.{TIER} set rulebook_version = 'documents-0'", TIER, "tier_unknown"),
        (f"delete from customer_value.{TIER} where customer_id = 'C1'", TIER, "tier_rows_off"),
        (f"delete from customer_value.{AUM} where customer_id = 'C1'", TIER, "tier_rows_off"),
        (spoiled(PART, "from sound union all from sound"), PART, "mart_key_not_unique"),
        (spoiled(PART, "from sound where org_id = 'O1'"), PART, "parts_not_total"),
        (
            spoiled(PART, "select * replace (aum_year_avg_amt + 0.01 as aum_year_avg_amt) from sound"),
            PART,
            "parts_not_total",
        ),
        (spoiled(ROLE, "select * replace ('main' as role_code) from sound"), ROLE, "main_org_not_one"),
        (spoiled(ROLE, "from sound where role_code = 'assistant'"), ROLE, "main_org_not_one"),
        (spoiled(ROLE, "from sound where role_code = 'main'"), ROLE, "parts_not_total"),
        (
            spoiled(ROLE, "from sound union all from sound where role_code = 'assistant'"),
            ROLE,
            "mart_key_not_unique",
        ),
        (spoiled(DAILY, "from sound where customer_id = 'C1'"), DAILY, "daily_aum_off"),
        (
            spoiled(DAILY, "select * replace (aum_end_amt + 0.01 as aum_end_amt) from sound"),
            DAILY,
            "daily_aum_off",
        ),
        ("delete from customer_value.fct_tier_reason", "fct_tier_reason", "tier_rows_off"),
        (
            "insert into customer_value.fct_customer_tier_status_monthly "
            "from customer_value.fct_customer_tier_status_monthly",
            "fct_customer_tier_status_monthly",
            "mart_key_not_unique",
        ),
        *SALES_SPOILED,
        *REPORTS_SPOILED,
    ],
)
def test_the_check_fails_on(night: LakeNight, spoil: str, table: str, check_code: str) -> None:
    night.query(spoil)

    outcome = run(night)

    assert (table, check_code) in failed(outcome)
    assert check_code in {fault.check_code for fault in outcome.faults}
    assert outcome.ran == outcome.declared


def test_thresholds_in_another_currency_than_the_amounts_are_a_warning(night: LakeNight) -> None:
    night.query("update rules.tier_rulebooks set currency_code = 'CZK'")

    outcome = run(night)

    assert (TIER, "rulebook_currency") in failed(outcome)
    assert not outcome.faults


def test_a_corporate_customer_with_a_tier_blocks(tmp_path: Path) -> None:
    night = LakeNight(tmp_path)
    night.tables["customer"][1]["customer_type"] = "C"
    night.write()
    night.query(ALL_MARTS)

    assert failed(run(night)) == {(TIER, "tier_rows_off")}
    night.query(f"delete from customer_value.{TIER} where customer_id = 'C2'")
    night.query("delete from customer_value.fct_tier_reason where customer_id = 'C2'")
    # reports still count who has no tier any more
    assert {table for table, _ in failed(run(night))}.isdisjoint({AUM, TIER, "fct_tier_reason"})


def test_months_that_were_not_rebuilt_are_not_read(night: LakeNight) -> None:
    night.query(
        f"update customer_value.{AUM} set deposit_end_amt = 0 where month_start_date = date '2025-12-01'"
    )

    assert failed(run(night)) == set()


def remember(night: LakeNight, check_code: str, observed: str) -> None:
    """What the gate saw the night before."""
    run(night)
    night.query(
        "update quality.fct_check_result set business_date = date '2026-01-30', "
        f"observed = case when check_code = '{check_code}' then '{observed}' end"
    )
    night.query("update pipeline.tonight set previous_business_date = date '2026-01-30'")


@pytest.mark.parametrize(
    ("before", "moves"),
    [("1000.00", False), ("915.56", False), ("915.55", True), ("1119.01", False), ("1119.02", True)],
)
def test_the_total_is_compared_with_the_night_before(night: LakeNight, before: str, moves: bool) -> None:
    # tonight's total is 600.01 + 407.10 = 1,007.11; 10 % of the total before is let through
    remember(night, "aum_moved", before)

    outcome = run(night)

    assert ((AUM, "aum_moved") in failed(outcome)) is moves
    assert "aum_moved" not in {fault.check_code for fault in outcome.faults}


def test_a_total_that_gate_1_has_told_is_not_told_twice(night: LakeNight) -> None:
    remember(night, "aum_moved", "1.00")
    night.query(
        "insert into quality.fct_check_result by name select * replace ('fit_to_load' as gate_code,"
        " date '2026-01-31' as business_date, '' as table_name, false as is_passed)"
        " from quality.fct_check_result where check_code = 'aum_moved'"
    )

    assert (AUM, "aum_moved") not in failed(run(night))


def test_the_number_of_customers_is_compared_with_the_night_before(night: LakeNight) -> None:
    remember(night, "row_count_moved", "4")

    assert (AUM, "row_count_moved") in failed(run(night))


def test_a_first_night_has_nothing_to_compare_with(night: LakeNight) -> None:
    assert failed(run(night)) == set()


CHANGE_A_CLOSED_MONTH: dict[str, str] = {
    "an amount": f"update customer_value.{AUM} set aum_month_avg_amt = aum_month_avg_amt + 0.01, "
    "deposit_month_avg_amt = deposit_month_avg_amt + 0.01 "
    "where month_start_date = date '2025-12-01' and customer_id = 'C1'",
    "a tier": f"update customer_value.{TIER} set tier_code = 'ordinary' "
    "where month_start_date = date '2025-12-01' and customer_id = 'C1'",
    "a customer that is gone": f"delete from last_release.{TIER} "
    "where month_start_date = date '2025-12-01' and customer_id = 'C1'",
}


def only_december(outcome: GateResult) -> list[tuple[bool, int, int, str | None]]:
    return [
        (r.is_passed, r.checked_cnt, r.failing_cnt, r.observed)
        for r in outcome.results
        if r.check_code == "closed_month_changed"
    ]


@pytest.fixture
def rebuilt_december(second_night: LakeNight) -> LakeNight:
    second_night.query(
        "insert into intermediate.int_aum__customer_month by name select customer_id, month_start_date, "
        "aum_end_amt as aum_end_plain_amt, 0 as aum_end_fine_amt, 0 as balance_sum_fine_amt, "
        f"balance_sum_amt as balance_sum_plain_amt from customer_value.{AUM} "
        "where month_start_date = date '2025-12-01'"
    )
    return second_night


@pytest.mark.parametrize("change", CHANGE_A_CLOSED_MONTH.values(), ids=CHANGE_A_CLOSED_MONTH.keys())
def test_a_closed_month_that_changes_without_a_cause_blocks(rebuilt_december: LakeNight, change: str) -> None:
    night = rebuilt_december
    night.query(change)

    outcome = run(night, months=[DECEMBER, JANUARY])

    assert only_december(outcome) == [(False, 2, 1, "customers changed: 1")]
    (fault,) = outcome.faults
    assert fault.check_code == "closed_month_changed"
    assert "month 2025-12: 1 of 2 customers" in fault.what
    assert night.query("select count(*) from quality.fct_restatement") == [(0,)]


def test_a_closed_month_may_be_built_again_without_a_change(rebuilt_december: LakeNight) -> None:
    outcome = run(rebuilt_december, RESENT, months=[DECEMBER, JANUARY])

    assert only_december(outcome) == [(True, 2, 0, "customers changed: 0")]
    assert rebuilt_december.query("select count(*) from quality.fct_restatement") == [(0,)]


def test_a_resent_batch_explains_a_changed_month_and_goes_on_record_once(
    rebuilt_december: LakeNight,
) -> None:
    night = rebuilt_december
    night.query(CHANGE_A_CLOSED_MONTH["an amount"])
    later = BatchId(date(2025, 12, 31), 1)

    for _ in range(2):
        outcome = run(night, later, RESENT, months=[DECEMBER, JANUARY])
        assert outcome.faults == []
        assert only_december(outcome) == [(True, 2, 0, "customers changed: 1")]

    assert night.query("select * exclude (explanation) from quality.fct_restatement") == [
        (DECEMBER, 1, Decimal("0.01"), RESENT.business_date, 2)
    ]


def test_what_went_on_record_stays_when_a_rerun_finds_nothing_to_change(
    rebuilt_december: LakeNight,
) -> None:
    night = rebuilt_december
    night.query(CHANGE_A_CLOSED_MONTH["an amount"])
    run(night, RESENT, months=[DECEMBER, JANUARY])
    night.query(
        f"drop table last_release.{AUM}; create table last_release.{AUM} as from customer_value.{AUM}"
    )

    assert run(night, RESENT, months=[DECEMBER, JANUARY]).faults == []
    assert night.query("select count(*) from quality.fct_restatement") == [(1,)]


def test_a_mart_that_the_last_release_lacks_is_left_out(rebuilt_december: LakeNight) -> None:
    night = rebuilt_december
    night.query(f"drop table last_release.{TIER}")
    night.query(CHANGE_A_CLOSED_MONTH["an amount"])

    assert only_december(run(night, months=[DECEMBER, JANUARY])) == [(False, 2, 1, "customers changed: 1")]


def test_a_batch_of_a_later_month_explains_nothing(rebuilt_december: LakeNight) -> None:
    night = rebuilt_december
    night.query(CHANGE_A_CLOSED_MONTH["an amount"])

    outcome = run(night, BatchId(date(2026, 1, 5), 2), months=[DECEMBER, JANUARY])

    assert [fault.check_code for fault in outcome.faults] == ["closed_month_changed"]


def test_a_mart_that_is_missing_blocks(night: LakeNight) -> None:
    night.query("drop table customer_value.fct_tier_reason")

    outcome = run(night)

    assert {fault.check_code for fault in outcome.faults} == {"check_not_run"}
    assert outcome.declared - outcome.ran == 2


def test_the_initial_load_sent_again_explains_the_months_before_it_and_they_go_on_record(
    rebuilt_december: LakeNight,
) -> None:
    # the first of all batches brings December with its history, though it is dated in January
    night = rebuilt_december
    night.query(CHANGE_A_CLOSED_MONTH["an amount"])
    again = BatchId(BATCH.business_date, 2)

    # on a replay it is the last night that is compared, and that has built January only
    for months in ([DECEMBER, JANUARY], [JANUARY]):
        outcome = run(night, again, months=months)
        assert outcome.faults == []
        assert only_december(outcome) == [(True, 2, 0, "customers changed: 1")]

    assert night.query("select * exclude (explanation) from quality.fct_restatement") == [
        (DECEMBER, 1, Decimal("0.01"), BATCH.business_date, 2)
    ]
