"""What a hostile bank tells besides: files of customers, channels, schedules, spending by card, guarantees.

It draws from dice of its own, so that the rest of the bank stays what it is.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.reference.hostile.world import World

D = Decimal
CHANNELS = ["mobile", "internet", "phone", "counter"]
INCOME = [None, "A", "B", "C", "D"]
SOURCES = [None, "walk_in", "agency", "mobile", "phone", "unheard_of"]


def files(world: World, dice: Random) -> None:
    """What the file of a customer holds, told with the customer."""
    for row in world.rows("customer"):
        if row["customer_id"] in world.filed:
            continue
        world.filed.add(row["customer_id"])
        is_person = row["customer_type"] == "P"
        world.put(
            "customer",
            **row
            | {
                "income_band": dice.choice(INCOME) if is_person else None,
                "occupation_code": dice.choice([None, "01", "02"]) if is_person else None,
                "education_code": dice.choice([None, "10", "20"]) if is_person else None,
                "region_code": dice.choice([None, "R1", "R2"]),
                "acquisition_source": dice.choice(SOURCES),
                "cert_no": dice.choice([None, "A1", "A1", row["customer_id"]]),
                "mobile": dice.choice([None, "13800000000", "13900000000"]) if is_person else None,
                "credit_limit": dice.choice([None, D("5000000.00")]) if not is_person else None,
            },
        )
        for channel in dice.sample(CHANNELS, dice.randint(0, 2)):
            signed = row["first_open_date"]
            world.put(
                "channel_contract", customer_id=row["customer_id"], channel_code=channel, sign_date=signed,
                cancel_date=dice.choice([None, None, date(2028, 2, 10), date(2028, 3, 1)]),
                org_id=row["home_org_id"],
            )  # fmt: skip


def begin(world: World, dice: Random) -> None:
    """What stands when the bank goes live."""
    files(world, dice)
    corporates = [row["customer_id"] for row in world.rows("customer") if row["customer_type"] == "C"]
    for first, second in ((0, 1), (2, 3), (5, 6), (1, 8)):
        world.put(
            "customer_relation", customer_id=corporates[first], related_id=corporates[second],
            relation_type="guarantor", valid_from=date(2021, 1, 1),
            valid_to=dice.choice([None, date(2028, 2, 29)]),
        )  # fmt: skip
    for kind, first, second in (("supplier", 0, 2), ("buyer", 3, 7), ("supplier", 6, 4)):
        world.put(
            "customer_relation", customer_id=corporates[first], related_id=corporates[second],
            relation_type=kind, share=dice.choice([None, D("0.250000")]), valid_from=date(2021, 1, 1),
            valid_to=dice.choice([None, date(2028, 3, 31)]),
        )  # fmt: skip
    for row in world.rows("loan"):
        for term in range(dice.randint(0, 3)):
            due = date(2028, 2 + term, 10)
            is_paid = dice.random() < 0.3
            world.put(
                "repayment_schedule", loan_id=row["loan_id"], term_no=term + 1, due_date=due,
                due_principal=D("1000.01"), due_interest=D("10.50"), paid_date=due if is_paid else None,
                paid_amount=D("1010.51") if is_paid else None,
            )  # fmt: skip


def happen(world: World, dice: Random, night: date, first: date) -> None:
    """What happens until a night."""
    files(world, dice)
    persons = [row["customer_id"] for row in world.rows("customer") if row["customer_type"] == "P"]
    used: set[tuple[str, str, date]] = set()
    for _ in range(12):
        customer, channel = dice.choice(persons), dice.choice(CHANNELS)
        # what comes of a month that is over counts in the running one
        back = 0 if dice.random() < 0.8 else 20
        day = min(night, max(first - timedelta(back), date(2027, 12, 1)) + timedelta(dice.randint(0, 25)))
        if (customer, channel, day) in used | world.used:
            continue
        used.add((customer, channel, day))
        world.tell(
            "channel_usage", customer_id=customer, channel_code=channel, usage_date=day,
            logins=dice.choice([0, 1, 5]), txns=dice.choice([0, 0, 2]),
        )  # fmt: skip
    world.used |= used
    serve(world, dice, night)
    customers = [row["customer_id"] for row in world.rows("customer")]
    # planned, and told ahead of its day
    for day in (night + timedelta(dice.randint(1, 3)), night + timedelta(dice.randint(4, 40))):
        world.tell(
            "contact_log", contact_id=world.next("CA"), customer_id=dice.choice(customers), channel="call",
            sent_at=f"{day} 04:00:00", delivered=True,
        )  # fmt: skip
        world.tell(
            "visit", visit_id=world.next("VA"), customer_id=dice.choice(customers), employee_id="E1",
            visited_at=f"{day} 04:00:00", has_location=True,
        )  # fmt: skip
    cards = [row for row in world.rows("card") if row["status"] != "cancelled"]
    for _ in range(8):
        if cards:
            world.tell(
                "card_txn", txn_id=world.next("KT"), card_id=dice.choice(cards)["card_id"],
                txn_date=min(night, first + timedelta(dice.randint(0, 20))),
                amount=D(dice.randint(1, 4_000_000)) / 100, is_consumption=dice.random() < 0.8,
            )  # fmt: skip


def serve(world: World, dice: Random, night: date) -> None:
    """Cases are opened, answered and closed, some to the second in time."""
    customers = [row["customer_id"] for row in world.rows("customer")]
    for _ in range(2):
        opened = datetime(night.year, night.month, night.day, 1) - timedelta(days=dice.randint(0, 3))
        world.put(
            "service_case", case_id=world.next("SX"), customer_id=dice.choice(customers),
            case_type=dice.choice(["complaint", "consultation", "complaint"]), opened_at=f"{opened}",
            score=dice.choice([None, 10, 7, 6]),
        )  # fmt: skip
    for row in world.rows("service_case"):
        opened = datetime.fromisoformat(row["opened_at"])
        if row["first_reply_at"] is None and dice.random() < 0.6:
            minutes = dice.choice([0, 5, 6, 120, 121])
            row = world.put(
                "service_case", **row | {"first_reply_at": f"{opened + timedelta(minutes=minutes)}"}
            )
        if row["closed_at"] is None and row["first_reply_at"] and dice.random() < 0.6:
            closed = opened + timedelta(minutes=dice.choice([1440, 1441, 130]))
            if closed.date() < night:
                world.put("service_case", **row | {"closed_at": f"{closed}"})
