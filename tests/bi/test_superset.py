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
from tests.bi.expected import DASHBOARDS, Expected
from tests.support.warehouse import PROJECT, Warehouse

PYTHON = os.environ.get("ACRM_BI", "")
VILLAGE = SampleSpec(customers=300, months=4, nights=3, end=date(2026, 10, 31), profile="wealthy")
PERIOD = 120

pytestmark = pytest.mark.skipif(not PYTHON, reason="takes minutes and Superset's environment: make test-bi")

Rows = list[dict[str, Any]]


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

    village.run()
    second = _look(village, port, tmp_path / "second")
    _assert_agrees(second, village)

    assert first["outside"] == second["outside"] == []
    for slug, charts in first["charts"].items():
        moved = [title for title, rows in charts.items() if rows != second["charts"][slug][title]]
        assert len(moved) > 1, f"{slug}: only {moved} changed with the release"


def test_secrets_are_the_owners_alone_and_the_release_cannot_be_written(village: Warehouse, port: int):
    folder = village.home / "bi"
    secrets = [folder / "admin.password", folder / "secret.key", folder / "superset.db"]

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    program = """
from sqlalchemy.engine import make_url
from sqlalchemy import create_engine
from bi.superset_config import DB_CONNECTION_MUTATOR, RELEASE
url, arguments = DB_CONNECTION_MUTATOR(make_url("duckdb:///" + RELEASE), {}, "", None, None)
for statement in ("create table mine (n int)", "select * from read_text('/etc/hostname')", "set threads = 1"):
    try:
        create_engine(url, **arguments).execute(statement).fetchall()
    except Exception as error:
        print(type(error.orig).__name__)
"""
    done = subprocess.run(
        [PYTHON, "-c", program],
        cwd=PROJECT,
        env=village.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["InvalidInputException", "PermissionException", "InvalidInputException"]


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
    ledger = f"""from contribution.fct_account_contribution_monthly
        inner join contribution.agg_product_contribution_monthly as product
            using (product_code, month_start_date)
        where product_line_code = '{drill["value"]}'"""
    total = Expected(
        f"select sum(fct_account_contribution_monthly.contribution_amt) / 10000 {ledger}", ("contribution",)
    )
    shown = drill["charts"]["贡献度（万元） Contribution, 10,000 yuan"]
    assert _shown(shown, total) == _said(total, village)
    products = {row["product_code"] for row in drill["charts"]["账户明细 Accounts"]}
    assert products and products <= {
        row["product_code"] for row in village.query(f"select product_code {ledger}")
    }


def _shown(rows: Rows, expected: Expected) -> list[tuple[Any, ...]]:
    if expected.columns:
        return sorted(tuple(_figure(row[column]) for column in expected.columns) for row in rows)
    melted = []
    for row in rows:
        (_, x), *series = row.items()
        melted += [(x, name, _figure(value)) for name, value in series if value is not None]
    return sorted(point for point in melted if point[-1])


def _said(expected: Expected, village: Warehouse) -> list[tuple[Any, ...]]:
    with village.reader() as connection:
        said = connection.execute(expected.sql).fetchmany(expected.limit)
    rows = [tuple(map(_figure, row)) for row in said]
    return sorted(row for row in rows if expected.columns or row[-1])


def _figure(value: Any) -> Any:
    """Numbers to the second digit, as people read them."""
    if isinstance(value, (int, float, Decimal)):
        return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return value
