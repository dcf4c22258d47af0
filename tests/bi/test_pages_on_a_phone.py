"""The pages that are read on a phone, in a real browser as wide as one: nothing runs off it.

Wants Chromium and the environment of the dashboards: ``make test-bi``.
"""

import json
import os
import shutil
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.night_report.assets import Assets, Part, Reminders
from orchestration.night_report.figures import Check, Figures, Loaded, Move, OrgRow, Point, StatusRow, TierRow
from orchestration.night_report.page import render
from tests.unit import test_own_page as own

PYTHON = os.environ.get("ACRM_BI", "")
WIDTH = 390
"""Of a phone in CSS pixels."""

MEASURE = """
import json, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(viewport={"width": int(sys.argv[3]), "height": 844})
    page.goto("file://" + sys.argv[2])
    found = page.evaluate(
        "() => { document.querySelectorAll('details').forEach(one => { one.open = true });"
        "return [...document.querySelectorAll('body *')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
        ".map(one => one.tagName + ' ' + one.textContent.slice(0, 40)) }"
    )
    page.screenshot(path=sys.argv[2] + ".png", full_page=True)
    print(json.dumps([page.evaluate("document.documentElement.scrollWidth"), found]))
    browser.close()
"""

pytestmark = pytest.mark.skipif(not PYTHON, reason="wants Superset's environment and Chromium: make test-bi")

CITY = Decimal("123456789012.34")
"""Of a city's bank: the widest figures that the pages have to show."""
TIERS = {
    "core": "核心级", "growth": "成长级", "platinum": "白金级", "gold": "金级", "potential": "潜力级",
    "ordinary": "普通",
}  # fmt: skip


def runs_off(html: Path) -> tuple[int, list[str]]:
    """Width of the page, and what stands beyond the screen."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed (Debian: apt install chromium)"
    done = subprocess.run(
        [PYTHON, "-c", MEASURE, chromium, str(html), str(WIDTH)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    width, found = json.loads(done.stdout)
    return width, found


def night_report() -> str:
    orgs = tuple(
        OrgRow(
            org_id=f"0100{n:02d}",
            name=f"城市中心第{n}支行",
            customer_cnt=123456,
            tiered_cnt=65432,
            aum_amt=CITY / n,
        )
        for n in range(1, 15)
    )
    tiers = tuple(
        TierRow(tier_code=code, name_zh=name, rank=6 - n, customer_cnt=1234567, aum_amt=CITY)
        for n, (code, name) in enumerate(TIERS.items())
    )
    moves = tuple(
        Move(from_tier_code=before, to_tier_code=after, customer_cnt=123456)
        for before in TIERS
        for after in TIERS
    )
    sent = [
        ("sms", "suppressed", "contact_cap"),
        ("office_mail", "to_send", None),
        ("workbench", "to_send", None),
    ]
    statuses = tuple(
        StatusRow(status_code=code, customer_cnt=123456, aum_amt=CITY)
        for code in ("attention", "lost", "closed")
    )
    loaded = tuple(
        Loaded(table=f"monthly_balance_history_{n}", row_cnt=123456789, refused_cnt=1234) for n in range(12)
    )
    months = tuple(Point(day=date(2026, n, 1), aum_amt=CITY * n, customer_cnt=1234567) for n in range(1, 11))
    now = Figures(
        business_date=date(2026, 10, 29), sequence=1, currency="CNY", check_cnt=527, orgs=orgs, tiers=tiers,
        moves=moves, statuses=statuses, loaded=loaded, months=months, days=months,
        failed=(
            Check(
                gate_code="fit_to_load", severity_code="warn", table="monthly_balance_history",
                check_code="history_account_missing", failing_cnt=1234567,
                message="An account that was open before the month has no history of it: 1 of 2 rows",
            ),
        ),
        assets=Assets(
            parts=tuple(Part(part=name, amount_amt=-CITY) for name in ("external_in_amt", "fee_amt")),
            reminders=tuple(
                Reminders(channel_code=channel, status_code=status, reason_code=reason, response_cnt=1234567)
                for channel, status, reason in sent
            ),
        ),
    )  # fmt: skip
    return render("2026-10-29.1", now, now.model_copy(update={"business_date": date(2026, 10, 28)}))


def test_the_night_report_fits_a_phone(tmp_path: Path) -> None:
    html = tmp_path / "night_report.html"
    html.write_text(night_report(), encoding="utf-8")

    assert runs_off(html) == (WIDTH, [])


def test_the_page_of_a_manager_fits_a_phone(tmp_path: Path) -> None:
    tables = {
        own.CUSTOMER: [own.customer(f"00000000000{n}", str(CITY)) for n in range(3)],
        own.LOST: [own.warning("000000000001", str(CITY), "last_month"), own.warning("000000000002", None)],
        own.DUE: [own.due("000000000001", "maturity", date(2026, 2, 2))],
        own.RANK: [own.rank("fund"), own.rank("all")],
    }
    html = tmp_path / "my_customers.html"
    html.write_text(own.page(tmp_path, tables, kind="org"), encoding="utf-8")

    assert runs_off(html) == (WIDTH, [])
