"""Open every dashboard in headless Chromium, keep a picture of each and what its charts were told.

``numbers.json`` in the folder has, per dashboard and chart, the rows that the server sent to the page,
and every request that would have left this machine.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, Response, Route, sync_playwright

from bi.home import ADMIN, ASSETS, LOOPBACK, admin_password

WIDTH = 1500
_WAIT = 90_000
_DATA = "/api/v1/chart/data"


def main() -> None:
    """Look at all dashboards of a server on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8088)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or sys.exit("Chromium is not installed (Debian: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        found = look(browser, f"http://{LOOPBACK}:{options.port}", options.folder)
        browser.close()
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (options.folder / "numbers.json").write_text(text, encoding="utf-8")


def look(browser: Browser, address: str, folder: Path) -> dict[str, Any]:
    """Rows by dashboard and chart, and what the pages asked of other machines."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 2400}, locale="zh-CN")
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
    return {"charts": charts, "outside": outside}


def _log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("#username", ADMIN)
    page.fill("#password", admin_password())
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome/**")


def _open(page: Page, address: str, slug: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    listed = page.request.get(f"{address}/api/v1/dashboard/{slug}/charts").json()["result"]
    names = {chart["id"]: chart["slice_name"] for chart in listed}
    seen: dict[str, list[dict[str, Any]]] = {}

    def keep(response: Response) -> None:
        if _DATA in response.url and response.request.method == "POST":
            slice_id = (response.request.post_data_json or {}).get("form_data", {}).get("slice_id")
            if slice_id in names:
                result = response.json()
                seen[names[slice_id]] = (
                    result["result"][0]["data"] if response.ok else [{"error": json.dumps(result)}]
                )

    page.on("response", keep)
    page.goto(f"{address}/superset/dashboard/{slug}/?standalone=0")
    page.wait_for_selector(".dashboard-component-chart-holder")
    for _ in range(_WAIT // 500):
        if len(seen) == len(names) and not page.query_selector(".dashboard .loading, .chart-container .loading"):
            break
        page.wait_for_timeout(500)
    # charts grow into place
    page.wait_for_timeout(2_000)
    page.remove_listener("response", keep)
    bottom = page.evaluate("Math.max(...[...document.querySelectorAll('.dashboard-component-chart-holder')]"
                           ".map(chart => chart.getBoundingClientRect().bottom))")
    page.screenshot(path=folder / f"{slug}.png", clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom + 16})
    return seen


if __name__ == "__main__":
    main()
