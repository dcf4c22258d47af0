"""Flows of money and the transactions that the bank books for them."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts, account_ids
from sample_bank.catalogue import CURRENCIES
from sample_bank.columns import digits, money
from sample_bank.people import customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import as_date
from sample_bank.world import TELLERS, World

TRANSACTION_TYPES = (
    "cash", "transfer", "interest", "fee", "salary", "purchase", "redemption", "loan", "other",
)  # fmt: skip
CASH, TRANSFER, INTEREST, FEE, SALARY, PURCHASE, REDEMPTION, LOAN, OTHER = range(len(TRANSACTION_TYPES))
CHANNELS = ("counter", "atm", "mobile", "internet", "pos")
BANKS = ("102", "103", "104", "105", "308")
BANK_NAMES = ("中国工商银行", "中国农业银行", "中国银行", "中国建设银行", "招商银行")
COMPANY = 10**9
"""Accounts outside with a number from here on are companies' that pay again; those below are anybody's."""
ANYBODY = -1


@dataclass(frozen=True)
class FlowTable:
    """The flows of a night in the order of their accounts; columns as in :class:`Flows`.

    Attributes:
        serial: Number of the flow among those of its account.
    """

    places: Ints
    amounts: Ints
    kinds: Ints
    others: Ints
    companies: Ints
    reverses: Bools
    serial: Ints

    @property
    def was_out(self) -> Bools:
        """Whether money left the account; of a reversal, whether it did by what it takes back."""
        left: Bools = (self.amounts < 0) ^ self.reverses
        return left


@dataclass
class Flows:
    """Money into (positive) and out of (negative) deposit accounts in one night.

    Attributes:
        places: Account of each flow.
        kinds: Index into the contract's transaction types.
        others: Account in the bank on the other side; −1 where it is outside.
        companies: Company outside on the other side; :data:`ANYBODY` where it is not one that pays again.
        reverses: Whether the flow takes back the one before it.
    """

    places: list[Ints] = field(default_factory=list)
    amounts: list[Ints] = field(default_factory=list)
    kinds: list[Ints] = field(default_factory=list)
    others: list[Ints] = field(default_factory=list)
    companies: list[Ints] = field(default_factory=list)
    reverses: list[Bools] = field(default_factory=list)

    def add(
        self,
        places: Ints,
        amounts: Ints,
        kind: Ints | int,
        other: Ints | int = -1,
        *,
        company: Ints | int = ANYBODY,
        reverses: bool = False,
    ) -> None:
        """Add flows; those of nothing are left out."""
        moved = amounts != 0
        count = int(moved.sum())
        self.places.append(places[moved])
        self.amounts.append(amounts[moved])
        for column, value in ((self.kinds, kind), (self.others, other), (self.companies, company)):
            column.append(np.broadcast_to(value, places.shape)[moved].astype(np.int64))
        self.reverses.append(np.full(count, reverses))

    def net(self, accounts: int) -> Ints:
        """What the flows so far bring into each account."""
        total = np.zeros(accounts, dtype=np.int64)
        for places, amounts in zip(self.places, self.amounts, strict=True):
            np.add.at(total, places, amounts)
        return total

    def table(self) -> FlowTable:
        """All flows, in the order in which they are booked."""
        places = np.concatenate(self.places)
        order = np.argsort(places, kind="stable")
        places = places[order]
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        return FlowTable(
            places=places,
            amounts=np.concatenate(self.amounts)[order],
            kinds=np.concatenate(self.kinds)[order],
            others=np.concatenate(self.others)[order],
            companies=np.concatenate(self.companies)[order],
            reverses=np.concatenate(self.reverses)[order],
            serial=np.arange(len(places)) - np.repeat(firsts, np.diff(firsts, append=len(places))),
        )


def transaction_rows(world: World, accounts: Accounts, day: int, flows: FlowTable) -> pl.DataFrame:
    """The transaction extract of a day."""
    places, amounts, kinds, others = flows.places, flows.amounts, flows.kinds, flows.others
    serial, companies = flows.serial, flows.companies
    dice, numbers = world.dice, accounts.number[places]
    date, outlets = as_date(day), world.org_of(accounts.home[places], day)
    channel = np.where(
        kinds == CASH,
        dice.integer("cash-channel", 2, numbers, day, serial),
        dice.between("channel", 2, 4, numbers, day, serial),
    )
    is_inside = others >= 0
    is_outside = (kinds == TRANSFER) & ~is_inside
    by_bank = (kinds == INTEREST) | (kinds == FEE) | (kinds == LOAN)
    minutes = dice.integer("minute", 9 * 60, numbers, day, serial)
    is_company = companies != ANYBODY
    bank = np.where(
        is_company, companies % len(BANKS), dice.integer("bank", len(BANKS), numbers, day, serial)
    )
    outside = np.where(
        is_company, COMPANY + companies, dice.integer("outside", COMPANY, numbers, day, serial)
    )
    teller = outlets * 8 + TELLERS[0] + dice.integer("teller", 2, numbers, day, serial)
    frame = pl.DataFrame(
        {
            "account": account_ids("account", numbers),
            "serial": digits("serial", serial, 2),
            "previous": digits("previous", np.maximum(serial - 1, 0), 2),
            "reverses": flows.reverses,
            "minutes": minutes,
            "amount": money("amount", np.abs(amounts)),
            "direction": pl.Series(["out", "in"]).gather((amounts > 0).astype(np.int64)),
            "currency": CURRENCIES.gather(accounts.product[places]),
            "channel_code": pl.Series(CHANNELS).gather(channel),
            "has_channel": ~by_bank,
            "org_id": world.org_ids("org_id", outlets),
            "is_counter": (channel == 0) & ~by_bank,
            "teller_id": digits("teller_id", teller + 1, 6, "E"),
            "is_in_bank": is_inside | by_bank | (kinds == PURCHASE) | (kinds == REDEMPTION) | (kinds == CASH),
            "is_inside": is_inside,
            "is_outside": is_outside,
            "other": account_ids("other", accounts.number[np.maximum(others, 0)]),
            "other_customer": customer_ids(
                "other_customer", accounts.number[np.maximum(others, 0)] // 100 - 1
            ),
            "outside": _outside_account("outside", outside),
            "outside_name": _names(companies),
            "bank": pl.Series(BANKS).gather(bank),
            "bank_name": pl.Series(BANK_NAMES).gather(bank),
            "txn_type": pl.Series(TRANSACTION_TYPES).gather(kinds),
        }
    )
    stamp = pl.lit(date.strftime("%Y%m%d"))
    other_account = pl.when("is_inside").then("other").when("is_outside").then("outside")
    return frame.select(
        pl.concat_str(stamp, "account", "serial").alias("txn_id"),
        pl.col("account").alias("account_id"),
        pl.lit(date).alias("txn_date"),
        (pl.lit(date).cast(pl.Datetime("us")) + pl.duration(minutes=pl.col("minutes") + 9 * 60)).alias(
            "txn_time"
        ),
        "amount",
        "direction",
        "currency",
        pl.when("has_channel").then("channel_code").alias("channel_code"),
        "org_id",
        pl.when("is_counter").then("teller_id").alias("teller_id"),
        other_account.alias("counter_account"),
        pl.when("is_outside").then("bank").alias("counter_bank_code"),
        pl.when("is_outside").then("outside_name").alias("counter_name"),
        pl.when("is_inside").then("other_customer").alias("counter_customer_id"),
        "is_in_bank",
        "txn_type",
        pl.when("is_outside").then("bank_name").alias("counter_bank_name"),
        pl.when("reverses").then(pl.concat_str(stamp, "account", "previous")).alias("reversed_txn_id"),
    )


def _outside_account(name: str, numbers: Ints) -> pl.Series:
    return digits(name, numbers, 16, "62")


def _names(companies: Ints) -> pl.Series:
    named = "外地第" + pl.Series(companies).cast(pl.String) + "工贸有限公司"
    return named.set(pl.Series(companies == ANYBODY), "张某")


def company_account(name: str, companies: Ints) -> pl.Series:
    """Accounts of companies outside."""
    return _outside_account(name, COMPANY + companies)


def company_bank(name: str, companies: Ints) -> pl.Series:
    """The banks where companies outside keep them."""
    return pl.Series(name, BANKS).gather(companies % len(BANKS))
