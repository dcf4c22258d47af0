"""Dagster's pages on a real server: who holds the token gets in, and no other page of the browser does."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from orchestration.errors import ConfigurationError
from orchestration.releases.keys import PAGES_TOKEN, provide_pages_token
from orchestration.serving import INSTANCE, LOOPBACK
from orchestration.settings import Settings

MUTATION = 'mutation { setConcurrencyLimit(concurrencyKey: "%s", limit: 1) }'
JSON = {"Content-Type": "application/json"}


@dataclass
class Pages:
    port: int
    token: str
    log: Path
    cookie: str = ""

    @property
    def here(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str, dict]:
        """Status, text and headers of an answer; a header's underscores are hyphens."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=60)
        try:
            said = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, said)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def graphql(self, query: str, **headers: str) -> tuple[int, str]:
        """Ask as the pages do; headers replace or, where empty, leave out."""
        said = {"Content_Type": "application/json", "Origin": self.here, "Cookie": self.cookie, **headers}
        status, text, _ = self.ask(
            "POST", "/graphql", json.dumps({"query": query}), **{k: v for k, v in said.items() if v}
        )
        return status, text

    def limits(self) -> str:
        return self.graphql("{ instance { concurrencyLimits { concurrencyKey } } }")[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    home = tmp_path_factory.mktemp("pages")
    dagster = home / "dagster"
    dagster.mkdir()
    (dagster / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    workspace, log = home / "workspace.yaml", home / "log"
    workspace.write_text("load_from: []", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    token = provide_pages_token(Settings.load(home)).text
    environment = {"ACRM_HOME": str(home), "DAGSTER_HOME": str(dagster), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    command = [sys.executable, "-m", "orchestration.pages", str(workspace), str(port)]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    try:
        served = Pages(port, token, log)
        _wait_for(served, process)
        status, _, headers = served.ask("POST", "/acrm/sign-in", f"token={quote(token)}", Origin=served.here)
        assert (status, headers["location"]) == (303, "/")
        served.cookie = headers["set-cookie"].split(";")[0]
        yield served
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(served: Pages, process: subprocess.Popen) -> None:
    deadline = monotonic() + 120
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, served.port)) == 0:
                return
        assert process.poll() is None, served.log.read_text()
        assert monotonic() < deadline
        sleep(0.2)


def test_whoever_signed_in_sees_the_pages_and_no_address_holds_the_token(pages: Pages) -> None:
    status, page, headers = pages.ask("GET", "/overview", Cookie=pages.cookie)
    assert status == 200
    assert "Dagster" in page
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    _, _, signed_in = pages.ask("POST", "/acrm/sign-in", f"token={quote(pages.token)}", Origin=pages.here)
    assert {"HttpOnly", "SameSite=strict"} <= set(signed_in["set-cookie"].split("; "))
    assert pages.token not in str(signed_in)


@pytest.mark.parametrize("cookie", ["", "acrm_pages_1=x", "acrm_pages_{port}=", "acrm_pages_{port}={token}"])
def test_without_the_cookie_there_is_a_form_and_nothing_else(pages: Pages, cookie: str) -> None:
    given = cookie.format(port=pages.port, token=pages.token)
    for path in ("/", "/runs", "/server_info", "/logs/a/b.out", "/download_debug/1", "//", "/favicon.png"):
        status, page, headers = pages.ask("GET", path, Cookie=given)
        assert (status, headers["cache-control"]) == (401, "no-store"), path
        assert "Dagster" not in page
    assert pages.graphql("{ version }", Cookie=given)[0] == 401
    assert pages.ask("POST", "/report_asset_materialization/a", "{}", Origin=pages.here, **JSON)[0] == 401


def test_a_wrong_token_is_refused(pages: Pages) -> None:
    for form in ("token=", "token=wrong", "", "other=" + quote(pages.token), "token=%FF"):
        assert pages.ask("POST", "/acrm/sign-in", form, Origin=pages.here)[0] == 401, form
    assert pages.ask("POST", "/acrm/sign-in", "token=" + "x" * 5000, Origin=pages.here)[0] == 413
    # nor is it taken from an address, where it would stay
    assert pages.ask("GET", f"/acrm/sign-in?token={pages.token}")[2].get("set-cookie") is None


def test_a_name_that_somebody_points_to_this_machine_is_refused(pages: Pages) -> None:
    for host in (
        "evil.example",
        f"evil.example:{pages.port}",
        f"127.0.0.1.evil.example:{pages.port}",
        "[::1]",
    ):
        assert pages.ask("GET", "/", Host=host, Cookie=pages.cookie)[0] == 400, host
        assert pages.graphql("{ version }", Host=host, Origin=f"http://{host}")[0] == 400
    status, _, _ = pages.ask("GET", "/", Host=f"localhost:{pages.port}", Cookie=pages.cookie)
    assert status == 200


def test_another_page_of_the_browser_changes_nothing(pages: Pages) -> None:
    for origin in ("http://evil.example", "null", f"http://{LOOPBACK}", f"https://{LOOPBACK}:{pages.port}",
                   f"http://{LOOPBACK}:{pages.port + 1}", f"http://localhost:{pages.port}", ""):  # fmt: skip
        assert pages.graphql(MUTATION % "other", Origin=origin)[0] == 403, origin
    assert pages.ask("POST", "/acrm/sign-in", f"token={pages.token}", Origin="http://evil.example")[0] == 403
    assert pages.ask("GET", "/", Origin="http://evil.example", Cookie=pages.cookie)[0] == 403
    assert pages.ask("DELETE", "/", Origin=pages.here, Cookie=pages.cookie)[0] == 405
    assert "other" not in pages.limits()


def test_a_picture_or_a_form_asks_no_graphql(pages: Pages) -> None:
    address = "/graphql?query=" + quote(MUTATION % "picture")
    for path in (address, address.replace("?", "/?"), address.replace("l?", "%6C?")):
        for accepted in ("image/*", "text/html", "application/json"):
            assert pages.ask("GET", path, Cookie=pages.cookie, Accept=accepted)[0] == 405, path
        assert pages.ask("HEAD", path, Cookie=pages.cookie)[0] == 405
        # a form of this server is asked for JSON as well
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/graphql"):
            headers = {"Origin": pages.here, "Cookie": pages.cookie, "Content_Type": kind}
            assert pages.ask("POST", path, "", **headers)[0] == 405, kind
    # a route's pattern takes a line's end for the end of the path
    for end in ("%0A", "%0D", "%00", "%0A/"):
        path = address.replace("?", f"{end}?")
        assert pages.ask("GET", path, Cookie=pages.cookie, Accept="image/*")[0] == 400, path
    assert "picture" not in pages.limits()


def test_the_pages_themselves_ask_and_change(pages: Pages) -> None:
    status, text = pages.graphql("{ version }")
    assert (status, "version" in json.loads(text)["data"]) == (200, True)
    assert pages.graphql(MUTATION % "own")[0] == 200
    assert "own" in pages.limits()


def test_subscriptions_come_through(pages: Pages) -> None:
    headers = {"Cookie": pages.cookie}
    address = f"ws://{LOOPBACK}:{pages.port}/graphql"
    query = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'
    with connect(
        address, origin=pages.here, additional_headers=headers, subprotocols=["graphql-ws"]
    ) as socket_:
        socket_.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket_.recv(30)) == {"type": "connection_ack"}
        socket_.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query}}))
        said = json.loads(socket_.recv(30))
    assert said["payload"]["data"]["pipelineRunLogs"]["__typename"] == "PipelineRunLogsSubscriptionFailure"


@pytest.mark.parametrize(
    ("origin", "with_cookie"), [("http://evil.example", True), (None, True), ("own", False)]
)
def test_no_other_page_listens(pages: Pages, origin: str | None, with_cookie: bool) -> None:
    headers = {"Cookie": pages.cookie} if with_cookie else {}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            f"ws://{LOOPBACK}:{pages.port}/graphql",
            origin=pages.here if origin == "own" else origin,
            additional_headers=headers,
            subprotocols=["graphql-ws"],
        ),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_the_log_holds_neither_token_nor_cookie(pages: Pages) -> None:
    pages.ask("GET", f"/runs?token={pages.token}")
    log = pages.log.read_text()
    assert pages.token not in log
    assert pages.cookie.split("=")[1] not in log


def test_the_token_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(tmp_path)
    token = provide_pages_token(settings)
    path = tmp_path / "keys" / "pages.token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert provide_pages_token(settings).text == token.text
    assert token.text not in repr(token)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"others can read this key"):
        provide_pages_token(settings)
    monkeypatch.setenv(PAGES_TOKEN, "short")
    with pytest.raises(ConfigurationError, match="shorter than 32"):
        provide_pages_token(settings)
