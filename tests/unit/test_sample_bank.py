"""The generated bank: the same every time, calibrated, and true to itself."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest

from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from sample_bank.profile import SUZHOU
from tests.support.warehouse import Warehouse

PARQUET = Format(kind="parquet")
SMALL = SampleSpec(
    customers=1_500, months=14, nights=12, end=date(2026, 9, 25), profile="wealthy", written_as=PARQUET
)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small bank over an interest settlement day, with its answer key."""
    folder = tmp_path_factory.mktemp("small")
    generate_bank(SMALL, folder / "landing", folder / "key")
    return folder


def table(folder, name, night=None):
    """A table of one night, or of all nights with their dates."""
    pattern = f"landing/business_date={night or '*'}/sequence=1/{name}-*.parquet"
    frames = [
        pl.read_parquet(path).with_columns(
            pl.lit(path.parts[-3].removeprefix("business_date=")).str.to_date().alias("business_date")
        )
        for path in sorted(folder.glob(pattern))
    ]
    return pl.concat(frames, how="diagonal")


def nights_of(folder):
    names = sorted(path.name for path in (folder / "landing").iterdir())
    return [date.fromisoformat(name.removeprefix("business_date=")) for name in names]


def test_the_same_spec_gives_the_same_bytes(small, tmp_path):
    generate_bank(SMALL, tmp_path / "landing", tmp_path / "key")

    assert contents(tmp_path) == contents(small)


def test_another_seed_gives_another_bank(small, tmp_path):
    generate_bank(SMALL.model_copy(update={"seed": 2}), tmp_path / "landing")

    night = nights_of(small)[-1]
    assert not table(small, "deposit_balance", night).equals(table(tmp_path, "deposit_balance", night))


def test_rows_do_not_depend_on_the_size_of_the_chunks(small, tmp_path):
    generate_bank(SMALL.model_copy(update={"chunk_customers": 400}), tmp_path / "landing", tmp_path / "key")

    names = {path.name.rsplit("-", 1)[0] for path in small.glob("landing/*/*/*.parquet")}
    for name in sorted(names):
        whole, parts = table(small, name), table(tmp_path, name)
        assert whole.sort(whole.columns).equals(parts.sort(whole.columns)), name
    for name in ("customer_month", "income", "bridge", "event", "sales"):
        keys = [pl.read_parquet(folder / "key" / f"{name}*.parquet") for folder in (small, tmp_path)]
        assert keys[0].sort(keys[0].columns).equals(keys[1].sort(keys[0].columns)), name


def unexplained_of(folder):
    """Demand accounts whose balances moved without a transaction, as the answer key has them."""
    bridge = pl.read_parquet(folder / "key" / "bridge-*.parquet")
    moved = bridge.filter(pl.col("planted_unexplained_amt") != 0)["customer_id"]
    holders = table(folder, "account_owner").unique(["account_id", "customer_id"])
    joint = holders.filter(pl.col("customer_id").is_in(moved.implode()))["account_id"]
    return pl.concat([moved + "01", joint]).unique()


def test_every_deposit_moves_by_its_transactions(small):
    """But for those that were planted to move without one, of which there are few."""
    nights, unexplained = nights_of(small), unexplained_of(small)
    off = set()
    for before, night in pairwise(nights):
        old, new = (
            table(small, "deposit_balance", day).select("account_id", "balance") for day in (before, night)
        )
        signed = pl.when(pl.col("direction") == "in").then("amount").otherwise(-pl.col("amount"))
        moved = table(small, "transaction", night).group_by("account_id").agg(signed.sum().alias("moved"))
        joined = old.join(new, on="account_id", how="full", coalesce=True, suffix="_new")
        joined = joined.join(moved, on="account_id", how="full", coalesce=True).fill_null(Decimal(0))

        differing = joined.filter(pl.col("balance") + pl.col("moved") != pl.col("balance_new"))
        off |= set(differing["account_id"])

    assert off
    assert off <= set(unexplained)


def test_the_history_leads_to_the_first_night(small):
    first = nights_of(small)[0]
    history = table(small, "monthly_balance_history")
    running = history.filter(pl.col("balance_month") == first.replace(day=1))
    wealth = table(small, "product", first).filter(pl.col("asset_class") == "wealth")
    running = running.join(wealth, on="product_code", how="anti").select("account_id", "month_end_balance")
    running = running.filter(pl.col("month_end_balance") != 0)
    signed = pl.when(pl.col("direction") == "in").then("amount").otherwise(-pl.col("amount"))
    transactions = table(small, "transaction", first).filter(pl.col("txn_date") == first)
    moved = transactions.group_by("account_id").agg(signed.sum().alias("moved"))
    tonight = table(small, "deposit_balance", first).select("account_id", "balance")
    joined = running.join(tonight, on="account_id", how="full", coalesce=True)
    joined = joined.join(moved, on="account_id", how="left").fill_null(Decimal(0))

    differing = joined.filter(pl.col("month_end_balance") + pl.col("moved") != pl.col("balance"))
    assert set(differing["account_id"]) <= set(unexplained_of(small))
    covered = history.filter(pl.col("balance_month") == first.replace(day=1))["day_count"]
    assert set(covered) == {first.day - 1}
    assert history["balance_month"].n_unique() == SMALL.months + 1


def test_only_products_that_allow_it_are_overdrawn(small):
    accounts = table(small, "account").unique("account_id").select("account_id", "product_code")
    products = table(small, "product").unique("product_code").select("product_code", "allows_overdraft")
    overdrawn = table(small, "deposit_balance").filter(pl.col("balance") < 0)
    overdrawn = overdrawn.join(accounts, on="account_id").join(products, on="product_code")

    assert overdrawn.height > 0
    assert overdrawn["allows_overdraft"].all()


def test_there_is_a_batch_on_business_days_only(small):
    calendar = table(small, "calendar").filter(pl.col("is_business_day"))
    nights = nights_of(small)

    assert len(nights) == SMALL.nights
    assert nights[-1] == SMALL.end
    between = calendar["calendar_date"].unique().sort()
    assert between.filter(between.is_between(nights[0], nights[-1])).to_list() == nights


def test_a_spec_that_ends_on_a_weekend_ends_on_the_business_day_before(tmp_path):
    spec = SampleSpec(customers=100, months=0, nights=1, end=date(2026, 11, 1), written_as=PARQUET)

    folders = generate_bank(spec, tmp_path)

    assert [folder.parent.name for folder in folders] == ["business_date=2026-10-30"]


def test_what_a_bank_of_this_size_lives_through(small):
    """Each line is what happens in every bank, and the rows that show it."""
    transactions = table(small, "transaction")
    types = set(transactions["txn_type"])
    interest = transactions.filter(pl.col("txn_type") == "interest")["business_date"]
    salaries = transactions.filter(pl.col("txn_type") == "salary")["business_date"]
    curves = table(small, "ftp_rate").group_by("curve_id").agg(
        pl.col("tenor_days").n_unique(), pl.col("rate").n_unique()
    )  # fmt: skip
    # share of accounts that hold more at the month's end than on its days, over whole months
    ends = table(small, "monthly_balance_history").filter(
        pl.col("balance_sum") > 0, pl.col("balance_month") < date(2026, 9, 1)
    ).group_by(month=pl.col("balance_month")).agg(
        above=(pl.col("month_end_balance").cast(pl.Float64) * pl.col("day_count")
               > pl.col("balance_sum").cast(pl.Float64)).mean()
    )  # fmt: skip
    is_quarter = pl.col("month").dt.month() % 3 == 0
    classes = table(small, "loan_balance").group_by("loan_id").agg(pl.col("five_class").n_unique())
    lives = {
        "salaries on some days of the month": 0 < salaries.n_unique() <= SMALL.nights // 2,
        "interest of all accounts on the settlement day": (interest == date(2026, 9, 21)).mean() > 0.9,
        "money that comes for the end of every quarter":
            ends.filter(is_quarter)["above"].min() > ends.filter(~is_quarter)["above"].max(),
        "every type of transaction": types >= {"cash", "transfer", "interest", "salary", "purchase", "loan"},
        "transfers inside the bank": transactions["counter_customer_id"].is_not_null().any(),
        "transfers to other banks": transactions["counter_bank_code"].is_not_null().any(),
        "reversed transactions": transactions["reversed_txn_id"].is_not_null().any(),
        "reversed card payments": table(small, "card_txn")["reversed_txn_id"].is_not_null().any(),
        "new and closed accounts": set(table(small, "account")["status"]) >= {"open", "closed", "dormant"},
        "deposits falling due": (table(small, "account")["maturity_date"] <= SMALL.end).any(),
        "closed customers": "closed" in set(table(small, "customer")["status"]),
        "corporate customers": "C" in set(table(small, "customer")["customer_type"]),
        "foreign currency": table(small, "account")["currency"].n_unique() > 1,
        "joint accounts": table(small, "account_owner").height > 0,
        "a merged outlet": table(small, "org")["successor_org_id"].is_not_null().any(),
        "staff who leave": "left" in set(table(small, "employee")["status"]),
        "staff who move": (table(small, "employee").group_by("employee_id").agg(
            pl.col("org_id").n_unique())["org_id"] > 1).any(),
        "assignments changed": set(table(small, "assignment")["change_reason"]) >= {"adjust", "recall"},
        "late loans": table(small, "loan_balance")["days_past_due"].max() > 0,
        "loans of every quality": table(small, "loan_balance")["five_class"].n_unique() >= 3,
        "loans classed anew": (classes["five_class"] > 1).any(),
        "curves of funds transfer prices": curves.height >= 2 and bool((curves["tenor_days"] > 1).all()),
        "prices that move": (curves["rate"] > curves["tenor_days"]).any(),
        "referrers": "referrer" in set(table(small, "sales_registration")["actor_role"]),
        "cancelled sales": "cancelled" in set(table(small, "sales_trade")["status"]),
        "revoked registrations": table(small, "sales_registration")["revoked_at"].is_not_null().any(),
    }  # fmt: skip
    assert [name for name, happens in lives.items() if not happens] == []


def test_the_command_generates_the_default_bank(tmp_path):
    chosen = ["--customers", "100", "--months", "0", "--nights", "1"]
    spec = SampleSpec(customers=100, months=0, nights=1, end=date(2026, 10, 31))
    assert spec.profile == SUZHOU.name

    warehouse = Warehouse(tmp_path / "home")
    done = warehouse.command("sample", *chosen)
    generate_bank(spec, tmp_path / "landing")

    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(warehouse.home / "landing") == contents(tmp_path / "landing")


def test_the_default_city_has_the_bands_of_suzhou(tmp_path):
    spec = SampleSpec(customers=100_000, months=1, nights=2, end=date(2026, 9, 30), written_as=PARQUET)

    generate_bank(spec, tmp_path / "landing", tmp_path / "key")

    key = pl.read_parquet(tmp_path / "key" / "customer_month-*.parquet")
    last = key.filter(pl.col("month_start_date") == date(2026, 9, 1))
    mean = sum(band.share * band.mean for band in SUZHOU.bands)
    assert last["is_personal"].mean() <= 0.95
    # of the few in the top band nobody is corporate: the persons' share of it is a little more
    for rows, near in ((last, 0.001), (last.filter(pl.col("is_personal")), 0.0015)):
        total = rows["aum_end_amt"].sum()
        for band in SUZHOU.bands:
            inside = rows.filter(pl.col("aum_end_amt") >= int(band.lower))
            if band.upper is not None:
                inside = inside.filter(pl.col("aum_end_amt") < int(band.upper))
            assert inside.height / rows.height == pytest.approx(band.share, abs=near)
            share = float(inside["aum_end_amt"].sum() / total)
            assert share == pytest.approx(band.share * band.mean / mean, abs=near)
