"""The table that people screen with, households and holdings."""

import csv
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import yaml

from tests.support.bank import Bank
from tests.support.event_bank import EventBank
from tests.support.memory_nights import MemoryNights
from tests.support.models import PROJECT
from tests.unit.test_segments import transact

D = Decimal
FIRST, SECOND, THIRD = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)
MARTS = ["dim_customer_360", "fct_household_monthly", "fct_customer_holding"]


def told(
    bank: Bank, night: date, nights: MemoryNights, customers: dict[str, dict[str, Any]], **tables: Any
) -> None:
    """Run a night whose batch says more of customers, and brings tables of stage 2."""
    delivery = bank.delivery(night, full=True)
    delivery.tables["customer"] = [
        row | customers.get(row["customer_id"], {}) for row in delivery.tables["customer"]
    ]
    for table, rows in tables.items():
        delivery.tables[table] = rows
        delivery.loads[table] = "full"
    nights.run(delivery)


def test_every_column_stands_in_one_group_of_conditions() -> None:
    path = PROJECT / "models/marts/customer/dim_customer_360.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    columns = [column["name"] for column in model["columns"]]
    with (PROJECT / "seeds/rules/query_condition_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    assert [row["column_name"] for row in rules] == [name for name in columns if name != "business_date"]
    assert {int(row["group_no"]) for row in rules} == set(range(1, 11))


def test_a_customer_with_a_deposit_a_fund_and_a_card_holds_three_lines() -> None:
    """X1, and what else is known of the customer."""
    bank = Bank([FIRST, SECOND])
    customer = bank.customer("C1", opened=date(2024, 2, 29))
    customer.holds(300, since=date(2026, 1, 1)).bears("0.02", until=date(2026, 9, 30))
    customer.invests("100")
    card = customer.card(issued=date(2026, 1, 5), grade="gold", expires=date(2028, 1, 31))
    card.owes("25.00", since=FIRST)
    card.spends("40.00", on=SECOND)
    customer.borrows(1000, since=date(2026, 5, 1))
    bank.customer("C2").holds(5)
    transact(bank, "C1", SECOND, "12.00")
    nights = MemoryNights(MARTS)
    said = {"C1": {"gender": "F", "birth_date": date(1986, 7, 1), "risk_level": "3", "income_band": "C"}}
    contacts = [
        {
            "contact_id": f"K{n}",
            "customer_id": "C1",
            "channel": channel,
            "sent_at": sent,
            "delivered": arrived,
        }
        for n, (channel, sent, arrived) in enumerate(
            [
                ("sms", "2025-07-01 02:00:00", True),
                ("sms", "2025-06-30 02:00:00", True),  # 13 months ago
                ("call", "2026-05-31 02:00:00", True),  # 30 days before the second night
                ("app", "2026-06-28 02:00:00", True),
                ("visit", "2026-06-29 02:00:00", False),
            ]
        )
    ]
    told(bank, FIRST, nights, said, contact_log=contacts, consent=[
        {"customer_id": "C1", "purpose": "marketing", "granted_at": "2026-01-02 01:00:00"},
        {"customer_id": "C1", "purpose": "care", "granted_at": "2026-01-02 01:00:00"},
    ])  # fmt: skip
    later = [{"contact_id": "K9", "customer_id": "C1", "channel": "sms", "sent_at": "2026-06-30 01:00:00",
              "delivered": True}]  # fmt: skip
    told(bank, SECOND, nights, said, contact_log=later)

    rows = {row["customer_id"]: row for row in nights.query("select * from customer.dim_customer_360")}
    assert set(rows) == {"C1", "C2"}
    row = rows["C1"]
    expected = {
        "business_date": SECOND,
        "gender_code": "F",
        "age": 39,
        "age_band_code": "30_39",
        "tenure_months": 28,
        "line_cnt": 4,
        "held_line_codes": ",card,deposit,loan,wealth,",
        "next_maturity_date": date(2026, 9, 30),
        "next_maturity_amt": D("300.00"),
        "deposit_amt": D("300.00"),
        "investment_amt": D("100.00"),
        "total_assets_amt": D("400.00"),
        "largest_line_share": D("0.750000"),
        "loan_amt": D("1000.00"),
        "mortgage_amt": D("1000.00"),
        "card_debt_amt": D("25.00"),
        "card_kind_codes": ",credit,",
        "best_card_grade_code": "gold",
        "card_spend_3m_amt": D("40.00"),
        "next_card_expiry_date": date(2028, 1, 31),
        "txn_3m_cnt": 1,
        "txn_12m_amt": D("12.00"),
        "last_txn_date": SECOND,
        "outside_out_3m_amt": D("12.00"),
        "contact_30d_cnt": 2,
        "contact_12m_cnt": 4,
        "last_contact_date": SECOND,
        "last_contact_channel_code": "sms",
        "consent_purpose_codes": ",care,marketing,",
        "owning_org_name": "机构 O1",
        "is_closed": False,
        "postal_class_code": "d",
        "wealth_class_code": "mass",
        "lifecycle_code": "mature",
    }
    assert {name: row[name] for name in expected} == expected
    assert (rows["C2"]["age"], rows["C2"]["line_cnt"], rows["C2"]["txn_12m_cnt"]) == (None, 1, 0)

    holdings = nights.query(
        "select * from customer.fct_customer_holding where customer_id = 'C1' order by holding_code"
    )
    assert [(h["holding_code"], h["balance_amt"], h["balance_share"]) for h in holdings] == [
        ("card", D("25.00"), D("0.024390")),
        ("deposit", D("300.00"), D("0.750000")),
        ("investment", D("100.00"), D("0.250000")),
        ("loan", D("1000.00"), D("0.975610")),
    ]


def household_of(nights: MemoryNights, first: str) -> str:
    """The household of customers who are related: no number of a customer is in it."""
    ((pads,),) = [tuple(row.values()) for row in nights.query("select hash_pad from pipeline.hash_pad")]
    inner = sha256(pads["inner_pad"] + first.encode()).digest()
    return f"REL-{sha256(pads['outer_pad'] + inner).hexdigest()[:32]}"


def test_a_joint_account_of_two_members_counts_once() -> None:
    """H1: and who is related is in the household of the relation, whatever the bank says otherwise."""
    bank = Bank([SECOND])
    bank.customer("C1").holds("100000.00").shared({"C1": "0.5", "C2": "0.5"}, since=SECOND)
    bank.customer("C2")
    bank.customer("C3").holds(7)
    bank.customer("C4").holds(11)
    bank.customer("C5").holds(13)
    corporate = bank.customer("C6", kind="C")
    corporate.holds(1)
    nights = MemoryNights(MARTS)
    said = {name: {"household_id": home} for name, home in
            (("C1", "H1"), ("C2", "H1"), ("C3", "H2"), ("C4", "H2"), ("C6", "H2"))}  # fmt: skip
    since = {"valid_from": date(2026, 1, 1)}
    relations = [
        since | {"customer_id": "C4", "related_id": "C5", "relation_type": "spouse"},
        since | {"customer_id": "C3", "related_id": "C5", "relation_type": "guarantor"},
        since | {"customer_id": "C3", "related_id": "C4", "relation_type": "household", "valid_to": SECOND},
    ]
    told(bank, SECOND, nights, said, customer_relation=relations)

    rows = nights.query("select * from customer.fct_household_monthly order by household_id")
    assert [(row["household_id"], row["source_code"], row["member_cnt"], row["aum_amt"]) for row in rows] == [
        ("H1", "delivered", 2, D("100000.00")),
        ("H2", "delivered", 1, D("7.00")),
        (household_of(nights, "C4"), "relation", 2, D("24.00")),
    ]
    assert rows[0]["tier_code"] == "potential"
    sizes = nights.query(
        "select customer_id, household_id, household_size from customer.dim_customer_360 order by 1"
    )
    assert [(row["customer_id"], row["household_size"]) for row in sizes] == [
        ("C1", 2), ("C2", 2), ("C3", 1), ("C4", 2), ("C5", 2), ("C6", None),
    ]  # fmt: skip


def test_relations_of_a_chain_are_one_household() -> None:
    bank = Bank([SECOND])
    for number in range(1, 7):
        bank.customer(f"C{number}").holds(number)
    pairs = [("C6", "C1"), ("C1", "C5"), ("C4", "C5"), ("C4", "C3"), ("C2", "C3")]
    relations = [
        {"customer_id": one, "related_id": other, "relation_type": "household", "valid_from": FIRST}
        for one, other in pairs
    ]
    nights = MemoryNights(["fct_household_monthly"])
    told(bank, SECOND, nights, {}, customer_relation=relations)

    rows = nights.query("select household_id, member_cnt, aum_amt from customer.fct_household_monthly")
    # 6 - 1 - 5 - 4 - 3 - 2: 1 + 2 + 3 + 4 + 5 + 6
    assert [tuple(row.values()) for row in rows] == [(household_of(nights, "C1"), 6, D("21.00"))]


def test_debts_on_a_cancelled_card_the_largest_line_of_the_aum_and_what_was_long_ago() -> None:
    bank = Bank([FIRST, SECOND])
    customer = bank.customer("C1", opened=date(2024, 2, 29))
    customer.holds(100, since=date(2026, 1, 1))
    customer.invests(60)
    # half of it is AUM, and nothing of the other
    customer.invests(60, product="HALF")
    customer.invests(900, product="OUTSIDE")
    customer.card(issued=date(2025, 1, 5)).owes("70.00", since=FIRST).becomes("cancelled", on=SECOND)
    customer.card(issued=date(2024, 1, 5), expires=date(2026, 5, 31)).owes("5.00", since=FIRST)
    customer.card(issued=date(2025, 1, 5)).owes("-20.00", since=FIRST)
    # repaid, and still listed as a loss
    customer.borrows(1, since=date(2025, 1, 1))
    repaid = {"loan_id": "C1-L1", "balance": D(0), "overdue_principal": D(0), "overdue_interest": D(0),
              "days_past_due": 9, "five_class": "loss"}  # fmt: skip
    nights = MemoryNights(["dim_customer_360"])
    told(bank, FIRST, nights, {}, contact_log=[
        {"contact_id": "K1", "customer_id": "C1", "channel": "call", "sent_at": "2024-12-01 02:00:00",
         "delivered": True},
    ], visit=[
        {"visit_id": "V1", "customer_id": "C1", "employee_id": "M1", "visited_at": "2024-11-01 02:00:00",
         "has_location": False},
    ])  # fmt: skip
    told(bank, SECOND, nights, {}, loan_balance=[repaid])

    (row,) = nights.query("select * from customer.dim_customer_360")
    # the card that was paid too much is no debt and takes nothing off the others
    assert row["card_debt_amt"] == D("75.00")
    assert (row["worst_five_class_code"], row["past_due_days"]) == (None, 0)
    # (60 + 30) of wealth by 190
    assert (row["aum_amt"], row["largest_line_share"]) == (D("190.00"), D("0.526316"))
    assert (row["last_contact_date"], row["last_contact_channel_code"]) == (date(2024, 12, 1), "call")
    assert (row["contact_12m_cnt"], row["last_visit_date"]) == (0, date(2024, 11, 1))


def test_members_of_a_saved_segment_enter_and_leave_night_by_night() -> None:
    nights_of = [date(2026, 6, 25), date(2026, 6, 26), FIRST, SECOND, THIRD]
    bank = Bank(nights_of)
    bank.customer("C1", opened=date(2026, 1, 1)).holds(100).holds(5, since=date(2026, 6, 26)).holds(
        100, since=FIRST
    )
    bank.customer("C2", opened=date(2026, 1, 1)).holds(100)
    closed = bank.customer("C3", opened=date(2026, 1, 1))
    closed.holds(100)
    closed.leaves(date(2026, 6, 26))
    nights = MemoryNights(["fct_segment_member"])

    # more digits than a number has: nobody meets it, and no night stops
    wild = {"code": "wild", "condition": "(((aum_amt * 9999999999999999.9) * 9999999999999999.9) > 1)"}

    def run(night: date, condition: str) -> None:
        nights._variables["saved_segments"] = [{"code": "rich", "condition": condition}, wild]  # type: ignore[assignment]
        nights.run(bank.delivery(night))

    members = "select * from customer.fct_segment_member order by customer_id, entered_date"
    for night in nights_of[:3]:
        run(night, "(aum_amt >= 100)")
    # refused tonight: nobody leaves, whatever the file says
    run(SECOND, "")
    nights.connection.execute("insert into pipeline.erased_customer values ('C2')")
    assert [
        (row["customer_id"], row["entered_date"], row["left_date"], row["is_member"])
        for row in nights.query(members)
    ] == [
        ("C1", date(2026, 6, 25), date(2026, 6, 26), False),
        ("C1", FIRST, None, True),
        ("C2", date(2026, 6, 25), None, True),
        ("C3", date(2026, 6, 25), date(2026, 6, 26), False),
    ]
    # who is erased is called by nobody
    run(THIRD, "(aum_amt >= 100)")
    assert nights.query(f"select customer_id from ({members}) where is_member") == [{"customer_id": "C1"}]


def test_the_last_event_that_holds_and_the_first_recommendation() -> None:
    """What was withdrawn is no event any more; of two of one night the more urgent is the last."""
    seventh, eighth = date(2026, 10, 7), date(2026, 10, 8)
    bank = EventBank.of(date(2026, 10, 1), eighth)
    for product, line in {"FUND": "wealth_management", "HALF": "fund"}.items():
        bank.bank.books.change_product(product, date(2000, 1, 1), product_line=line)
    taken_back = []
    for name in ("TOLD", "BACK", "EARLIER"):
        account = bank.bank.customer(name).holds(1000)
        if name == "EARLIER":
            bank.moves(account, 60_000, on=date(2026, 10, 6), arrives=seventh)
        txn = bank.moves(account, 50_000, on=eighth)
        if name != "TOLD":
            taken_back.append(txn)
    # two of one night: an overdue loan comes before an outflow of a borrower
    both = bank.bank.customer("BOTH")
    both.borrows(100_000, since=date(2026, 9, 1))
    bank.moves(both.holds(1000), -20_000, on=eighth)
    bank.says("loan_balance", "BOTH-L1", since=eighth, days_past_due=30)
    rich = bank.bank.customer("RICH", opened=date(2025, 12, 1))
    rich.holds(1_000_001, since=date(2025, 12, 1))
    bank.says("customer", "RICH", since=date(2026, 10, 1), risk_level="5")
    nights = bank.run(MemoryNights(["dim_customer_360"]))

    def last_events() -> dict[str, tuple[str | None, date | None]]:
        rows = nights.query(
            "select customer_id, last_event_code, last_event_date from customer.dim_customer_360"
        )
        return {row["customer_id"]: (row["last_event_code"], row["last_event_date"]) for row in rows}

    inflow = ("large_inflow", eighth)
    assert len(nights.query("select 1 from monitoring.fct_event where customer_id = 'BOTH'")) == 2
    both_told = ("loan_overdue", eighth)
    assert last_events() == {
        "TOLD": inflow, "BACK": inflow, "EARLIER": inflow, "BOTH": both_told, "RICH": (None, None),
    }  # fmt: skip

    nights.run(bank.delivery(eighth, sequence=2, without=taken_back))
    assert last_events() == {
        "TOLD": inflow,
        "BACK": (None, None),
        "EARLIER": ("large_inflow", date(2026, 10, 6)),
        "BOTH": both_told,
        "RICH": (None, None),
    }
    # the cause comes back, and so does the event
    nights.run(bank.delivery(eighth, sequence=3))
    assert last_events()["BACK"] == inflow

    # by the scores of the rules large_deposit_wealth 0.90 and large_deposit_loan 0.60
    assert len(nights.query("select 1 from customer.fct_recommendation where customer_id = 'RICH'")) == 2
    rows = nights.query(
        "select customer_id, recommended_product_line_code as line from customer.dim_customer_360"
        " where recommended_product_line_code is not null"
    )
    assert [(row["customer_id"], row["line"]) for row in rows] == [("RICH", "wealth_management")]


def test_the_contribution_of_the_year_of_who_has_nothing_this_month() -> None:
    """A fee of June earns in June; in July the year still holds it, and after a merger who goes on has it."""
    begin, last = date(2026, 5, 31), date(2026, 7, 2)
    bank = Bank([begin, SECOND, THIRD, last])
    for name in ("C1", "C2"):
        bank.customer(name, opened=date(2026, 1, 1), kind="C")
    for name, number in (("C1", "F1"), ("C2", "F2")):
        bank.books.book(
            "fee_income", SECOND, fee_id=number, customer_id=name, product_code="CURRENT", org_id="O1",
            income_date=SECOND, fee_type="service", amount=D("30.00"), direct_cost=D(0), op="I",
        )  # fmt: skip
    nights = MemoryNights(
        ["dim_customer_360", "dim_corporate_360", "fct_corporate_segment_monthly", "rpt_customer_kpi_monthly"]
    )
    merged = {"C2": {"golden_id": "C1"}}
    told(bank, begin, nights, {})
    for night, customers, expected in ((SECOND, {}, 30), (THIRD, {}, 30), (last, merged, 60)):
        told(bank, night, nights, customers)
        for table in ("customer.dim_customer_360", "corporate.dim_corporate_360"):
            (row,) = nights.query(f"select * from {table} where customer_id = 'C1'")
            assert row["contribution_12m_amt"] == expected, (table, night)
        month = night.replace(day=1)
        (row,) = nights.query(
            "select * from corporate.fct_corporate_segment_monthly"
            f" where customer_id = 'C1' and month_start_date = '{month}'"
        )
        assert row["contribution_avg_12m_amt"] == expected, night
        (row,) = nights.query(
            f"select * from customer.rpt_customer_kpi_monthly where month_start_date = '{month}'"
        )
        assert row["contribution_12m_amt"] == 60
