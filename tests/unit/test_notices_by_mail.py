"""Mail to a server of this machine that encrypts and asks who one is: what it gets, and what never."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orchestration.notices.sending import send
from tests.unit.test_notices import NOTICE, hook, served

PASSWORD = "a secret of the post"
Security = Literal["none", "starttls", "tls"]


class Office(socketserver.StreamRequestHandler):
    """A server that knows one user; what it was told in the clear and encrypted is kept apart."""

    context: ClassVar[ssl.SSLContext]
    offers: ClassVar[Security]
    clear: ClassVar[list[bytes]]
    encrypted: ClassVar[list[bytes]]
    mails: ClassVar[list[bytes]]

    def setup(self) -> None:
        super().setup()
        self._is_encrypted = self.offers == "tls"

    def handle(self) -> None:
        try:
            if self.offers == "tls":
                self._encrypt()
            self._talk()
        except (ssl.SSLError, OSError):
            # the sender does not trust it
            return

    def _encrypt(self) -> None:
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
        self._is_encrypted = True

    def _talk(self) -> None:
        self._say(b"220 here")
        while line := self._line():
            word = line.split()[0].upper()
            if word == b"EHLO":
                more = [b"STARTTLS"] if self.offers == "starttls" and not self._is_encrypted else []
                more += [b"AUTH PLAIN"] if self._is_encrypted else []
                self._say(b"\r\n".join([b"250-office", *(b"250-" + word for word in more), b"250 8BITMIME"]))
            elif word == b"STARTTLS":
                self._say(b"220 go on")
                self._encrypt()
            elif word == b"AUTH":
                told = base64.b64decode(line.split()[2]).split(b"\0")
                is_known = told == [b"", b"acrm", PASSWORD.encode()]
                self._say(b"235 welcome" if is_known else b"535 not 6222021234567890")
            elif word == b"DATA":
                self._say(b"354 go on")
                mail = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    mail += line
                self.mails.append(mail)
                self._say(b"250 taken")
            elif word == b"QUIT":
                self._say(b"221 bye")
                return
            else:
                self._say(b"250 ok")

    def _line(self) -> bytes:
        line = self.rfile.readline()
        (self.encrypted if self._is_encrypted else self.clear).append(line)
        return line

    def _say(self, text: bytes) -> None:
        self.wfile.write(text + b"\r\n")


def certificate(folder: Path, address: str = "127.0.0.1") -> Path:
    """A certificate that vouches for itself, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "office")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{address}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    pem = certificate(tmp_path)
    Office.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Office.context.load_cert_chain(pem)
    Office.clear, Office.encrypted, Office.mails = [], [], []
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("POST_PASSWORD", PASSWORD)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Office)) as port:
        yield port


def told(port: int, security: Security, **more: Any) -> list[str]:
    mail = {"to": ["ops@bank.test"], "from": "acrm@bank.test", "host": "127.0.0.1", "port": port}
    known = {"user": "acrm", "password_from": "POST_PASSWORD"}
    return send(NOTICE, (hook(mail={**mail, "security": security, **known, **more}, timeout_seconds=5),))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_and_its_password_go_encrypted(office: int, security: Security) -> None:
    Office.offers = security

    assert told(office, security) == []

    (mail,) = Office.mails
    assert b"Subject: acrm: 2026-01-30 failed" in mail
    assert [line.split()[0] for line in Office.clear] == (
        [b"ehlo", b"STARTTLS"] if security == "starttls" else []
    )
    assert base64.b64encode(f"\0acrm\0{PASSWORD}".encode()) in b"".join(Office.encrypted)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_no_password(
    office: int, security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Office.offers = security
    # one of another address is no better than none
    Office.context.load_cert_chain(other := certificate(tmp_path, "127.0.0.2"))
    for trusted in (other, tmp_path / "none.pem"):
        trusted.touch()
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

        (line,) = told(office, security)
        assert line.endswith(": its certificate is not trusted by this machine, or is of another name")
    assert (Office.mails, Office.encrypted) == ([], [])


def test_a_server_that_does_not_encrypt_gets_no_password(office: int) -> None:
    Office.offers = "none"

    assert told(office, "starttls") == ["notify 1 (mail) was not told of failed: SMTPNotSupportedError"]
    assert Office.mails == [] and {line.split()[0] for line in Office.clear} <= {b"ehlo", b"QUIT"}


def test_a_wrong_password_is_a_line_without_the_servers_words(
    office: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Office.offers = "tls"
    monkeypatch.setenv("POST_PASSWORD", "another")

    assert told(office, "tls") == ["notify 1 (mail) was not told of failed: the server answered 535"]
    assert Office.mails == []


def test_a_password_that_smtp_cannot_say_is_a_line(office: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Office.offers = "tls"
    monkeypatch.setenv("POST_PASSWORD", "口令")

    (line,) = told(office, "tls")

    assert line.endswith(": user and POST_PASSWORD may hold ASCII alone")
