"""Sending notices. Nothing that a receiver does, or does not do, fails a night: it is a line of its own.

Put here: the ways of sending, and their limit of time. Keep out: what is sent when (``journal.py``).
"""

import os
import signal
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPMessage
from threading import Thread
from typing import IO
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orchestration.notices.hooks import Hook, Mail, Webhook
from orchestration.notices.notice import Notice

_PRIVATE = frozenset({"ACRM_HASH_KEY", "ACRM_PRIVATE_KEY", "ACRM_PAGES_TOKEN"})
"""What no other program is given, nor the secrets of other receivers; see ``releases/keys.py``."""


class _NotSentError(Exception):
    """Why a notice was not sent, in words that hold no secret and no value."""


def send(notice: Notice, hooks: tuple[Hook, ...]) -> list[str]:
    """Send a notice to all that want its kind.

    Returns:
        A line for each that was not told.
    """
    hidden = _PRIVATE.union(*(hook.secrets for hook in hooks))
    lines = []
    for number, hook in enumerate(hooks, 1):
        if notice.kind in hook.when and (why := _why_not_sent(notice, hook, hidden)) is not None:
            lines.append(f"notify {number} ({hook.way}) was not told of {notice.kind}: {why}")
    return lines


def _why_not_sent(notice: Notice, hook: Hook, hidden: frozenset[str]) -> str | None:
    """Send within the hook's time: no timeout of a socket ends an answer of a byte a second."""
    found: list[str] = []

    def work() -> None:
        try:
            _way(hook, hidden)(notice)
        except _NotSentError as error:
            found.append(str(error))
        except HTTPError as error:
            found.append(f"it answered {error.code}")
        except smtplib.SMTPResponseException as error:
            found.append(f"the server answered {error.smtp_code}")
        except Exception as error:
            found.append(_in_words(error))

    # nobody waits for it at the end of the process
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(hook.timeout_seconds + 0.5)
    if thread.is_alive():
        return f"no answer in {hook.timeout_seconds:g} seconds"
    return found[0] if found else None


def _in_words(error: Exception) -> str:
    """What went wrong, without the words of a library: they may quote an address or a header."""
    reason = getattr(error, "reason", error)
    cause = reason if isinstance(reason, Exception) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "its certificate is not trusted by this machine, or is of another name"
    # the number of an error of TLS is none of the system's
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return os.strerror(cause.errno)
    return type(cause).__name__


def _way(hook: Hook, hidden: frozenset[str]) -> Callable[[Notice], None]:
    def tell(notice: Notice) -> None:
        if hook.command is not None:
            _run(notice, hook.command, hook.timeout_seconds, hidden)
        elif hook.webhook is not None:
            _post(notice, hook.webhook, hook.timeout_seconds)
        elif hook.mail is not None:
            _mail(notice, hook.mail, hook.timeout_seconds)

    return tell


def _run(notice: Notice, command: tuple[str, ...], seconds: float, hidden: frozenset[str]) -> None:
    environment = {name: text for name, text in os.environ.items() if name not in hidden}
    environment |= {"ACRM_NOTICE": notice.kind, "ACRM_NOTICE_TEXT": notice.text}
    child = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with suppress(BrokenPipeError):
            child.communicate(notice.as_json.encode(), timeout=seconds)
    except subprocess.TimeoutExpired as error:
        # with all that it has started
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise _NotSentError(f"no end in {seconds:g} seconds") from error
    if child.returncode:
        raise _NotSentError(f"it ended with exit code {child.returncode}")


class _NoRedirection(HTTPRedirectHandler):
    """A token goes to no other address than the one that the bank has named."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _post(notice: Notice, webhook: Webhook, seconds: float) -> None:
    url = webhook.url or _secret(webhook.url_from)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "acrm"}
    if webhook.token_from is not None:
        headers["Authorization"] = f"Bearer {_secret(webhook.token_from)}"
    if not url.startswith(("http://", "https://")):
        raise _NotSentError(f"{webhook.url_from} holds no address that begins with http:// or https://")
    request = Request(url, notice.as_json.encode(), headers, method="POST")
    with build_opener(_NoRedirection).open(request, timeout=seconds):
        pass


def _mail(notice: Notice, mail: Mail, seconds: float) -> None:
    message = EmailMessage()
    message["Subject"] = notice.subject
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Date"] = format_datetime(notice.at)
    message.set_content(f"{notice.text}\n\nWhat to do: {notice.what_to_do}\n")
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=seconds, context=context)
        if mail.security == "tls"
        else smtplib.SMTP(mail.host, mail.port, timeout=seconds)
    )
    with server:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user is not None:
            password = _secret(mail.password_from)
            if not (mail.user + password).isascii():
                raise _NotSentError(f"user and {mail.password_from} may hold ASCII alone")
            server.login(mail.user, password)
        server.send_message(message, mail.sender, mail.to)


def _secret(variable: str | None) -> str:
    text = os.environ.get(variable or "", "").strip()
    if not text:
        raise _NotSentError(f"{variable} is not set in the environment")
    return text
