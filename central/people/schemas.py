"""What people's endpoints take and give."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from central.people.permissions import Role
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug


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
    must_change_password: bool = False
    """Whether it is good for ``/me/password`` alone: somebody else gave the password."""


class UserOut(BaseModel):
    """Someone who may sign in."""

    name: str
    roles: list[str]
    unit: str | None
    areas: list[str]
    """To which they are limited, with all that lie in them; none: the whole city."""
    disabled: bool
    password: bool
    """Whether they have one."""
    password_given: bool
    """Whether somebody else chose it: who signs in with it changes it first."""
    directory: Literal["no", "awaited", "linked"]
    """Whether they come in by the city's directory, and have been linked to a person there."""
    version: int
    """Grows with each change, whoever made it; what ``If-Match`` names."""


class UserIn(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Not needed by who comes in by the directory."""
    password_final: bool = False
    """It need not be changed at the first sign-in, as of a program's account."""
    directory: bool = False
    """Whether whom the city's directory calls by this name is this user."""
    roles: Annotated[list[Role], Field(min_length=1, max_length=10)]
    unit: Slug | None = None
    areas: Annotated[list[Slug], Field(max_length=200)] = []


class UserChange(BaseModel):
    """What of a user is to be another; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    roles: Annotated[list[Role], Field(min_length=1, max_length=10)] | None = None
    areas: Annotated[list[Slug], Field(max_length=200)] | None = None
    """Empty: the whole city."""
    disabled: bool | None = None
    unit: Slug | None = None
    """Null, where it is named: no unit."""
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Whoever is signed in by that name is signed out."""
    password_final: bool = False
    """It need not be changed at the first sign-in; one's own need not be either."""
    directory: bool | None = None
    """True: whom the city's directory calls by this name is this user from when they next come in by it, and
    whoever was is not any more; false: nobody is."""


class PasswordChange(BaseModel):
    """One's own password."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[str, Field(min_length=1, max_length=1000)]
    new: Annotated[str, Field(min_length=1, max_length=1000)]


class MeOut(BaseModel):
    """Who is signed in."""

    name: str
    roles: list[str]
    permissions: list[str]
    areas: list[str] | None
    """To which they are limited, with all that lie in them; null: the whole city."""
    csrf_token: str | None
    """For a browser's session: what to send with each change."""
    must_change_password: bool
    """Whether nothing is open to them before: somebody else gave their password."""
