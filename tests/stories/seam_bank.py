"""A bank of which Monday says otherwise of nearly everything: its customers, books and front office.

February ends on a Saturday: with a batch of that day that has nothing new, or with none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank, Delivery, Row
from tests.support.front_office import Brought, change, relation, target, visit, with_more

THURSDAY, FRIDAY, SATURDAY, MONDAY = (
    date(2026, 2, 26), date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 2),
)  # fmt: skip
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
LONG_AGO, JANUARY = date(2019, 5, 1), date(2026, 1, 1)


@dataclass
class SeamBank(Bank):
    """A bank with a front office.

    Attributes:
        brought: What nights bring beside the core-banking system.
    """

    brought: Brought = field(default_factory=dict)

    def delivery(self, night: date, *, sequence: int = 1, full: bool = False) -> Delivery:
        """The batch of one night, with what the front office says."""
        plain = super().delivery(night, sequence=sequence, full=full)
        return with_more(plain, self.brought.get(night, {}))


def seam_bank(*, with_saturday: bool, is_told: bool = True) -> SeamBank:
    """Customers of whom Monday says something else, and nothing new on Saturday."""
    bank = SeamBank([THURSDAY, FRIDAY, *([SATURDAY] if with_saturday else []), MONDAY])
    bank.rate("USD", "7", on=date(2026, 1, 31))
    bank.rate("USD", "8", on=MONDAY)
    bank.books.quote("C1", date(2025, 12, 31), d0="0.02", d365="0.03")
    bank.books.product("LEND", "loan", day_count=360)
    bank.books.employees.append(_employee("E2", "O2"))
    _holders(bank)
    _movers(bank)
    _owers(bank)
    bank.books.assign("mover", "E1", "O1", "1", LONG_AGO)
    bank.books.pool("P1", "O1", FEBRUARY, "100.00", "accounts", on=FRIDAY)
    _firms(bank)
    _rich_and_new(bank)
    _late(bank, is_told=is_told)
    bank.brought = {THURSDAY: _from_the_start(), FRIDAY: _told_on_friday(), MONDAY: _told_on_monday()}
    return bank


def _late(bank: Bank, *, is_told: bool) -> None:
    """What happened in February and comes on Monday."""
    late = bank.customer("late", opened=LONG_AGO)
    late.holds(1_000, since=JANUARY)
    # February knew neither this customer nor the card
    newcomer = bank.customer("newcomer", opened=MONDAY)
    old_card, new_card = late.card(issued=LONG_AGO), newcomer.card(issued=MONDAY)
    if not is_told:
        return
    old_card.spends(120_000, on=FRIDAY, arrives=MONDAY)
    new_card.spends(70_000, on=FRIDAY, arrives=MONDAY)
    bank.books.pool("P2", "O1", FEBRUARY, "60.00", "transactions", on=MONDAY)
    for customer in ("late", "newcomer"):
        bank.books.book(
            "fee_income", MONDAY, fee_id=f"fee of {customer}", customer_id=customer, product_code="CURRENT",
            org_id="O1", income_date=FRIDAY, fee_type="service", amount=Decimal("30.00"),
            direct_cost=Decimal("2.00"),
        )  # fmt: skip
    for number in ("1", "2"):
        bank.books.book(
            "transaction", MONDAY, txn_id=f"late{number}", account_id="late-A1", txn_date=FRIDAY,
            amount=Decimal("1.00"), direction="in", currency="CNY", is_in_bank=True, txn_type="transfer",
        )  # fmt: skip


def _employee(number: str, org: str) -> dict[str, Any]:
    return {
        "employee_id": number, "employee_name": number, "org_id": org, "post": "relationship_manager",
        "status": "active", "hired_on": LONG_AGO, "left_on": None,
    }  # fmt: skip


def _holders(bank: Bank) -> None:
    firm = bank.customer("firm", opened=LONG_AGO)
    firm.holds(300_000, since=JANUARY)
    firm.becomes("C", on=MONDAY)

    gone = bank.customer("gone", opened=LONG_AGO).leaves(MONDAY)
    gone.holds(200_000, since=JANUARY).closes(MONDAY)

    one, other = bank.customer("one", opened=LONG_AGO), bank.customer("other", opened=LONG_AGO)
    joint = one.holds(1_000_000, since=JANUARY)
    joint.shared({"one": "0.5", "other": "0.5"}, since=JANUARY)
    joint.shared({"one": "0.1", "other": "0.9"}, since=MONDAY)
    other.holds(100, since=JANUARY, currency="USD")


def _movers(bank: Bank) -> None:
    mover = bank.customer("mover", opened=LONG_AGO).moves_to("O2", on=MONDAY)
    mover.holds(100_000, since=JANUARY).moves_to("O2", on=MONDAY)
    mover.account(product="FUND").holds(50_000, since=JANUARY).moves_to("O2", on=MONDAY)
    bank.books.change_product("FUND", MONDAY, asset_class="deposit", aum_weight=Decimal("0.5"))
    bank.books.change_product("CURRENT", MONDAY, day_count=365, product_line="other")

    homeless = bank.customer("homeless", opened=LONG_AGO)
    homeless.moves_to("O2", on=MONDAY)


def _owers(bank: Bank) -> None:
    debtor = bank.customer("debtor", opened=LONG_AGO)
    debtor.holds(1_000, since=JANUARY)
    loan = debtor.borrows(1_900_000, since=JANUARY).owes(1_000_000, since=MONDAY)
    loan.bears("0.05", until=date(2036, 2, 26), product="LEND")
    card = debtor.card(grade="diamond", issued=JANUARY).owes(500, since=JANUARY)
    card.owes(700, since=MONDAY).becomes("cancelled", on=MONDAY)

    spender = bank.customer("spender", opened=LONG_AGO)
    plastic = spender.card(issued=LONG_AGO)
    bought = plastic.spends(100_000, on=FRIDAY)
    plastic.reverses(bought, 100_000, on=MONDAY)


def _firms(bank: Bank) -> None:
    """A group, its payments and its sales; Friday's rows that come on Monday are February's."""
    for name in ("holding", "daughter"):
        firm = bank.customer(name, opened=LONG_AGO, kind="C")
        firm.holds(800_000, since=JANUARY).holds(500_000, since=MONDAY)
        bank.books.assign(name, "E1", "O1", "1", LONG_AGO)
    other_bank = {"counter_account": "6217", "counter_bank_code": "B9", "counter_name": "supplier"}
    own_bank = {"counter_account": "daughter-A1", "counter_customer_id": "daughter"}
    for number, (day, arrives, side) in enumerate(
        (
            (FRIDAY, FRIDAY, other_bank), (FRIDAY, FRIDAY, own_bank), (FRIDAY, MONDAY, other_bank),
            (FRIDAY, MONDAY, own_bank), (MONDAY, MONDAY, other_bank),
        )
    ):  # fmt: skip
        bank.books.book(
            "transaction", arrives, txn_id=f"paid{number}", account_id="holding-A1", txn_date=day,
            amount=Decimal("600000.00"), direction="out", currency="CNY", txn_type="transfer",
            is_in_bank=side is own_bank, channel_code="internet", **side,
        )  # fmt: skip
    sold = {
        "customer_id": "mover", "product_code": "FUND", "amount": Decimal("1000.00"), "org_id": "O1",
        "fee_income": Decimal("5.00"), "status": "live",
    }  # fmt: skip
    for number, (day, arrives) in enumerate(((FRIDAY, FRIDAY), (FRIDAY, MONDAY), (MONDAY, MONDAY))):
        bank.books.book("sales_trade", arrives, trade_id=f"TR{number}", trade_date=day, **sold)
    cancelled = sold | {"status": "cancelled", "related_trade_id": "TR0"}
    bank.books.book("sales_trade", MONDAY, trade_id="TR9", trade_date=MONDAY, **cancelled)


def _rich_and_new(bank: Bank) -> None:
    """Private banking with large transactions, some told on Monday; a customer and a loan of February."""
    bank.customer("vip", opened=LONG_AGO).holds(8_000_000, since=JANUARY).holds(6_500_000, since=MONDAY)
    for number, (arrives, direction) in enumerate(((FRIDAY, "in"), (MONDAY, "out"))):
        bank.books.book(
            "transaction", arrives, txn_id=f"cash{number}", account_id="vip-A1", txn_date=FRIDAY,
            amount=Decimal("3000000.00"), direction=direction, currency="CNY", is_in_bank=False,
            txn_type="cash",
        )  # fmt: skip
    young = bank.customer("young", opened=FRIDAY)
    young.holds(7_000_000, since=FRIDAY).holds(1, since=MONDAY)
    young.borrows(300_000, since=FRIDAY, loan_class="unsecured").owes(200_000, since=MONDAY)


def _from_the_start() -> Mapping[str, list[Row]]:
    campaign = {"campaign_id": "M1", "campaign_type": "sale", "org_id": "O1", "channel_code": "sms"}
    indicators = ("aum_end", "visits", "new_customers", "opportunities_won_amt", "loan_balance")
    return {
        "customer_relation": [
            relation("daughter", "holding", share="0.6"),
            relation("one", "other", "household"),
            relation("daughter", "firm", "supplier", share="0.5"),
        ],
        "campaign": [
            campaign | {"start_date": date(2026, 2, 10), "end_date": FRIDAY, "cost": Decimal("100.00")}
        ],
        "campaign_product": [{"campaign_id": "M1", "product_code": "FUND"}],
        "campaign_target": [
            {"campaign_id": "M1", "customer_id": who, "test_group": group, "selected_at": _noon(THURSDAY)}
            for who, group in (("one", "target"), ("other", "control"), ("mover", "target"))
        ],
        "channel_contract": [_contract("one"), _contract("mover")],
        "consent": [_consent("one"), _consent("mover")],
        "service_case": [_case()],
        "repayment_schedule": [_instalment(1, date(2026, 2, 20)), _instalment(2, date(2026, 3, 20))],
        "plan_target": [target("10.00", indicator=each, period="2026-02") for each in indicators],
    }


def _told_on_friday() -> Mapping[str, list[Row]]:
    return {
        "channel_usage": [_usage("one", FRIDAY)],
        "campaign_response": [_response("R1", "one", FRIDAY)],
        "contact_log": [_contact("Q1", "one", FRIDAY), _contact("Q2", "mover", FRIDAY)],
        "opportunity": [_change(FRIDAY, "lead")],
        "visit": [_visit(1, FRIDAY, "holding")],
    }


def _told_on_monday() -> Mapping[str, list[Row]]:
    """Some of it is of Saturday; what it is about counts on the night that tells, which is March's."""
    return {
        "customer_relation": [
            relation("daughter", "holding", share="0.3", until=MONDAY, op="U"),
            relation("one", "other", "household", op="D"),
            relation("firm", "holding", share="0.9"),
        ],
        "campaign": [
            {
                "campaign_id": "M1", "campaign_type": "service", "start_date": date(2026, 2, 1),
                "end_date": MONDAY, "cost": Decimal("900.00"), "org_id": "O2", "channel_code": "app",
                "op": "U",
            },
        ],
        "campaign_product": [{"campaign_id": "M1", "product_code": "FUND", "op": "D"}],
        "channel_contract": [_contract("one") | {"cancel_date": MONDAY, "op": "U"}],
        "consent": [_consent("one") | {"withdrawn_at": _noon(MONDAY), "op": "U"}],
        "service_case": [_case() | {"first_reply_at": _noon(SATURDAY), "score": 3, "op": "U"}],
        "repayment_schedule": [
            _instalment(1, date(2026, 2, 20)) | {"paid_date": SATURDAY, "paid_amount": Decimal(60), "op": "U"}
        ],
        "plan_target": [target("99.00", indicator="visits", period="2026-02", version=2)],
        "channel_usage": [_usage("one", SATURDAY), _usage("mover", SATURDAY)],
        "campaign_response": [_response("R2", "mover", SATURDAY)],
        "contact_log": [_contact("Q3", "other", SATURDAY)],
        "opportunity": [_change(SATURDAY, "won")],
        "visit": [_visit(2, SATURDAY, "daughter")],
    }  # fmt: skip


def _noon(day: date) -> datetime:
    """Noon of the day in the bank, as the lake keeps it."""
    return datetime.combine(day, time(4))


def _change(day: date, stage: str) -> Row:
    return change("OP1", str(day), stage, customer="holding") | {"changed_at": _noon(day)}


def _visit(number: int, day: date, customer: str) -> Row:
    return visit(number, str(day), customer=customer) | {"visited_at": _noon(day)}


def _contract(customer: str) -> Row:
    return {"customer_id": customer, "channel_code": "mobile", "sign_date": LONG_AGO, "org_id": "O1"}


def _consent(customer: str) -> Row:
    return {"customer_id": customer, "purpose": "marketing", "granted_at": _noon(JANUARY)}


def _case() -> Row:
    return {
        "case_id": "SC1", "customer_id": "one", "case_type": "complaint",
        "opened_at": _noon(date(2026, 2, 20)),
    }  # fmt: skip


def _instalment(term: int, due: date) -> Row:
    return {
        "loan_id": "debtor-L1", "term_no": term, "due_date": due, "due_principal": Decimal(50),
        "due_interest": Decimal(10),
    }  # fmt: skip


def _usage(customer: str, day: date) -> Row:
    return {"customer_id": customer, "channel_code": "mobile", "usage_date": day, "logins": 3, "txns": 1}


def _response(number: str, customer: str, day: date) -> Row:
    return {
        "response_id": number, "campaign_id": "M1", "customer_id": customer, "event_type": "purchase",
        "event_at": _noon(day), "product_code": "FUND", "amount": Decimal("70.00"),
    }  # fmt: skip


def _contact(number: str, customer: str, day: date) -> Row:
    return {
        "contact_id": number, "customer_id": customer, "channel": "sms", "campaign_id": "M1",
        "sent_at": _noon(day), "delivered": True,
    }  # fmt: skip
