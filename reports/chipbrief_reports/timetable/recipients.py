"""Who gets an edition, and how; a secret stands in an environment variable, and the file names only that.

Each way has one or more addresses: what was sent is remembered for each by itself.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from chipbrief.config import Seconds, Strict, Whole

__all__ = ["ByApprise", "ByMail", "ByWebhook", "Delivery", "ToFolder"]

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]+@[^@\s<>,;:\"\\()\[\]]+")
SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|key$|password", re.IGNORECASE)
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SECRETS = frozenset({"password", "token", "secret", "key", "api_key", "passwd"})
Format = Literal["html", "pdf", "xlsx", "md"]
LONGEST_S = 300.0


def _variable(name: str | None) -> str | None:
    if name is not None and not VARIABLE.fullmatch(name):
        raise ValueError(f"expected the name of an environment variable, such as SMTP_PASSWORD, got {name!r}")
    return name


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text) or not text.isprintable():
        raise ValueError(f"expected an e-mail address, got {text!r}")
    return text


class _Way(Strict):
    """What all ways have in common: a limit to how long one attempt may take."""

    timeout: Seconds = 30.0

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, data: Any) -> Any:
        for name in data if isinstance(data, dict) else ():
            if name in SECRETS:
                raise ValueError(f"{name}: a secret has no place in a file; name an environment variable in {name}_env")
        return data

    @field_validator("timeout")
    @classmethod
    def _finite(cls, limit: float) -> float:
        if not 0.0 < limit <= LONGEST_S:
            raise ValueError(f"expected up to {LONGEST_S:g} s, got {limit:g} s")
        return limit


class ToFolder(_Way):
    """A folder that gets a copy of each edition, in a folder of its own."""

    path: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """The folder itself."""
        return (self.path,)


class ByMail(_Way):
    """Mail through an SMTP server, one message an address.

    `security` is `starttls` (the default), `tls` from the first byte, or `none`, which sends no password.
    """

    host: str
    port: Whole | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Annotated[str, Field(alias="from")]
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    user: str | None = None
    password_env: str | None = None
    subject: str | None = None
    attach: tuple[Format, ...] = ("pdf",)

    @field_validator("sender")
    @classmethod
    def _sender(cls, text: str) -> str:
        return _address(text)

    @field_validator("to")
    @classmethod
    def _recipients(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_address(text) for text in texts))

    @field_validator("password_env")
    @classmethod
    def _password(cls, name: str | None) -> str | None:
        return _variable(name)

    @model_validator(mode="after")
    def _login(self) -> ByMail:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env belong together")
        if self.user is not None and self.security == "none":
            raise ValueError("a password is not sent without encryption: use security starttls or tls")
        return self

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everyone who gets a message."""
        return self.to


class ByWebhook(_Way):
    """A JSON document posted to an address; `secret_env` names the key of its signature (HMAC-SHA256).

    `headers_env` names the variables of headers that are secrets, such as Authorization.
    """

    url: str | None = None
    url_env: str | None = None
    secret_env: str | None = None
    headers: dict[str, str] = {}
    headers_env: dict[str, str] = {}

    @field_validator("headers_env")
    @classmethod
    def _header_variables(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, variable in headers.items():
            _variable(variable)
            if not HEADER.fullmatch(name):
                raise ValueError(f"{name!r} is no header that can be sent")
        return headers

    @field_validator("url_env", "secret_env")
    @classmethod
    def _variables(cls, name: str | None) -> str | None:
        return _variable(name)

    @field_validator("url")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
                raise ValueError(f"expected an http or https address without a password in it, got {url!r}")
        return url

    @field_validator("headers")
    @classmethod
    def _headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, text in headers.items():
            if not HEADER.fullmatch(name) or not text.isprintable():
                raise ValueError(f"{name!r} is no header that can be sent")
            if SECRET_HEADER.search(name):
                raise ValueError(
                    f"{name}: a secret has no place in a file; name an environment variable in headers_env"
                )
        return headers

    @model_validator(mode="after")
    def _one_address(self) -> ByWebhook:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("expected either url or url_env")
        return self

    @property
    def addresses(self) -> tuple[str, ...]:
        """The host of the address and a digest of the whole, or the variable that holds it.

        What is remembered and logged must not be a secret, and the path of such an address often is one.
        """
        if self.url is None:
            return (f"${self.url_env}",)
        parts = urlsplit(self.url)
        return (f"{parts.scheme}://{parts.netloc} ({hashlib.sha256(self.url.encode()).hexdigest()[:8]})",)


class ByApprise(_Way):
    """Any service that the library apprise knows; its address is a secret, and stands in the environment."""

    url_env: str
    attach: tuple[Format, ...] = ("pdf",)

    @field_validator("url_env")
    @classmethod
    def _variables(cls, name: str) -> str:
        checked = _variable(name)
        assert checked is not None
        return checked

    @property
    def addresses(self) -> tuple[str, ...]:
        """The variable that holds the address."""
        return (f"${self.url_env}",)


class Delivery(Strict):
    """One way to deliver; `failures` tells these recipients too when a slot could not be printed."""

    folder: ToFolder | None = None
    smtp: ByMail | None = None
    webhook: ByWebhook | None = None
    apprise: ByApprise | None = None
    failures: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Delivery:
        ways = [name for name in ("folder", "smtp", "webhook", "apprise") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"expected one of folder, smtp, webhook, apprise, got {' and '.join(ways) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        """`folder`, `smtp`, `webhook` or `apprise`."""
        return next(name for name in ("folder", "smtp", "webhook", "apprise") if getattr(self, name) is not None)

    @property
    def way(self) -> ToFolder | ByMail | ByWebhook | ByApprise:
        """What the file says of it."""
        found: ToFolder | ByMail | ByWebhook | ByApprise = getattr(self, self.kind)
        return found

    @property
    def recipients(self) -> tuple[str, ...]:
        """By what each recipient's state is kept: `smtp:cfo@example.com`."""
        return tuple(f"{self.kind}:{address}" for address in self.way.addresses)

    def explain(self) -> str:
        """`smtp to cfo@example.com`."""
        return f"{self.kind} to {' and '.join(self.way.addresses)}"
