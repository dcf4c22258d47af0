"""Answer key of the sales: who sold what, worked out sale by sale from what the generator planned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np
import polars as pl

from sample_bank.catalogue import PRODUCTS
from sample_bank.columns import money, ratios
from sample_bank.loans import Loans, manager_of
from sample_bank.ownership import Assignment
from sample_bank.sales import Registration, Trade
from sample_bank.world import World

Key = TypeVar("Key", int, tuple[int, str])

WAIT_DAYS = 5
WHOLE = 100_000
"""Ratios are whole hundred-thousandths."""


@dataclass(frozen=True)
class Outcome:
    """What a sale's credit comes to at a business date; shares are by employee and role."""

    trade: Trade
    state: str
    rule: str | None = None
    reason: str | None = None
    is_disputed: bool = False
    shares: tuple[tuple[int, str, int], ...] = ()


class Attribution:
    """Chapter 3.3 of the specification, for one business date.

    Args:
        world: The bank.
        assignments: Row versions recorded up to the day.
        loans: What the customers owe, and to whose credit.
        day: The business date.
    """

    def __init__(self, world: World, assignments: Iterable[Assignment], loans: Loans, day: int) -> None:
        self._world, self._day, self._loans = world, day, loans
        last: dict[tuple[int, int], Assignment] = {}
        for row in assignments:
            if row.recorded <= day:
                last[row.customer, row.serial] = row
        self._mains: dict[int, list[Assignment]] = {}
        for row in last.values():
            if row.is_main:
                self._mains.setdefault(row.customer, []).append(row)
        self._borrowed: dict[int, list[int]] = {}
        for place, number in enumerate(loans.number.tolist()):
            self._borrowed.setdefault(number // 10 - 1, []).append(place)
        self._ratios = _ratio_table(world)

    def outcome(self, trade: Trade) -> Outcome:
        """Who is credited for a sale: the first step that gives a seller wins."""
        if trade.cancelled <= self._day:
            return Outcome(trade, "cancelled")
        live = [r for r in trade.registrations if r.day <= self._day and r.revoked > self._day]
        if managed := [entry for entry in live if entry.is_manager]:
            latest = max(entry.day for entry in managed)
            shares = tuple((e.employee, "seller", e.ratio or 0) for e in managed if e.day == latest)
            return Outcome(trade, "credited", "manager", shares=shares)
        accepted = [entry for entry in live if self._world.outlet_of(entry.by, entry.day) == trade.outlet]
        sellers = [entry for entry in accepted if entry.is_seller]
        referrers = [entry for entry in accepted if not entry.is_seller]
        main = self._main_manager(trade)
        if main is not None:
            return self._shared(trade, "auto", [main], referrers, is_disputed=bool(sellers))
        if sellers:
            return self._by_hand(trade, sellers, referrers)
        if self._day < trade.day + WAIT_DAYS:
            rejected = "registration_rejected" if len(accepted) < len(live) else "no_seller"
            return Outcome(trade, "pending", reason="only_referrer" if referrers else rejected)
        if trade.teller is None:
            return Outcome(trade, "unallocated", reason="no_teller")
        return self._shared(trade, "fallback", [trade.teller], referrers)

    def _main_manager(self, trade: Trade) -> int | None:
        for row in self._mains.get(trade.customer, []):
            if row.valid_from <= trade.day < row.valid_to:
                is_here = row.outlet == trade.outlet and self._world.is_here(row.employee, trade.day)
                return row.employee if is_here else None
        # a recall is a decision by hand: the loan's manager does not step in
        is_recalled = any(
            row.reason == "recall" and row.valid_from < row.valid_to <= trade.day
            for row in self._mains.get(trade.customer, [])
        )
        return None if is_recalled else self._loan_manager(trade)

    def _loan_manager(self, trade: Trade) -> int | None:
        """Manager of the largest loan on the last night up to the day of the sale, else on the first one."""
        loans, nights = self._loans, self._world.timeline.night_days.tolist()
        night = max((night for night in nights if night <= trade.day), default=nights[0])
        balances = loans.balances(night)
        places = [
            place
            for place in self._borrowed.get(trade.customer, [])
            if loans.start[place] <= night and balances[place] > 0
        ]
        managers, is_named = manager_of(self._world, loans, np.array(places, dtype=np.int64))
        named = [
            (-int(balances[place]), int(loans.start[place]), int(manager), place)
            for place, manager, has_one in zip(places, managers, is_named, strict=True)
            if has_one
        ]
        if not named:
            return None
        _, start, manager, place = min(named)
        outlet = int(self._world.org_of(loans.home[[place]], night)[0])
        is_his = start <= trade.day and outlet == trade.outlet and self._world.is_here(manager, trade.day)
        return manager if is_his else None

    def _by_hand(
        self, trade: Trade, sellers: Sequence[Registration], referrers: Sequence[Registration]
    ) -> Outcome:
        everyone = [*sellers, *referrers]
        given = [entry.ratio for entry in everyone if entry.ratio is not None]
        if len(given) == len(everyone) and sum(given) == WHOLE:
            shares = tuple(
                (e.employee, "seller" if e.is_seller else "referrer", e.ratio or 0) for e in everyone
            )
            return Outcome(trade, "credited", "manual", shares=shares)
        return self._shared(trade, "manual", [entry.employee for entry in sellers], referrers)

    def _shared(
        self,
        trade: Trade,
        rule: str,
        sellers: Sequence[int],
        referrers: Sequence[Registration],
        *,
        is_disputed: bool = False,
    ) -> Outcome:
        """Sellers share the seller side equally; referrers, if any, the other side."""
        side = WHOLE
        if referrers:
            found = self._seller_ratio(trade, sellers[0])
            if found is None:
                return Outcome(trade, "unallocated", reason="no_ratio", is_disputed=is_disputed)
            side = found
        shares = [(e, "seller", s) for e, s in _split(side, {e: Fraction(1) for e in sellers})]
        people = {entry.employee: Fraction(1) for entry in referrers}
        shares += [(e, "referrer", s) for e, s in _split(WHOLE - side, people)] if people else []
        return Outcome(trade, "credited", rule, is_disputed=is_disputed, shares=tuple(shares))

    def _seller_ratio(self, trade: Trade, seller: int) -> int | None:
        """The most specific ratio: employee, their organisation, bank; product before ``*``."""
        world, product = self._world, PRODUCTS[trade.product].sales_code or ""
        scopes = (
            ("employee", world.employee_id(seller)),
            ("org", world.outlet_id(world.outlet_of(seller, trade.day))),
            ("bank", "bank"),
        )
        for scope in scopes:
            for code in (product, "*"):
                if (*scope, code) in self._ratios:
                    return self._ratios[*scope, code]
        return None

    def table(self, trades: Iterable[Trade]) -> pl.DataFrame:
        """One row per sale and person credited; one row with nobody for a sale without credit."""
        outcomes = [self.outcome(trade) for trade in trades]
        rows = [row for outcome in outcomes for row in self._credits(outcome)]
        names = ("trade_id", "state_code", "rule_code", "reason_code", "is_disputed", "employee_id",
                 "actor_role_code", "credit_ratio", "credit_amt", "credit_fee_income_amt")  # fmt: skip
        types: dict[str, type[pl.DataType]] = dict.fromkeys(names[:7], pl.String)
        types |= {"is_disputed": pl.Boolean} | dict.fromkeys(names[7:], pl.Int64)
        table = pl.DataFrame(rows, schema={name: types[name] for name in names}, orient="row")
        exact = [ratios("credit_ratio", table["credit_ratio"].to_numpy())]
        exact += [money(name, table[name].to_numpy()) for name in names[8:]]
        return table.with_columns(exact)

    def _credits(self, outcome: Outcome) -> list[tuple[object, ...]]:
        trade = outcome.trade
        head = (trade.trade_id, outcome.state, outcome.rule, outcome.reason, outcome.is_disputed)
        if not outcome.shares:
            return [(*head, None, None, 0, 0, 0)]
        weights = {(e, role): Fraction(share) for e, role, share in outcome.shares}
        amounts = dict(_split(trade.amount, weights))
        fees = dict(_split(trade.fee, weights))
        return [
            (*head, self._world.employee_id(e), role, share, amounts[e, role], fees[e, role])
            for e, role, share in outcome.shares
        ]


def _split(total: int, weights: Mapping[Key, Fraction]) -> list[tuple[Key, int]]:
    """Split by largest remainder, ties by the smaller key, so that the parts add to the total."""
    whole = sum(weights.values(), Fraction(0))
    exact = {key: Fraction(total) * weight / whole for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(parts, key=lambda key: (parts[key] - exact[key], key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return list(parts.items())


def _ratio_table(world: World) -> dict[tuple[str, str, str], int]:
    rows = world.ratio_table().select("scope_type", "scope_id", "sales_product_code", "seller_ratio").rows()
    return {(kind, scope, code): int(ratio * WHOLE) for kind, scope, code, ratio in rows}
