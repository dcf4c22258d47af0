"""AUM in memory for any amount, exchange rate, share and weight that the contract allows, in exact fractions.

The bank reports in rupiah and has dollars, too. It goes live on Wednesday 28 January with the history of
December and of January's first 27 days; the next batch is of Tuesday 3 February. Dollars have a rate from the
first batch on: history is valued at that one, days without a batch at the last one.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.reference.aum import rounded
from tests.support.models import Models

FIRST, SECOND = date(2026, 1, 28), date(2026, 2, 3)
DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
LARGEST = 10**18 - 1
"""Cents of the largest amount; all accounts together may be worth so much."""

MODELS = (
    "int_fx__quote_ahead", "int_fx__rate_by_day", "int_aum__holding_day", "int_aum__holding_month",
    "int_aum__customer_month", "int_aum__closed_month", "int_aum__earlier_months", "int_aum__before_month",
    "int_aum__part_month", "fct_customer_aum_monthly", "fct_customer_aum_part_monthly",
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """One account: cents by what they are of, in its currency.

    Attributes:
        weight, share: Millionths; the rest of the account belongs to nobody who is looked at.
    """

    customer: str
    currency: str
    weight: int
    share: int
    december_end: int
    december_sum: int
    january_sum: int
    first: int
    second: int

    @property
    def counted(self) -> Fraction:
        """Part of the balance that counts, per cent of it in the account's currency."""
        return Fraction(self.weight * self.share, 10**12)


@dataclass(frozen=True)
class Drawn:
    """Accounts, and the rate of a dollar on both nights in 10^-8 rupiah."""

    rates: tuple[int, int]
    accounts: tuple[Account, ...]


@st.composite
def banks(draw: st.DrawFn) -> Drawn:
    rates = draw(st.tuples(*[st.integers(1, 10 ** draw(st.integers(0, 18)))] * 2))
    accounts = []
    for number in range(4):
        currency = draw(st.sampled_from(["IDR", "USD"]))
        # worth no more than a quarter of all that has room
        most = min(LARGEST, LARGEST // 4 * 10**8 // max(rates)) if currency == "USD" else LARGEST // 4
        end, first, second = (draw(st.integers(0, most)) for _ in range(3))
        sums = [draw(st.integers(0, min(LARGEST, most * days))) for days in (31, 27)]
        weight, share = (draw(st.one_of(st.just(10**6), st.integers(1, 10**6))) for _ in range(2))
        customer = f"c{number % 3}"
        accounts.append(Account(customer, currency, weight, share, end, *sums, first, second))
    return Drawn(rates, tuple(accounts))


def rate(bank: Drawn, account: Account, night: int) -> Fraction:
    return Fraction(bank.rates[night], 10**8) if account.currency == "USD" else Fraction(1)


def expected(bank: Drawn, customer: str) -> dict[date, tuple[Fraction, Fraction]]:
    """End and balance sum by month, at the second night."""
    months = {month: (Fraction(0), Fraction(0)) for month in (DECEMBER, JANUARY, FEBRUARY)}
    for account in bank.accounts:
        if account.customer != customer:
            continue
        first, second = rate(bank, account, 0), rate(bank, account, 1)
        worth = {
            DECEMBER: (account.december_end * first, account.december_sum * first),
            # from the 28th to the 31st
            JANUARY: (account.first * first, (account.january_sum + 4 * account.first) * first),
            # the 1st and 2nd, and the second night
            FEBRUARY: (account.second * second, 2 * account.first * first + account.second * second),
        }
        for month, (end, total) in worth.items():
            so_far = months[month]
            months[month] = (so_far[0] + end * account.counted, so_far[1] + total * account.counted)
    return months


def cents(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def built(bank: Drawn) -> tuple[duckdb.DuckDBPyConnection, Models]:
    connection = duckdb.connect(config={"threads": 1})
    models = Models(connection, MODELS)
    connection.execute(
        """
        create schema pipeline;
        create table pipeline.rejected_row (table_name varchar, row_key varchar);
        create table pipeline.night as select date '2026-01-28' as business_date, true as has_state;
        create table stg.int_account__holder (account_id varchar, customer_id varchar, product_code varchar,
            org_id varchar, currency_code varchar, close_date date, ownership_share decimal(9, 6),
            is_whole boolean, known_from_date date);
        create view stg.int_account__told_holder as from stg.int_account__holder;
        create table stg.stg_core_banking__products (product_code varchar, asset_class_code varchar,
            is_in_aum boolean, aum_weight decimal(9, 6));
        create table stg.stg_core_banking__monthly_balances (account_id varchar, product_code varchar,
            month_start_date date, month_end_balance_ccy_amt decimal(18, 2),
            balance_sum_ccy_amt decimal(18, 2));
        create table stg.stg_core_banking__investment_positions (account_id varchar, product_code varchar,
            market_value_ccy_amt decimal(18, 2));
        create table stg.int_customer__recorded_since as
            select customer_id, date '2025-12-01' as first_month_date
            from (values ('c0'), ('c1'), ('c2')) as customers (customer_id);
        """
    )
    for number, account in enumerate(bank.accounts):
        key, product = f"a{number}", f"p{number}"
        connection.execute(
            "insert into stg.int_account__holder values (?, ?, ?, 'o', ?, null, ?, ?, ?)",
            [key, account.customer, product, account.currency, Decimal(account.share).scaleb(-6),
             account.currency == "IDR" and account.share == 10**6, FIRST],
        )  # fmt: skip
        connection.execute(
            "insert into stg.stg_core_banking__products values (?, ?, true, ?)",
            [product, "wealth" if number == 1 else "deposit", Decimal(account.weight).scaleb(-6)],
        )
        connection.executemany(
            "insert into stg.stg_core_banking__monthly_balances values (?, ?, ?, ?, ?)",
            [
                (key, product, DECEMBER, cents(account.december_end), cents(account.december_sum)),
                (key, product, JANUARY, cents(0), cents(account.january_sum)),
            ],
        )
    return connection, models


def run_night(bank: Drawn, connection: duckdb.DuckDBPyConnection, models: Models, night: int) -> None:
    """Build the models as one of the two nights."""
    day = (FIRST, SECOND)[night]
    last_december, last_january = date(2025, 12, 31), date(2026, 1, 31)
    # month, end, through, days so far of the month, of the recorded quarter and year
    months = [
        [(DECEMBER, last_december, last_december, 31, 31, 31), (JANUARY, last_january, FIRST, 28, 28, 28)],
        [(JANUARY, last_january, last_january, 31, 31, 31), (FEBRUARY, date(2026, 2, 28), SECOND, 3, 34, 34)],
    ][night]
    connection.execute(
        "create or replace table stg.int_calendar__open_months (month_start_date date, month_end_date date,"
        " through_date date, month_index integer, elapsed_days integer, quarter_days integer,"
        " year_days integer, is_current boolean, is_provisional boolean,"
        " recorded_days integer, thirty_days integer default 30, is_partial_month boolean default false)"
    )
    connection.executemany(
        "insert into stg.int_calendar__open_months values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, default, default)",
        [
            (
                month,
                end,
                through,
                month.year * 12 + month.month,
                *days,
                month == months[-1][0],
                through < end,
                days[0],
            )
            for month, end, through, *days in months
        ],
    )
    connection.execute(
        """
        create or replace table stg.int_customer__month as
        select since.customer_id, months.month_start_date, months.month_index
        from stg.int_customer__recorded_since as since
        cross join stg.int_calendar__open_months as months;
        create or replace table stg.stg_core_banking__deposit_balances (account_id varchar,
            balance_ccy_amt decimal(18, 2));
        create or replace table stg.stg_core_banking__fx_rates (currency_code varchar, rate_date date,
            mid_rate decimal(18, 8));
        delete from stg.stg_core_banking__investment_positions;
        """
    )
    for number, account in enumerate(bank.accounts):
        amount = cents((account.first, account.second)[night])
        if number == 1:
            connection.execute(
                "insert into stg.stg_core_banking__investment_positions values ('a1', 'p1', ?)", [amount]
            )
        else:
            connection.execute(
                "insert into stg.stg_core_banking__deposit_balances values (?, ?)", [f"a{number}", amount]
            )
    connection.execute(
        "insert into stg.stg_core_banking__fx_rates values ('USD', ?, ?)",
        [day, Decimal(bank.rates[night]).scaleb(-8)],
    )
    models.build(
        business_date=str(day),
        previous_business_date=str(FIRST) if night else "",
        reporting_currency="IDR",
    )


def row(connection: duckdb.DuckDBPyConnection, customer: str, month: date) -> dict[str, Any]:
    found = connection.execute(
        "from customer_value.fct_customer_aum_monthly where customer_id = ? and month_start_date = ?",
        [customer, month],
    )
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    assert len(rows) == 1
    return dict(zip(names, rows[0], strict=True))


FULL = Account("c0", "IDR", 10**6, 10**6, LARGEST, LARGEST, LARGEST, LARGEST, LARGEST)
NOTHING = Account("c1", "USD", 10**6, 10**6, 0, 0, 0, 0, 0)


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(banks())
@example(Drawn((10**18 - 1, 10**18 - 1), (FULL, NOTHING, NOTHING, NOTHING)))
@example(
    # half a cent of two owners, at a rate of eight decimals
    Drawn(
        (700_000_001, 1),
        (
            Account("c0", "USD", 500_000, 333_333, 1, 31, 27, 10**15, 10**15),
            Account("c0", "USD", 500_000, 666_667, 1, 31, 27, 10**15, 10**15),
            Account("c1", "IDR", 10**6, 500_000, 1, 31, 27, 1, 1),
            NOTHING,
        ),
    )
)
def test_aum_is_exact_to_the_cent(bank: Drawn) -> None:
    connection, models = built(bank)
    run_night(bank, connection, models, 0)
    december = {customer: row(connection, customer, DECEMBER) for customer in ("c0", "c1", "c2")}
    run_night(bank, connection, models, 1)

    for customer in ("c0", "c1", "c2"):
        wanted = expected(bank, customer)
        published = {
            DECEMBER: december[customer],
            **{month: row(connection, customer, month) for month in (JANUARY, FEBRUARY)},
        }
        averages = {}
        for month, days in ((DECEMBER, 31), (JANUARY, 31), (FEBRUARY, 3)):
            end, total = (amount / 100 for amount in wanted[month])
            found = published[month]
            averages[month] = rounded(total / days)
            assert (found["aum_end_amt"], found["balance_sum_amt"]) == (rounded(end), rounded(total))
            assert found["aum_month_avg_amt"] == averages[month]
            assert found["aum_month_avg_30_amt"] == rounded(total / 30)
        to_date = (wanted[JANUARY][1] + wanted[FEBRUARY][1]) / 100 / 34
        trailing = rounded(Fraction(sum(averages.values())) / 3)
        assert published[FEBRUARY]["aum_year_avg_amt"] == rounded(to_date)
        assert published[FEBRUARY]["aum_avg_12m_amt"] == trailing
        parts = connection.execute(
            "select coalesce(sum(aum_end_amt), 0), coalesce(sum(aum_year_avg_amt), 0)"
            " from customer_value.fct_customer_aum_part_monthly"
            " where customer_id = ? and month_start_date = ?",
            [customer, FEBRUARY],
        ).fetchone()
        assert parts == (published[FEBRUARY]["aum_end_amt"], published[FEBRUARY]["aum_year_avg_amt"])
