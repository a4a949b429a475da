"""Accounts of people who report: how codes reach them, and how long things last."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import phonenumbers
from pydantic import Field, model_validator

from kerbwatch.safety import is_loopback
from kerbwatch.secrets import read_secret_file
from kerbwatch.settings import Settings, SettingsError

SenderKind = Literal["console", "smtp", "http", "off"]
_LEAST_KEY_CHARS = 32


class SmtpSettings(Settings):
    """A mail server."""

    host: str = Field(description="Its name.", min_length=1, max_length=253)
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is encrypted; 'none' on this machine only."
    )
    username: str | None = Field(None, description="Name to sign in with; none: without.")
    password_file: Path | None = Field(None, description="File that holds the password.")
    sender: str = Field(description="Address that mails come from.", pattern=r"^[^@\s]+@[^@\s]+$")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("'security: none' sends codes in the clear; only for a server on this machine")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("'username' and 'password_file' belong together")
        return self


class HttpSettings(Settings):
    """A gateway for text messages: gets a signed POST for each (docs/reporters.md)."""

    url: str = Field(description="https://HOST/…; http only on this machine.")
    key_file: Path = Field(description="File that holds the key by which it knows that a request is ours.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ValueError("'url' may carry no credentials")
        plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or (parts.scheme != "https" and not plain):
            raise ValueError("'url' must be https://HOST/…; http only on this machine")
        return self

    def key(self) -> bytes:
        """The key. Raises SecretMissingError, or SettingsError when it is too short."""
        found = read_secret_file(self.key_file)
        if len(found) < _LEAST_KEY_CHARS:
            raise SettingsError(f"the key in {self.key_file} needs {_LEAST_KEY_CHARS} or more characters")
        return found.encode()


class SendingSettings(Settings):
    """How messages of one kind of address go out."""

    kind: SenderKind | None = Field(
        None,
        description="console (standard output of the server: whoever reads it can sign in as anybody), smtp, "
        "http, or off. Not said: console, and only where 'public_url' is on this machine.",
    )
    smtp: SmtpSettings | None = Field(None, description="For 'smtp'.")
    http: HttpSettings | None = Field(None, description="For 'http'.")
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(10.0, description="For one message.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind in {"smtp", "http"} and getattr(self, self.kind) is None:
            raise ValueError(f"'kind: {self.kind}' needs a section '{self.kind}'")
        return self


def _console() -> SendingSettings:
    return SendingSettings.model_validate({})


class ReporterSettings(Settings):
    """Accounts of people who report. Reports without an account are taken in any case."""

    region: str = Field("CN", description="Country of phone numbers that are written without one (ISO 3166).")
    phone: SendingSettings = Field(default_factory=_console, description="To phone numbers.")
    email: SendingSettings = Field(default_factory=_console, description="To e-mail addresses.")
    code_minutes: Annotated[float, Field(ge=1, le=60)] = Field(10.0, description="Life of a code.")
    code_tries: Annotated[int, Field(ge=1, le=10)] = Field(5, description="Wrong tries that a code stands.")
    codes_per_hour: Annotated[int, Field(ge=1, le=100)] = Field(
        5, description="Codes to one number or address in an hour; over all copies of central."
    )
    session_days: Annotated[float, Field(gt=0, le=366)] = Field(30.0, description="Life of a sign-in.")
    delivery_tries: Annotated[int, Field(ge=1, le=30)] = Field(
        8, description="Tries to send an answer, each after twice the time, from a minute on."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"'region': {self.region!r} is not a country by ISO 3166 (CN, DE, …)")
        if self.phone.kind == "smtp":
            raise ValueError("'phone' cannot be sent to by smtp; use http, for a gateway of text messages")
        return self
