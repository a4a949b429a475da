"""What people's endpoints take and give."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kerbwatch.clock import UtcDatetime


class Credentials(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class TokenOut(BaseModel):
    """A bearer token for a program."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_at: UtcDatetime


class MeOut(BaseModel):
    """Who is signed in."""

    name: str
    roles: list[str]
    permissions: list[str]
    csrf_token: str | None
    """For a browser's session: what to send with each change."""
