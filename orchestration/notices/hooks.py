"""``notify`` of ``bank.yml``: whom a bank has told, and of what.

Put here: what may be written there. Keep out: sending (``sending.py``), and secrets: environment variables
hold them, which are named here.
"""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["failed", "late", "warned", "published"]
"""A night or run that failed; a business day whose batch has not come; a night that was published, with
warnings of the gates or without."""

KINDS: tuple[Kind, ...] = ("failed", "late", "warned", "published")

_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_Line = Annotated[str, Field(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Address = Annotated[str, Field(max_length=320, pattern=r"^[^\s<>,;@]+@[^\s<>,;@]+$")]


class _Choices(BaseModel):
    # what is written in the wrong place may be a secret
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user or password: name the variable of a token by token_from")
    return value


class Webhook(_Choices):
    """A notice is posted there as JSON; redirections are not followed.

    Attributes:
        url: Where.
        url_from: Environment variable of the address, where the address itself is a secret.
        token_from: Environment variable of a token, sent as ``Authorization: Bearer``.
    """

    url: Annotated[_Line, AfterValidator(_web_address)] | None = None
    url_from: _Variable | None = None
    token_from: _Variable | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_from is None):
            raise ValueError("give url, or url_from where the address is a secret")
        return self


class Mail(_Choices):
    """A notice is sent by SMTP.

    Attributes:
        sender: Written ``from`` in the file.
        security: Plain, encrypted from the start (``tls``), or encrypted after a greeting (``starttls``).
        user: Whom the server knows; the password is in the environment variable that ``password_from`` names.
    """

    to: Annotated[tuple[_Address, ...], Field(min_length=1)]
    sender: _Address = Field(alias="from")
    host: _Line
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: _Line | None = None
    password_from: _Variable | None = None

    @model_validator(mode="after")
    def _secret_is_kept(self) -> Self:
        if (self.user is None) != (self.password_from is None):
            raise ValueError("user and password_from belong together")
        if self.user is not None and self.security == "none":
            raise ValueError("a password needs security: tls or starttls")
        return self


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Hook(_Choices):
    """One who is told: by a command, a webhook or a mail.

    Attributes:
        when: Of what.
        command: A program and its arguments, run without a shell; it reads the notice as JSON.
        timeout_seconds: How long it may take. A night waits for no longer, whatever becomes of it.
    """

    when: Annotated[tuple[Kind, ...], BeforeValidator(_as_list), Field(min_length=1)] = KINDS
    command: Annotated[tuple[_Line, ...], Field(min_length=1)] | None = None
    webhook: Webhook | None = None
    mail: Mail | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.command, self.webhook, self.mail].count(None) != 2:
            raise ValueError("give one of command, webhook and mail")
        return self

    @property
    def way(self) -> str:
        """How it is told, in a word."""
        return "command" if self.command else "webhook" if self.webhook else "mail"

    @property
    def secrets(self) -> frozenset[str]:
        """Environment variables of which it reads a secret."""
        named = (
            self.webhook and self.webhook.url_from,
            self.webhook and self.webhook.token_from,
            self.mail and self.mail.password_from,
        )
        return frozenset(variable for variable in named if variable)
