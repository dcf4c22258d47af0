"""What a generated bank earns in a month, from its files and answer key alone: no model of the project.

Contribution is the answer key's, costs are spread over accounts by the plain rule of chapter 4.1. Amounts
are binary here: ratios are asked for, not cents.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl
import polars.selectors as cs

from sample_bank.published_ratios import TAX_RATE, RatioName

COMPONENTS = ("deposit_nii_amt", "loan_nii_amt", "fee_income_amt", "direct_cost_amt", "expected_loss_amt")
BAD = ("substandard", "doubtful", "loss")


def read(folder: Path, table: str) -> pl.DataFrame:
    """A table of all nights, the later ones last."""
    paths = sorted(folder.glob(f"landing/*/*/{table}-*.parquet"))
    return pl.concat([pl.read_parquet(path) for path in paths], how="diagonal")


@dataclass(frozen=True)
class Earnings:
    """A month of a bank in a folder with ``landing`` and ``key``; the nights cover all of the month."""

    folder: Path
    month: date

    @property
    def _year(self) -> float:
        days = self.month.replace(day=28).toordinal() + 4 - self.month.toordinal()
        next_month = date.fromordinal(self.month.toordinal() + days).replace(day=1)
        return 365 / (next_month - self.month).days

    @cached_property
    def key(self) -> pl.DataFrame:
        """The answer key's lines of the month, with what their products are."""
        rows = pl.read_parquet(self.folder / "key" / "income-*.parquet")
        return rows.filter(pl.col("month_start_date") == self.month).with_columns(
            cs.decimal().cast(pl.Float64)
        ).join(read(self.folder, "product").unique("product_code"), on="product_code")  # fmt: skip

    @cached_property
    def accounts(self) -> pl.DataFrame:
        """Every account of the bank as last told."""
        return read(self.folder, "account").unique("account_id", keep="last")

    @cached_property
    def pools(self) -> pl.DataFrame:
        """The month's cost pools; ``bearer`` is the org whose accounts bear one."""
        rows = read(self.folder, "cost_pool").filter(pl.col("cost_month") == self.month)
        orgs = read(self.folder, "org").unique("org_id", keep="last")
        return rows.join(orgs, on="org_id").with_columns(
            pl.col("amount").cast(pl.Float64), bearer=pl.coalesce("successor_org_id", "org_id")
        )

    @cached_property
    def costs(self) -> pl.DataFrame:
        """What each account, loan and card bears of its outlet's pools, negative."""
        columns = ("account_id", "customer_id", "org_id", "product_code")
        held = self.key.filter(pl.col("org_id").is_not_null()).select(
            *columns, balances=pl.col("average_balance_amt").clip(lower_bound=0)
        )
        empty = self.accounts.join(held, on="account_id", how="anti")
        lines = pl.concat([held, empty.select(*columns, balances=pl.lit(0.0))])
        moves = read(self.folder, "transaction").filter(pl.col("txn_date") >= self.month)
        lines = lines.join(
            moves.group_by("account_id").agg(transactions=pl.len().cast(pl.Float64)),
            on="account_id",
            how="left",
        ).with_columns(
            pl.col("transactions").fill_null(0),
            accounts=1 / pl.len().over("account_id"),
            customers=1 / pl.len().over("customer_id", "org_id"),
        )
        shares = lines.unpivot(
            ["accounts", "customers", "transactions", "balances"],
            index=["account_id", "customer_id", "org_id", "product_code"],
            variable_name="driver_code",
        ).with_columns(share=pl.col("value") / pl.col("value").sum().over("org_id", "driver_code"))
        pools = self.pools.select("driver_code", "amount", org_id="bearer")
        return shares.join(pools, on=["org_id", "driver_code"]).select(
            "account_id", "customer_id", "product_code", cost=-pl.col("amount") * pl.col("share")
        )

    @cached_property
    def customers(self) -> pl.DataFrame:
        """Contribution by customer."""
        earned = self.key.group_by("customer_id").agg(pl.sum_horizontal(COMPONENTS).sum().alias("earned"))
        borne = self.costs.group_by("customer_id").agg(pl.col("cost").sum())
        joined = earned.join(borne, on="customer_id", how="full", coalesce=True).fill_null(0)
        return joined.select("customer_id", contribution=pl.col("earned") + pl.col("cost"))

    def lines(self) -> dict[str, float]:
        """Contribution by product line."""
        lines = read(self.folder, "product").unique("product_code").select("product_code", "product_line")
        borne = self.costs.join(lines, on="product_code").select("product_line", amount="cost")
        earned = self.key.select("product_line", amount=pl.sum_horizontal(COMPONENTS))
        return dict(
            pl.concat([earned, borne]).group_by("product_line").agg(pl.col("amount").sum()).iter_rows()
        )

    def _sum(self, column: str, where: pl.Expr | None = None) -> float:
        rows = self.key if where is None else self.key.filter(where)
        return float(rows[column].sum())

    def ratios(self) -> dict[RatioName, float]:
        """The ratios of the bank. What is not lent to customers is lent on at transfer prices."""
        is_deposit = pl.col("asset_class").is_in(["deposit", "settlement"])
        deposits = self._sum("average_balance_amt", is_deposit)
        loans = self._sum("average_balance_amt", pl.col("asset_class") == "loan")
        assets = max(deposits, loans)
        interest = self._sum("deposit_nii_amt") + self._sum("loan_nii_amt")
        fees = self._sum("fee_income_amt") + self._sum("direct_cost_amt")
        loss, costs = -self._sum("expected_loss_amt"), float(self.pools["amount"].sum())
        profit = interest + fees - costs - loss
        return {
            "net_interest_margin": interest * self._year / assets,
            "fee_share": fees / (interest + fees),
            "cost_income": costs / (interest + fees),
            "credit_cost": loss * self._year / loans,
            "deposit_cost": self._paid(is_deposit) / deposits,
            "return_on_assets": profit * (1 - TAX_RATE) * self._year / assets,
            "non_performing": self._classed(*BAD),
            "special_mention": self._classed("special_mention"),
        }

    def _paid(self, is_deposit: pl.Expr) -> float:
        """Interest of a year on the deposits of the month."""
        rates = self.accounts.select("account_id", pl.col("interest_rate").cast(pl.Float64))
        held = self.key.filter(is_deposit).join(rates, on="account_id")
        return float((held["average_balance_amt"] * held["interest_rate"]).sum())

    def _classed(self, *classes: str) -> float:
        """Share of the loans, by balance on the last night, that are of some classes."""
        last = max(self.folder.glob("landing/*"))
        loans = pl.read_parquet(last / "*" / "loan_balance-*.parquet").with_columns(
            pl.col("balance").cast(pl.Float64)
        )
        bad = loans.filter(pl.col("five_class").is_in(classes))
        return float(bad["balance"].sum() / loans["balance"].sum())
