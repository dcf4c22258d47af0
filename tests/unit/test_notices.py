"""Notices by command, webhook and mail, to servers of this machine; none of them can fail a night."""

import json
import re
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from orchestration.errors import ConfigurationError
from orchestration.notices.hooks import Hook
from orchestration.notices.notice import CHAPTERS, RUNBOOK, Notice
from orchestration.notices.sending import send
from orchestration.settings import PROJECT, Settings

NOTICE = Notice(
    kind="failed",
    text="org · org-0001.csv · checksum: 坏 is not what the manifest says.",
    business_date="2026-01-30",
    sequence=1,
    station="ingest",
    exit_code=3,
    at=datetime(2026, 1, 31, 2, 31, tzinfo=UTC),
)


def hook(**told: Any) -> Hook:
    return Hook.model_validate({"timeout_seconds": 1, **told})


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Receiver(BaseHTTPRequestHandler):
    """Takes what is posted; ``/moved`` sends elsewhere, ``/drip`` never ends."""

    taken: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.path, dict(self.headers), body))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        elif self.path == "/drip":
            for byte in b"HTTP/1.0":
                time.sleep(0.2)
                self.connection.sendall(bytes([byte]))
        else:
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *arguments: object) -> None: ...


class Postbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs."""

    mails: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                mail = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    mail += line
                self.mails.append(mail.decode())
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            refused = word == b"RCPT" and b"nobody@" in line
            self.wfile.write(b"550 no 6222021234567890 here\r\n" if refused else b"250 ok\r\n")


@pytest.fixture
def web() -> Iterator[str]:
    Receiver.taken = []
    with served(HTTPServer(("127.0.0.1", 0), Receiver)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def smtp() -> Iterator[int]:
    Postbox.mails = []
    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox)) as port:
        yield port


def test_a_webhook_takes_the_notice_with_a_token_of_the_environment(
    web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_TOKEN", "a secret")
    monkeypatch.setenv("OPS_URL", f"{web}/hidden")

    assert send(NOTICE, (hook(webhook={"url": f"{web}/hook", "token_from": "OPS_TOKEN"}),)) == []
    assert send(NOTICE, (hook(webhook={"url_from": "OPS_URL"}),)) == []

    (path, headers, body), (hidden, _, _) = Receiver.taken
    told = json.loads(body)
    assert (path, hidden) == ("/hook", "/hidden")
    assert headers["Authorization"] == "Bearer a secret"
    assert (told["kind"], told["text"], told["business_date"]) == ("failed", NOTICE.text, "2026-01-30")
    assert told["runbook"] == f"{RUNBOOK}#{CHAPTERS['failed']}"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/broken", "it answered 500"),
        ("/moved", "it answered 302"),
        ("/drip", "no answer in 0.5 seconds"),
    ],
)
def test_a_webhook_that_takes_nothing_is_a_line(web: str, path: str, why: str) -> None:
    begun = time.monotonic()

    (line,) = send(NOTICE, (hook(webhook={"url": web + path}, timeout_seconds=0.5),))

    assert line == f"notify 1 (webhook) was not told of failed: {why}"
    assert time.monotonic() - begun < 3
    assert [taken[0] for taken in Receiver.taken] == [path], "a token is sent nowhere else"


def test_a_webhook_that_is_not_there_or_has_no_token_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPS_TOKEN", raising=False)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/secret-path"
    lines = send(NOTICE, (hook(webhook={"url": url}), hook(webhook={"url": url, "token_from": "OPS_TOKEN"})))

    assert [line.partition(": ")[2] for line in lines] == [
        "Connection refused",
        "OPS_TOKEN is not set in the environment",
    ]
    assert "secret-path" not in "".join(lines)


def test_a_mail_says_what_and_what_to_do(smtp: int) -> None:
    mail = {"to": ["ops@bank.test", "night@bank.test"], "from": "acrm@bank.test", "host": "127.0.0.1"}

    assert send(NOTICE, (hook(mail={**mail, "port": smtp}),)) == []

    (sent,) = Postbox.mails
    assert "Subject: acrm: 2026-01-30 failed" in sent and "To: ops@bank.test, night@bank.test" in sent
    assert "Date: Sat, 31 Jan 2026 02:31:00 +0000" in sent


def test_a_mail_that_is_refused_is_a_line_without_the_servers_words(smtp: int) -> None:
    mail = {"to": ["nobody@bank.test"], "from": "acrm@bank.test", "host": "127.0.0.1", "port": smtp}

    (line,) = send(NOTICE, (hook(mail=mail),))

    assert line == "notify 1 (mail) was not told of failed: SMTPRecipientsRefused"


def test_a_command_reads_the_notice_and_gets_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACRM_HASH_KEY", "the bank's key, which nobody is to have")
    others = {"url_from": "CHAT_URL", "token_from": "CHAT_TOKEN"}
    secret = {"ACRM_PAGES_TOKEN", *others.values()}
    for variable in secret:
        monkeypatch.setenv(variable, "a secret of others")
    taken = tmp_path / "taken.json"
    program = (
        "import json, os, sys; told = json.load(sys.stdin); told['seen'] = sorted(os.environ); "
        f"json.dump(told, open({str(taken)!r}, 'w'))"
    )

    hooks = (
        hook(command=[sys.executable, "-c", program], timeout_seconds=20),
        hook(webhook=others, when="late"),
    )
    assert send(NOTICE, hooks) == []

    told = json.loads(taken.read_text(encoding="utf-8"))
    assert (told["text"], told["exit_code"]) == (NOTICE.text, 3)
    assert "ACRM_NOTICE" in told["seen"] and not {"ACRM_HASH_KEY", *secret} & set(told["seen"])


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["false"], "it ended with exit code 1"),
        (["/nowhere/at/all"], "No such file or directory"),
        (["sh", "-c", "sleep 30 & sleep 30"], "no end in 0.5 seconds"),
    ],
)
def test_a_command_that_fails_or_hangs_is_a_line(command: list[str], why: str) -> None:
    begun = time.monotonic()

    (line,) = send(NOTICE, (hook(command=command, timeout_seconds=0.5),))

    assert line == f"notify 1 (command) was not told of failed: {why}"
    assert time.monotonic() - begun < 3


def test_only_what_was_asked_for_is_told(tmp_path: Path) -> None:
    target = tmp_path / "told"

    assert send(NOTICE, (hook(command=["touch", str(target)], when="late"),)) == []

    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notify: [{when: failed}]", "notify.0: Value error, give one of command, webhook and mail"),
        ("notify: [{command: [x], webhook: {url: 'http://h/'}}]", "give one of command"),
        ("notify: [{command: [x], when: [broken]}]", "notify.0.when.0: Input should be 'failed'"),
        ("notify: [{webhook: {url: 'file:///etc/passwd'}}]", "must begin with http:// or https://"),
        ("notify: [{webhook: {url: 'https://u:hunter2@h/'}}]", "must hold no user or password"),
        ("notify: [{webhook: {url: 'https://h/', token: hunter2}}]", "notify.0.webhook.token: Extra"),
        (
            "notify: [{mail: {to: [a@b.c], from: d@e.f, host: h, user: u, password: hunter2}}]",
            "notify.0.mail.password: Extra",
        ),
        (
            "notify: [{mail: {to: [a@b.c], from: d@e.f, host: h, user: u, password_from: P}}]",
            "a password needs security",
        ),
        ("notify: [{mail: {to: ['a@b.c\\nBcc: x@y.z'], from: d@e.f, host: h}}]", "notify.0.mail.to.0"),
        ("nightly_at: 25:00", "nightly_at"),
        ("notify: [hunter2\n", "line 2"),
    ],
)
def test_what_cannot_be_is_one_line_that_quotes_no_secret(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bank.yml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        Settings.load(tmp_path)

    message = str(refused.value)
    assert said in message and len(message.splitlines()) == 1 and "hunter2" not in message


@pytest.mark.parametrize(("text", "clock"), [("'02:30'", "02:30"), ("02:30", "02:30"), ("12:30", "12:30")])
def test_the_hour_is_read_as_it_is_written(tmp_path: Path, text: str, clock: str) -> None:
    (tmp_path / "bank.yml").write_text(f"nightly_at: {text}\n", encoding="utf-8")

    assert f"{Settings.load(tmp_path).bank.nightly_at:%H:%M}" == clock


@pytest.mark.parametrize("page", ["docs/settings.md", RUNBOOK])
def test_what_the_documents_show_of_bank_yml_is_read(tmp_path: Path, page: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (PROJECT / page).read_text(encoding="utf-8"), re.M | re.S)
    (shown,) = [block for block in blocks if "notify:" in block]
    (tmp_path / "bank.yml").write_text(shown, encoding="utf-8")

    assert Settings.load(tmp_path).bank.notify


def test_every_notice_has_its_chapter_in_the_runbook() -> None:
    text = (PROJECT / RUNBOOK).read_text(encoding="utf-8")
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    anchors = {heading.lower().replace(":", "").replace(" ", "-") for heading in headings}

    assert set(CHAPTERS.values()) <= anchors
