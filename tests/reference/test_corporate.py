"""Groups, payments, opportunities and plans once more in plain Python, over small random banks."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.front_office import SALES, change, deliveries, named_paths, relation, target, visit
from tests.support.memory_nights import MemoryNights
from tests.support.timeline import days, month_end, month_start
from tests.unit.test_supply_chain import outside, pay

D = Decimal
FIRST, LAST = date(2026, 1, 28), date(2026, 3, 31)
NIGHTS = [FIRST, date(2026, 1, 31), date(2026, 2, 13), date(2026, 2, 28), date(2026, 3, 16), LAST]
NAMES = ["A", "B", "C", "D", "E", "F"]
STAGES = {"lead": 1, "proposal": 4, "negotiation": 5, "won": 8, "lost": 9}
SEEDS = (1, 2)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(D("0.01"), ROUND_HALF_UP)


def bank_of(names: list[str] = NAMES) -> Bank:
    bank = Bank(NIGHTS)
    for n, name in enumerate(names):
        bank.customer(name, kind="C", opened=date(2025, 1, 1), org=("O1", "O2")[n % 2]).holds(1000 * (n + 1))
    return bank


def run(bank: Bank, brought: dict, *marts: str) -> MemoryNights:
    memory = MemoryNights(marts, given=SALES)
    for delivery in deliveries(bank, brought):
        memory.run(delivery)
    return memory


# groups


def parents_on(day: date, relations: list[dict[str, Any]]) -> dict[str, str]:
    """Each customer's one parent of the day: the largest share, then the smallest number."""
    told = defaultdict(list)
    for row in relations:
        if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
            share = -1 if row["share"] is None else row["share"]
            told[row["customer_id"]].append((-share, row["related_id"]))
    return {customer: min(found)[1] for customer, found in told.items()}


def cut(parents: dict[str, str]) -> dict[str, str]:
    """The parents without those of the smallest customer of each circle."""
    heads = set()
    for start in parents:
        seen, at = [start], parents[start]
        while at in parents and at not in seen:
            seen.append(at)
            at = parents[at]
        if at in seen:
            heads.add(min(seen[seen.index(at) :]))
    return {customer: parent for customer, parent in parents.items() if customer not in heads}


def paths_on(day: date, relations: list[dict[str, Any]], closed: dict[str, date]) -> dict[str, str]:
    """The way from the ultimate parent to each member of the day."""
    parents = cut(parents_on(day, relations))
    paths = {}
    for customer in {*parents, *parents.values()}:
        way = [customer]
        while way[0] in parents:
            way.insert(0, parents[way[0]])
        if customer not in closed or day < closed[customer]:
            paths[customer] = "/".join(way)
    return paths


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_are_what_a_walk_up_the_parents_finds_on_every_day(seed: int) -> None:
    random = Random(seed)
    bank, relations = bank_of(), {}
    for _ in range(9):
        child, parent = random.sample(NAMES, 2)
        since = date(2025, 12, 1) + timedelta(random.randrange(120))
        until = random.choice([None, since + timedelta(random.randrange(1, 90))])
        share = random.choice([None, "0.3", "0.5"])
        relations[child, parent] = relation(child, parent, since=since, until=until, share=share)
    closed = {random.choice(NAMES): NIGHTS[2]}
    for customer in bank.customers:
        if customer.customer_id in closed:
            customer.leaves(NIGHTS[2])
    rows = list(relations.values())
    memory = run(bank, {FIRST: {"customer_relation": rows}}, "fct_group_monthly")

    told = memory.query("select * from corporate.fct_group_member")
    told_paths = list(zip(told, named_paths(told), strict=True))
    for day in days(date(2025, 11, 30), date(2026, 6, 30)):
        held = [
            row for row in told
            if row["valid_from_date"] <= day and (row["valid_to_date"] is None or day < row["valid_to_date"])
        ]  # fmt: skip
        assert len({row["customer_id"] for row in held}) == len(held)
        ways = {row["customer_id"]: path for row, path in told_paths if row in held}
        assert ways == paths_on(day, rows, closed), day

    aum = {
        (row["customer_id"], row["month_start_date"]): row["deposit_end_amt"]
        for row in memory.query("select * from customer_value.fct_customer_aum_monthly")
    }
    for night in (date(2026, 1, 31), date(2026, 2, 28), LAST):
        expected: dict[str, list[Decimal]] = defaultdict(list)
        for customer, path in paths_on(night, rows, closed).items():
            expected[path.split("/")[0]].append(aum[customer, month_start(night)])
        found = memory.query(
            "select * from corporate.fct_group_monthly where month_start_date = ?", month_start(night)
        )
        assert {
            row["ultimate_parent_customer_id"]: (row["member_cnt"], row["deposit_end_amt"]) for row in found
        } == {group: (len(amounts), sum(amounts)) for group, amounts in expected.items()}


# payments


@pytest.mark.parametrize("seed", SEEDS)
def test_payments_are_the_sums_of_the_transactions_and_links_follow_from_them(seed: int) -> None:
    random = Random(seed)
    bank = bank_of()
    out: dict[tuple[date, str, str], Decimal] = defaultdict(D)
    outside_out: dict[tuple[date, str], Decimal] = defaultdict(D)
    for n in range(60):
        night = random.choice(NIGHTS)
        payer, payee = random.sample(NAMES, 2)
        amount = cents(D(random.randrange(1, 100_000)) / 100)
        if random.random() < 0.3:
            outside(bank, f"X{n}", night, payer, f"Z{n % 3}", str(amount))
            outside_out[month_start(night), payer] += amount
        else:
            pay(bank, f"T{n}", night, payer, payee, str(amount))
            out[month_start(night), payer, payee] += amount
    memory = run(bank, {}, "fct_supply_chain_link_monthly")

    rows = memory.query("select * from corporate.fct_counterparty_flow_monthly")
    inside = [row for row in rows if row["is_inside"]]
    assert {
        (row["month_start_date"], row["customer_id"], row["counterparty_customer_id"]): row["out_amt"]
        for row in inside if row["out_amt"]
    } == out  # fmt: skip
    assert {
        (row["month_start_date"], row["counterparty_customer_id"], row["customer_id"]): row["in_amt"]
        for row in inside if row["in_amt"]
    } == out  # fmt: skip
    assert sum(row["out_amt"] for row in rows if not row["is_inside"]) == sum(outside_out.values())

    march = date(2026, 3, 1)
    paid: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for (_, payer, payee), amount in out.items():
        paid[payer, payee].append(amount)
    whole = {
        name: sum(a for (_, payer, _), a in out.items() if payer == name)
        + sum(a for (_, payer), a in outside_out.items() if payer == name)
        for name in NAMES
    }
    expected = {
        pair for pair, amounts in paid.items()
        if len(amounts) >= 3 and sum(amounts) * 10 >= whole[pair[0]]
    }  # fmt: skip
    links = memory.query(
        "select * from corporate.fct_supply_chain_link_monthly where month_start_date = ?", march
    )
    assert {(row["payer_customer_id"], row["payee_customer_id"]) for row in links} == expected


# opportunities


@pytest.mark.parametrize("seed", SEEDS)
def test_the_funnel_is_what_a_walk_through_the_changes_finds(seed: int) -> None:
    random = Random(seed)
    ways: dict[str, list[tuple[date, str]]] = {}
    for n in range(12):
        start = date(2026, 1, 1) + timedelta(random.randrange(60))
        steps = {start + timedelta(random.randrange(40)) for _ in range(random.randrange(1, 6))}
        # some on the last day of a month
        steps |= {day for day in random.sample([date(2026, 1, 31), date(2026, 2, 28)], 1) if day > start}
        ways[f"P{n}"] = [(day, random.choice(list(STAGES))) for day in sorted(steps) if day <= LAST]
    brought: dict[date, dict[str, list]] = {night: {"opportunity": []} for night in NIGHTS}
    for number, way in ways.items():
        for day, stage in way:
            # within its month, so that nothing is late
            night = next(night for night in NIGHTS if night >= day)
            brought[night]["opportunity"].append(change(number, str(day), stage))
    memory = run(bank_of(["C1"]), brought, "rpt_funnel_monthly")

    for month in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)):
        counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for way in ways.values():
            count_month(way, month, counts)
        rows = memory.query("select * from corporate.rpt_funnel_monthly where month_start_date = ?", month)
        assert {row["stage_code"] for row in rows} == set(counts)
        for row in rows:
            told = {name: row[f"{name}_cnt"] for name in (
                "opening", "opened", "entered", "passed_on", "went_back", "won", "lost", "closing",
            )}  # fmt: skip
            assert told == {name: counts[row["stage_code"]][name] for name in told}, (
                month,
                row["stage_code"],
            )


def count_month(way: list[tuple[date, str]], month: date, counts: dict[str, dict[str, int]]) -> None:
    """Each stay of one opportunity that touches the month: how it came, and how it left."""
    steps = [step for n, step in enumerate(way) if n == 0 or step[1] != way[n - 1][1]]
    # nobody knows yet what comes after the month
    steps = [step for step in steps if step[0] <= month_end(month)]
    for n, (since, stage) in enumerate(steps):
        until, following = steps[n + 1] if n + 1 < len(steps) else (None, "")
        is_over = stage in ("won", "lost")
        if until is not None and until < month:
            continue
        if is_over and until is None and not (n == 0 and since >= month):
            continue
        counts[stage]["opening" if since < month else "entered" if n else "opened"] += 1
        if until is None:
            counts[stage][stage if is_over else "closing"] += 1
        elif following in ("won", "lost"):
            counts[stage][following] += 1
        elif not is_over and STAGES[following] > STAGES[stage]:
            counts[stage]["passed_on"] += 1
        else:
            counts[stage]["went_back"] += 1


# plans


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_are_what_came_and_what_it_comes_to(seed: int) -> None:
    random = Random(seed)
    visits = [
        visit(n, str(date(2026, 1, 1) + timedelta(random.randrange(90))), customer=random.choice(NAMES))
        for n in range(40)
    ]
    brought: dict[date, dict[str, list]] = {night: {"visit": [], "plan_target": []} for night in NIGHTS}
    for row in visits:
        day = date.fromisoformat(row["visited_at"][:10])
        brought[next(night for night in NIGHTS if night >= day)]["visit"].append(row)
    targets = [
        target(
            str(random.randrange(-5, 60)), indicator="visits", period=period, scope=scope, scope_id=scope_id
        )
        for period in ("2026", "2026H1", "2026Q1", "2026-02")
        for scope, scope_id in (
            ("bank", "bank"),
            ("org", "HQ"),
            ("org", "O1"),
            ("org", "O2"),
            ("employee", "E1"),
        )
    ]
    brought[FIRST]["plan_target"] = targets
    memory = run(bank_of(), brought, "rpt_plan_variance")

    spans = {
        "2026": (date(2026, 1, 1), date(2026, 12, 31)), "2026H1": (date(2026, 1, 1), date(2026, 6, 30)),
        "2026Q1": (date(2026, 1, 1), LAST), "2026-02": (date(2026, 2, 1), date(2026, 2, 28)),
    }  # fmt: skip
    rows = memory.query("select * from corporate.fct_plan_actual where month_start_date >= '2026-01-01'")
    assert len(rows) == 5 * (1 + 1 + 1) * 3 + 5
    for row in rows:
        first, last = spans[row["period"]]
        as_of = min(month_end(row["month_start_date"]), last)
        # E1 works at O1, and HQ is above
        came = 0 if row["scope_id"] == "O2" else sum(
            first <= date.fromisoformat(v["visited_at"][:10]) <= as_of for v in visits
        )  # fmt: skip
        elapsed, whole = (as_of - first).days + 1, (last - first).days + 1
        forecast = cents(D(came) * whole / elapsed)
        assert (row["as_of_date"], row["actual"], row["run_rate_forecast"]) == (as_of, came, forecast)
        assert row["time_elapsed_rate"] == (D(elapsed) / whole).quantize(D("0.000001"), ROUND_HALF_UP)
        if row["target"] > 0:
            ratio = (forecast / row["target"]).quantize(D("0.000001"), ROUND_HALF_UP)
            assert row["forecast_attainment"] == ratio
            wanted = "behind" if ratio < D("0.95") else "ahead" if ratio >= D("1.05") else "on_track"
            assert row["status"] == wanted
        else:
            assert (row["attainment_rate"], row["forecast_attainment"]) == (None, None)
            assert row["status"] == ("ahead" if forecast > row["target"] else "on_track")

    gaps = {
        (row["scope_id"], row["period"]): row["actual"] - row["target"]
        for row in rows if row["month_start_date"] == date(2026, 3, 1) and row["scope_type"] != "employee"
    }  # fmt: skip
    parts: dict[tuple[str, str, str], Decimal] = defaultdict(D)
    for row in memory.query("select * from corporate.rpt_plan_variance"):
        parts[row["scope_id"], row["period"], row["split_code"]] += row["gap"]
    assert parts == {(*key, way): gap for key, gap in gaps.items() for way in ("org", "tier", "product_line")}
