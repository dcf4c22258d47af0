"""The front office of the hostile bank, and its batches.

Groups that go in circles, campaigns, plans in two versions, opportunities that go back.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from contract.model import load_contract
from tests.reference.hostile import extras
from tests.reference.hostile.bank import (
    EMPLOYEES,
    NIGHTS,
    ORGS,
    PRODUCTS,
    change,
    fixed,
    new_customer,
    rates,
    transactions,
)
from tests.reference.hostile.world import World
from tests.support.bank import Delivery, changed_rows
from tests.support.timeline import month_start

Row = dict[str, Any]
D = Decimal
STAGES = ["lead", "contact", "qualified", "proposal", "negotiation", "won", "lost"]
INDICATORS = [
    "visits",
    "aum_end",
    "new_customers",
    "opportunities_won_amt",
    "deposit_month_avg",
    "loan_balance",
]
PERIODS = ["2028", "2028H1", "2028Q1", "2028Q2", "2028-02", "2028-03", "2028-04"]


def noon(day: date) -> str:
    """Noon of the bank's day, as the lake keeps it."""
    return f"{day} 04:00:00"


def customers(world: World, kind: str) -> list[str]:
    return [row["customer_id"] for row in world.rows("customer") if row["customer_type"] == kind]


def begin(world: World) -> None:
    """What the front office has when the bank goes live."""
    dice = world.dice
    corporates, persons = customers(world, "C"), customers(world, "P")
    # a circle of two, one of three, a chain below one of them, and a parent that stays outside all
    for child, parent in zip(
        corporates[:5],
        [corporates[1], corporates[0], corporates[3], corporates[4], corporates[2]],
        strict=True,
    ):
        world.put("customer_relation", customer_id=child, related_id=parent, relation_type="group_parent",
                  share=D("0.510000"), valid_from=date(2020, 1, 1))  # fmt: skip
    for child, parent in ((5, 6), (7, 5), (8, 0)):
        world.put("customer_relation", customer_id=corporates[child], related_id=corporates[parent],
                  relation_type="group_parent", share=D("0.600000"), valid_from=world.day(date(2027, 12, 1),
                  date(2028, 3, 1)))  # fmt: skip
    for first, second in ((0, 1), (1, 2), (3, 4)):
        world.put("customer_relation", customer_id=persons[first], related_id=persons[second],
                  relation_type=dice.choice(["spouse", "household"]), valid_from=date(2020, 1, 1),
                  valid_to=dice.choice([None, date(2028, 2, 29), date(2028, 3, 31)]))  # fmt: skip
    for number, customer in enumerate(persons + corporates):
        if number % 3 < 2:
            world.put("assignment", assignment_id=f"S{number:03}", customer_id=customer,
                      employee_id=dice.choice([*EMPLOYEES]),
                      org_id=dice.choice(ORGS), role="main", participation=D(1), valid_from=date(2027, 1, 1),
                      change_reason="assign", recorded_at="2027-01-01 01:00:00")  # fmt: skip
        if number % 2:
            world.put("consent", customer_id=customer, purpose="marketing", granted_at="2027-01-01 01:00:00",
                      withdrawn_at=dice.choice([None, None, "2028-02-10 01:00:00"]))  # fmt: skip
    for number, (start, control) in enumerate(
        ((date(2028, 1, 20), 0.4), (date(2028, 2, 20), 0.3), (date(2028, 3, 10), 0.0))
    ):
        campaign = f"M{number}"
        world.put("campaign", campaign_id=campaign, campaign_type="sale", start_date=start,
                  end_date=start + timedelta(10),
                  cost=world.cents(100, 900), org_id=dice.choice(ORGS), channel_code="sms")  # fmt: skip
        for product in dice.sample([code for code, *_ in PRODUCTS], 2):
            world.put("campaign_product", campaign_id=campaign, product_code=product)
        for customer in dice.sample(persons, min(len(persons), 16)):
            world.waiting.setdefault("later_target", []).append({
                "campaign_id": campaign, "customer_id": customer, "at": start - timedelta(4),
                "test_group": "control" if dice.random() < control else "target"})  # fmt: skip
    for scope, scope_id in [
        ("bank", "bank"),
        ("org", "HQ"),
        *(("org", o) for o in ORGS),
        *(("employee", e) for e in EMPLOYEES),
    ]:
        for indicator in INDICATORS:
            for period in PERIODS:
                if dice.random() < 0.4:
                    world.tell("plan_target", scope_type=scope, scope_id=scope_id, indicator_code=indicator,
                               period=period,
                               version=1, target_value=dice.choice([D(0), D(-5), world.cents(1, 9),
                               world.cents(100, 90_000)]))  # fmt: skip


def happen(world: World, night: date, first: date) -> None:
    """What the front office says on a night."""
    dice = world.dice
    persons, corporates = customers(world, "P"), customers(world, "C")
    everybody = persons + corporates
    later = world.waiting.pop("later_target", [])
    for target in later:
        if target["at"] <= night:
            world.tell("campaign_target", campaign_id=target["campaign_id"],
                       customer_id=target["customer_id"],
                       test_group=target["test_group"], selected_at=noon(target["at"]))  # fmt: skip
    world.waiting["later_target"] = [target for target in later if target["at"] > night]
    campaigns = [row for row in world.rows("campaign") if row["start_date"] <= night]
    for _ in range(14):
        campaign = dice.choice([None, *campaigns])
        day = world.day(first, night)
        world.tell("contact_log", contact_id=world.next("CT"),
                   customer_id=dice.choice(everybody[:6] + everybody),
                   channel=dice.choice(["sms", "sms", "call", "app", "visit"]),
                   campaign_id=campaign and campaign["campaign_id"],
                   batch_id=dice.choice([None, "B1", "B2"]), sent_at=noon(day),
                   delivered=dice.random() < 0.8)  # fmt: skip
    for _ in range(8):
        if campaigns:
            campaign = dice.choice(campaigns)
            world.tell("campaign_response", response_id=world.next("RS"), campaign_id=campaign["campaign_id"],
                       customer_id=dice.choice(persons), event_at=noon(world.day(first, night)),
                       event_type=dice.choice(["delivered", "opened", "clicked", "declined", "purchase",
                       "account_open"]),
                       product_code=dice.choice([None, "FUND"]), amount=dice.choice([None, world.cents(1,
                       900)]))  # fmt: skip
    for _ in range(7):
        day = world.day(first, night)
        world.tell("sales_trade", trade_id=world.next("TR"), customer_id=dice.choice(everybody),
                   trade_date=day,
                   product_code=dice.choice(["FUND", "TERM", "HALF", "EUROFUND"]), amount=world.cents(1,
                   9000), fee_income=D(1),
                   org_id=dice.choice(ORGS), status="live")  # fmt: skip
        world.tell("fee_income", fee_id=world.next("F"), customer_id=dice.choice(everybody),
                   product_code="FUND",
                   org_id=dice.choice(ORGS), income_date=day, fee_type="service", amount=world.cents(-20,
                   300), direct_cost=D(2))  # fmt: skip
        world.tell("visit", visit_id=world.next("V"), customer_id=dice.choice(corporates),
                   employee_id=dice.choice([*EMPLOYEES]),
                   visited_at=noon(day), has_location=dice.random() < 0.5)  # fmt: skip
    opportunities(world, night, first, corporates)
    if dice.random() < 0.7:
        case = world.next("SC")
        world.put("service_case", case_id=case, customer_id=dice.choice(everybody), case_type="complaint",
                  opened_at=noon(world.day(first, night)), score=dice.choice([None, 10, 9, 8, 6,
                  0]))  # fmt: skip
    for row in world.rows("customer_relation"):
        if dice.random() < 0.05 and row["valid_to"] is None:
            world.put("customer_relation", **row | {"valid_to": night})
    if night == date(2028, 2, 29):
        for row in list(world.sent("plan_target")):
            if dice.random() < 0.3:
                world.tell("plan_target", **row | {"version": 2, "target_value": row["target_value"] + 100})


def opportunities(world: World, night: date, first: date, corporates: list[str]) -> None:
    """Opportunities go on, back, and come to an end; some are told of in the month after."""
    dice = world.dice
    for _ in range(4):
        world.put_open(world.next("OP"), dice.choice(corporates), dice.choice([*EMPLOYEES]))
    for opportunity in list(world.open):
        if opportunity["last"] is not None and dice.random() < 0.4:
            continue
        since = max(first, (opportunity["last"] or first) + timedelta(1))
        if since > night:
            continue
        day = world.day(since, night)
        stage = dice.choice(STAGES[:5]) if opportunity["last"] is None else dice.choice(STAGES)
        world.tell("opportunity", opportunity_id=opportunity["id"], changed_at=noon(day),
                   customer_id=opportunity["customer"],
                   stage=stage, amount=world.cents(100, 90_000), probability=D(dice.randint(0, 10)) / 10,
                   owner_id=opportunity["owner"], expected_close_date=dice.choice([None,
                   day + timedelta(dice.randint(-20, 200))]))  # fmt: skip
        opportunity["last"] = day
        if stage in ("won", "lost"):
            world.open.remove(opportunity)


def batches(seed: int, nights: Iterable[date] = NIGHTS) -> list[Delivery]:
    """All batches of a bank, in order."""
    world = World(Random(seed))
    fixed(world)
    for number in range(20):
        opened = world.dice.choice(
            [date(2020, 2, 29), date(2027, 3, 5), date(2027, 11, 30), date(2028, 1, 10)]
        )
        new_customer(world, f"{'C' if number < 9 else 'P'}{number:02}", "C" if number < 9 else "P", opened)
    begin(world)
    more = Random(seed + 1000)
    extras.begin(world, more)
    found: list[Delivery] = []
    sent: dict[str, list[Row]] = {}
    previous: date | None = None
    for night in nights:
        if previous is not None:
            change(world, night, previous)
        first = previous + timedelta(1) if previous else date(2027, 12, 1)
        rates(world, night)
        transactions(world, night, first)
        happen(world, night, first)
        extras.happen(world, more, night, first)
        delivery, sent = _batch(world, night, previous, sent)
        found.append(delivery)
        previous = night
    return found


def ratings(world: World, night: date) -> list[Row]:
    """Risk parameters of all loans for the month of a night; every other one has a rate of its own."""
    return [
        {
            "loan_id": loan["loan_id"], "risk_month": month_start(night), "pd": D("0.02"),
            "lgd": D("0.45"), "ead": loan["principal"],
            "capital_rate": D("0.08") if place % 2 else None,
        }
        for place, loan in enumerate(world.rows("loan"))
    ]  # fmt: skip


def _batch(
    world: World, night: date, previous: date | None, sent: dict[str, list[Row]]
) -> tuple[Delivery, dict[str, list[Row]]]:
    """The batch of what is said, and what was said for the next one to differ from."""
    content: dict[str, list[Row]] = {}
    loads: dict[str, str] = {}
    now: dict[str, list[Row]] = {}
    for table in load_contract().tables:
        name = table.name
        if table.kind == "E":
            content[name], loads[name] = world.waiting.get(name, []), "append"
            world.done(name)
        elif table.kind == "D" and previous is not None:
            now[name] = [dict(row) for row in world.rows(name)]
            content[name], loads[name] = changed_rows(sent[name], now[name], table.key), "delta"
        else:
            now[name] = [dict(row) for row in world.rows(name)]
            content[name], loads[name] = now[name], "full"
    for name in (
        "monthly_balance_history",
        "monthly_loan_history",
        "ledger_control",
        "cost_pool",
    ):
        content.pop(name)
        loads.pop(name)
    is_new_month = previous is None or month_start(previous) < month_start(night)
    content["risk_parameter"] = ratings(world, night) if is_new_month else []
    return Delivery(night, 1, previous is None, content, loads), now
