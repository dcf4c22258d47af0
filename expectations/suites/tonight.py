"""Gate 1: what the batch adds up to, and what was refused of it."""

from datetime import date
from decimal import Decimal

import duckdb

from contract.model import load_contract
from expectations.check import Check, FailingRows, Suite, exact
from expectations.results import FCT_CHECK_RESULT
from expectations.suites import amounts
from expectations.suites.amounts import TOTAL
from expectations.suites.row_amounts import RATE
from orchestration.check_rules import rule_for
from orchestration.ingestion.lake import BatchReport
from orchestration.screening.cross_rules import CROSS_CODES
from orchestration.sql import Sql, fill, join, name, value

REJECTED = name("pipeline", "rejected_row")


def collect_totals(
    connection: duckdb.DuckDBPyConnection, business_date: date, reporting_currency: str
) -> None:
    """Add up tonight's balances once, by organisation, product and currency, each with its rate.

    The ledger, the AUM and the rates in use are all checked on these few rows, so that the large balance
    tables are joined to their accounts a single time.
    """
    amounts.collect_rates(connection, business_date, reporting_currency)
    connection.execute(
        fill(
            """
            create or replace temp table tonight_total as
            with balances as (
                select
                    'deposit' as source, accounts.org_id, accounts.product_code, accounts.currency,
                    deposits.balance
                from lake.deposit_balance as deposits
                inner join known.account as accounts on deposits.account_id = accounts.account_id
                union all
                select 'investment', accounts.org_id, positions.product_code, accounts.currency,
                    positions.market_value
                from lake.investment_position as positions
                inner join known.account as accounts on positions.account_id = accounts.account_id
                union all
                select 'loan', loans.org_id, loans.product_code, loans.currency, balances.balance
                from lake.loan_balance as balances
                inner join known.loan as loans on balances.loan_id = loans.loan_id
            ),
            sums as (
                select source, org_id, product_code, currency, count(*) as row_cnt,
                    sum(balance) as balance, sum(greatest(balance, 0)) as positive_balance
                from balances
                group by source, org_id, product_code, currency
            )
            select
                sums.source, sums.org_id, sums.currency, sums.row_cnt, products.asset_class,
                cast(sums.balance as decimal(28, 2)) * rates.mid_rate as balance_amt,
                cast(2 * sums.positive_balance - sums.balance as decimal(28, 2)) * rates.mid_rate as size_amt,
                case
                    when sums.source = 'loan' or not products.is_in_aum then 0
                    else cast(sums.positive_balance as decimal(28, 2)) * products.aum_weight * rates.mid_rate
                end as aum_amt,
                rates.mid_rate,
                rates.is_tonight
            from sums
            inner join known.product as products on sums.product_code = products.product_code
            left join {rate} as rates on sums.currency = rates.currency
            """,
            rate=RATE,
        )
    )


def checks_by_table(report: BatchReport) -> dict[str, list[Check]]:
    """What tonight's totals have to satisfy, by the delivered table that a fault points to."""
    # rates are checked on balances, which every batch has: a bank without foreign currency sends no rates
    rates = [amounts.rates_known(), amounts.rates_of_tonight()]
    checks = {
        "deposit_balance": [
            aum_steady(),
            amounts.held_fits("deposit_balance", "deposit", "investment"),
            *rates,
        ],
        "investment_position": [amounts.held_fits("investment_position", "investment")],
        "loan_balance": [amounts.held_fits("loan_balance", "loan")],
        "card_balance": [amounts.cards_fit()],
        **{
            table: [amounts.history_valued(table), amounts.history_fits(table)]
            for table in ("monthly_balance_history", "monthly_loan_history")
        },
        "customer": [certificates_unique()],
        "product": [curves_known()],
        "ledger_control": [ledger_agrees()],
    }
    return {table: found for table, found in checks.items() if table in report.tables}


def ledger_agrees() -> Check:
    """The books' total of an organisation and class is what its accounts add up to.

    The message tells a share, since messages are sent to others; the amount is among the results.
    """
    rule = rule_for("ledger_control", "ledger_control")
    compared = fill(
        """
        select
            books.source_file, books.source_row,
            abs(books.balance - coalesce(totals.balance_amt, 0)) as difference,
            nullif(abs(books.balance), 0) as booked,
            difference > {limit} as is_off
        from lake.ledger_control as books
        left join (
            select org_id, asset_class, sum(balance_amt) as balance_amt
            from {total}
            group by org_id, asset_class
        ) as totals on books.org_id = totals.org_id and books.asset_class = totals.asset_class
        """,
        limit=value(rule.limit_amt or Decimal(0)),
        total=TOTAL,
    )
    return FailingRows(
        check_code="ledger_control",
        table="ledger_control",
        unit="totals",
        query=fill(
            "select count(*), count(*) filter (where is_off),"
            " cast(cast(max(difference) filter (where is_off) as decimal(38, 2)) as varchar),"
            " case when bool_or(is_off) then coalesce('the largest difference is '"
            " || cast(max(100 * difference / booked) filter (where is_off) as decimal(38, 6))"
            " || ' per cent of its total', 'the books have nothing there') end from ({compared})",
            compared=compared,
        ),
        locate=fill("select source_file, source_row from ({compared}) where is_off", compared=compared),
    )


def aum_steady() -> Check:
    """The bank's AUM is about what it was; the total is kept for the night that follows.

    The message tells shares, since messages are sent to others.
    """
    return FailingRows(
        check_code="aum_moved",
        table="",
        unit="total",
        query=fill(
            """
            with tonight as (
                select
                    cast(coalesce(sum(aum_amt), 0) as decimal(38, 2)) as aum_amt,
                    cast(coalesce(sum(aum_amt) filter (where source = 'deposit'), 0) as decimal(38, 2))
                        as deposit_amt,
                    cast(coalesce(sum(aum_amt) filter (where source = 'investment'), 0) as decimal(38, 2))
                        as investment_amt
                from {total}
            ),
            earlier as (
                select try_cast(results.observed as decimal(28, 2)) as aum_amt
                from {results} as results
                inner join pipeline.tonight as night on results.business_date = night.previous_business_date
                where results.gate_code = 'fit_to_load' and results.check_code = 'aum_moved'
            )
            select
                1,
                count(*) filter (where abs(tonight.aum_amt - earlier.aum_amt) > earlier.aum_amt * {limit}),
                cast(any_value(tonight.aum_amt) as varchar),
                any_value(
                    'by '
                    || cast(100 * (tonight.aum_amt / nullif(earlier.aum_amt, 0) - 1) as decimal(38, 1))
                    || ' per cent of the night before; tonight '
                    || cast(100 * tonight.deposit_amt / nullif(tonight.aum_amt, 0) as decimal(38, 1))
                    || ' per cent of it is deposit_balance.balance and '
                    || cast(100 * tonight.investment_amt / nullif(tonight.aum_amt, 0) as decimal(38, 1))
                    || ' per cent investment_position.market_value'
                )
            from tonight
            left join earlier on true
            """,
            total=TOTAL,
            results=FCT_CHECK_RESULT,
            limit=value(exact(rule_for("aum_moved").limit)),
        ),
    )


def curves_known() -> Check:
    """Every curve that prices a product has a rate; products of customers' own money have no price."""
    return FailingRows(
        check_code="curve_unknown",
        table="product",
        column="ftp_curve_id",
        unit="products",
        query=Sql(
            """
            select count(*), count(*) filter (where is_unknown), null,
                string_agg(product_code, ', ' order by product_code) filter (where is_unknown)
            from (
                select
                    products.product_code,
                    products.asset_class <> 'wealth' and products.ftp_curve_id is not null
                        and curves.curve_id is null
                        -- a night without new rates goes on with those before
                        and exists (select 1 from lake.ftp_rate) as is_unknown
                from lake.product as products
                left join (select distinct curve_id from lake.ftp_rate) as curves
                    on products.ftp_curve_id = curves.curve_id
            )
            """
        ),
    )


def refused_suite(report: BatchReport, connection: duckdb.DuckDBPyConnection) -> Suite:
    """What was refused stays below its limit, and nothing that was delivered is lost."""
    found = connection.execute(
        fill("select distinct table_name, rule_code from {rejected} order by all", rejected=REJECTED)
    ).fetchall()
    shares = [refused_share(table, code, report.tables[table].delivered_rows) for table, code in found]
    return Suite("pipeline", "rejected_row", [nothing_lost(report), *shares])


def refused_share(table: str, check_code: str, delivered: int) -> Check:
    """At most the allowed share of a table's rows breaks the rule."""
    which = fill("table_name = {t} and rule_code = {c}", t=value(table), c=value(check_code))
    return FailingRows(
        check_code=check_code,
        table=table,
        allows_share=True,
        query=fill(
            "select {delivered}, count(distinct (source_file, source_row)), null,"
            " string_agg(distinct column_name, ', ' order by column_name) from {rejected} where {which}",
            delivered=value(delivered),
            rejected=REJECTED,
            which=which,
        ),
        locate=fill(
            "select source_file, source_row from {rejected} where {which}", rejected=REJECTED, which=which
        ),
    )


def nothing_lost(report: BatchReport) -> Check:
    """Every delivered row is in the lake or in quarantine."""
    counted = [
        fill(
            """
            select {table} as table_name, {delivered} as delivered_cnt,
                (select count(*) from {rows}) as loaded_cnt
            """,
            table=value(table),
            delivered=value(report.tables[table].delivered_rows),
            rows=name("lake_raw", table),
        )
        for table in load_contract().table_names
        if table in report.tables
    ]
    return FailingRows(
        check_code="rows_lost",
        table="",
        query=fill(
            """
            with counted as ({counted}),
            refused as (
                select table_name, count(distinct (source_file, source_row)) as refused_cnt
                from {rejected}
                where rule_code not in ({screened})
                group by table_name
            ),
            compared as (
                select
                    counted.table_name, counted.delivered_cnt,
                    abs(
                        counted.delivered_cnt - counted.loaded_cnt - coalesce(refused.refused_cnt, 0)
                    ) as lost_cnt
                from counted
                left join refused on counted.table_name = refused.table_name
            )
            select coalesce(sum(delivered_cnt), 0), coalesce(sum(lost_cnt), 0),
                string_agg(table_name order by table_name) filter (where lost_cnt > 0)
            from compared
            """,
            counted=join(" union all ", counted),
            rejected=REJECTED,
            screened=join(", ", map(value, CROSS_CODES)),
        ),
    )


def certificates_unique() -> Check:
    """No customer of tonight's batch has the certificate of another personal customer."""
    duplicates = Sql(
        """
        select tonight.source_file, tonight.source_row
        from lake.customer as tonight
        where tonight.customer_type = 'P' and tonight.op <> 'D' and exists (
            select 1
            from known.customer as other
            where other.customer_type = 'P'
                and other.cert_no = tonight.cert_no
                and other.cert_type is not distinct from tonight.cert_type
                and other.customer_id <> tonight.customer_id
        )
        """
    )
    return FailingRows(
        check_code="certificate_duplicate",
        table="customer",
        column="cert_no",
        unit="customers",
        query=fill(
            "select (select count(*) from lake.customer), (select count(*) from ({rows}))", rows=duplicates
        ),
    )
