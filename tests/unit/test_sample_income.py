"""The generated bank earns what banks earn, and its answer key of contribution is right to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from sample_bank.published_ratios import COST_CENTRES, PUBLISHED, PublishedRange
from tests.reference.contribution import cents, curve_rate
from tests.support.earnings import Earnings, read

SEPTEMBER = date(2026, 9, 1)
SIZES = {"wealthy": 4_000, "suzhou": 30_000}
"""Loans of the savers' bank are too few for a share of them."""
NEEDS_LOANS = ("non_performing", "special_mention")


def spec(profile, customers):
    """All nights of September, after a first night in August."""
    return SampleSpec(
        customers=customers, months=3, nights=23, end=date(2026, 9, 30), profile=profile,
        written_as=Format(kind="parquet"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def banks(tmp_path_factory):
    made = {}
    for profile, customers in SIZES.items():
        made[profile] = Earnings(tmp_path_factory.mktemp(profile), SEPTEMBER)
        generate_bank(
            spec(profile, customers), made[profile].folder / "landing", made[profile].folder / "key"
        )
    return made


@pytest.fixture(scope="module")
def wealthy(banks):
    return banks["wealthy"]


CASES = [
    pytest.param(profile, published, id=f"{profile} {published.ratio}")
    for profile in SIZES
    for published in PUBLISHED
    if profile == "wealthy" or published.ratio not in NEEDS_LOANS
]


@pytest.mark.parametrize(("profile", "published"), CASES)
def test_the_bank_lies_within_what_banks_publish(banks, profile, published: PublishedRange):
    found = banks[profile].ratios()[published.ratio]

    assert published.low <= found <= published.high, f"{published.meaning}: {found:.4f}"


@pytest.mark.parametrize("profile", SIZES)
def test_every_product_line_earns_money(banks, profile):
    lines = banks[profile].lines()

    assert set(lines) == {
        "savings", "settlement", "mortgage", "consumer", "business", "card", "wealth_management", "fund",
        "insurance", "trust", "gold", "bond", "service",
    }  # fmt: skip
    assert {line: amount for line, amount in lines.items() if amount <= 0} == {}


@pytest.mark.parametrize("profile", SIZES)
def test_few_customers_make_the_profit_and_some_cost_more_than_they_bring(banks, profile):
    earned = banks[profile].customers["contribution"].sort(descending=True)
    best, positive = earned.head(len(earned) // 5), earned.filter(earned > 0)

    assert best.sum() > 0.8 * positive.sum()
    # a customer without money or business costs nothing either: less than a cent is nothing
    assert COST_CENTRES[0] <= (earned <= -0.005).mean() <= COST_CENTRES[1]


def quotes(bank):
    rows = read(bank.folder, "ftp_rate").unique(["curve_id", "tenor_days", "rate_date"])
    return {
        (curve, tenor, day): rate
        for curve, tenor, day, rate in rows.select("curve_id", "tenor_days", "rate_date", "rate").iter_rows()
    }


def price(told, curve, opened, maturity, day):
    """Transfer price of a contract on a day."""
    if maturity is None:
        return curve_rate(told, curve, day, 0)
    return curve_rate(told, curve, opened, (maturity - opened).days)


def test_curves_rise_with_the_tenor(wealthy):
    told = quotes(wealthy)

    for curve, day in {(curve, day) for curve, _, day in told}:
        rates = [rate for (name, _, on), rate in sorted(told.items()) if (name, on) == (curve, day)]
        assert rates == sorted(set(rates))
        assert Decimal("0.015") < rates[0] < rates[-1] < Decimal("0.045")


def test_deposits_pay_less_than_their_money_is_worth(wealthy):
    told = {key: rate for key, rate in quotes(wealthy).items() if key[2] >= date(2026, 6, 1)}
    products = read(wealthy.folder, "product").unique("product_code")
    deposits = wealthy.accounts.join(
        products.filter(pl.col("asset_class") == "deposit"), on="product_code"
    ).filter((pl.col("open_date") >= date(2026, 6, 1)) | pl.col("maturity_date").is_null())  # fmt: skip
    terms = deposits.drop_nulls("maturity_date")
    whole = {"1101": 91, "1102": 365, "1103": 1095}

    assert terms.height > 100
    columns = ("product_code", "ftp_curve_id", "open_date", "maturity_date", "interest_rate")
    for product, curve, opened, maturity, rate in terms.select(columns).iter_rows():
        assert (maturity - opened).days == whole[product]
        assert rate < price(told, curve, opened, maturity, opened)
    for curve, rate in deposits.filter(pl.col("maturity_date").is_null()).select(
        "ftp_curve_id", "interest_rate"
    ).unique().iter_rows():  # fmt: skip
        assert rate <= price(told, curve, None, None, SEPTEMBER) / 3


def test_every_term_deposit_runs_for_the_term_of_its_product(wealthy):
    terms = wealthy.accounts.drop_nulls("maturity_date")
    days = terms.select("product_code", days=(pl.col("maturity_date") - pl.col("open_date")).dt.total_days())

    assert dict(days.unique().iter_rows()) == {"1101": 91, "1102": 365, "1103": 1095}
    assert days.unique().height == 3


def test_loans_ask_more_than_their_money_and_their_risk(wealthy):
    """Expected loss by the risk of a loan that is paid in time."""
    told = quotes(wealthy)
    loans = read(wealthy.folder, "loan").unique("loan_id")
    risks = read(wealthy.folder, "risk_parameter").filter(pl.col("risk_month") == SEPTEMBER)
    late = pl.read_parquet(
        max(wealthy.folder.glob("landing/*")) / "*" / "loan_balance-*.parquet"
    ).filter(pl.col("five_class") == "normal")  # fmt: skip
    rows = loans.join(risks, on="loan_id").join(late, on="loan_id").sort("loan_id").head(200)

    assert rows["loan_class"].n_unique() == 4
    for opened, maturity, rate, pd, lgd in rows.select(
        "start_date", "maturity_date", "interest_rate", "pd", "lgd"
    ).iter_rows():
        cost = price(told, "CNY", opened, maturity, opened)
        assert Fraction(rate) > cost + Fraction(pd) * Fraction(lgd)


def test_chances_of_default_rise_from_class_to_class(wealthy):
    risks = read(wealthy.folder, "risk_parameter").filter(pl.col("risk_month") == SEPTEMBER)
    last = pl.read_parquet(max(wealthy.folder.glob("landing/*")) / "*" / "loan_balance-*.parquet")
    classes = read(wealthy.folder, "loan").unique("loan_id").select("loan_id", "loan_class")
    found = risks.join(last, on="loan_id").join(classes, on="loan_id")
    order = ["normal", "special_mention", "substandard", "doubtful", "loss"]
    ranked = found.with_columns(rank=pl.col("five_class").replace_strict({c: i for i, c in enumerate(order)}))

    for rows in ranked.partition_by("loan_class"):
        by_rank = rows.group_by("rank").agg(pl.col("pd").unique()).sort("rank")
        assert by_rank["pd"].list.len().max() == 1
        chances = by_rank["pd"].list.first().to_list()
        assert chances == sorted(set(chances))


def balances(bank, table, key, value):
    """What every batch told, by business date."""
    return {
        date.fromisoformat(night.name.removeprefix("business_date=")): dict(
            pl.read_parquet(night / "*" / f"{table}-*.parquet").select(key, value).iter_rows()
        )
        for night in sorted(bank.folder.glob("landing/*"))
    }


def of_days(told):
    """The balance of each day of September: that of the last batch."""
    for number in range(30):
        day = SEPTEMBER + timedelta(days=number)
        yield day, told[max(night for night in told if night <= day)]


def key_of(bank, column):
    rows = pl.read_parquet(bank.folder / "key" / "income-*.parquet")
    # of an account whose outlet was merged in the month there are two lines
    rows = rows.filter(pl.col("month_start_date") == SEPTEMBER).filter(pl.len().over("account_id") == 1)
    return dict(rows.select("account_id", column).iter_rows())


@pytest.mark.parametrize("product", ["1001", "1003", "1011", "1102", "1103", "1901"])
def test_interest_of_deposits_is_the_sum_of_the_days(wealthy, product):
    """Σ balance × (FTP − rate) / day count, as the files tell it, in fractions."""
    told, days = quotes(wealthy), list(of_days(balances(wealthy, "deposit_balance", "account_id", "balance")))
    rates = {
        (row["currency"], row["rate_date"]): row["mid_rate"]
        for row in read(wealthy.folder, "fx_rate").unique(["currency", "rate_date"]).to_dicts()
    }
    terms = read(wealthy.folder, "product").unique("product_code").filter(pl.col("product_code") == product)
    curve, basis = terms["ftp_curve_id"].item(), terms["day_count"].item()
    key, averages = key_of(wealthy, "deposit_nii_amt"), key_of(wealthy, "average_balance_amt")
    accounts = wealthy.accounts.filter(
        (pl.col("product_code") == product) & pl.col("account_id").is_in(list(key))
    ).sort("account_id").head(15)  # fmt: skip

    assert accounts.height > 5
    for account in accounts.to_dicts():
        total = balance = Fraction(0)
        for day, held in days:
            worth = Fraction(held.get(account["account_id"], 0))
            if account["currency"] != "CNY":
                quoted = max(d for c, d in rates if c == account["currency"] and d <= day)
                worth *= Fraction(rates[account["currency"], quoted])
            balance += worth
            ftp = price(told, curve, account["open_date"], account["maturity_date"], day)
            total += worth * (ftp - Fraction(account["interest_rate"]))
        assert cents(total / basis) == int(key[account["account_id"]] * 100)
        assert cents(balance / 30) == int(averages[account["account_id"]] * 100)


def test_interest_and_loss_of_loans_are_the_sum_of_the_days(wealthy):
    told, days = quotes(wealthy), list(of_days(balances(wealthy, "loan_balance", "loan_id", "balance")))
    risks = read(wealthy.folder, "risk_parameter").filter(pl.col("risk_month") == SEPTEMBER)
    basis = dict(read(wealthy.folder, "product").select("product_code", "day_count").iter_rows())
    margins, losses = key_of(wealthy, "loan_nii_amt"), key_of(wealthy, "expected_loss_amt")
    loans = read(wealthy.folder, "loan").unique("loan_id").join(risks, on="loan_id").sort("loan_id")
    loans = loans.filter(pl.col("loan_id").is_in(list(margins))).gather_every(10)

    assert loans.height > 50
    for loan in loans.to_dicts():
        ftp = price(told, "CNY", loan["start_date"], loan["maturity_date"], None)
        owed = sum((Fraction(held.get(loan["loan_id"], 0)) for _, held in days), Fraction(0))
        margin = owed * (Fraction(loan["interest_rate"]) - ftp) / basis[loan["product_code"]]
        assert cents(margin) == int(margins[loan["loan_id"]] * 100)
        loss = Fraction(loan["pd"]) * Fraction(loan["lgd"]) * Fraction(loan["ead"]) / 12
        assert cents(loss) == -int(losses[loan["loan_id"]] * 100)


def test_fees_of_the_key_are_the_fees_delivered(wealthy):
    fees = read(wealthy.folder, "fee_income").filter(pl.col("income_date") >= SEPTEMBER)
    sums = fees.group_by("customer_id", "product_code").agg(
        pl.col("amount").sum(), cost=-pl.col("direct_cost").sum()
    )
    # a sale that was cancelled at once leaves nothing
    sums = sums.filter((pl.col("amount") != 0) | (pl.col("cost") != 0))
    key = pl.read_parquet(wealthy.folder / "key" / "income-*.parquet").filter(
        (pl.col("month_start_date") == SEPTEMBER) & pl.col("account_id").str.starts_with("FEE:")
    )
    joined = sums.join(key, on=["customer_id", "product_code"], how="full", coalesce=True)

    assert fees["fee_id"].is_unique().all()
    assert joined.height > 1_000
    is_other = pl.col("amount").ne_missing(pl.col("fee_income_amt"))
    assert joined.filter(is_other | pl.col("cost").ne_missing(pl.col("direct_cost_amt"))).is_empty()


def test_every_sale_brings_its_fee_and_a_cancellation_takes_it_back(wealthy):
    fees = read(wealthy.folder, "fee_income").filter(pl.col("fee_type").is_in(["sales", "refund"]))
    trades = read(wealthy.folder, "sales_trade").with_columns(
        fee=pl.when(pl.col("status") == "live").then("fee_income").otherwise(-pl.col("fee_income"))
    )
    keys = ["customer_id", "product_code", "org_id", "date"]
    paid = fees.select(*keys[:3], pl.col("income_date").alias("date"), "amount")
    sold = trades.filter(pl.col("fee") != 0).select(*keys[:3], pl.col("trade_date").alias("date"), "fee")

    assert (paid["amount"] < 0).any()
    first = paid["date"].min()
    both = paid.join(sold.filter(pl.col("date") >= first), on=keys, how="full", coalesce=True)
    assert both.filter(pl.col("amount").ne_missing(pl.col("fee"))).is_empty()


def test_costs_grow_with_what_an_outlet_serves(tmp_path, wealthy):
    """Twice the customers at as many outlets: about twice the cost of each driver."""
    assert wealthy.pools["driver_code"].n_unique() == 4
    small = Earnings(tmp_path, SEPTEMBER)
    generate_bank(spec("wealthy", 2_000), tmp_path / "landing", tmp_path / "key")
    totals = [
        dict(bank.pools.group_by("driver_code").agg(pl.col("amount").sum()).iter_rows())
        for bank in (small, wealthy)
    ]

    assert small.pools["org_id"].n_unique() == wealthy.pools["org_id"].n_unique()
    for driver, amount in totals[0].items():
        assert totals[1][driver] == pytest.approx(2 * amount, rel=0.35), driver


def test_an_outlet_that_was_merged_costs_no_more_than_what_it_did_before(wealthy):
    orgs = read(wealthy.folder, "org").unique("org_id", keep="last")
    (closed,) = orgs.drop_nulls("successor_org_id")["org_id"]

    assert set(wealthy.pools.filter(pl.col("org_id") == closed)["driver_code"]) == {"transactions"}
    before = read(wealthy.folder, "cost_pool").filter(pl.col("cost_month") < SEPTEMBER)
    assert before.filter(pl.col("org_id") == closed)["driver_code"].n_unique() == 3
