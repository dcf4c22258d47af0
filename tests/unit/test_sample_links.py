"""The links, consents, contacts and schedules of the generated bank: what is delivered is what is planted."""

from collections import defaultdict
from datetime import date, datetime

import polars as pl
import pytest

from orchestration.settings import PROJECT
from sample_bank.catalogue import PRODUCTS
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from sample_bank.tastes import RISK_LEVELS

SPEC = SampleSpec(
    customers=3_000, months=3, nights=8, end=date(2026, 9, 18), profile="wealthy",
    written_as=Format(kind="parquet"),
)  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    generate_bank(SPEC, folder / "landing", folder / "key")
    return folder


def nights(bank):
    return sorted(bank.glob("landing/*/sequence=1"))


def table(bank, name):
    """All nights of a table, oldest first, each row with its night."""
    frames = [
        pl.read_parquet(path).with_columns(pl.lit(place).alias("night"))
        for place, folder in enumerate(nights(bank))
        for path in sorted(folder.glob(f"{name}-[0-9]*.parquet"))
    ]
    return pl.concat(frames, how="diagonal")


def standing(bank, name, *key):
    """The last version of every row of a delta table."""
    return table(bank, name).unique(list(key), keep="last", maintain_order=True)


def key(bank, name):
    return pl.read_parquet(bank / "key" / f"{name}-*.parquet")


def valid(relations, *kinds):
    day = SPEC.timeline.nights[-1]
    holds = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
    return (
        relations.filter(holds & pl.col("relation_type").is_in(kinds))
        .select("customer_id", "related_id")
        .rows()
    )


@pytest.fixture(scope="module")
def relations(bank):
    return standing(bank, "customer_relation", "customer_id", "related_id", "relation_type")


def test_relations_are_of_every_kind_and_begin_and_end_within_the_nights(bank, relations):
    told = table(bank, "customer_relation")

    assert set(relations["relation_type"]) == {
        "household", "spouse", "group_parent", "supplier", "buyer", "guarantor",
    }  # fmt: skip
    assert told.filter((pl.col("night") > 0) & (pl.col("op") == "I")).height > 0
    assert relations["valid_to"].is_not_null().any()
    assert (relations["valid_to"].drop_nulls() <= SPEC.timeline.nights[-1]).all()
    assert relations.filter(pl.col("customer_id") == pl.col("related_id")).is_empty()


def test_everybody_who_is_related_is_known_to_the_bank_by_then(bank, relations):
    known = table(bank, "customer").group_by("customer_id").agg(pl.col("night").min().alias("since"))
    first = table(bank, "customer_relation").group_by("customer_id", "related_id").agg(pl.col("night").min())
    for column in ("customer_id", "related_id"):
        joined = first.join(known, left_on=column, right_on="customer_id", how="left")
        assert joined.filter(pl.col("since").is_null() | (pl.col("since") > pl.col("night"))).is_empty()


def test_households_are_the_persons_whom_relations_join(bank, relations):
    """Worked out by joining pairs until nothing changes."""
    smallest = {}
    pairs = valid(relations, "household", "spouse")
    for pair in pairs:
        for person in pair:
            smallest[person] = person
    for _ in pairs:
        for one, other in pairs:
            smallest[one] = smallest[other] = min(smallest[one], smallest[other])
    told = key(bank, "link").filter(pl.col("link_code") == "household")
    persons = set(table(bank, "customer").filter(pl.col("customer_type") == "P")["customer_id"])
    sizes = told.group_by("other_id").len()["len"]

    assert dict(told.select("customer_id", "other_id").rows()) == smallest
    assert set(smallest) <= persons
    assert set(sizes) == {2, 4}


def test_groups_have_their_ultimate_parent_and_a_circle_is_cut_at_its_smallest_number(bank, relations):
    parents = dict(valid(relations, "group_parent"))
    told = {row[0]: row[1:] for row in key(bank, "link").filter(pl.col("link_code") == "group").select(
        "customer_id", "other_id", "depth", "is_circle").iter_rows()}  # fmt: skip
    circles = set()
    for child in parents:
        seen = [child]
        while seen[-1] in parents and parents[seen[-1]] not in seen:
            seen.append(parents[seen[-1]])
        if seen[-1] in parents:
            circles.add(frozenset(seen[seen.index(parents[seen[-1]]) :]))
    cut = {min(circle) for circle in circles}
    for child in {*parents, *parents.values()}:
        depth, at = 0, child
        while at in parents and at not in cut:
            at, depth = parents[at], depth + 1
        assert told[child][:2] == (at, depth)
    assert set(told) == {*parents, *parents.values()}
    assert circles
    assert any(len(circle) > 2 for circle in circles)
    assert {depth for _, depth, _ in told.values()} >= {0, 1, 2}
    assert {is_circle for _, _, is_circle in told.values()} == {True, False}


def test_a_twentieth_of_the_customers_are_corporates(bank):
    customers = standing(bank, "customer", "customer_id")
    corporates = customers.filter(pl.col("customer_type") == "C")

    assert corporates.height / customers.height >= 0.05
    assert corporates["credit_limit"].null_count() == 0
    assert customers.filter(pl.col("customer_type") == "P")["credit_limit"].null_count() == (
        customers.height - corporates.height
    )
    assert customers["acquisition_source"].n_unique() == 6


def test_salaries_are_paid_by_the_employers_of_the_key_from_both_sides(bank):
    employers = dict(key(bank, "link").filter(pl.col("link_code") == "payroll").select(
        "customer_id", "other_id").rows())  # fmt: skip
    corporates = set(table(bank, "customer").filter(pl.col("customer_type") == "C")["customer_id"])
    holders = dict(standing(bank, "account", "account_id").select("account_id", "customer_id").rows())
    salaries = table(bank, "transaction").filter(
        (pl.col("txn_type") == "salary") & pl.col("counter_customer_id").is_not_null()
    )
    sides = defaultdict(list)
    for account, other, direction, amount, day in salaries.select(
        "account_id", "counter_customer_id", "direction", "amount", "txn_date"
    ).iter_rows():
        person, firm = (holders[account], other) if direction == "in" else (other, holders[account])
        assert employers[person] == firm
        sides[direction].append((person, firm, amount, day))

    assert sorted(sides["in"]) == sorted(sides["out"])
    assert len(sides["in"]) > 50
    assert set(employers.values()) <= corporates
    assert len(set(employers.values())) < len(employers) / 2


def test_supply_chains_are_paid_from_payer_to_payee(bank):
    chains = set(key(bank, "link").filter(pl.col("link_code") == "supply_chain").select(
        "customer_id", "other_id").rows())  # fmt: skip
    holders = dict(standing(bank, "account", "account_id").select("account_id", "customer_id").rows())
    paid = {
        (holders[account], other)
        for account, other in table(bank, "transaction")
        .filter((pl.col("txn_type") == "transfer") & (pl.col("direction") == "out"))
        .drop_nulls("counter_customer_id")
        .select("account_id", "counter_customer_id")
        .iter_rows()
    }

    assert len(chains & paid) > len(chains) / 3


def test_companies_outside_pay_the_corporates_that_the_key_counts_and_nobody_else_pays_again(bank):
    companies = key(bank, "prospect")
    corporates = set(table(bank, "customer").filter(pl.col("customer_type") == "C")["customer_id"])
    holders = dict(standing(bank, "account", "account_id").select("account_id", "customer_id").rows())
    came = table(bank, "transaction").filter(
        (pl.col("direction") == "in") & pl.col("counter_bank_code").is_not_null()
    )
    payees = defaultdict(set)
    for account, other, code in came.select("account_id", "counter_account", "counter_bank_code").iter_rows():
        payees[other, code].add(holders[account])
    planted = {(account, code): count for account, code, count in companies.select(
        "counter_account", "counter_bank_code", "partner_cnt").iter_rows()}  # fmt: skip

    assert companies["counter_account"].is_unique().all()
    # fifteen blocks of 200 neighbours
    assert dict(companies.group_by("kind_code").len().iter_rows()) == {
        "strong": 60, "single": 30, "small": 60, "stopped": 30, "once": 60,
    }  # fmt: skip
    found = {account: of for account, of in payees.items() if account in planted}
    assert len(found) > 30
    for account, of in found.items():
        assert of <= corporates and len(of) <= planted[account]
    assert all(len(of) == 1 for account, of in payees.items() if account not in planted)
    # those who pay no longer have paid last months ago
    stopped = set(companies.filter(pl.col("kind_code") == "stopped")["counter_account"])
    assert not stopped & {account for account, _ in found}


def test_undeclared_suppliers_are_no_declared_ones_and_are_paid_from_both_sides(bank):
    payers = key(bank, "payer")
    declared = set(key(bank, "link").filter(pl.col("link_code") == "supply_chain").select(
        "customer_id", "other_id").rows())  # fmt: skip
    holders = dict(standing(bank, "account", "account_id").select("account_id", "customer_id").rows())
    sides = defaultdict(set)
    for account, other, direction, amount, day in (
        table(bank, "transaction")
        .filter(pl.col("txn_type") == "transfer")
        .drop_nulls("counter_customer_id")
        .select("account_id", "counter_customer_id", "direction", "amount", "txn_date")
        .iter_rows()
    ):
        pair = (holders[account], other) if direction == "out" else (other, holders[account])
        sides[pair].add((direction, amount, day))

    pairs = set(payers.select("customer_id", "other_id").iter_rows())
    assert not pairs & declared
    assert set(payers["kind_code"]) == {"supplier", "small", "seldom"}
    paid = [sides[pair] for pair in pairs if pair in sides]
    assert len(paid) > 20
    for payments in paid:
        out = {(amount, day) for direction, amount, day in payments if direction == "out"}
        assert out == {(amount, day) for direction, amount, day in payments if direction == "in"}


def test_people_invest_within_their_risk_and_by_their_taste_and_go_on_buying(bank):
    lines = {product.code: product.line for product in PRODUCTS}
    positions = table(bank, "investment_position").with_columns(
        pl.col("product_code").replace_strict(lines).alias("line"),
        pl.col("account_id").str.slice(0, 10).alias("customer_id"),
    )
    people = table(bank, "customer").filter(pl.col("night") == 0, pl.col("customer_type") == "P")
    levels = {name: int(level) for name, level in people.select("customer_id", "risk_level").iter_rows()}
    first = positions.filter(pl.col("night") == 0)
    held = {(customer, line) for customer, line in first.select("customer_id", "line").iter_rows()}

    assert all(RISK_LEVELS[line] <= levels[customer] for customer, line in held if customer in levels)
    by_line = {line: {customer for customer, of in held if of == line} for line in RISK_LEVELS}
    both = len(by_line["fund"] & by_line["gold"])
    # of who may hold both, many more than if one had nothing to do with the other
    able = sum(level >= 3 for level in levels.values())
    assert both > 3 * len(by_line["fund"]) * len(by_line["gold"]) / able
    later = positions.filter(pl.col("night") > 0).select("customer_id", "line")
    bought = set(later.iter_rows()) - held
    assert len(bought) > 5
    # the shipped rules ask for no other levels
    rules = pl.read_csv(PROJECT / "seeds" / "rules" / "line_risk_rules.csv")
    shipped = dict(rules.select("product_line_code", "risk_level").iter_rows())
    assert {line: shipped[line] for line in RISK_LEVELS} == RISK_LEVELS


def test_schedules_explain_the_balances_of_the_loans(bank):
    loans = standing(bank, "loan", "loan_id")
    terms = standing(bank, "repayment_schedule", "loan_id", "term_no")
    balances = dict(table(bank, "loan_balance").filter(pl.col("night") == SPEC.nights - 1).select(
        "loan_id", "balance").rows())  # fmt: skip
    late = dict(table(bank, "loan_balance").filter(pl.col("night") == SPEC.nights - 1).select(
        "loan_id", "days_past_due").rows())  # fmt: skip
    unpaid = defaultdict(int)
    oldest = {}
    for loan, due, principal, paid in (
        terms.sort("loan_id", "term_no")
        .select("loan_id", "due_date", "due_principal", "paid_date")
        .iter_rows()
    ):
        if paid is None:
            unpaid[loan] += principal
            oldest.setdefault(loan, due)
        else:
            assert paid == due
    last = SPEC.timeline.nights[-1]

    assert {loan: amount for loan, amount in unpaid.items() if amount} == balances
    assert {loan: max((last - oldest[loan]).days, 0) for loan in late} == late
    ends = terms.group_by("loan_id").agg(pl.col("due_date").max()).join(loans, on="loan_id")
    assert ends.filter(pl.col("due_date") != pl.col("maturity_date")).is_empty()
    paid = terms.drop_nulls("paid_date")
    assert (paid["paid_amount"] == paid["due_principal"] + paid["due_interest"]).all()
    told = table(bank, "repayment_schedule")
    assert told.filter((pl.col("night") > 0) & (pl.col("op") == "U"))["paid_date"].null_count() == 0
    assert told.filter((pl.col("night") > 0) & (pl.col("op") == "U")).height > 50


def test_consents_are_given_and_taken_back(bank):
    held = standing(bank, "consent", "customer_id", "purpose")
    stands = held.filter(pl.col("withdrawn_at").is_null()).select(
        "customer_id", pl.col("purpose").alias("purpose_code")
    )

    assert stands.sort("customer_id", "purpose_code").equals(key(bank, "consent"))
    assert held["withdrawn_at"].is_not_null().any()
    assert (held["withdrawn_at"] > held["granted_at"]).drop_nulls().all()
    later = table(bank, "consent").filter((pl.col("night") > 0) & (pl.col("op") == "U"))
    assert later["withdrawn_at"].is_not_null().any()
    assert set(held["purpose"]) == {"marketing", "profiling", "do_not_contact"}


def test_a_year_of_messages_is_spread_as_the_documents_say(bank):
    messages = table(bank, "contact_log").filter(pl.col("campaign_id").is_null())
    year = messages.filter(pl.col("sent_at") >= datetime(2025, 9, 18))
    by_customer = year.group_by("customer_id").len()["len"]

    assert 10 < year.height / SPEC.customers < 18
    assert by_customer.max() > 300
    assert by_customer.median() < 10
    assert messages["contact_id"].is_unique().all()
    assert set(messages["channel"]) == {"sms", "app", "call"}
    assert messages.filter(pl.col("channel") == "call")["batch_id"].null_count() > 0


def test_chunks_do_not_change_the_answer_keys(bank, tmp_path):
    generate_bank(SPEC.model_copy(update={"chunk_customers": 1_000}), tmp_path / "landing", tmp_path / "key")

    for name in (
        "link", "payer", "prospect", "consent", "channel", "campaign", "service_case", "opportunity",
    ):  # fmt: skip
        parts = [pl.read_parquet(folder / "key" / f"{name}-*.parquet") for folder in (bank, tmp_path)]
        assert parts[0].sort(parts[0].columns).equals(parts[1].sort(parts[1].columns)), name
