"""Who may reach Dagster's pages: whoever holds the warehouse's token, from a page of this server.

Put here: what is asked of a request before Dagster sees it. Keep out: how the pages are started.

A loopback address keeps out other machines, not other users of this one, nor the pages of strangers that are
open in the same browser. Those can send requests here, by a link, a picture, a form, a script, or by a name
that they let point to this machine.
"""

import hmac
import secrets
from base64 import b64encode
from hashlib import sha256
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.releases.keys import Key

HOSTS = ("127.0.0.1", "localhost")
"""Names of this server. A request that says another was led here by somebody's name server."""

SIGN_IN = "/acrm/sign-in"
GRAPHQL = "/graphql"

_READING = ("GET", "HEAD")
_MAX_FORM_BYTES = 4096
_HEADERS = {
    # by no-referrer a browser would hide from its own server where a form comes from
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# what follows # in an address is sent to no server: it is in no log and no Referer
_SCRIPT = (
    "const token = location.hash.slice(1);"
    f'history.replaceState(null, "", "{SIGN_IN}");'
    "if (token) { document.forms[0].token.value = decodeURIComponent(token); document.forms[0].submit(); }"
)
_PAGE = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>ACRM: sign in</title>
<form method="post" action="{SIGN_IN}">
<p>Token of this warehouse (keys/pages.token of ACRM_HOME, or the link that acrm serve shows):</p>
<p><input name="token" type="password" autocomplete="off" required autofocus> <button>Sign in</button></p>
</form><script>{_SCRIPT}</script></html>
"""
_PAGE_POLICY = (
    f"default-src 'none'; script-src 'sha256-{b64encode(sha256(_SCRIPT.encode()).digest()).decode()}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def guarded(app: ASGIApp, token: Key, port: int) -> ASGIApp:
    """The pages behind their guard.

    Args:
        token: Signs in; the browser keeps a cookie instead, which is worth nothing after this process.
        port: Tells the cookies of several warehouses of one machine apart, which browsers do not do by port.
    """
    return TrustedHostMiddleware(_Guard(app, token, port), allowed_hosts=HOSTS, www_redirect=False)


class _Guard:
    def __init__(self, app: ASGIApp, token: Key, port: int) -> None:
        self._app = app
        self._token = token
        self._cookie = f"acrm_pages_{port}"
        self._session = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = await self._answer(scope, receive)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """What the guard answers itself; None where the request goes on to Dagster."""
        connection = HTTPConnection(scope)
        is_socket = scope["type"] == "websocket"
        method = "GET" if is_socket else scope["method"]
        changes = is_socket or method not in _READING
        if not scope["path"].isprintable():
            # a route may take "/graphql\n" for "/graphql", and the guard would not
            return PlainTextResponse("There is no such address.", status_code=400)
        if not _is_of_this_server(connection, must_say=changes):
            return PlainTextResponse("The request comes from another page.", status_code=403)
        if method not in (*_READING, "POST"):
            return PlainTextResponse("Only GET, HEAD and POST.", status_code=405)
        if scope["path"] == SIGN_IN and not is_socket:
            return await self._sign_in(Request(scope, receive)) if changes else _sign_in_page(200)
        if not _same(connection.cookies.get(self._cookie, ""), self._session):
            return _sign_in_page(401)
        if is_socket or scope["path"].strip("/ ") != GRAPHQL.strip("/"):
            return None
        if method != "POST" or not connection.headers.get("content-type", "").startswith("application/json"):
            # Dagster would run a mutation that stands in the address
            return PlainTextResponse(
                "GraphQL is asked by POST, as JSON.", status_code=405, headers={"Allow": "POST"}
            )
        return None

    async def _sign_in(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _MAX_FORM_BYTES:
                return PlainTextResponse("The form is too large.", status_code=413)
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if not _same(given.strip(), self._token.text):
            return _sign_in_page(401)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
        return answer


def _is_of_this_server(connection: HTTPConnection, *, must_say: bool) -> bool:
    """Whether the page that sends the request is of this server; browsers say so of all that changes."""
    origin = connection.headers.get("origin")
    if origin is None:
        return not must_say
    # the host was checked: it is one of this machine's names, with the port that the browser knows
    return origin == f"http://{connection.headers.get('host', '')}"


def _sign_in_page(status: int) -> Response:
    return HTMLResponse(
        _PAGE, status, headers={"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-store"}
    )


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sending
