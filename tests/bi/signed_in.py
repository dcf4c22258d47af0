"""Somebody who asks Superset's interface without a browser."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any


@dataclass
class SignedIn:
    """A session with a server on this machine.

    Attributes:
        address: The server.
        headers: What is sent with every request: who asks, and the token against forged requests.
    """

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    @classmethod
    def nobody(cls, port: int) -> "SignedIn":
        """Who has not signed in."""
        return cls(f"http://127.0.0.1:{port}")

    @classmethod
    def as_user(cls, name: str, home: Path, port: int) -> "SignedIn":
        """An account, by the password file that the server made in the warehouse's folder."""
        session = cls.nobody(port)
        password = (home / "bi" / f"{name}.password").read_text(encoding="utf-8").strip()
        account = {"username": name, "password": password, "provider": "db"}
        token = session.answer("POST", "/api/v1/security/login", account)["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        session.headers["X-CSRFToken"] = session.answer("GET", "/api/v1/security/csrf_token/")["result"]
        session.headers["Referer"] = session.address
        return session

    def status(self, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        """Status of the answer."""
        try:
            with self._ask(method, path, body) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def answer(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer, which must be one."""
        with self._ask(method, path, body) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        return self._opener.open(request)
