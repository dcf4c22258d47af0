"""A cut holds what one org or manager may see, and no row and no byte of anybody else's customers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from orchestration.errors import NotFoundError
from orchestration.publication.cut import Wanted
from orchestration.releases.catalog import Catalog, read_catalog
from orchestration.republish import make_cut
from orchestration.settings import Settings
from tests.support.published import found, private_values, readable
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def bank(town: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return town.copy_to(Path(tmp_path_factory.mktemp("cuts")) / "home")


def tree(bank: Warehouse, org: str) -> set[str]:
    """The org and all below it, as the bank's last extract says."""
    (path, *_) = sorted((bank.home / "landing").glob("*=2026-10-29/*/org-*.csv"))
    above = dict(pl.read_csv(path, infer_schema=False).select("org_id", "parent_org_id").iter_rows())

    def is_below(one: str | None) -> bool:
        return one is not None and (one == org or is_below(above[one]))

    return {one for one in above if is_below(one)}


def roles(bank: Warehouse) -> list[tuple[str, str, str]]:
    return [
        (row["customer_id"], row["org_id"], row["role_code"])
        for row in bank.query(
            "select customer_id, org_id, role_code from customer_value.fct_customer_org_role where"
            " month_start_date = (select max(month_start_date) from customer_value.fct_customer_org_role)"
        )
    ]


def rows_of(folder: Path, catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    contents = {}
    with duckdb.connect(str(folder / "acrm.duckdb"), read_only=True) as connection:
        for table in catalog.tables:
            cursor = connection.execute(f"select * from {table.full_name}")
            names = [column[0] for column in cursor.description]
            contents[table.full_name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return contents


def same(one: Iterable[dict[str, Any]], other: Iterable[dict[str, Any]]) -> bool:
    return sorted(map(repr, one)) == sorted(map(repr, other))


def others_numbers(bank: Warehouse, seen: set[str]) -> set[str]:
    """Numbers of customers not seen; not those that two other numbers side by side could look like."""
    everybody = {row["customer_id"] for row in bank.query("from customer_value.fct_customer_org_role")}
    return {number for number in everybody - seen if int(number) > 99 and not number.endswith("0")}


def private_texts(bank: Warehouse) -> set[str]:
    """Names and numbers of the bank's files, but those that a customer's number before a text looks like."""
    customers = {row["customer_id"] for row in bank.query("from customer_value.fct_customer_org_role")}
    texts = private_values(bank.home / "landing", "name", "number")
    return {text for text in texts if text[:10] not in customers}


def test_an_org_sees_its_customers_whole_and_of_others_what_it_keeps(bank: Warehouse):
    outlets = [org for _, org, role in roles(bank) if role == "assistant"]
    org = max(set(outlets), key=lambda one: (outlets.count(one), one))
    seen_orgs = tree(bank, org)
    whole = {customer for customer, at, role in roles(bank) if at in seen_orgs and role == "main"}
    part = {customer for customer, at, _ in roles(bank) if at in seen_orgs} - whole
    assert len(whole) > 3 and part

    folder = make_cut(Settings.load(bank.home), Wanted("org", org))

    everything = read_catalog(bank.current.resolve())
    catalog = read_catalog(folder)
    assert (catalog.cut, catalog.release) == (f"org-{org}", everything.release)
    full, cut = rows_of(bank.current.resolve(), everything), rows_of(folder, catalog)
    kept_at_orgs = {"customer_value.fct_customer_org_role", "customer_value.fct_customer_aum_part_monthly"}
    for table, rows in cut.items():
        columns = next(t for t in catalog.tables if t.full_name == table).columns
        if customers := [column.name for column in columns if column.name.endswith("customer_id")]:
            # a row that names another customer, as a group's parent, is seen by who sees both
            expected = [
                row
                for row in full[table]
                if all(
                    row[column] in whole or (column != "customer_id" and not row[column])
                    for column in customers
                )
                or (table in kept_at_orgs and row["customer_id"] in part and row["org_id"] in seen_orgs)
            ]
        elif orgs := [column.name for column in columns if column.name.endswith("org_id")]:
            column = "org_id" if "org_id" in orgs else orgs[0]
            expected = [row for row in full[table] if row[column] in seen_orgs]
        else:
            expected = full[table]
        assert same(rows, expected), table
    dropped = set(full) - set(cut)
    assert dropped >= {"customer_value.rpt_balance_band", "quality.fct_check_result"}
    assert not any({"customer_id", "org_id"} & set(row) for table in dropped for row in full[table][:1])
    for table in catalog.tables:
        files = [folder / file.path for file in table.files]
        assert sum(pl.read_parquet(path, hive_partitioning=False).height for path in files) in (
            0,
            table.row_cnt,
        )
    page = (folder / "my_customers.html").read_text(encoding="utf-8")
    listed = {row["customer_id"] for row in cut["customer.dim_customer_360"] if not row["is_closed"]}
    assert listed and all(f"<small>{customer}</small>" in page for customer in listed)
    assert found(others_numbers(bank, whole | part), readable(folder)) == set()
    assert len(others_numbers(bank, whole | part)) > 100
    assert len(private_texts(bank)) > 1000
    assert found(private_texts(bank), readable(folder)) == set()
    assert folder.stat().st_mode & 0o777 == 0o500


def test_a_manager_sees_whom_he_looks_after(bank: Warehouse):
    settings = Settings.load(bank.home)
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assignments = connection.execute(
            "select employee_id, customer_id, role_code from intermediate.int_ownership__assignment"
            " where valid_from_date <= date '2026-10-29'"
            " and (valid_to_date is null or valid_to_date > date '2026-10-29')"
        ).fetchall()
    managers = [employee for employee, _, role in assignments if role == "main"]
    manager = max(set(managers), key=lambda one: (managers.count(one), one))
    mine = {customer for employee, customer, role in assignments if (employee, role) == (manager, "main")}

    folder = make_cut(settings, Wanted("rm", manager))

    cut = rows_of(folder, read_catalog(folder))
    looked_after = {customer for employee, customer, _ in assignments if employee == manager}
    shown = [row for rows in cut.values() for row in rows if "customer_id" in row]
    assert {row["customer_id"] for row in shown} >= mine
    # of others only what is his own
    others = [row for row in shown if row["customer_id"] not in mine]
    # but for the registrations that name him, which he made or which dispute what he was credited
    claims = [row for row in others if "registration_id" in row and "registered_by_id" in row]
    assert all(manager in (row["employee_id"], row.get("credited_employee_id")) for row in claims)
    claimed = {row["customer_id"] for row in claims}
    others = [row for row in others if row not in claims]
    assert all(row["customer_id"] in looked_after and row["employee_id"] == manager for row in others)
    tiers = "customer_value.fct_customer_tier_monthly"
    assert same(cut[tiers], [row for row in bank.query(f"from {tiers}") if row["customer_id"] in mine])
    for table in ("sales.rpt_sales_dispute", "sales.rpt_rejected_registration"):
        his = [
            row
            for row in bank.query(f"from {table}")
            if row["customer_id"] in mine or manager in (row["employee_id"], row.get("credited_employee_id"))
        ]
        assert same(cut[table], his), table
    page = (folder / "my_customers.html").read_text(encoding="utf-8")
    assert f"客户经理 {manager}" in page and "<script" not in page
    warned = cut["workbench.feed_lost_warning"]
    assert page.count('data-label="流失月份"') == len(warned)
    by_manager = cut["customer_value.rpt_attention_lost_by_manager"]
    assert {row["employee_id"] for row in by_manager} <= {manager}
    assert found(others_numbers(bank, mine | looked_after | claimed), readable(folder)) == set()
    assert found(private_texts(bank), readable(folder)) == set()


@pytest.mark.parametrize(
    "wanted", [Wanted("org", "nowhere"), Wanted("rm", "E999999"), Wanted("org", "../01")]
)
def test_who_is_unknown_gets_nothing(bank: Warehouse, wanted: Wanted):
    with pytest.raises(NotFoundError):
        make_cut(Settings.load(bank.home), wanted)

    assert not list((bank.home / "cuts").rglob("*.building*"))


def test_a_new_cut_takes_the_place_of_the_old_one(bank: Warehouse):
    settings = Settings.load(bank.home)
    first = make_cut(settings, Wanted("org", "01001"))

    assert make_cut(settings, Wanted("org", "01001")) == first
    assert [path.name for path in first.parent.iterdir()] == [first.name]
