"""How central is watched and how it logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kerbwatch.secrets import expand_environment, read_secret_file
from kerbwatch.settings import Settings, SettingsError

_LEAST_TOKEN_CHARS = 16

Unsafe = Literal["plain-http", "anonymous-broker", "open-secret-file"]
"""What a configuration may say that it means; see :mod:`central.operations.safety`."""


class LogSettings(Settings):
    """Logs go to standard error."""

    format: Literal["auto", "json", "text"] = Field(
        "auto", description="'auto': JSON lines, except on a terminal."
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least that is logged."
    )

    @property
    def json_lines(self) -> bool | None:
        """As ``configure_logs`` takes it."""
        return {"auto": None, "json": True, "text": False}[self.format]


class MetricsSettings(Settings):
    """Who may read Prometheus metrics. With nothing set: nobody, unless ``public_url`` is this machine."""

    token: str | None = Field(None, description="Bearer token, only as ${NAME}; or token_file.")
    token_file: Path | None = Field(None, description="File that holds the bearer token.")
    host: str = Field("127.0.0.1", description="Address of their own port.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="A port of their own, without a token; they are not at 'listen' then."
    )
    open: bool = Field(False, description="Anybody who reaches 'listen' may read them.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.token and not self.token.startswith("${"):
            raise ValueError("'token' may not be written in the file: use ${NAME} or 'token_file'")
        return self

    def resolve_token(self) -> str | None:
        """The token; None where none is set. Raises SecretMissingError, or SettingsError for a short one."""
        if not self.token and not self.token_file:
            return None
        found = read_secret_file(self.token_file) if self.token_file else expand_environment(self.token or "")
        if len(found) < _LEAST_TOKEN_CHARS:
            raise SettingsError(
                f"the token of metrics has {len(found)} characters; it needs {_LEAST_TOKEN_CHARS} or more"
            )
        return found
