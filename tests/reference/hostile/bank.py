"""A small hostile bank as raw extracts, drawn from a seed: what a night's files say, and nothing else.

Joint accounts whose shares leave no whole cents, dollars and euros, customers who close and return,
transactions that come late or are reversed months on, a leap day, a month whose last days have no batch.
``front.py`` adds the front office's tables.
"""

from datetime import date, timedelta
from decimal import Decimal

from tests.reference.hostile.world import Row, World
from tests.support.timeline import days, month_start

D = Decimal

NIGHTS = [
    date(2028, 1, 14),
    date(2028, 1, 31),
    date(2028, 2, 11),
    date(2028, 2, 29),
    date(2028, 3, 17),
    date(2028, 4, 6),
    date(2028, 4, 28),
    date(2028, 5, 4),
]
"""January and February end with a batch; March and April do not: the next batch closes them."""

PRODUCTS = [
    # code, class, line, in AUM, weight, currency
    ("CURRENT", "deposit", "deposit", True, "1", "CNY"),
    ("TERM", "deposit", "deposit", True, "1", "CNY"),
    ("DOLLAR", "deposit", "deposit", True, "1", "USD"),
    ("OVERDRAFT", "deposit", "deposit", True, "1", "CNY"),
    ("FUND", "wealth", "fund", True, "1", "CNY"),
    ("HALF", "wealth", "wealth_management", True, "0.5", "CNY"),
    ("EUROFUND", "wealth", "fund", True, "1", "EUR"),
    ("OUTSIDE", "wealth", "insurance", False, "1", "CNY"),
    ("MORTGAGE", "loan", "housing", False, "1", "CNY"),
    ("CONSUMER", "loan", "consumer", False, "1", "CNY"),
    ("SIGNED", "channel", "electronic", False, "1", "CNY"),
]
INVESTED = {"FUND", "HALF", "EUROFUND", "OUTSIDE"}
CURRENCY = {code: currency for code, *_, currency in PRODUCTS}
ORGS = ["O1", "O2", "O3"]
EMPLOYEES = {"E1": "O1", "E2": "O1", "E3": "O2", "E4": "O3"}
FIVE = ["normal", "special_mention", "substandard", "doubtful", "loss"]


def fixed(world: World) -> None:
    """What hardly changes: orgs, staff, products."""
    world.put("org", org_id="HQ", org_name="Head", org_level="head_office", region_code="R1")
    for org in ORGS:
        world.put("org", org_id=org, org_name=org, org_level="outlet", parent_org_id="HQ", region_code="R1")
    for employee, org in EMPLOYEES.items():
        world.put(
            "employee", employee_id=employee, employee_name=employee, org_id=org, post="relationship_manager",
            status="active", hired_on=date(2015, 1, 1),
        )  # fmt: skip
    for code, asset_class, line, in_aum, weight, currency in PRODUCTS:
        world.put(
            "product", product_code=code, product_name=code, asset_class=asset_class, product_line=line,
            is_in_aum=in_aum, aum_weight=D(weight), currency=currency, day_count=360, ftp_curve_id="C1",
            allows_overdraft=code == "OVERDRAFT",
        )  # fmt: skip
    world.put(
        "sales_ratio_param", scope_type="bank", scope_id="*", sales_product_code="*", valid_from=date(2015,
        1, 1),
        seller_ratio=D("0.7"), referrer_ratio=D("0.3"),
    )  # fmt: skip
    for day in days(month_start(NIGHTS[0]), NIGHTS[-1] + timedelta(40)):
        world.put("calendar", calendar_date=day, is_business_day=day in NIGHTS or day > NIGHTS[-1])


def new_customer(world: World, name: str, kind: str, opened: date) -> None:
    """A customer with a few accounts, loans and cards, some of them other people's, too."""
    dice = world.dice
    birth = dice.choice([date(2000, 2, 29), date(1968, 2, 28), date(1990, 7, 15), date(1950, 3, 1), None])
    world.put(
        "customer", customer_id=name, customer_type=kind, customer_name=f"客户{name}", first_open_date=opened,
        home_org_id=dice.choice(ORGS), status="active", is_employee=False,
        birth_date=birth if kind == "P" else None,
        gender=dice.choice(["M", "F", None]) if kind == "P" else None,
        risk_level=dice.choice([None, "1", "2", "3", "5"]) if kind == "P" else None,
        household_id=dice.choice([None, "H1", "H2"]) if kind == "P" else None,
        industry_code=dice.choice(["I1", "I2"]) if kind == "C" else None,
    )  # fmt: skip
    for product in dice.sample(
        [code for code, *_ in PRODUCTS if code not in ("MORTGAGE", "CONSUMER")], dice.randint(1, 5)
    ):
        new_account(world, name, product, opened)
    for _ in range(dice.choice([0, 0, 1, 2])):
        loan = world.next("L")
        currency = dice.choice(["CNY", "CNY", "USD"])
        world.put(
            "loan", loan_id=loan, customer_id=name, product_code=dice.choice(["MORTGAGE", "CONSUMER"]),
            loan_class=dice.choice(["mortgage", "unsecured", "other"]), org_id=dice.choice(ORGS),
            currency=currency,
            principal=D(2_000_000), interest_rate=D("0.045"), start_date=opened,
            maturity_date=dice.choice([date(2028, 5, 20), date(2028, 3, 31), date(2040, 1, 1)]),
        )  # fmt: skip
        world.put(
            "loan_balance", loan_id=loan, balance=world.cents(1000, 1_500_000), overdue_principal=D(0),
            overdue_interest=D(0), days_past_due=0, five_class="normal",
        )  # fmt: skip
    if kind == "P" and dice.random() < 0.5:
        card = world.next("K")
        world.put(
            "card", card_id=card, customer_id=name, card_kind=dice.choice(["credit", "debit"]),
            card_grade="gold",
            org_id=dice.choice(ORGS), issue_date=opened, expiry_date=dice.choice([date(2028, 3, 10),
            date(2033, 1, 1)]),
            status=dice.choice(["valid", "valid", "frozen"]), credit_limit=D(50_000),
        )  # fmt: skip
        world.put("card_balance", card_id=card, balance=world.cents(0, 3000), days_past_due=0)


def new_account(world: World, owner: str, product: str, opened: date) -> str:
    """An account of a customer, with what is in it."""
    dice, account = world.dice, world.next("A")
    world.put(
        "account", account_id=account, customer_id=owner, product_code=product, org_id=dice.choice(ORGS),
        currency=CURRENCY[product], open_date=opened, status="open",
        maturity_date=dice.choice([date(2028, 2, 20), date(2028, 3, 31), date(2028, 4, 30), date(2028, 6, 1)])
        if product in ("TERM", "HALF") else None,
        interest_rate=D("0.0175") if product in ("CURRENT", "TERM", "DOLLAR") else None,
    )  # fmt: skip
    others = [row["customer_id"] for row in world.rows("customer") if row["customer_id"] != owner]
    if others and dice.random() < 0.25:
        first, second = dice.choice(
            [("0.333333", "0.666667"), ("0.500000", "0.500000"), ("0.125000", "0.875000")]
        )
        world.put("account_owner", account_id=account, customer_id=owner, ownership_share=D(first))
        world.put(
            "account_owner", account_id=account, customer_id=dice.choice(others), ownership_share=D(second)
        )
    set_balance(world, account, product)
    return account


def set_balance(world: World, account: str, product: str) -> None:
    """Say what an account holds from now on."""
    low = -2000 if product == "OVERDRAFT" else 0
    amount = world.dice.choice([D(0), world.cents(low, 500), world.cents(0, 90_000), world.cents(0, 900_000)])
    if product in INVESTED:
        key = (account, product)
        before = world.state.get("investment_position", {}).get(key)
        how = before["how"] if before and "how" in before else world.dice.choice(["cost", "units", "none"])
        cost = world.cents(0, 90_000) if how == "cost" else None
        units = D(world.dice.randint(1, 90_000_000)) / 10_000 if how == "units" else None
        if before and world.dice.random() < 0.5:
            cost, units = before["cost_amount"], before["units"]
        world.put(
            "investment_position", account_id=account, product_code=product, units=units,
            market_value=amount + 1, cost_amount=cost,
        )["how"] = how  # fmt: skip
    elif product != "SIGNED":
        world.put("deposit_balance", account_id=account, balance=amount)


def change(world: World, night: date, previous: date) -> None:
    """What happens between two nights."""
    dice = world.dice
    for row in world.rows("account"):
        if row["status"] == "closed":
            continue
        if dice.random() < 0.06 or ((row["maturity_date"] or night) < night and dice.random() < 0.6):
            world.put(
                "account",
                **row | {"status": "closed", "close_date": world.day(previous + timedelta(1), night)},
            )
            for table in ("deposit_balance", "investment_position"):
                for key in [key for key in world.state.get(table, {}) if key[0] == row["account_id"]]:
                    del world.state[table][key]
        elif dice.random() < 0.5:
            set_balance(world, row["account_id"], row["product_code"])
    for row in world.rows("loan_balance"):
        past_due = (
            dice.choice([0, 0, 1, 30, 31, 60, 95, 181]) if dice.random() < 0.6 else row["days_past_due"]
        )
        world.put(
            "loan_balance", loan_id=row["loan_id"], balance=max(D(0), row["balance"] - world.cents(0,
            20_000)),
            days_past_due=past_due, overdue_principal=world.cents(1, 900) if past_due else D(0),
            overdue_interest=world.cents(0, 90) if past_due else D(0),
            five_class=dice.choice(FIVE) if past_due > 30 else "normal",
        )  # fmt: skip
        if dice.random() < 0.04:
            del world.state["loan_balance"][(row["loan_id"],)]
    for row in world.rows("customer"):
        if row["status"] == "active" and dice.random() < 0.04:
            world.put("customer", **row | {"status": "closed"})
        elif row["status"] == "closed" and dice.random() < 0.2:
            world.put("customer", **row | {"status": "active"})
        elif dice.random() < 0.05:
            world.put("customer", **row | {"home_org_id": dice.choice(ORGS)})
    for _ in range(dice.choice([0, 1, 2])):
        kind = dice.choice("PPC")
        new_customer(world, world.next(kind), kind, world.day(previous + timedelta(1), night))


def transactions(world: World, night: date, first: date) -> None:
    """Payments and what is bought, some long past, some taken back."""
    dice, accounts = world.dice, world.rows("account")
    customers = world.rows("customer")
    for _ in range(24):
        account = dice.choice(accounts)
        counter: Row = {}
        if dice.random() < 0.4:
            other = dice.choice(customers)["customer_id"]
            counter = {
                "counter_customer_id": other if other != account["customer_id"] else None,
                "is_in_bank": True,
            }
        elif dice.random() < 0.7:
            number = dice.randint(1, 5)
            counter = {
                "counter_account": f"X{number}", "counter_bank_code": f"B{number % 2}",
                "counter_name": f"外部{number}",
                # not always spelled alike
                "counter_bank_name": f"银行{number % 2}" + ("分行" if night.day % 2 else ""),
            }  # fmt: skip
        world.tell(
            "transaction", txn_id=world.next("T"), account_id=account["account_id"],
            txn_date=world.day(first, night) if dice.random() < 0.9 else world.day(date(2027, 6, 1), night),
            amount=world.cents(0, 40_000) + D("0.01"), direction=dice.choice(["in", "out"]),
            currency=account["currency"],
            channel_code=dice.choice(["counter", "atm", "mobile", "internet", None]),
            txn_type=dice.choice(["transfer", "transfer", "cash", "interest", "fee", "salary", "purchase",
            "redemption"]),
            **{"is_in_bank": False} | counter,
        )  # fmt: skip
    known = [
        row
        for row in [*world.sent("transaction"), *world.waiting["transaction"]]
        if row["reversed_txn_id"] is None
    ]
    for original in dice.sample(known, min(3, len(known))):
        if original["txn_id"] not in world.taken_back:
            world.taken_back.add(original["txn_id"])
            world.tell(
                "transaction", **original | {
                    "txn_id": world.next("R"), "reversed_txn_id": original["txn_id"],
                    "direction": "in" if original["direction"] == "out" else "out",
                    "txn_date": max(original["txn_date"], world.day(first, night)),
                },
            )  # fmt: skip


def rates(world: World, night: date) -> None:
    """Mid rates of a night; the euro has none on some."""
    world.put(
        "fx_rate",
        currency="USD",
        rate_date=night,
        mid_rate=D(world.dice.randint(68_000_000, 73_000_000)) / D(10) ** 7,
    )
    if world.dice.random() < 0.6 or not any(row["currency"] == "EUR" for row in world.rows("fx_rate")):
        world.put(
            "fx_rate",
            currency="EUR",
            rate_date=night,
            mid_rate=D(world.dice.randint(75_000_000, 81_000_000)) / D(10) ** 7,
        )
    for tenor in (1, 30, 365):
        world.put(
            "ftp_rate", curve_id="C1", tenor_days=tenor, rate_date=night, rate=D("0.02") + D(tenor) / 100_000
        )
