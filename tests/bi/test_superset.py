"""The real server over a real release, in a real browser: what the charts show is what SQL says.

Takes minutes and wants Superset's own environment and Chromium: ``make test-bi``.
"""

import json
import os
import shutil
import socket
import stat
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.night import run_waiting
from orchestration.sampling import spoil_last_batch
from orchestration.settings import Settings
from sample_bank.generate import SampleSpec, generate_bank
from tests.bi.expected import DASHBOARDS
from tests.bi.expected.shared import NEWEST, Expected, code, product
from tests.bi.signed_in import SignedIn
from tests.support.warehouse import PROJECT, Warehouse

PYTHON = os.environ.get("ACRM_BI", "")
VILLAGE = SampleSpec(customers=1500, months=4, nights=4, end=date(2026, 11, 4), profile="wealthy")
"""Over the end of a month, so that what October recommended is tried; enough companies for prospects."""
PERIOD = 600

pytestmark = pytest.mark.skipif(not PYTHON, reason="takes minutes and Superset's environment: make test-bi")

Rows = list[dict[str, Any]]

_LINES = "(select distinct product_line_code as line from contribution.agg_product_contribution_monthly)"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A bank with a night still waiting, in which one check will not pass."""
    warehouse = Warehouse(tmp_path_factory.mktemp("village"))
    before = os.umask(0o077)
    generate_bank(VILLAGE, warehouse.home / "landing")
    folders = sorted((warehouse.home / "landing").glob("business_date=*/sequence=*"))
    spoil_last_batch(folders, "extra_column", seed=1)
    run_waiting(Settings.load(warehouse.home), until=VILLAGE.timeline.nights[-2])
    os.umask(before)
    return warehouse


@pytest.fixture(scope="module")
def port(village: Warehouse) -> Iterator[int]:
    """Of Superset over the village."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    command = [PYTHON, "-m", "bi.serve", "--port", str(number)]
    server = subprocess.Popen(command, cwd=PROJECT, env=village.environment, stdout=subprocess.DEVNULL)
    try:
        _wait_until_healthy(server, number)
        yield number
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_every_chart_shows_what_sql_says_and_follows_the_next_release(
    village: Warehouse, port: int, tmp_path: Path
):
    first = _look(village, port, tmp_path / "first")
    _assert_agrees(first, village)
    _assert_drill_agrees(first["drill"], village)
    _assert_former_month_agrees(first["former"], village)

    village.run()
    second = _look(village, port, tmp_path / "second")
    _assert_agrees(second, village)

    assert first["outside"] == second["outside"] == []
    for slug, charts in first["charts"].items():
        moved = [title for title, rows in charts.items() if rows != second["charts"][slug][title]]
        assert len(moved) > 1, f"{slug}: only {moved} changed with the release"


def test_secrets_are_the_owners_alone_and_the_release_cannot_be_written(village: Warehouse, port: int):
    folder = village.home / "bi"
    names = ("admin.password", "viewer.password", "secret.key", "superset.db")
    secrets = [folder / name for name in names]

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    program = """
from sqlalchemy.engine import make_url
from sqlalchemy import create_engine
from bi.superset_config import ADDRESS, DB_CONNECTION_MUTATOR
url, arguments = DB_CONNECTION_MUTATOR(ADDRESS, {"connect_args": {"read_only": False}}, "", None, None)
for statement in (
    "create table mine (n int)", "select * from read_text('/etc/hostname')",
    "copy (select 1) to '/tmp/mine'", "export database '/tmp/mine'", "attach '/tmp/mine.duckdb' as mine",
    "set threads = 1", "set temp_directory = '/tmp'", "set log_query_path = '/tmp/mine'",
    "pragma profiling_output = '/tmp/mine'",
):
    try:
        create_engine(url, **arguments).execute(statement).fetchall()
    except Exception as error:
        print(type(error.orig).__name__)
(folder,), = create_engine(url, **arguments).execute("select current_setting('temp_directory')").fetchall()
print(repr(folder))
"""
    done = subprocess.run(
        [PYTHON, "-c", program],
        cwd=PROJECT,
        env=village.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    setting, access = "InvalidInputException", "PermissionException"
    assert done.stdout.split() == [
        setting,
        access,
        access,
        access,
        access,
        setting,
        setting,
        setting,
        setting,
        "''",
    ]


def test_who_has_not_signed_in_sees_nothing_and_no_description_of_the_interface(port: int):
    stranger = SignedIn.nobody(port)

    assert stranger.status("GET", "/api/v1/dashboard/") == 401
    assert stranger.status("GET", "/api/v1/_openapi") == stranger.status("GET", "/swagger/v1") == 404


def test_a_viewer_sees_every_dashboard_and_changes_nothing(village: Warehouse, port: int):
    viewer = SignedIn.as_user("viewer", village.home, port)

    seen = viewer.answer("GET", "/api/v1/dashboard/")["result"]
    number = seen[0]["id"]
    changes = [
        viewer.status("PUT", f"/api/v1/dashboard/{number}", {"dashboard_title": "mine"}),
        viewer.status("DELETE", f"/api/v1/dashboard/{number}"),
        viewer.status("POST", "/api/v1/chart/", {"slice_name": "mine", "datasource_id": 1}),
        viewer.status("PUT", "/api/v1/dataset/1", {"description": "mine"}),
        viewer.status("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"}),
        viewer.status("GET", "/api/v1/database/"),
        viewer.status("GET", "/api/v1/security/users/"),
    ]

    assert {dashboard["slug"] for dashboard in seen} == set(DASHBOARDS)
    assert set(changes) == {403}


def test_an_administrator_opens_no_other_database_and_runs_nothing_but_queries(village: Warehouse, port: int):
    admin = SignedIn.as_user("admin", village.home, port)
    other = {"database_name": "mine", "sqlalchemy_uri": f"duckdb:///{village.home}/mine.duckdb"}
    settings = {
        "database_name": "mine",
        "sqlalchemy_uri": "duckdb:///published/current/acrm.duckdb?threads=1",
    }
    refused = [admin.status("POST", "/api/v1/database/", asked) for asked in (other, settings)]
    refused.append(admin.status("POST", "/api/v1/database/test_connection/", other))
    logs = "storage = 'file', storage_path = '/tmp/mine'"
    statements = [
        "set threads = 1",
        f"call enable_logging({logs})",
        f"from enable_logging({logs})",
        "from query('from enable_' || 'logging()')",
    ]
    run = [
        admin.status("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": sql}) for sql in statements
    ]

    assert refused == [422, 422, 422]
    assert run == [500] * len(statements)
    rows = admin.answer("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 42 as n"})
    assert rows["data"] == [{"n": 42}]
    assert not (village.home / "mine.duckdb").exists()


def _wait_until_healthy(server: "subprocess.Popen[bytes]", port: int) -> None:
    ends = time.monotonic() + PERIOD
    while time.monotonic() < ends:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"no answer within {PERIOD} seconds")


def _look(village: Warehouse, port: int, folder: Path) -> dict[str, Any]:
    assert shutil.which("chromium"), "apt install chromium"
    command = [PYTHON, "-m", "bi.browser", str(folder), "--port", str(port)]
    subprocess.run(command, cwd=PROJECT, env=village.environment, check=True)
    assert len(list(folder.glob("*.png"))) == len(DASHBOARDS) + 1
    return json.loads((folder / "numbers.json").read_text(encoding="utf-8"))


def _assert_agrees(looked: dict[str, Any], village: Warehouse) -> None:
    assert {slug: set(charts) for slug, charts in looked["charts"].items()} == {
        slug: set(charts) for slug, charts in DASHBOARDS.items()
    }
    for slug, charts in DASHBOARDS.items():
        for title, expected in charts.items():
            shown = _shown(looked["charts"][slug][title], expected)
            assert shown == _said(expected, village), f"{slug}: {title}"


def _assert_drill_agrees(drill: dict[str, Any], village: Warehouse) -> None:
    line = village.query(f"select {code('product_line_code', 'line')} as name, line from {_LINES}")
    (clicked,) = [row["line"] for row in line if row["name"] == drill["value"]]
    ledger = f"""from contribution.fct_account_contribution_monthly as ledger
        inner join contribution.agg_product_contribution_monthly as product
            using (product_code, month_start_date)
        where product_line_code = '{clicked}' and {NEWEST}"""
    total = Expected(f"select sum(ledger.contribution_amt) / 10000 {ledger}", ("contribution",))
    shown = drill["charts"]["贡献度（万元） Contribution, 10,000 yuan"]
    assert _shown(shown, total) == _said(total, village)
    products = {row["product_name"] for row in drill["charts"]["账户明细 Accounts"]}
    said = village.query(f"select {product('product_code')} as name {ledger}")
    assert products and products <= {row["name"] for row in said}


def _assert_former_month_agrees(former: dict[str, Any], village: Warehouse) -> None:
    """The month filter offers the months, newest first; what is chosen holds for every chart of a month."""
    assert former["value"] == "2026-10"
    month = "month_start_date = date '2026-10-01'"
    for title in set(former["charts"]) - {
        "数据截止 Data as of",
        "时点资产趋势（万元） Trend of AUM at the end, 10,000 yuan",
    }:
        expected = DASHBOARDS["customers"][title]
        chosen = Expected(expected.sql.replace(NEWEST, month), expected.columns, expected.limit)
        assert _shown(former["charts"][title], chosen) == _said(chosen, village), title
    assert "各网点客户等级 Tiers by branch" in former["charts"]


def _shown(rows: Rows, expected: Expected) -> list[tuple[Any, ...]]:
    if expected.columns:
        return sorted((tuple(_figure(row[column]) for column in expected.columns) for row in rows), key=str)
    melted = []
    for row in rows:
        (_, x), *series = row.items()
        melted += [(x, name, _figure(value)) for name, value in series if value is not None]
    return sorted((point for point in melted if point[-1]), key=str)


def _said(expected: Expected, village: Warehouse) -> list[tuple[Any, ...]]:
    with village.reader() as connection:
        said = connection.execute(expected.sql).fetchmany(expected.limit)
    rows = [tuple(map(_figure, row)) for row in said]
    return sorted((row for row in rows if expected.columns or row[-1]), key=str)


def _figure(value: Any) -> Any:
    """Numbers to the second digit, as people read them."""
    if isinstance(value, (int, float, Decimal)):
        return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return value
