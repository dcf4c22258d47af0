"""Answer key of events of money: large and unusual movements, transfers, payroll, new payers (chapter 5.3).

Nights are kept as they come; what needs a look back is reckoned after the last of them.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sample_bank.bridge_answers import MONEY, TRANSFERS, BridgeBook
from sample_bank.columns import PPM
from sample_bank.event_sequences import Row, by_customer, cents_of, tell_sequences
from sample_bank.flows import OTHER, PURCHASE, SALARY, TRANSFER, FlowTable
from sample_bank.owners import Claims
from sample_bank.people import Customers
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, as_date
from sample_bank.told import NOTHING, Told
from sample_bank.wealth import CENTS

PRIVATE, PREMIUM, MASS, CORPORATE = range(4)
NO_LINE = 10**15
LARGE = np.array([1_000_000, 200_000, 50_000, 5_000_000]) * CENTS
BORROWERS = np.array([500_000, 100_000, 20_000, 1_000_000]) * CENTS
UNUSUAL = (200_000 * CENTS, 50_000 * CENTS, 10_000 * CENTS, 1_000_000 * CENTS)
BASELINE_DAYS, MOVEMENT_DAYS, DEVIATIONS = 90, 20, 4
FREQUENT, FREQUENT_SUM, FREQUENT_DAYS, COOL_DOWN = 5, 10_000 * CENTS, 30, 30
MOVED_AWAY, MOVED_DAYS = (1_000_000 * CENTS, 200_000 * CENTS, 50_000 * CENTS, 1_000_000 * CENTS), 7
PAYROLL_MONTHS, SILENT_DAYS = 3, 40
NEW_PARTNER, PARTNER_DAYS = 1_000_000 * CENTS, 365
TOLD_DAYS = 7


def is_told_on(day: int, night: int) -> bool:
    """Whether a transaction of a day is news on a night."""
    return day >= night - TOLD_DAYS


@dataclass
class Money:
    """Movements of a chunk's deposits.

    Attributes:
        recorded: First day of which movements are known.
        groups: Customer group by customer, by night.
        aum: AUM in cents by customer, by night.
    """

    people: Customers
    bridge: BridgeBook
    claims: Claims
    told: Told
    recorded: int
    groups: dict[int, Ints] = field(default_factory=dict)
    aum: dict[int, Ints] = field(default_factory=dict)
    _flows: list[pl.DataFrame] = field(default_factory=list)

    def night(self, night: int, flows: list[tuple[int, FlowTable]], borrowers: Bools) -> None:
        """Keep a night's movements by the day of each, and tell the large ones."""
        for day, table in flows:
            part = self.bridge.parts_of(table)
            worth = table.amounts * self.bridge.rates_now(night)[table.places]
            holder, number = self.bridge.holders(table.places)
            moves = np.isin(part, (MONEY, MONEY + 1, TRANSFERS, TRANSFERS + 1))
            plain = (table.kinds == TRANSFER) | (table.kinds == OTHER)
            partner = np.where(
                table.others >= 0, table.others, -2 - (day * 10**7 + table.places) * 1_000 - table.serial
            )
            is_named = (table.others >= 0) | (table.kinds == TRANSFER)
            self._flows.append(
                pl.DataFrame(
                    {
                        "place": table.places,
                        "night": np.full(len(part), night),
                        "day": np.full(len(part), day),
                        "worth": worth,
                        "is_out": table.was_out,
                        "is_back": table.reverses,
                        "moves": moves,
                        "is_money": (part == MONEY) | (part == MONEY + 1),
                        "is_outside": plain & (table.others < 0),
                        "is_purchase": table.kinds == PURCHASE,
                        "is_salary": (table.kinds == SALARY) & (table.amounts > 0) & ~table.reverses,
                        "partner": np.where(is_named, self._partner(partner, table), -1),
                    }
                )
            )
            if is_told_on(day, night):
                chosen = moves & ~table.reverses
                cents = (np.abs(worth) * 2 + CENTS * 10_000) // (2 * CENTS * 10_000)
                group = self.groups[night][holder]
                subject = number * 1_000 + table.serial
                for code, lines, fits in (
                    ("large_inflow", LARGE, ~table.was_out),
                    ("large_outflow", LARGE, table.was_out),
                    ("borrower_outflow", BORROWERS, table.was_out & borrowers[holder]),
                ):
                    at = chosen & fits & (cents >= lines[group])
                    self.told.tell(
                        code, night, self.people.numbers[holder[at]], day,
                        day=day, subject=subject[at], amount=cents[at],
                    )  # fmt: skip

    def _partner(self, partner: Ints, table: FlowTable) -> Ints:
        """Who is on the other side: a customer, or an account elsewhere, of which each is named once."""
        holder, _ = self.bridge.holders(np.maximum(table.others, 0))
        return np.where(table.others >= 0, holder, partner)

    def balances_below(self, night: int, previous: int) -> None:
        """AUM that was at the line and is below it."""
        lines = (np.array([5_000_000, 200_000, 50_000, 1_000_000]) * CENTS)[self.groups[night]]
        now = self.aum[night]
        is_below = (self.aum[previous] >= lines) & (now < lines)
        self.told.tell("balance_below", night, self.people.numbers[is_below], night, amount=now[is_below])

    def look_back(self) -> None:
        """Tell what follows from more than one night."""
        owned = self._owned()
        self._partners(owned)
        for customer, rows in by_customer(owned.filter("is_salary")):
            self._payroll(customer, rows)
        sent = owned.filter(pl.col("is_outside") & pl.col("is_out"))
        for customer, rows in by_customer(sent.filter(pl.len().over("owner") >= FREQUENT)):
            self._frequent(customer, rows)
        gone = owned.filter(pl.col("is_money") & pl.col("is_out"))
        most = gone.group_by("owner").agg(pl.col("worth").abs().sum() // PPM)
        most = most.filter(pl.col("worth") >= min(MOVED_AWAY))
        for customer, rows in by_customer(gone.join(most, on="owner", how="semi", maintain_order="left")):
            self._moved_away(customer, rows)
        moving = owned.filter("moves")
        many = moving.group_by("owner").agg(pl.col("day").n_unique()).filter(pl.col("day") > MOVEMENT_DAYS)
        for customer, rows in by_customer(moving.join(many, on="owner", how="semi", maintain_order="left")):
            self._unusual(customer, rows)
        tell_sequences(owned, self.people, list(self.groups), self.told)

    def _owned(self) -> pl.DataFrame:
        """Every owner's part of every movement, in the order of the nights."""
        claims = self.claims
        owners = pl.DataFrame(
            {
                "place": claims.accounts,
                "owner": claims.owners,
                "share": claims.shares,
                "later": claims.later_shares,
                "since": claims.changes,
            }
        )
        joined = pl.concat(self._flows).join(owners, on="place", maintain_order="left")
        share = pl.when(pl.col("night") >= pl.col("since")).then("later").otherwise("share")
        return joined.with_columns(
            (pl.col("worth").cast(pl.Int128) * share.cast(pl.Int128)).alias("amount")
        ).filter(share > 0)

    def _group(self, customer: int, night: int) -> int:
        return int(self.groups[night][customer])

    def _tell(
        self,
        code: str,
        night: int,
        customer: int,
        key: int,
        *,
        day: int | None = None,
        amount: int = NOTHING,
        count: int = -1,
        reference: int = NEVER,
        is_change: bool = False,
    ) -> None:
        self.told.tell(
            code, night, self.people.numbers[[customer]], key,
            day=day, amount=amount, count=count, reference=reference, is_change=is_change,
        )  # fmt: skip

    def _frequent(self, customer: int, rows: list[Row]) -> None:
        last = -COOL_DOWN
        for night in _fresh_nights(rows):
            inside = [r for r in rows if r["night"] <= night and night - FREQUENT_DAYS < r["day"] <= night]
            count = sum(-1 if row["is_back"] else 1 for row in inside)
            total = cents_of(-sum(row["amount"] for row in inside))
            if count >= FREQUENT and total >= FREQUENT_SUM and night - last >= COOL_DOWN:
                self._tell("frequent_outside_transfers", night, customer, night, amount=total, count=count)
                last = night

    def _moved_away(self, customer: int, rows: list[Row]) -> None:
        last = -COOL_DOWN
        for night in _fresh_nights(rows):
            known = [at for at in self.aum if at <= night - MOVED_DAYS]
            if not known or self.people.opened[customer] > known[-1]:
                continue
            inside = [r for r in rows if r["night"] <= night and night - MOVED_DAYS < r["day"] <= night]
            moved = cents_of(-sum(row["amount"] for row in inside))
            is_most = 2 * moved >= int(self.aum[known[-1]][customer])
            if is_most and moved >= MOVED_AWAY[self._group(customer, night)] and night - last >= COOL_DOWN:
                self._tell("funds_moved_away", night, customer, night, amount=moved)
                last = night

    def _unusual(self, customer: int, rows: list[Row]) -> None:
        sums: dict[int, int] = defaultdict(int)
        for row in rows:
            sums[row["day"]] += row["amount"]
        news = {(r["night"], r["day"]) for r in rows if not r["is_back"] and is_told_on(r["day"], r["night"])}
        for night, day in sorted(news):
            x = cents_of(sums[day])
            before = [cents_of(sums[at]) for at in range(day - BASELINE_DAYS, day) if at in sums]
            if day - BASELINE_DAYS < self.recorded or len(before) < MOVEMENT_DAYS:
                continue
            total, squares = sum(before), sum(amount * amount for amount in before)
            far = BASELINE_DAYS * x - total
            is_far = far**2 > DEVIATIONS**2 * (BASELINE_DAYS * squares - total**2)
            if is_far and abs(x) >= UNUSUAL[self._group(customer, night)]:
                code = "unusual_inflow" if far > 0 else "unusual_outflow"
                self._tell(code, night, customer, day, day=day, amount=abs(x), count=len(before))

    def _payroll(self, customer: int, rows: list[Row]) -> None:
        if self.people.is_corporate[customer]:
            return
        nights = list(self.groups)
        for previous, night in zip([None, *nights], nights, strict=False):
            days = sorted({row["day"] for row in rows if row["night"] <= night})
            if not days:
                continue
            months = {_month(day) for day in days}
            fresh = [r["day"] for r in rows if r["night"] == night and is_told_on(r["day"], night)]
            for day in sorted(set(fresh), reverse=True):
                month, run = _month(day), 0
                while month - run in months:
                    run += 1
                if run == PAYROLL_MONTHS:
                    self._tell("payroll_started", night, customer, month, day=day, is_change=True)
            end = days[-1] + SILENT_DAYS
            if previous is not None and len(months) >= PAYROLL_MONTHS and previous < end <= night:
                self._tell("payroll_stopped", night, customer, days[-1], day=end, reference=days[-1])

    def _partners(self, owned: pl.DataFrame) -> None:
        """Corporates' payers and payees that were never seen before."""
        firms = pl.Series(np.flatnonzero(self.people.is_corporate))
        dealt = owned.filter(
            pl.col("owner").is_in(firms.implode()) & pl.col("moves") & ~pl.col("is_back"),
            pl.col("partner") != -1,
        )
        days = dealt.group_by("owner", "partner", "day").agg(
            pl.col("amount").abs().sum(), pl.col("night").min()
        )
        days = days.sort("day").unique(["owner", "partner"], keep="first")
        for row in days.iter_rows(named=True):
            amount = cents_of(row["amount"])
            is_news = row["night"] > self.told.first and is_told_on(row["day"], row["night"])
            if is_news and amount >= NEW_PARTNER:
                key = row["day"] * 10**12 + row["partner"]
                self._tell(
                    "counterparty_new_large", row["night"], row["owner"], key, day=row["day"], amount=amount
                )


def _fresh_nights(rows: list[Row]) -> list[int]:
    """Nights that bring news."""
    return sorted({r["night"] for r in rows if not r["is_back"] and is_told_on(r["day"], r["night"])})


def _month(day: int) -> int:
    date = as_date(day)
    return date.year * 12 + date.month
