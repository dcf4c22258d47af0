"""Flows of transactions and the AUM bridge (chapter 5.1, 5.2), computed from raw extracts by brute force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.raw_nights import ONE_DAY, ZERO, Line, RawBank, RawNight, Row, cents, month_of

PARTS = (
    "scope",
    "fx",
    "new_money_in",
    "money_out",
    "transfer_in",
    "transfer_out",
    "own_transfer",
    "interest",
    "fee",
    "loan_flow",
    "overdraft",
    "investment_result",
)
_ORIGINALS = timedelta(400)


@dataclass(frozen=True)
class Flow:
    """A transaction as the bank counts it.

    Attributes:
        signed: In its own currency, in positive; of a reversal, minus its original.
        is_in: Of a reversal, whether its original came in.
        night: The business date of the batch that brought it.
    """

    txn: Row
    flow_code: str
    signed: Decimal
    is_in: bool
    night: RawNight

    @property
    def is_reversal(self) -> bool:
        """Whether it takes back another one."""
        return self.txn["reversed_txn_id"] is not None

    @property
    def day(self) -> date:
        """Day on which it happened."""
        day = self.txn["txn_date"]
        assert isinstance(day, date)
        return day

    @property
    def amount(self) -> Decimal:
        """In the reporting currency, at the rate of the night that brought it; signed."""
        return self.signed * self.night.rate(self.txn["currency"])

    @property
    def customer(self) -> str | None:
        """The owner with the largest share."""
        return self.night.main_owner(self.txn["account_id"])

    def owned(self) -> dict[str, Decimal]:
        """Each owner's part of the amount; an owner whose share is 0 has none."""
        account = self.night.row("account", self.txn["account_id"])
        shares = self.night.shares(account) if account else {}
        return {owner: share * self.amount for owner, share in shares.items() if share}


def flow_code_of(txn: Row, night: RawNight) -> str:
    """The flow of a transaction that is no reversal: the first that fits."""
    if txn["txn_type"] in ("interest", "fee", "loan", "purchase", "redemption", "cash"):
        return str(txn["txn_type"])
    if txn["is_in_bank"]:
        account = night.row("account", txn["account_id"])
        own = {account["customer_id"], *night.shares(account)} if account else set()
        return "own_transfer" if txn["counter_customer_id"] in own else "bank_transfer"
    return "salary" if txn["txn_type"] == "salary" else "outside"


def flows_of(bank: RawBank) -> list[Flow]:
    """All transactions that the bank's batches brought, in their order."""
    found: list[Flow] = []
    originals: dict[str, Flow] = {}
    for night in bank.nights:
        plain = [txn for txn in night.fresh["transaction"] if txn["reversed_txn_id"] is None]
        for txn in plain:
            is_in = txn["direction"] == "in"
            signed = txn["amount"] if is_in else -txn["amount"]
            originals[txn["txn_id"]] = Flow(txn, flow_code_of(txn, night), signed, is_in, night)
            found.append(originals[txn["txn_id"]])
        for txn in night.fresh["transaction"]:
            if txn["reversed_txn_id"] is None:
                continue
            original = originals.get(txn["reversed_txn_id"])
            if original and original.day >= txn["txn_date"] - _ORIGINALS:
                signed = -txn["amount"] if original.is_in else txn["amount"]
                found.append(Flow(txn, original.flow_code, signed, original.is_in, night))
            else:
                is_in = txn["direction"] == "in"
                signed = txn["amount"] if is_in else -txn["amount"]
                found.append(Flow(txn, flow_code_of(txn, night), signed, is_in, night))
    return found


def part_of(flow: Flow) -> str:
    """The bridge's part of a flow."""
    if flow.flow_code in ("cash", "salary", "outside"):
        return "new_money_in" if flow.is_in else "money_out"
    if flow.flow_code == "bank_transfer":
        return "transfer_in" if flow.is_in else "transfer_out"
    return {
        "own_transfer": "own_transfer",
        "interest": "interest",
        "fee": "fee",
        "loan": "loan_flow",
        "purchase": "investment_result",
        "redemption": "investment_result",
    }[flow.flow_code]


Parts = dict[str, Decimal]


def bridge(bank: RawBank) -> dict[tuple[str, date], Parts]:
    """The rows of fct_aum_bridge_monthly: amounts by column without its ending, by customer and month."""
    flows = flows_of(bank)
    exact: dict[tuple[str, date], Parts] = {}
    ends: dict[date, dict[str, Decimal]] = {}
    start = bank.nights[0].day - ONE_DAY
    opening_lines = first_opening(bank.nights[0])
    first: dict[str, Decimal] = {}
    touched: set[tuple[str, date]] = set()
    for line in opening_lines.values():
        for customer, share in line.shares.items():
            amount = line.weight * share * bank.nights[0].rate(line.currency, start) * line.counted
            first[customer] = first.get(customer, ZERO) + amount
    opening = {customer: cents(amount) for customer, amount in first.items()}
    for night in bank.nights:
        month = month_of(night.day)
        before = night.previous.lines if night.previous else opening_lines
        rate_day = night.previous.day if night.previous else start
        since = bank.nights[0].day
        for customer, part, amount in [*_moved(night, before, rate_day), *_bought(night, since)]:
            parts = exact.setdefault((customer, month), dict.fromkeys(PARTS, ZERO))
            parts[part] += amount
            if amount:
                touched.add((customer, month))
        for flow in flows:
            is_opened_with = month == month_of(bank.nights[0].day) and flow.day <= start
            if flow.night is not night or is_opened_with:
                continue
            key = (flow.txn["account_id"], "")
            held = night.lines.get(key) or before.get(key) or _gone(night, key[0])
            for customer, share in held.shares.items() if held else ():
                amount = held.weight * share * flow.amount if held else ZERO
                parts = exact.setdefault((customer, month), dict.fromkeys(PARTS, ZERO))
                parts[part_of(flow)] += amount
                if amount:
                    touched.add((customer, month))
        ends[month] = night.aum()
    rows: dict[tuple[str, date], Parts] = {}
    for month, closing in sorted(ends.items()):
        for customer in {*opening, *closing, *(who for who, when in exact if when == month)}:
            parts = {
                part: cents(amount)
                for part, amount in exact.get((customer, month), dict.fromkeys(PARTS, ZERO)).items()
            }
            begin, end = opening.get(customer, ZERO), closing.get(customer, ZERO)
            # what moved and came back moved
            if begin or end or (customer, month) in touched:
                parts["unexplained"] = end - begin - sum(parts.values())
                rows[customer, month] = {"opening": begin, **parts, "closing": end}
        opening = closing
    return rows


def net_new_money(row: Parts, counts: set[str]) -> tuple[Decimal, Decimal]:
    """Direct and indirect net new money of a row of the bridge."""
    direct = sum((row[part] for part in counts), ZERO)
    rest = sum((row[part] for part in PARTS if part not in counts), ZERO)
    return direct, row["closing"] - row["opening"] - rest


def first_opening(night: RawNight) -> dict[tuple[str, str], Line]:
    """What the first night's lines held on the day before it."""
    start = night.day - ONE_DAY
    histories: dict[tuple[str, str, date], Decimal] = {
        (row["account_id"], row["product_code"], row["balance_month"]): row["month_end_balance"]
        for row in night.fresh["monthly_balance_history"]
    }
    last_month = month_of(month_of(night.day) - ONE_DAY)
    found = {}
    for (account_id, product), line in night.lines.items():
        account = night.row("account", account_id)
        assert account
        code = product or account["product_code"]
        balance = line.balance if account["open_date"] < night.day else ZERO
        for month in (last_month, month_of(night.day)):
            if month_of(night.day) == night.day and month > last_month:
                continue
            balance = histories.get((account_id, code, month), balance)
        found[account_id, product] = Line(
            account_id,
            line.is_deposit,
            line.asset_class,
            balance,
            max(balance, ZERO),
            line.weight,
            line.currency,
            line.shares,
        )
    assert start < night.day
    return found


def _bought(night: RawNight, since: date) -> Iterator[tuple[str, str, Decimal]]:
    """What trades of products below full weight take out of AUM: scope, and no result of investing."""
    for trade in night.fresh["sales_trade"]:
        product = night.tables["product"][(trade["product_code"],)]
        weight = product["aum_weight"] if product["is_in_aum"] else ZERO
        if product["asset_class"] != "wealth" or weight == 1 or trade["trade_date"] < since:
            continue
        account = night.row("account", trade["account_id"]) if trade["account_id"] else None
        currency = trade["currency"] or (account or product)["currency"]
        lost = trade["amount"] * (1 - weight) * night.rate(currency)
        if trade["status"] == "cancelled":
            lost = -lost
        shares = night.shares(account) if account else {trade["customer_id"]: Decimal(1)}
        for customer, share in shares.items():
            yield customer, "scope", -share * lost
            yield customer, "investment_result", share * lost


def _gone(night: RawNight, account_id: str) -> Line | None:
    """A deposit that is gone since an earlier night: what comes late for it goes by last night's word."""
    last = night.previous
    was_held = any((account_id, "") in earlier.lines for earlier in _earlier(night))
    account = last.row("account", account_id) if last else None
    return last.line(account, "", ZERO) if last and account and was_held else None


def _earlier(night: RawNight) -> Iterator[RawNight]:
    while night.previous is not None:
        night = night.previous
        yield night


def _moved(
    night: RawNight, before: dict[tuple[str, str], Line], before_day: date
) -> Iterator[tuple[str, str, Decimal]]:
    """What balances, weights, shares and rates moved tonight: customer, part, amount."""
    for key in {*before, *night.lines}:
        old = before.get(key)
        new = night.lines.get(key) or (old.ended() if old else None)
        assert new
        was, b_was = (old.counted, old.balance) if old else (ZERO, ZERO)
        rate = night.rate(new.currency)
        rate_was = night.previous.rate(old.currency) if old and night.previous else ZERO
        if old and night.previous is None:
            rate_was = night.rate(old.currency, before_day)
        for customer in {*new.shares, *(old.shares if old else ())}:
            ws = new.weight * new.shares.get(customer, ZERO)
            ws_was = old.weight * old.shares.get(customer, ZERO) if old else ZERO
            yield customer, "scope", (ws - ws_was) * rate_was * was
            yield customer, "fx", ws * (rate - rate_was) * was if old else ZERO
            if new.is_deposit:
                yield (
                    customer,
                    "overdraft",
                    ws * rate * ((new.counted - new.balance) - (was - b_was)),
                )
            else:
                yield customer, "investment_result", ws * rate * (new.counted - was)
