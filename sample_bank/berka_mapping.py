"""From the Berka tables to the extract contract, table by table.

docs/berka.md says the same in words: what is mapped, what the data set lacks, which placeholders stand in.
A column that is not written here is not in the data set and stays empty.
"""

from datetime import date

import polars as pl

from sample_bank.berka_balances import closing_balances, monthly_history
from sample_bank.berka_source import MONEY, BerkaSource, birth_date, gender

CURRENCY = "CZK"
HEAD_OFFICE = "0"
DEPOSIT_PRODUCT = "DEPOSIT"
LOAN_PRODUCT = "LOAN"

# the years that the published data set spans
CALENDAR = (date(1993, 1, 1), date(1998, 12, 31))

NEVER = date(9999, 12, 31)

EMPTY_TABLES = (
    "employee",
    "investment_position",
    "assignment",
    "sales_trade",
    "sales_registration",
    "sales_ratio_param",
    "ftp_rate",
    "fx_rate",
)
"""Required by the contract; nothing in the data set maps to them."""


def fixed_tables(source: BerkaSource) -> dict[str, pl.DataFrame]:
    """Tables that are sent whole and are the same every night."""
    branches = source.district.select(
        org_id="A1",
        org_name="A2",
        org_level=pl.lit("branch"),
        parent_org_id=pl.lit(HEAD_OFFICE),
        region_code="A3",
    )
    head_office = pl.DataFrame({"org_id": HEAD_OFFICE, "org_name": "Head office", "org_level": "head_office"})
    products = pl.DataFrame(
        {
            "product_code": [DEPOSIT_PRODUCT, LOAN_PRODUCT],
            "product_name": ["Deposit account", "Loan"],
            "asset_class": ["deposit", "loan"],
            "product_line": ["deposit", "loan"],
            "is_in_aum": [True, False],
            "currency": CURRENCY,
            "day_count": 365,
            "allows_overdraft": [True, False],
        }
    )
    days = pl.DataFrame({"calendar_date": pl.date_range(*CALENDAR, eager=True)}).with_columns(
        is_business_day=True,
        is_interest_settlement=pl.col("calendar_date") == pl.col("calendar_date").dt.month_end(),
    )
    return {
        "org": pl.concat([head_office, branches], how="diagonal"),
        "product": products,
        "calendar": days,
    }


def dated_tables(source: BerkaSource) -> dict[str, tuple[pl.DataFrame, pl.Series]]:
    """Tables that grow, each with the day from which the bank knows a row."""
    holder = _holders(source)
    account = source.account.join(holder, on="account_id", maintain_order="left")
    customer = (
        source.client.join(source.disp.select("client_id", "account_id"), on="client_id")
        .join(account.select("account_id", opened="date", branch="district_id"), on="account_id")
        # a client may use an account before owning one
        .sort("opened", pl.col("account_id").cast(pl.Int64))
        .unique("client_id", keep="first", maintain_order=True)
        .join(source.district.select("A1", "A3"), left_on="district_id", right_on="A1")
        .sort(pl.col("client_id").cast(pl.Int64))
    )
    loan = source.loan.join(account, on="account_id", suffix="_account", maintain_order="left")
    card = (
        source.card.join(source.disp.select("disp_id", "client_id", "account_id"), on="disp_id")
        .join(source.account.select("account_id", "district_id"), on="account_id")
        .sort(pl.col("card_id").cast(pl.Int64))
    )
    return {
        "customer": (customer.select(**_CUSTOMER), customer["opened"]),
        "account": (account.select(**_ACCOUNT), account["date"]),
        "loan": (loan.select(**_LOAN), loan["date"]),
        "card": (card.select(**_CARD), card["issued"]),
    }


def event_tables(source: BerkaSource) -> dict[str, tuple[pl.DataFrame, pl.Series]]:
    """Tables of what happened, each with the day on which it did."""
    fees = (
        source.trans.filter(pl.col("k_symbol") == "SLUZBY")
        .join(_holders(source), on="account_id", maintain_order="left")
        .join(source.account.select("account_id", "district_id"), on="account_id", maintain_order="left")
    )
    cards = source.card.join(source.disp.select("disp_id", "account_id"), on="disp_id")
    card_use = (
        source.trans.filter(pl.col("operation") == "VYBER KARTOU")
        .join(cards.select("account_id", "card_id", "issued"), on="account_id", maintain_order="left")
        .filter(pl.col("issued") <= pl.col("date"))
        # an account's cards cannot be told apart in a withdrawal; the one issued last is taken
        .sort("issued", pl.col("card_id").cast(pl.Int64))
        .unique("trans_id", keep="last", maintain_order=True)
        .sort(pl.col("trans_id").cast(pl.Int64))
    )
    return {
        "transaction": (source.trans.select(**_TRANSACTION), source.trans["date"]),
        "card_txn": (card_use.select(**_CARD_TXN), card_use["date"]),
        "fee_income": (fees.select(**_FEE), fees["date"]),
    }


def account_closings(source: BerkaSource) -> pl.DataFrame:
    """Closing balances of accounts; an account begins with 0 on its opening day."""
    signed = pl.when(pl.col("type") == "PRIJEM").then("amount").otherwise(-pl.col("amount"))
    return closing_balances(
        source.account.select(id="account_id", date="date", amount=pl.lit(0, MONEY)),
        source.trans.select(id="account_id", date="date", amount=signed),
    )


def loan_closings(source: BerkaSource) -> pl.DataFrame:
    """Outstanding amounts of loans; rounded instalments may add to more than the loan, hence the floor."""
    payments = (
        source.trans.filter(pl.col("k_symbol") == "UVER")
        .join(source.loan.select("loan_id", "account_id", granted="date"), on="account_id")
        .filter(pl.col("date") >= pl.col("granted"))
    )
    closing = closing_balances(
        source.loan.select(id="loan_id", date="date", amount="amount"),
        payments.select(id="loan_id", date="date", amount=-pl.col("amount")),
    )
    return closing.with_columns(pl.max_horizontal("balance", pl.lit(0, MONEY)).cast(MONEY).alias("balance"))


def deposit_balance(balances: pl.DataFrame) -> pl.DataFrame:
    """One night's account balances."""
    return balances.rename({"id": "account_id"})


def loan_balance(balances: pl.DataFrame) -> pl.DataFrame:
    """One night's loan balances."""
    return balances.rename({"id": "loan_id"}).with_columns(five_class=pl.lit("normal"))


def history(closings: pl.DataFrame, first_night: date) -> pl.DataFrame:
    """The initial load's months before ``first_night``."""
    rows = monthly_history(closings, first_night).rename({"id": "account_id"})
    return rows.with_columns(product_code=pl.lit(DEPOSIT_PRODUCT))


def _holders(source: BerkaSource) -> pl.DataFrame:
    return source.disp.filter(pl.col("type") == "OWNER").select("account_id", customer_id="client_id")


def _to_other_bank() -> pl.Expr:
    return pl.col("operation").is_in(["PREVOD Z UCTU", "PREVOD NA UCET"]).fill_null(False)


def _txn_type() -> pl.Expr:
    purpose, operation = pl.col("k_symbol"), pl.col("operation")
    return (
        pl.when(purpose.is_in(["UROK", "SANKC. UROK"]))
        .then(pl.lit("interest"))
        .when(purpose == "SLUZBY")
        .then(pl.lit("fee"))
        .when(purpose == "UVER")
        .then(pl.lit("loan"))
        .when(operation.is_in(["VKLAD", "VYBER", "VYBER KARTOU"]))
        .then(pl.lit("cash"))
        .when(_to_other_bank())
        .then(pl.lit("transfer"))
    )


_CUSTOMER = {
    "customer_id": pl.col("client_id"),
    "customer_type": pl.lit("P"),
    "customer_name": pl.lit("Client ") + pl.col("client_id"),
    "gender": gender(pl.col("birth_number")),
    "birth_date": birth_date(pl.col("birth_number")),
    "region_code": pl.col("A3"),
    "first_open_date": pl.col("opened"),
    "home_org_id": pl.col("branch"),
    "status": pl.lit("active"),
}

_ACCOUNT = {
    "account_id": pl.col("account_id"),
    "customer_id": pl.col("customer_id"),
    "product_code": pl.lit(DEPOSIT_PRODUCT),
    "org_id": pl.col("district_id"),
    "currency": pl.lit(CURRENCY),
    "open_date": pl.col("date"),
    "status": pl.lit("open"),
}

_LOAN = {
    "loan_id": pl.col("loan_id"),
    "customer_id": pl.col("customer_id"),
    "product_code": pl.lit(LOAN_PRODUCT),
    "loan_class": pl.lit("other"),
    "org_id": pl.col("district_id"),
    "currency": pl.lit(CURRENCY),
    "principal": pl.col("amount"),
    "interest_rate": pl.lit(0),
    "start_date": pl.col("date"),
    "maturity_date": pl.col("date").dt.offset_by(pl.format("{}mo", "duration")),
}

_CARD = {
    "card_id": pl.col("card_id"),
    "customer_id": pl.col("client_id"),
    # a withdrawal is taken from the account at once, whatever the guide calls the card
    "card_kind": pl.lit("debit"),
    "card_grade": pl.when(pl.col("type") == "gold").then(pl.lit("gold")).otherwise(pl.lit("classic")),
    "org_id": pl.col("district_id"),
    "issue_date": pl.col("issued"),
    "expiry_date": pl.lit(NEVER),
    "status": pl.lit("valid"),
}

_TRANSACTION = {
    "txn_id": pl.col("trans_id"),
    "account_id": pl.col("account_id"),
    "txn_date": pl.col("date"),
    "amount": pl.col("amount"),
    "direction": pl.when(pl.col("type") == "PRIJEM").then(pl.lit("in")).otherwise(pl.lit("out")),
    "currency": pl.lit(CURRENCY),
    "channel_code": pl.when(pl.col("operation") == "VYBER KARTOU").then(pl.lit("card")),
    # without a bank the account is a filler, '0'
    "counter_account": pl.when(pl.col("bank").is_not_null()).then(pl.col("account")),
    "counter_bank_code": pl.col("bank"),
    "is_in_bank": ~_to_other_bank(),
    "txn_type": _txn_type(),
}

_CARD_TXN = {
    "txn_id": pl.col("trans_id"),
    "card_id": pl.col("card_id"),
    "txn_date": pl.col("date"),
    "amount": pl.col("amount"),
    "is_consumption": pl.lit(False),
}

_FEE = {
    "fee_id": pl.col("trans_id"),
    "customer_id": pl.col("customer_id"),
    "product_code": pl.lit(DEPOSIT_PRODUCT),
    "org_id": pl.col("district_id"),
    "income_date": pl.col("date"),
    "fee_type": pl.lit("statement"),
    "amount": pl.col("amount"),
}
