"""Open every dashboard in headless Chromium as a viewer does; keep a picture of each, and what it was told.

``numbers.json`` in the folder has, per dashboard and chart, the rows that the server sent to the page,
and every request that would have left this machine.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, Response, Route, sync_playwright

from bi.home import ASSETS, LOOPBACK, VIEWER, viewer_password

WIDTH = 1400
DRILL = "contribution"
"""The dashboard whose charts filter each other down to the account."""
FORMER = "customers"
"""The dashboard that is opened once more with the month before."""

Rows = dict[str, list[dict[str, Any]]]
"""Rows by title of the chart."""

_CHART = ".dashboard-component-chart-holder"
_FILTER = "[data-test='form-item-value'] .ant-select-selector"
_APPLY = "[data-test='filter-bar__apply-button']"
_WAIT = 300_000
"""Milliseconds; a limit, for machines that do other things as well."""
_DATA = "/api/v1/chart/data"


def main() -> None:
    """Look at all dashboards of a server on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8088)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or sys.exit(
        "Chromium is not installed (Debian: apt install chromium)."
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        found = look(browser, f"http://{LOOPBACK}:{options.port}", options.folder)
        browser.close()
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (options.folder / "numbers.json").write_text(text, encoding="utf-8")


def look(browser: Browser, address: str, folder: Path) -> dict[str, Any]:
    """Rows by dashboard and chart, and what the pages asked of other machines."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 5000}, locale="zh-CN")
    page.set_default_timeout(_WAIT)
    outside: list[str] = []

    def keep_inside(route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in (LOOPBACK, None):
            route.continue_()
        else:
            outside.append(request.url)
            route.abort()

    page.route("**/*", keep_inside)
    _log_in(page, address)
    slugs = sorted(path.stem for path in (ASSETS / "dashboards").glob("*.yaml"))
    charts = {slug: _open(page, address, slug, folder) for slug in slugs}
    drill = _drill(page, address, folder)
    former = _former_month(page, address)
    return {"charts": charts, "drill": drill, "former": former, "outside": outside}


def _log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("#username", VIEWER)
    page.fill("#password", viewer_password())
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome/**")


def _open(page: Page, address: str, slug: str, folder: Path) -> Rows:
    names = _names(page, address, slug)
    with _told(page, names) as seen:
        page.goto(f"{address}/superset/dashboard/{slug}/")
        page.wait_for_selector(_CHART)
        _settle(page, lambda: len(seen) == len(names))
    _picture(page, folder / f"{slug}.png")
    return seen


def _drill(page: Page, address: str, folder: Path) -> dict[str, Any]:
    """Click on the first product line: the charts beside it follow."""
    names = _names(page, address, DRILL)
    page.goto(f"{address}/superset/dashboard/{DRILL}/")
    page.wait_for_selector(_CHART)
    cell = page.locator(_CHART, has_text="产品贡献度").last.locator("tbody tr td").first
    cell.wait_for()
    _settle(page, lambda: True)
    with _told(page, names) as seen:
        line = cell.inner_text().strip()
        cell.click()
        # all but the one that was clicked, and the date
        _settle(page, lambda: len(seen) >= len(names) - 2)
    _picture(page, folder / f"{DRILL}-drill.png")
    return {"value": line, "charts": seen}


def _former_month(page: Page, address: str) -> dict[str, Any]:
    """Choose the second month of the list in the month filter: the charts follow."""
    names = _names(page, address, FORMER)
    page.goto(f"{address}/superset/dashboard/{FORMER}/")
    page.wait_for_selector(_CHART)
    _settle(page, lambda: True)
    with _told(page, names) as seen:
        page.locator(_FILTER).first.click()
        option = page.locator(".ant-select-item-option").nth(1)
        option.wait_for()
        month = option.inner_text().strip()
        option.click()
        page.locator(_APPLY).click()
        # all but those that show all months, and the date
        _settle(page, lambda: len(seen) >= len(names) - 2)
    return {"value": month, "charts": seen}


def _names(page: Page, address: str, slug: str) -> dict[int, str]:
    """Titles of a dashboard's charts by number."""
    listed = page.request.get(f"{address}/api/v1/dashboard/{slug}/charts").json()["result"]
    return {chart["id"]: chart["slice_name"] for chart in listed}


@contextmanager
def _told(page: Page, names: dict[int, str]) -> Iterator[Rows]:
    """Rows that the server sends meanwhile, by chart."""
    seen: Rows = {}

    def keep(response: Response) -> None:
        if _DATA not in response.url or response.request.method != "POST":
            return
        number = response.request.post_data_json["form_data"].get("slice_id")
        if number in names:
            told = response.json()
            seen[names[number]] = told["result"][0]["data"] if response.ok else [{"error": json.dumps(told)}]

    page.on("response", keep)
    yield seen
    page.remove_listener("response", keep)


def _settle(page: Page, is_told: Callable[[], bool]) -> None:
    for _ in range(_WAIT // 500):
        if is_told() and not page.query_selector(".dashboard .loading, .chart-container .loading"):
            break
        page.wait_for_timeout(500)
    # charts grow into place
    page.wait_for_timeout(2_000)


def _picture(page: Page, path: Path) -> None:
    bottom = page.evaluate(
        "selector => Math.max(...[...document.querySelectorAll(selector)]"
        ".map(chart => chart.getBoundingClientRect().bottom))",
        _CHART,
    )
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom + 16})


if __name__ == "__main__":
    main()
