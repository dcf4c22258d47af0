"""Gate 2: what has to hold about the customer-value marts, on the months that tonight's build wrote.

Closed months that were not written again are not read: the cost does not grow with history.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from expectations.check import Check, FailingRows, Suite, exact
from expectations.results import FCT_CHECK_RESULT
from orchestration.check_rules import rule_for
from orchestration.sql import Sql, fill, join, name, value

AUM = "fct_customer_aum_monthly"
TIER = "fct_customer_tier_monthly"
TIER_STATUS = "fct_customer_tier_status_monthly"
TIER_REASON = "fct_tier_reason"
MARTS = "customer_value"
_CUSTOMER_MONTH = ("customer_id", "month_start_date")


def closed_month_suites(last_day: date) -> list[Suite]:
    """What is held against a month's exact amounts and its customers as it knew them, before the night."""
    month = last_day.replace(day=1)
    months = months_in([month])
    suites: dict[str, list[Check]] = {
        AUM: [
            conserved("aum_end", "aum", last_day),
            conserved("balance_sum", "balance_sum", last_day),
            rounded_once(months),
        ],
        TIER: [tier_per_customer(months), corporate_untiered(months)],
    }
    return [
        Suite(MARTS, table, [replace(check, detail=f"month {month:%Y-%m}") for check in checks])
        for table, checks in suites.items()
    ]


def customer_value_suites(
    business_date: date,
    months_rebuilt: Sequence[date],
    closed_months: Sequence[date] = (),
    *,
    reporting_currency: str,
) -> list[Suite]:
    """Suites over AUM and tiers of the months written tonight.

    Args:
        closed_months: Those of them that were closed before the night: see :func:`closed_month_suites`.
        reporting_currency: In which all amounts are.
    """
    open_month = business_date.replace(day=1)
    months = months_in(months_rebuilt)
    open_months = months_in([month for month in months_rebuilt if month not in closed_months])
    aum = [
        no_later_month(AUM, open_month),
        conserved("aum_end", "aum", business_date),
        conserved("balance_sum", "balance_sum", business_date),
        rounded_once(open_months),
        *(parts_add_up(period, months) for period in ("end", "month_avg")),
        rows_steady(open_month),
        total_steady(open_month),
    ]
    tier = [
        no_later_month(TIER, open_month),
        tier_in_rulebook(TIER, months),
        rulebook_in_own_currency(TIER, open_month, reporting_currency),
        tier_per_customer(open_months),
        corporate_untiered(open_months),
    ]
    return [
        Suite(MARTS, AUM, aum),
        Suite(MARTS, TIER, tier),
        Suite(MARTS, TIER_STATUS, [no_later_month(TIER_STATUS, open_month)]),
        Suite(MARTS, TIER_REASON, [reason_per_tier(months)]),
    ]


def months_in(months: Sequence[date]) -> Sql:
    """Condition that a row's month is one of these."""
    listed = join(", ", (value(month) for month in sorted(months)))
    return fill("month_start_date in ({listed})", listed=listed) if months else Sql("false")


def customer_months(table: str, months: Sql, *measures: Sql, grouped: bool = True) -> Sql:
    """The customers and months of a mart, with measures: aggregates of them if they are grouped."""
    return fill(
        "select {columns} from {rows} where {months}{grouping}",
        columns=join(", ", (*map(name, _CUSTOMER_MONTH), *measures)),
        rows=name(MARTS, table),
        months=months,
        grouping=Sql(" group by customer_id, month_start_date" if measures and grouped else ""),
    )


def side_by_side(first: Sql, first_name: str, second: Sql, second_name: str) -> Sql:
    """Two sets of customer months joined; one side is null where only the other has a row."""
    return fill(
        """
        ({first}) as {left}
        full outer join ({second}) as {right}
            on {left}.customer_id = {right}.customer_id and {left}.month_start_date = {right}.month_start_date
        """,
        first=first,
        left=name(first_name),
        second=second,
        right=name(second_name),
    )


def no_later_month(table: str, open_month: date) -> Check:
    """No row is for a month after the business date's."""
    return FailingRows(
        check_code="month_after_business_date",
        table=table,
        # counted from the open month on, so that only its blocks are read
        query=fill(
            """
            select count(*), count(*) filter (where month_start_date > {month})
            from {rows}
            where month_start_date >= {month}
            """,
            rows=name(MARTS, table),
            month=value(open_month),
        ),
    )


def conserved(customers_measure: str, holdings_measure: str, business_date: date) -> Check:
    """What the customers have is what their holdings are worth, to the last digit.

    A measure is a plain and a fine part that add up to it (see macros/portable/amounts.sql).
    """
    return FailingRows(
        check_code="aum_not_conserved",
        table=AUM,
        column=customers_measure,
        unit="totals",
        query=fill(
            """
            select 1, cast(
                (customers.plain - holdings.plain) + (customers.fine - holdings.fine) <> 0 as integer
            )
            from (
                select {customers_total}
                from intermediate.int_aum__customer_month
                where month_start_date = {month}
            ) as customers
            cross join (
                select {holdings_total}
                from intermediate.int_aum__holding_day
                where business_date = {business_date} and month_start_date = {month}
            ) as holdings
            """,
            customers_total=_exact_total(customers_measure),
            holdings_total=_exact_total(holdings_measure),
            business_date=value(business_date),
            month=value(business_date.replace(day=1)),
        ),
    )


def _exact_total(measure: str) -> Sql:
    return fill(
        "coalesce(sum({plain}), 0) as plain, coalesce(sum({fine}), 0) as fine",
        plain=name(f"{measure}_plain_amt"),
        fine=name(f"{measure}_fine_amt"),
    )


def _is_off(measure: str) -> Sql:
    """Whether a published amount is not its exact one, rounded. Whole cents compare in 64 bits."""
    return fill(
        """
        case
            when exact.{fine} = 0 then published.{published} <> exact.{plain}
            else abs((published.{published} - exact.{plain}) - exact.{fine}) > {limit}
        end
        """,
        published=name(f"{measure}_amt"),
        plain=name(f"{measure}_plain_amt"),
        fine=name(f"{measure}_fine_amt"),
        limit=value(rule_for("amount_rounding", AUM).limit_amt or Decimal(0)),
    )


def rounded_once(months: Sql) -> Check:
    """Every customer's published amounts are the exact ones, rounded once; nobody is left out."""
    return FailingRows(
        check_code="amount_rounding",
        table=AUM,
        unit="customer months",
        query=fill(
            """
            select
                count(*),
                count(*) filter (
                    where published.customer_id is null or exact.customer_id is null
                        or {aum_end_is_off}
                        or {balance_sum_is_off}
                )
            from {published_and_exact}
            """,
            published_and_exact=side_by_side(
                fill("select * from {aum} where {months}", aum=name(MARTS, AUM), months=months),
                "published",
                fill("select * from intermediate.int_aum__customer_month where {months}", months=months),
                "exact",
            ),
            aum_end_is_off=_is_off("aum_end"),
            balance_sum_is_off=_is_off("balance_sum"),
        ),
    )


def parts_add_up(period: str, months: Sql) -> Check:
    """Deposits and investments are the whole."""
    return FailingRows(
        check_code="parts_not_total",
        table=AUM,
        column=f"aum_{period}_amt",
        query=fill(
            "select count(*), count(*) filter (where {whole} is distinct from {deposits} + {investments}) "
            "from {rows} where {months}",
            whole=name(f"aum_{period}_amt"),
            deposits=name(f"deposit_{period}_amt"),
            investments=name(f"investment_{period}_amt"),
            rows=name(MARTS, AUM),
            months=months,
        ),
    )


def rows_steady(open_month: date) -> Check:
    """About as many customers have a row as the night before."""
    return _steady("row_count_moved", open_month, Sql("count(*)"), None)


def total_steady(open_month: date) -> Check:
    """The bank's AUM is about that of the night before."""
    return _steady("aum_moved", open_month, Sql("sum(aum_end_amt)"), "aum_end_amt")


def tier_in_rulebook(table: str, months: Sql) -> Check:
    """Every tier is one of the rulebook's that the row names."""
    return FailingRows(
        check_code="tier_unknown",
        table=table,
        column="tier_code",
        query=fill(
            """
            select count(*), count(*) filter (where rulebook.tier_code is null)
            from {rows} as tiers
            left join rules.tier_rules as rulebook
                on tiers.rulebook_version = rulebook.rulebook_version and tiers.tier_code = rulebook.tier_code
            where tiers.{months}
            """,
            rows=name(MARTS, table),
            months=months,
        ),
    )


def rulebook_in_own_currency(table: str, open_month: date, reporting_currency: str) -> Check:
    """Amounts are judged by thresholds in their own currency."""
    return FailingRows(
        check_code="rulebook_currency",
        table=table,
        column="rulebook_version",
        query=fill(
            """
            select count(*), count(*) filter (where rulebooks.currency_code <> {currency})
            from {rows} as tiers
            inner join rules.tier_rulebooks as rulebooks
                on tiers.rulebook_version = rulebooks.rulebook_version
            where tiers.month_start_date = {month}
            """,
            rows=name(MARTS, table),
            month=value(open_month),
            currency=value(reporting_currency),
        ),
    )


def tier_per_customer(months: Sql) -> Check:
    """Personal customers with an AUM row have a tier, and no tier is without its AUM row."""
    return FailingRows(
        check_code="tier_rows_off",
        table=TIER,
        unit="customer months",
        query=fill(
            """
            with unmatched as (
                select coalesce(aum.customer_id, tiers.customer_id) as customer_id,
                    aum.customer_id is null as has_no_aum
                from {aum_and_tiers}
                where aum.customer_id is null or tiers.customer_id is null
            )
            select
                (select count(*) from ({aum})) + count(*) filter (where has_no_aum),
                count(*) filter (where has_no_aum or customers.customer_type = 'P')
            from unmatched
            left join known.customer as customers on unmatched.customer_id = customers.customer_id
            """,
            aum=customer_months(AUM, months),
            aum_and_tiers=side_by_side(
                customer_months(AUM, months), "aum", customer_months(TIER, months), "tiers"
            ),
        ),
    )


def corporate_untiered(months: Sql) -> Check:
    """Corporate customers have no tier."""
    return FailingRows(
        check_code="tier_rows_off",
        table=TIER,
        column="customer_id",
        query=fill(
            """
            select count(*), count(*) filter (where customers.customer_id is not null)
            from {tiers} as tiers
            left join (select customer_id from known.customer where customer_type = 'C') as customers
                on tiers.customer_id = customers.customer_id
            where tiers.{months}
            """,
            tiers=name(MARTS, TIER),
            months=months,
        ),
    )


def reason_per_tier(months: Sql) -> Check:
    """Every tier has its reason, and no reason is without its tier."""
    return FailingRows(
        check_code="tier_rows_off",
        table=TIER_REASON,
        unit="customer months",
        query=fill(
            """
            select count(*), count(*) filter (where tiers.customer_id is null or reasons.customer_id is null)
            from {tiers_and_reasons}
            """,
            tiers_and_reasons=side_by_side(
                customer_months(TIER, months), "tiers", customer_months(TIER_REASON, months), "reasons"
            ),
        ),
    )


def _steady(check_code: str, open_month: date, measure: Sql, column: str | None) -> Check:
    """A measure of the open month, against what this check saw the night before.

    The night before is what the last release shows; read from its results, a replay of the same nights
    finds the same, whatever has been published since. What gate 1 has told of the batch is not told twice.
    """
    return FailingRows(
        check_code=check_code,
        table=AUM,
        column=column,
        unit="total",
        query=fill(
            """
            with tonight as (
                select coalesce({measure}, 0) as measure from {marts} where month_start_date = {month}
            ),
            earlier as (
                select try_cast(results.observed as decimal(28, 2)) as measure
                from {results} as results
                inner join pipeline.tonight as night on results.business_date = night.previous_business_date
                where results.gate_code = 'fit_to_publish' and results.check_code = {check_code}
            )
            select
                1,
                count(*) filter (
                    where abs(tonight.measure - earlier.measure) > abs(earlier.measure) * {limit}
                    and not exists (
                        select 1
                        from {results} as results
                        inner join pipeline.tonight as night on results.business_date = night.business_date
                        where results.gate_code = 'fit_to_load' and results.check_code = {check_code}
                            and results.table_name = '' and not results.is_passed
                    )
                ),
                cast(any_value(tonight.measure) as varchar),
                any_value('from ' || earlier.measure || ' to ' || tonight.measure)
            from tonight
            left join earlier on true
            """,
            measure=measure,
            marts=name(MARTS, AUM),
            results=FCT_CHECK_RESULT,
            check_code=value(check_code),
            month=value(open_month),
            limit=value(exact(rule_for(check_code, AUM).limit)),
        ),
    )
