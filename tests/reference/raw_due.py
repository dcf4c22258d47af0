"""Detectors of events (chapter 5.3) that read dates, debts and tiers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.reference.raw_feed import Event, Look
from tests.reference.raw_nights import ZERO, Row, cents, month_of

_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")


def maturities(look: Look) -> None:
    """loan_maturing, account_maturing, card_expiring."""
    night = look.night
    for loan in night.rows("loan"):
        balance = night.row("loan_balance", loan["loan_id"])
        if balance and balance["balance"] > 0:
            subject, day, worth = (
                loan["loan_id"],
                loan["maturity_date"],
                _worth(look, loan, balance["balance"]),
            )
            _due(look, "loan_maturing", loan["customer_id"], subject, day, amount=worth)
    for account in night.rows("account"):
        held = sum(
            (
                line.balance * night.rate(line.currency)
                for line in night.lines.values()
                if line.account_id == account["account_id"]
            ),
            ZERO,
        )
        owner = night.main_owner(account["account_id"])
        if held > 0 and owner:
            subject, day = account["account_id"], account["maturity_date"]
            _due(look, "account_maturing", owner, subject, day, amount=cents(held))
    for card in night.rows("card"):
        if card["status"] == "valid":
            _due(look, "card_expiring", card["customer_id"], card["card_id"], card["expiry_date"])


def instalments(look: Look) -> None:
    """instalment_due."""
    for row in look.night.rows("repayment_schedule"):
        loan = look.night.row("loan", row["loan_id"])
        if loan and row["paid_date"] is None:
            subject, day = row["loan_id"], row["due_date"]
            worth = _worth(look, loan, row["due_principal"] + row["due_interest"])
            key = (row["term_no"],)
            _due(look, "instalment_due", loan["customer_id"], subject, day, key=key, amount=worth)


def card_payments(look: Look) -> None:
    """card_payment_due."""
    for row in look.night.rows("card_balance"):
        card = look.night.row("card", row["card_id"])
        if card and (row["min_due"] or 0) > 0:
            subject, day = row["card_id"], row["due_date"]
            _due(look, "card_payment_due", card["customer_id"], subject, day, amount=row["min_due"])


def _worth(look: Look, loan: Row, amount: Decimal) -> Decimal:
    return cents(amount * look.night.rate(loan["currency"]))


def _due(
    look: Look,
    code: str,
    customer: str,
    subject: str,
    day: date | None,
    key: tuple[object, ...] | None = None,
    amount: Decimal | None = None,
) -> None:
    rule = look.rule(code, customer)
    if rule is None or day is None:
        return
    last = look.night.next_business_day() - timedelta(1) + timedelta(rule.lead)
    if look.day <= day <= last:
        look.tell(code, customer, subject, key or (day,), day, amount=amount)


def birthdays_and_festivals(look: Look) -> None:
    """birthday, festival."""
    after = look.night.next_business_day()
    for customer in look.customers():
        who, born = customer["customer_id"], customer["birth_date"]
        rule = look.rule("birthday", who)
        if rule and born and customer["customer_type"] == "P":
            for n in range((after - look.day).days + rule.lead):
                day = look.day + timedelta(n)
                if birthday_in(born, day.year) == day:
                    look.tell("birthday", who, who, (day,), day)
        rule = look.rule("festival", who)
        for row in look.night.rows("calendar") if rule else ():
            assert rule
            code, day = row["festival_code"], row["calendar_date"]
            if code and look.day <= day <= after - timedelta(1) + timedelta(rule.lead):
                look.tell("festival", who, who, (code, day), day)


def birthday_in(born: date, year: int) -> date:
    """The birthday of a year: 29 February is 28 February in other years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def debts(look: Look) -> None:
    """interest_arrears, loan_overdue, card_overdue, class_downgrade."""
    if look.before is None:
        return
    for row in look.night.rows("loan_balance"):
        loan = look.night.row("loan", row["loan_id"])
        old = look.before.row("loan_balance", row["loan_id"])
        if loan is None or old is None:
            continue
        customer, loan_id = loan["customer_id"], row["loan_id"]
        is_in_arrears = (old["overdue_interest"] or 0) == 0 and (row["overdue_interest"] or 0) > 0
        if is_in_arrears and look.rule("interest_arrears", customer):
            worth = _worth(look, loan, row["overdue_interest"])
            look.tell("interest_arrears", customer, loan_id, (look.day,), look.day, amount=worth)
        _stage(look, "loan_overdue", customer, loan_id, old["days_past_due"], row["days_past_due"])
        worse = _CLASSES.index(row["five_class"]) > _CLASSES.index(old["five_class"])
        if worse and look.rule("class_downgrade", customer):
            look.tell(
                "class_downgrade",
                customer,
                loan_id,
                (look.day,),
                look.day,
                amount=_worth(look, loan, row["balance"]),
                count=_CLASSES.index(row["five_class"]) + 1,
            )
    for row in look.night.rows("card_balance"):
        card = look.night.row("card", row["card_id"])
        old = look.before.row("card_balance", row["card_id"])
        if card and old:
            _stage(
                look,
                "card_overdue",
                card["customer_id"],
                row["card_id"],
                old["days_past_due"],
                row["days_past_due"],
            )


def _stage(look: Look, code: str, customer: str, subject: str, was: int, now: int) -> None:
    reached = [rule for rule in look.rules(code, customer) if (was or 0) < rule.count <= (now or 0)]
    if reached:
        start = look.day - timedelta(now) + timedelta(1)
        stage = reached[0].count
        look.tell(code, customer, subject, (stage, start), look.day, count=now, reference_date=start)


def tiers(look: Look) -> None:
    """tier_upgrade, tier_regained, tier_attention, tier_lost, tier_downgrade."""
    is_complete = look.before is not None and month_of(look.before.day) < look.month
    for row in look.tiers.events:
        who, month, code = row["customer_id"], row["month_start_date"], row["event_code"]
        if row["cause_code"] == "first_recorded":
            continue
        # a customer without a complete month sets the state
        is_known = (who, look.last_month) in look.tiers.tiers
        if month == look.month and is_known and code in ("new", "upgrade", "regained"):
            told = "tier_regained" if code == "regained" else "tier_upgrade"
            _tier(look, told, who, month, row["to_tier_code"], look.day)
        if month == look.last_month and is_complete and code in ("lost", "downgrade"):
            tier = row["from_tier_code" if code == "lost" else "to_tier_code"]
            _tier(look, "tier_" + code, who, month, tier, look.month - timedelta(1))
    for (who, month), row in look.tiers.statuses.items():
        before = look.tiers.statuses.get((who, month_of(month - timedelta(1))))
        # the months of attention that follow are no news
        is_new = not before or (before["status_code"], before["tier_code"]) != ("attention", row["tier_code"])
        is_attention = row["status_code"] == "attention" and is_new
        if month == look.last_month and is_complete and is_attention:
            _tier(look, "tier_attention", who, month, row["tier_code"], look.month - timedelta(1))


def _tier(look: Look, code: str, customer: str, month: date, tier: str, on: date) -> None:
    if look.rule(code, customer):
        look.tell(code, customer, customer, (month, tier), on, is_change=True)


def group_risks(look: Look) -> None:
    """group_member_risk: told to those whose group member, or whom they guarantee, is at risk."""
    relations = [
        row
        for row in look.night.rows("customer_relation")
        if row["valid_from"] <= look.day < (row["valid_to"] or date.max)
    ]
    for event in [*look.found.values()]:
        if not _is_risk(event):
            continue
        tied = {
            row["related_id"]
            for row in relations
            if row["relation_type"] == "guarantor" and row["customer_id"] == event.customer_id
        }
        for customer in (_group(relations, event.customer_id) | tied) - {event.customer_id}:
            row = look.night.row("customer", customer)
            if row and row["status"] == "active" and look.rule("group_member_risk", customer):
                key = event.identity
                look.tell("group_member_risk", customer, customer, (key,), event.event_date)


def _group(relations: list[Row], customer: str) -> set[str]:
    """Everybody with the customer's ultimate parent; of several parents the one with the largest share."""
    stated: dict[str, list[tuple[Decimal, str]]] = {}
    for row in relations:
        if row["relation_type"] == "group_parent" and row["customer_id"] != row["related_id"]:
            stated.setdefault(row["customer_id"], []).append((-(row["share"] or ZERO), row["related_id"]))
    parents = {child: min(found)[1] for child, found in stated.items()}
    everybody = parents.keys() | set(parents.values())
    top = _ultimate(parents, customer)
    return {one for one in everybody if _ultimate(parents, one) == top}


def _ultimate(parents: dict[str, str], customer: str) -> str:
    way = [customer]
    while way[-1] in parents:
        if parents[way[-1]] in way:
            return min(way[way.index(parents[way[-1]]) :])
        way.append(parents[way[-1]])
    return way[-1]


def _is_risk(event: Event) -> bool:
    if event.code == "loan_overdue":
        return int(event.identity[2]) >= 30
    return event.code == "class_downgrade" and (event.count or 0) >= 3


def sequences(look: Look) -> None:
    """inflow_then_purchase_gap, maturity_then_outflow."""
    for event in [*look.told.values()]:
        if event.code == "large_inflow":
            _gap(look, event)
        if event.code == "account_maturing":
            _left(look, event)


def _gap(look: Look, event: Event) -> None:
    code = "inflow_then_purchase_gap"
    rule = look.rule(code, event.customer_id)
    if rule is None:
        return
    end = event.event_date + timedelta(rule.window)
    if look.day < end or (look.before and look.before.day >= end):
        return
    bought = sum(
        -1 if flow.is_reversal else 1
        for flow in look.flows
        if flow.flow_code == "purchase"
        and event.customer_id in flow.owned()
        and event.event_date <= flow.day <= end
    )
    if bought <= 0:
        look.tell(code, event.customer_id, event.customer_id, event.identity, end)


def _left(look: Look, event: Event) -> None:
    code = "maturity_then_outflow"
    rule = look.rule(code, event.customer_id)
    if rule is None or rule.rate is None or look.day < event.event_date:
        return
    flows = [
        flow
        for flow in look.flows
        if flow.flow_code == "outside"
        and not flow.is_in
        and event.customer_id in flow.owned()
        and event.event_date <= flow.day <= event.event_date + timedelta(rule.window)
    ]
    left = cents(-sum((flow.owned()[event.customer_id] for flow in flows), ZERO))
    is_news = any(flow.night is look.night for flow in flows)
    is_first_look = look.before is not None and event.business_date == look.before.day
    if (is_news or is_first_look) and event.amount and left >= rule.rate * event.amount:
        look.tell(code, event.customer_id, event.customer_id, event.identity, look.day, amount=left)


DETECTORS = (
    maturities,
    instalments,
    card_payments,
    birthdays_and_festivals,
    debts,
    tiers,
    group_risks,
    sequences,
)
