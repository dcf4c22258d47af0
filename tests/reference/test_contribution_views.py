"""The views of contribution over random ledgers: each adds up to the ledger, and is what the reference says.

The ledger is drawn, not computed: amounts of any sign, accounts that come and go, owners' shares and
managers' days that do not divide. The models run in memory (``tests/support/models.py``); what a view should
say is worked out here in whole cents and fractions.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import duckdb
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.reference.contribution_line import COMPONENTS, Line, cents, largest_remainder
from tests.reference.contribution_views import change
from tests.support.models import PROJECT, Models

MONTHS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
DAYS = dict(zip(MONTHS, (31, 28, 31), strict=True))
PARTS = (*COMPONENTS, "capital_charge")
CUSTOMERS = [f"C{number}" for number in range(1, 7)]
# O4 is below O3, O3 and O2 are below HQ; the bank has never named O9
PARENTS = {"O2": "HQ", "O3": "HQ", "O4": "O3"}
ORGS = ["HQ", "O2", "O3", "O4", "O9"]
MODELS = (
    "int_account__owner",
    "int_contribution__customer_month",
    "int_contribution__closed_month",
    "int_contribution__earlier_months",
    "int_contribution__before_month",
    "fct_customer_contribution_monthly",
    "fct_rm_customer_contribution_monthly",
    "fct_rm_contribution_monthly",
    "agg_org_contribution_monthly",
    "agg_product_contribution_monthly",
    "agg_tier_contribution_monthly",
    "rpt_contribution_change",
)
Cents = dict[str, int]
_TABLES = f"""
create table stg.int_contribution__month as
select
    month as month_start_date, last_day(month) as month_end_date, last_day(month) as through_date,
    cast(year(month) * 12 + month(month) as integer) as month_index,
    month = date '2026-03-01' as is_current, month = date '2026-03-01' as is_provisional,
    false as is_partial_month
from stg.month;
create table stg.int_contribution__recorded_from as select date '2026-01-01' as recorded_from_date;
create table stg.int_contribution__owner_weight (
    account_id varchar, product_code varchar, source_code varchar, org_id varchar, month_start_date date,
    customer_id varchar, day_weight hugeint, balance_weight hugeint, day_total hugeint, balance_total hugeint
);
create table stg.fct_account_contribution_monthly (
    account_id varchar, product_code varchar, customer_id varchar, org_id varchar, source_code varchar,
    month_start_date date, average_balance_amt decimal(18, 2), balance_days integer, held_days integer,
    {", ".join(f"{part}_amt decimal(18, 2)" for part in PARTS)},
    contribution_amt decimal(18, 2), eva_amt decimal(18, 2)
);
create table stg.int_account__owner_versions (
    account_id varchar, customer_id varchar, ownership_share decimal(9, 6), known_to_date date
);
create table stg.int_ownership__manager_month (
    customer_id varchar, employee_id varchar, org_id varchar, month_start_date date,
    part_weight bigint, whole_weight bigint
);
create table stg.int_customer__month as
select unnest(['C1', 'C2', 'C3']) as customer_id, 'O2' as owning_org_id;
create table stg.fct_customer_tier_monthly as
select 'C1' as customer_id, month as month_start_date, 'gold' as tier_code from stg.month;
create table stg.int_org__ancestor (org_id varchar, ancestor_org_id varchar);
create table stg.stg_core_banking__orgs as
select unnest(['HQ', 'O2']) as org_id, null::varchar as parent_org_id, 'outlet' as org_level_code;
create table stg.int_ftp__product as
select 'P1' as product_code, 'loans' as product_line_code, 'loan' as asset_class_code;
"""


@dataclass(frozen=True)
class Drawn:
    """A ledger, and how it is held.

    Attributes:
        owners: Ownership shares of joint accounts, in millionths.
        held: Days × participation in hundred thousandths by customer and month, by manager and org.
    """

    lines: list[Line]
    owners: dict[str, dict[str, int]]
    held: dict[tuple[str, date], dict[tuple[str, str], int]]


def drawn(seed: int, accounts: int) -> Drawn:
    """Three months of a few accounts."""
    dice = Random(seed)
    lines, owners = [], {}
    for number in range(accounts):
        account, customer = f"A{number}", dice.choice(CUSTOMERS)
        source = dice.choice(["deposit", "deposit", "loan", "card", "fee"])
        product, org = dice.choice(["P1", "P2", "P3"]), dice.choice(ORGS)
        if source != "fee" and dice.random() < 0.4:
            first = dice.randint(1, 999_999)
            others = [other for other in CUSTOMERS if other != customer]
            owners[account] = {customer: first, dice.choice(others): 1_000_000 - first}
        for month in MONTHS:
            if dice.random() < 0.8:
                line = _line(dice, account, product, customer, org, source, month)
                for owner, share in owners.get(account, {}).items():
                    # shares that changed in the month: not those of the balances
                    line.day_weights[owner] += share
                    line.balance_weights[owner] += dice.choice([share, dice.randint(0, 10**20)])
                lines.append(line)
    held = {
        (customer, month): _held(dice, DAYS[month] * 100_000)
        for customer in CUSTOMERS
        for month in MONTHS
        if dice.random() < 0.7
    }
    return Drawn(lines, owners, held)


def _line(
    dice: Random, account: str, product: str, customer: str, org: str, source: str, month: date
) -> Line:
    amounts = {part: dice.choice([0, dice.randint(-10, 10), dice.randint(-(10**9), 10**9)]) for part in PARTS}
    if source == "fee":
        amounts |= {"deposit_nii": 0, "loan_nii": 0}
    average = 0 if source == "fee" else dice.choice([0, 1, -7, dice.randint(-(10**11), 10**12)])
    return Line(account, product, customer, org, source, month, average, components=amounts)


def _held(dice: Random, whole: int) -> dict[tuple[str, str], int]:
    parties = dice.sample([("E1", "O2"), ("E1", "O3"), ("E2", "O2"), ("E3", "O4")], dice.randint(1, 3))
    left, weights = whole, {}
    for party in parties:
        weights[party] = dice.randint(1, left // 2)
        left -= weights[party]
    if dice.random() < 0.5:
        weights[parties[0]] += left
    return weights


def amount(value: int) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"


def built(bank: Drawn) -> Models:
    """The models over the ledger, as of the night that computes all three months."""
    connection = duckdb.connect()
    models = Models(connection, MODELS)
    connection.execute("create table stg.month as select unnest($months) as month", {"months": MONTHS})
    connection.execute(
        """
        create table stg.contribution_status_rules as
        from read_csv($rules, header = true, types = {
            'ratio_from': 'decimal(18, 6)', 'ratio_to': 'decimal(18, 6)', 'valid_to_month': 'date'
        })
        """,
        {"rules": str(PROJECT / "seeds" / "rules" / "contribution_status_rules.csv")},
    )
    connection.execute(_TABLES)
    rows: dict[str, list[tuple[Any, ...]]] = {
        "fct_account_contribution_monthly": [
            (
                line.account, line.product, line.customer, line.org, line.source, line.month,
                amount(line.average), DAYS[line.month], None,
                *(amount(line.components[part]) for part in PARTS),
                amount(line.contribution), amount(line.contribution + line.components["capital_charge"]),
            )
            for line in bank.lines
        ],
        "int_contribution__owner_weight": [
            (
                line.account, line.product, line.source, line.org, line.month, owner,
                *(str(int(weights.get(owner, 0))) for weights in by_day_and_balance(line)),
                *(str(int(sum(weights.values()))) for weights in by_day_and_balance(line)),
            )
            for line in bank.lines
            for owner in line.day_weights
        ],
        "int_account__owner_versions": [
            (account, owner, f"{share / 1_000_000:.6f}", known_to)
            for account, shares in bank.owners.items()
            # a version of before, which counts no longer
            for owner, share, known_to in [
                (min(shares), 1, MONTHS[1]),
                *((*item, None) for item in shares.items()),
            ]
        ],
        "int_ownership__manager_month": [
            (customer, *party, month, weight, DAYS[month] * 100_000)
            for (customer, month), weights in bank.held.items()
            for party, weight in with_rest(weights, DAYS[month]).items()
        ],
        "int_org__ancestor": [(org, above) for org in ORGS[:-1] for above in lineage(org)],
    }  # fmt: skip
    for table, content in rows.items():
        if content:
            places = ", ".join("?" * len(content[0]))
            connection.executemany(f"insert into stg.{table} values ({places})", content)
    models.build(business_date="2026-03-20", previous_business_date="")
    return models


def by_day_and_balance(line: Line) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    return line.owners("fee_income"), line.owners("deposit_nii")


def with_rest(weights: dict[tuple[str, str], int], days: int) -> dict[tuple[str, str | None], int]:
    rest = days * 100_000 - sum(weights.values())
    return {**weights, **({("UNASSIGNED", None): rest} if rest else {})}


def lineage(org: str) -> list[str]:
    above = [org]
    while above[-1] in PARENTS:
        above.append(PARENTS[above[-1]])
    return above


def by_customer(bank: Drawn) -> dict[tuple[str, date], Cents]:
    found: dict[tuple[str, date], Cents] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    for line in bank.lines:
        for part, whole in line.components.items():
            for owner, share in largest_remainder(whole, line.owners(part)).items():
                found[owner, line.month][part] += share
    return dict(found)


def owning_orgs(bank: Drawn, customers: dict[tuple[str, date], Cents]) -> dict[tuple[str, date], str]:
    first = {
        (customer, month): min(
            line.org
            for line in bank.lines
            if line.month == month and customer in {**line.owners("fee_income"), **line.owners("loan_nii")}
        )
        for customer, month in customers
    }
    return {key: "O2" if key[0] in ("C1", "C2", "C3") else org for key, org in first.items()}


def by_manager(bank: Drawn, customers: dict[tuple[str, date], Cents]) -> dict[tuple[str, str, date], Cents]:
    found: dict[tuple[str, str, date], Cents] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    owning = owning_orgs(bank, customers)
    for (customer, month), parts in customers.items():
        weights = with_rest(bank.held.get((customer, month), {}), DAYS[month])
        parties = {
            (employee, org or owning[customer, month]): weight for (employee, org), weight in weights.items()
        }
        for part, whole in parts.items():
            for (employee, org), share in largest_remainder(whole, parties).items():
                found[employee, org, month][part] += share
    return dict(found)


def changes(bank: Drawn, customers: dict[tuple[str, date], Cents]) -> dict[tuple[str, date], Cents]:
    """Volume, rate, new and closed, mix and total by customer and month, from the second month on."""
    found: dict[tuple[str, date], Cents] = {}
    lines = {(line.account, line.month): line for line in bank.lines if line.source != "fee"}
    for before, month in pairwise(MONTHS):
        effects: dict[str, Cents] = defaultdict(lambda: dict.fromkeys(("volume", "rate", "new_closed"), 0))
        for account in {account for account, _ in lines}:
            old, new = lines.get((account, before)), lines.get((account, month))
            line = old or new
            key = (account, "", month)
            before_and_now = ({} if each is None else {key: each} for each in (old, new))
            for name, effect in () if line is None else change(*before_and_now).items():
                for owner, share in bank.owners.get(account, {line.customer: 1_000_000}).items():
                    effects[owner][name] += cents(Fraction(effect * share, 100_000_000))
        for customer in CUSTOMERS:
            now, then = customers.get((customer, month)), customers.get((customer, before))
            if now is None and then is None:
                continue
            total = sum((now or {}).get(part, 0) - (then or {}).get(part, 0) for part in COMPONENTS)
            parts = effects[customer]
            changed = {**parts, "mix": total - sum(parts.values()), "total": total}
            found[customer, month] = {f"{part}_amt": cents for part, cents in changed.items()}
    return found


def told(models: Models, table: str, *keys: str, names: tuple[str, ...]) -> dict[tuple[Any, ...], Cents]:
    """What a view says, in cents."""
    columns = ", ".join((*keys, *(f"cast({name} * 100 as hugeint)" for name in names)))
    rows = models.connection.execute(f"select {columns} from {models.relation(table)}").fetchall()
    found = {row[: len(keys)]: dict(zip(names, map(int, row[len(keys) :]), strict=True)) for row in rows}
    assert len(found) == len(rows)
    return found


def named(cents_by_key: dict[Any, Cents]) -> dict[Any, Cents]:
    return {key: {f"{part}_amt": parts[part] for part in PARTS} for key, parts in cents_by_key.items()}


@given(seed=st.integers(0, 10**9), accounts=st.integers(1, 14))
@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])
def test_every_view_is_the_reference_and_adds_up_to_the_ledger(seed: int, accounts: int) -> None:
    bank = drawn(seed, accounts)
    models = built(bank)
    names = tuple(f"{part}_amt" for part in PARTS)
    customers = by_customer(bank)
    ledger: dict[date, Cents] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    own: dict[tuple[str, date], int] = defaultdict(int)
    for line in bank.lines:
        own[line.org, line.month] += line.contribution
        for part, whole in line.components.items():
            ledger[line.month][part] += whole

    held = told(models, "fct_customer_contribution_monthly", "customer_id", "month_start_date", names=names)
    assert held == named(customers)
    keys = ("employee_id", "org_id", "month_start_date")
    assert told(models, "fct_rm_contribution_monthly", *keys, names=names) == named(
        by_manager(bank, customers)
    )
    for view, key in (
        ("agg_product", "product_code"),
        ("agg_tier", "tier_code"),
        ("fct_rm", "employee_id, org_id"),
    ):
        totals: dict[date, Cents] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
        table = f"{view}_contribution_monthly"
        for (*_, month), parts in told(
            models, table, *key.split(", "), "month_start_date", names=names
        ).items():
            for part in PARTS:
                totals[month][part] += parts[f"{part}_amt"]
        assert totals == ledger
    orgs = told(
        models,
        "agg_org_contribution_monthly",
        "org_id",
        "month_start_date",
        names=("own_amt", "rolled_up_amt"),
    )
    for (org, month), found in orgs.items():
        below = [each for each in ORGS if org in lineage(each)]
        assert found == {
            "own_amt": own.get((org, month), 0),
            "rolled_up_amt": sum(own.get((each, month), 0) for each in below),
        }
    assert own.keys() <= orgs.keys()


@given(seed=st.integers(0, 10**9), accounts=st.integers(1, 14))
@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])
def test_a_change_is_split_into_parts_that_add_to_it(seed: int, accounts: int) -> None:
    bank = drawn(seed, accounts)
    expected = changes(bank, by_customer(bank))
    # the first month of the ledger has none before it to be compared with
    first = min(line.month for line in bank.lines) if bank.lines else MONTHS[0]
    names = ("volume_amt", "rate_amt", "mix_amt", "new_closed_amt", "total_amt")

    found = told(built(bank), "rpt_contribution_change", "customer_id", "month_start_date", names=names)

    assert found == {key: parts for key, parts in expected.items() if key[1] > first}
    assert all(sum(parts.values()) == 2 * parts["total_amt"] for parts in found.values())
