"""Detectors of events (chapter 5.3) that read money: transactions, balances, cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.raw_feed import Look, moves
from tests.reference.raw_flows import Flow
from tests.reference.raw_nights import ZERO, RawNight, cents, month_of

_TELLABLE = timedelta(7)


def large_transactions(look: Look) -> None:
    """large_inflow, large_outflow, borrower_outflow."""
    borrowers = {
        loan["customer_id"]
        for loan in look.night.rows("loan")
        if (balance := look.night.row("loan_balance", loan["loan_id"])) and balance["balance"] > 0
    }
    for flow in look.tonight:
        customer = flow.customer
        if flow.is_reversal or not moves(flow) or not _is_recent(look, flow) or customer is None:
            continue
        codes = ["large_inflow"] if flow.is_in else ["large_outflow"]
        if not flow.is_in and customer in borrowers:
            codes.append("borrower_outflow")
        for code in codes:
            rule, amount = look.rule(code, customer), cents(abs(flow.amount))
            if rule and rule.threshold is not None and amount >= rule.threshold:
                txn_id = flow.txn["txn_id"]
                look.tell(
                    code, customer, txn_id, (txn_id,), flow.day, amount=amount, threshold=rule.threshold
                )


def unusual_days(look: Look) -> None:
    """unusual_inflow, unusual_outflow: the customer's own 90 days are the measure."""
    by_day = look.by_day(moves)
    history = [txn["txn_date"] for txn in look.bank.nights[0].fresh["transaction"]]
    recorded = min([look.bank.nights[0].day, *history])
    for customer, day in {
        (owner, flow.day)
        for flow in look.tonight
        if moves(flow) and not flow.is_reversal and _is_recent(look, flow)
        for owner in flow.owned()
    }:
        for code in ("unusual_inflow", "unusual_outflow"):
            rule = look.rule(code, customer)
            if rule is None or rule.rate is None or rule.threshold is None:
                continue
            n, x = rule.window, cents(by_day[customer, day])
            days = [day - timedelta(back) for back in range(1, n + 1)]
            amounts = [cents(by_day[customer, each]) for each in days if (customer, each) in by_day]
            if days[-1] < recorded or len(amounts) < rule.count:
                continue
            total, squares = sum(amounts, ZERO), sum((each * each for each in amounts), ZERO)
            is_far = (n * x - total) ** 2 > rule.rate**2 * (n * squares - total**2)
            # an inflow is above the mean, an outflow below it
            is_side = (n * x > total) == (code == "unusual_inflow")
            if is_far and is_side and abs(x) >= rule.threshold:
                look.tell(code, customer, customer, (day,), day, amount=abs(x), count=len(amounts))


def frequent_transfers(look: Look) -> None:
    """frequent_outside_transfers."""
    code = "frequent_outside_transfers"

    def counts(flow: Flow) -> bool:
        return flow.flow_code == "outside" and not flow.is_in

    for customer in _movers(look, counts):
        rule = look.rule(code, customer)
        if rule is None or rule.threshold is None:
            continue
        inside = look.window(counts, customer, rule.window)
        total = cents(-sum((flow.owned()[customer] for flow in inside), ZERO))
        # a reversal counts minus its original
        count = sum(-1 if flow.is_reversal else 1 for flow in inside)
        if count >= rule.count and total >= rule.threshold and look.is_cool(code, customer, rule.cool_down):
            look.tell(code, customer, customer, (look.day,), look.day, amount=total, count=count)


def funds_moved_away(look: Look) -> None:
    """funds_moved_away: most of the AUM left within days."""
    code = "funds_moved_away"

    def counts(flow: Flow) -> bool:
        return flow.flow_code in ("cash", "salary", "outside") and not flow.is_in

    for customer in _movers(look, counts):
        rule = look.rule(code, customer)
        if rule is None or rule.threshold is None or rule.rate is None:
            continue
        nights = [night for night in look.bank.nights if night.day <= look.day - timedelta(rule.window)]
        aum = nights[-1].aum() if nights else {}
        moved = -sum((flow.owned()[customer] for flow in look.window(counts, customer, rule.window)), ZERO)
        is_most = customer in aum and cents(moved) >= rule.rate * aum[customer]
        if is_most and cents(moved) >= rule.threshold and look.is_cool(code, customer, rule.cool_down):
            look.tell(code, customer, customer, (look.day,), look.day, amount=cents(moved))


def _movers(look: Look, counts: Callable[[Flow], bool]) -> set[str]:
    """Customers of whom tonight brings such a transaction that is not too old."""
    return {
        owner
        for flow in look.tonight
        if counts(flow) and not flow.is_reversal and _is_recent(look, flow)
        for owner in flow.owned()
    }


def balances_below(look: Look) -> None:
    """balance_below."""
    if look.before is None:
        return
    now, was = look.night.aum(), look.before.aum()
    for customer, amount in was.items():
        rule = look.rule("balance_below", customer)
        if rule and rule.threshold is not None and amount >= rule.threshold:
            tonight = now.get(customer, ZERO)
            if tonight < rule.threshold:
                look.tell("balance_below", customer, customer, (look.day,), look.day, amount=tonight)


def closed_accounts(look: Look) -> None:
    """account_closed."""
    for account in look.night.rows("account") if look.before else ():
        old = look.before.row("account", account["account_id"]) if look.before else None
        if old and old["status"] != "closed" and account["status"] == "closed":
            customer = look.night.main_owner(account["account_id"])
            assert customer
            day = account["close_date"] or look.day
            look.tell("account_closed", customer, account["account_id"], (account["account_id"],), day)


def payrolls(look: Look) -> None:
    """payroll_started, payroll_stopped: a salary that was taken back was none."""
    paid = _paid(look.flows)
    before = _paid([flow for flow in look.flows if flow.night is not look.night])
    for customer, days in paid.items():
        months, last = {month_of(day) for day in days}, max(days)
        started, stopped = look.rule("payroll_started", customer), look.rule("payroll_stopped", customer)
        fresh = {
            flow.day
            for flow in look.tonight
            if flow.day in days and customer in flow.owned() and _is_salary(flow) and _is_recent(look, flow)
        }
        for day in sorted(fresh, reverse=True) if started else ():
            if started and _run(months, month_of(day)) == started.count:
                look.tell("payroll_started", customer, customer, (month_of(day),), day, is_change=True)
        if stopped is None or look.before is None or len(months) < stopped.count:
            continue
        # tonight ends the silence, or takes back the salary that broke it
        end = last + timedelta(stopped.window)
        if end <= look.day and (look.before.day < end or max(before.get(customer, {last})) > last):
            look.tell("payroll_stopped", customer, customer, (last,), end, reference_date=last)


def _is_salary(flow: Flow) -> bool:
    return flow.txn["txn_type"] == "salary" and flow.txn["direction"] == "in" and not flow.is_reversal


def _paid(flows: list[Flow]) -> dict[str, set[date]]:
    """Days of salaries by customer."""
    taken_back = {flow.txn["reversed_txn_id"] for flow in flows if flow.is_reversal}
    days: dict[str, set[date]] = defaultdict(set)
    for flow in flows:
        if _is_salary(flow) and flow.txn["txn_id"] not in taken_back:
            for owner in flow.owned():
                days[owner].add(flow.day)
    return days


def _run(months: set[date], month: date) -> int:
    """Months in a row that end with the month."""
    count = 0
    while month in months:
        count += 1
        month = month_of(month - timedelta(1))
    return count


def large_card_spend(look: Look) -> None:
    """large_card_spend."""
    for txn in look.night.fresh["card_txn"]:
        card = look.night.row("card", txn["card_id"])
        is_old = txn["txn_date"] < look.day - _TELLABLE
        if card is None or is_old or not txn["is_consumption"] or txn["reversed_txn_id"]:
            continue
        customer, amount = card["customer_id"], txn["amount"]
        rule = look.rule("large_card_spend", customer)
        is_large = rule is not None and rule.threshold is not None and amount >= rule.threshold
        if card["card_kind"] == "credit" and is_large:
            txn_id = txn["txn_id"]
            look.tell("large_card_spend", customer, txn_id, (txn_id,), txn["txn_date"], amount=amount)


def new_counterparties(look: Look) -> None:
    """counterparty_new_large: a corporate's payer or payee never seen in the window before."""
    code = "counterparty_new_large"
    if look.before is None:
        return
    sums: dict[tuple[str, str, date], Decimal] = defaultdict(lambda: ZERO)
    fresh = set()
    for flow in look.flows:
        name = _counterparty(flow)
        if name and moves(flow) and not flow.is_reversal:
            for owner, amount in flow.owned().items():
                sums[owner, name, flow.day] += abs(amount)
                if flow.night is look.night and _is_recent(look, flow):
                    fresh.add((owner, name, flow.day))
    for customer, name, day in fresh:
        rule = look.rule(code, customer)
        if rule is None or rule.threshold is None:
            continue
        first = day - timedelta(rule.window)
        seen = any(who == customer and other == name and first <= when < day for who, other, when in sums)
        amount = cents(sums[customer, name, day])
        if not seen and amount >= rule.threshold:
            look.tell(code, customer, customer, (name, day), day, amount=amount)


def first_business(look: Look) -> None:
    """first_business: the customer's first account, or the first of a product line."""
    if look.before is None:
        return
    held = {pair for night in look.bank.nights[:-1] for pair in _held(night)}
    since: dict[tuple[str, str], date] = {}
    old = {row["account_id"]: look.before.shares(row) for row in look.before.rows("account")}
    for account in look.night.rows("account"):
        line = look.line_of(account["product_code"])
        for owner, share in look.night.shares(account).items():
            if share and line:
                is_new = account["account_id"] not in old
                day = min(account["open_date"], look.day) if is_new else look.day
                since[owner, line] = min(day, since.get((owner, line), look.day))
    for pair in set(_held(look.night)) - held:
        if look.rule("first_business", pair[0]):
            look.tell("first_business", pair[0], pair[0], (pair[1],), since.get(pair, look.day))


def _held(night: RawNight) -> list[tuple[str, str]]:
    found = []
    products = {row["product_code"]: row["product_line"] for row in night.rows("product")}
    for account in night.rows("account"):
        for owner, share in night.shares(account).items():
            if share > 0:
                found.append((owner, products[account["product_code"]]))
    for row in night.rows("investment_position"):
        account_row = night.row("account", row["account_id"])
        for owner, share in (night.shares(account_row) if account_row else {}).items():
            if share > 0:
                found.append((owner, products[row["product_code"]]))
    for loan in night.rows("loan"):
        found.append((loan["customer_id"], products[loan["product_code"]]))
    return [(owner, line) for owner, line in found if line is not None]


def _counterparty(flow: Flow) -> str | None:
    txn = flow.txn
    if txn.get("counter_customer_id"):
        return f"customer {txn['counter_customer_id']}"
    account = txn.get("counter_account")
    return f"account {account} {txn.get('counter_bank_code')}" if account else None


def _is_recent(look: Look, flow: Flow) -> bool:
    return flow.day >= look.day - _TELLABLE


DETECTORS = (
    large_transactions,
    unusual_days,
    frequent_transfers,
    balances_below,
    closed_accounts,
    funds_moved_away,
    payrolls,
    large_card_spend,
    new_counterparties,
    first_business,
)
