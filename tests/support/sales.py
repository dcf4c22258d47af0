"""Nights of sales in memory: the models of chapter 3.3 and 3.4 over batches written down in a test."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from tests.reference.sales import Batch, Employment, Outcome, Rule
from tests.support.models import PROJECT, Models

MODELS = (
    "int_org__told",
    "int_org__versions",
    "int_org__succession",
    "int_employee__versions",
    "int_employee__org",
    "int_employee__employment",
    "int_employee__employment_change",
    "int_assignment__versions",
    "int_ownership__named",
    "int_ownership__named_versions",
    "int_ownership__assigned",
    "int_ownership__assignment",
    "int_sales__trade_value",
    "int_sales__trade_entry",
    "int_sales__registration",
    "int_sales__ratio_versions",
    "int_sales__touched",
    "int_sales__judged_registration",
    "int_sales__candidate",
    "int_sales__attribution",
    "int_sales__share",
    "int_sales__trade_versions",
    "int_sales__claim",
    "int_sales__claim_versions",
    "fct_sales_credit",
    "fct_trade_attribution",
    "agg_sales_performance_daily",
)
LEDGER = "sales.fct_sales_credit"
_RULE_TYPES = {
    "is_auto_credited": "boolean",
    "is_split_by_participation": "boolean",
    "wait_days": "integer",
    "valid_from_date": "date",
    "valid_to_date": "date",
}

_STAGED = """
create schema pipeline;
create schema confirmed;
create table pipeline.delivered_table as
select unnest(['org', 'employee', 'sales_ratio_param', 'loan_balance']) as table_name, 'full' as load_code;
create table stg.stg_core_banking__sales_trades (
    trade_id varchar, customer_id varchar, account_id varchar, product_code varchar, org_id varchar,
    teller_id varchar, related_trade_id varchar, channel_code varchar, status_code varchar, trade_date date,
    amount_ccy_amt decimal(18, 2), fee_income_ccy_amt decimal(18, 2), currency_code varchar);
create table stg.stg_core_banking__sales_registrations (
    registration_id varchar, trade_id varchar, actor_id varchar, registered_by_id varchar,
    actor_role_code varchar, source_code varchar, registered_utc_at timestamp, registered_at timestamp,
    revoked_at timestamp,
    credit_ratio decimal(6, 5));
create table stg.stg_core_banking__assignments (
    assignment_id varchar, customer_id varchar, employee_id varchar, org_id varchar, role_code varchar,
    change_reason_code varchar, valid_from_date date, valid_to_date date, recorded_at timestamp,
    participation_share decimal(6, 5), op_code varchar);
create table stg.stg_core_banking__employees (
    employee_id varchar, org_id varchar, post_code varchar, status_code varchar, hired_date date,
    left_date date, employee_name varchar);
create table stg.stg_core_banking__orgs (
    org_id varchar, org_level_code varchar, parent_org_id varchar, successor_org_id varchar, close_date date,
    org_name varchar, region_code varchar, open_date date);
create table stg.int_org__change (
    change_id varchar, old_org_id varchar, new_org_id varchar, change_type_code varchar, change_date date,
    business_date date);
create table stg.stg_core_banking__sales_ratio_params (
    scope_type_code varchar, scope_id varchar, sales_product_code varchar, valid_from_date date,
    valid_to_date date, seller_ratio decimal(6, 5), referrer_ratio decimal(6, 5));
create table stg.stg_core_banking__products (
    product_code varchar, sales_product_code varchar, currency_code varchar);
create table stg.stg_core_banking__fx_rates (currency_code varchar, rate_date date, mid_rate decimal(9, 6));
create table stg.int_fx__rate_by_day (
    currency_code varchar, calendar_date date, rate_date date, mid_rate decimal(9, 6));
create table stg.stg_core_banking__calendar_days (calendar_date date, is_business_day boolean);
create table stg.int_customer__month (customer_id varchar, owning_org_id varchar);
create table stg.int_customer__debt (
    customer_id varchar, org_id varchar, manager_id varchar, debt_code varchar, open_date date,
    balance_amt decimal(38, 20));
create table stg.int_card__versions (
    card_id varchar, customer_id varchar, org_id varchar, manager_id varchar, card_kind_code varchar,
    status_code varchar, issue_date date, expiry_date date, known_to_date date);
create table stg.assignment_rules as
select 'documents' as rulebook_code, date '1900-01-01' as valid_from_month,
    cast(null as date) as valid_to_month, cast(0 as decimal(6, 5)) as card_participation_share;
create table stg.int_calendar__recorded_history (business_date date);
create table stg.int_account__versions (
    account_id varchar, org_id varchar, currency_code varchar, known_to_date date);
"""


class SalesNights:
    """A warehouse of sales alone. Nights are built, published and set back as the real one does it.

    Args:
        rules: Products that are not credited like insurance.
        business_days: Days that the calendar calls so.
        rates: CNY per unit by currency and day, which every night sends.
    """

    def __init__(
        self,
        rules: dict[str, Rule],
        business_days: Iterable[date],
        rates: Mapping[tuple[str, date], Decimal] | None = None,
    ) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.models = Models(self.connection, MODELS)
        self.connection.execute(_STAGED)
        path = PROJECT / "seeds" / "rules" / "sales_product_rules.csv"
        self.connection.execute(
            f"create table stg.sales_product_rules as from read_csv('{path}', all_varchar = true)"
        )
        for column, kind in _RULE_TYPES.items():
            self.connection.execute(f"alter table stg.sales_product_rules alter {column} type {kind}")
        for product, rule in rules.items():
            self.connection.execute(
                "update stg.sales_product_rules set is_auto_credited = ?, is_split_by_participation = ?,"
                " wait_days = ?, wait_day_code = ?, fallback_code = ? where sales_product_code = ?",
                [
                    rule.is_auto,
                    rule.is_split,
                    rule.wait_days,
                    "business" if rule.is_business_days else "calendar",
                    "teller" if rule.has_teller else "none",
                    product,
                ],
            )
        with path.open(encoding="utf-8") as lines:
            products = [row["sales_product_code"] for row in csv.DictReader(lines)]
        self._fill("products", [(product, product, "CNY") for product in products if product != "other"])
        self._fill("fx_rates", [(*key, rate) for key, rate in (rates or {}).items()])
        self._fill("calendar_days", [(day, True) for day in business_days])
        self._published: date | None = None
        self._replayed: date | None = None
        self._nights: list[date] = []

    def run(self, batch: Batch, *, is_published: bool = True) -> None:
        """Build one night, after setting back whatever it and later nights wrote; publish it."""
        previous = max((night for night in self._nights if night < batch.night), default=None)
        self._nights = [night for night in self._nights if night < batch.night]
        if self._published is not None and batch.night <= self._published:
            self._replayed = min(batch.night, self._replayed or batch.night)
        self._show(batch)
        self.connection.execute(
            "create or replace table pipeline.confirmation as"
            " select ?::date as confirmed_date, ?::date as replayed_from_date",
            [max(batch.night, self._published or batch.night), self._replayed],
        )
        if self._published is None:
            self._publish_nothing()
        self.models.build(
            business_date=str(batch.night),
            previous_business_date=str(previous or ""),
            previous_batch_date=str(previous or ""),
            reporting_currency="CNY",
            rulebook="documents",
            time_zone="Asia/Shanghai",
        )
        self._nights.append(batch.night)
        if is_published:
            self.connection.execute(f"create or replace table confirmed.fct_sales_credit as from {LEDGER}")
            self._published, self._replayed = batch.night, None

    def kill(self) -> None:
        """Lose what was built since the last publication, as a run that is killed before it publishes."""
        self.connection.execute(f"drop table {LEDGER}")

    def ledger(self) -> list[tuple[Any, ...]]:
        """All entries, in the order in which they were added."""
        return self.connection.execute(f"select * from {LEDGER} order by entry_id").fetchall()

    def outcomes(self) -> dict[str, Outcome]:
        """Every trade with its state, live entries and open claims."""
        shares: dict[str, set[Any]] = {}
        for trade_id, *share in self.connection.execute(
            f"""
            select trade_id, employee_id, actor_role_code, credit_ratio, credit_amt, credit_fee_income_amt,
                currency_code, credit_reporting_amt
            from {LEDGER} as entry
            where entry_type_code = 'credit'
                and not exists (
                    select 1 from {LEDGER} as taken_back where taken_back.reverses_entry_id = entry.entry_id
                )
            """
        ).fetchall():
            shares.setdefault(trade_id, set()).add(tuple(share))
        claims: dict[str, set[tuple[str, str]]] = {}
        for trade_id, *claim in self._claims("<> 'trade_unknown'"):
            claims.setdefault(trade_id, set()).add(tuple(claim))
        return {
            trade_id: Outcome(
                state,
                rule,
                reason,
                is_disputed,
                frozenset(shares.pop(trade_id, ())),
                frozenset(claims.pop(trade_id, ())),
            )
            for trade_id, state, rule, reason, is_disputed in self.connection.execute(
                "select trade_id, state_code, rule_code, reason_code, is_disputed"
                " from sales.fct_trade_attribution"
            ).fetchall()
        } | {
            trade_id: Outcome("without a trade", shares=frozenset(left)) for trade_id, left in shares.items()
        }

    def unknown(self) -> set[tuple[str, str]]:
        """Registrations of trades that have not come."""
        return {(registration, code) for _, registration, code in self._claims("= 'trade_unknown'")}

    def _claims(self, condition: str) -> list[tuple[str, str, str]]:
        return self.connection.execute(
            "select trade_id, registration_id, claim_code from intermediate.int_sales__claim_versions"
            f" where known_to_date is null and claim_code {condition}"
        ).fetchall()

    def _publish_nothing(self) -> None:
        self.connection.execute(
            """
            create or replace table confirmed.fct_sales_credit (
                entry_id bigint, trade_id varchar, employee_id varchar, sales_org_id varchar,
                reverses_entry_id bigint, actor_role_code varchar, rule_code varchar, entry_type_code varchar,
                sales_product_code varchar, rulebook_version varchar, trade_date date, effective_date date,
                knowledge_date date, credit_ratio decimal(6, 5), credit_amt decimal(18, 2),
                credit_fee_income_amt decimal(18, 2), currency_code varchar,
                credit_reporting_amt decimal(18, 2), credit_fee_income_reporting_amt decimal(18, 2))
            """
        )

    def _fill(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._fill_table(f"stg.stg_core_banking__{table}", rows)

    def _fill_table(self, relation: str, rows: Sequence[tuple[object, ...]]) -> None:
        self.connection.execute(f"delete from {relation}")
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            self.connection.executemany(f"insert into {relation} values ({marks})", rows)

    def _show(self, batch: Batch) -> None:
        self._fill(
            "sales_trades",
            [
                (t.trade_id, t.customer_id, None, t.product, t.org_id, t.teller_id, t.cancels, None,
                 "live" if t.cancels is None else "cancelled", t.trade_date, t.amount, t.fee,
                 None if t.currency == "CNY" else t.currency)
                for t in batch.trades
            ],
        )  # fmt: skip
        self._fill(
            "sales_registrations",
            [
                (r.registration_id, r.trade_id, r.employee_id, r.registered_by, r.role, r.source,
                 r.registered_at, r.registered_at, r.revoked_at, r.ratio)
                for r in batch.registrations
            ],
        )  # fmt: skip
        self._fill(
            "assignments",
            [
                (a.assignment_id, a.customer_id, a.employee_id, a.org_id, a.role,
                 "recall" if a.is_recalled else "assign", a.valid_from,
                 a.valid_to, batch.night, a.share, a.op)
                for a in batch.assignments
            ],
        )  # fmt: skip
        if not self._nights:
            self.connection.execute(
                "create or replace table stg.int_calendar__recorded_history as"
                " select ?::date as business_date",
                [batch.night],
            )
        self._fill_table(
            "stg.int_customer__debt",
            [
                (n.customer_id, n.org_id, n.employee_id, "loan", n.since, n.owed)
                for n in batch.named
                if n.source == "loan"
            ],
        )
        self._fill_table(
            "stg.int_card__versions",
            [
                (f"{n.customer_id}{n.since}", n.customer_id, n.org_id, n.employee_id, "credit", "valid",
                 n.since, date(9000, 1, 1), None)
                for n in batch.named
                if n.source == "card"
            ],
        )  # fmt: skip
        told = {who: batch.employment.get(who, Employment()) for who in batch.staff}
        self._fill(
            "employees",
            [
                (
                    e,
                    org,
                    "teller",
                    "left" if told[e].has_left else "active",
                    told[e].hired_on,
                    told[e].left_on,
                    e,
                )
                for e, org in batch.staff.items()
            ],
        )
        self._fill(
            "orgs",
            [(o.org_id, "outlet", None, o.successor, o.close_date, o.org_id, None, None) for o in batch.orgs],
        )
        self._fill(
            "sales_ratio_params",
            [
                (p.scope, p.scope_id, p.product, p.valid_from, p.valid_to, p.seller, p.referrer)
                for p in batch.parameters
            ],
        )
