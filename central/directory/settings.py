"""A city's own directory: where it is, and what its groups may do here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from central.people.permissions import Role
from kerbwatch.ids import Slug
from kerbwatch.safety import is_loopback
from kerbwatch.secrets import expand_environment, read_secret_file
from kerbwatch.settings import Settings, SettingsError

_LEAST_SECRET_CHARS = 16
_Claim = Annotated[str, Field(min_length=1, max_length=200)]


class GroupSettings(Settings):
    """What the members of a group of the directory are here."""

    group: str = Field(description="As the directory's claim writes it.", min_length=1, max_length=300)
    roles: Annotated[tuple[Role, ...], Field(max_length=10)] = Field((), description="Roles that it gives.")
    areas: Annotated[tuple[Slug, ...], Field(max_length=200)] = Field(
        (), description="Areas to which it limits its members. Who is in no group with areas sees the city."
    )
    unit: Slug | None = Field(None, description="Unit that its members belong to.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.roles and not self.areas and self.unit is None:
            raise ValueError(f"the group '{self.group}' needs 'roles', 'areas' or a 'unit'")
        if {Role.EDGE, Role.CITIZEN} & set(self.roles):
            raise ValueError("a directory's people are neither 'edge' nor 'citizen'")
        return self


class DirectorySettings(Settings):
    """OpenID Connect: the authorisation code flow with PKCE, for people with a browser."""

    issuer: str = Field(description="https://HOST/…, exactly as the directory writes it.", max_length=300)
    client_id: str = Field(description="Name of kerbwatch there.", min_length=1, max_length=200)
    client_secret: str | None = Field(None, description="Only as ${NAME}; or client_secret_file.")
    client_secret_file: Path | None = Field(None, description="File that holds the secret.")
    label: str = Field(
        "City account", description="Its name on the button: 'Sign in with …'.", min_length=1, max_length=60
    )
    scopes: Annotated[tuple[_Claim, ...], Field(max_length=20)] = Field(
        ("openid", "profile"), description="What is asked for; 'openid' is among them."
    )
    name_claim: _Claim = Field("preferred_username", description="Claim that names a person.")
    groups_claim: _Claim = Field("groups", description="Claim that lists a person's groups.")
    groups: Annotated[tuple[GroupSettings, ...], Field(max_length=500)] = Field(
        (), description="What groups may do here, renewed at each sign-in. None: roles are given here."
    )
    unknown: Literal["refuse", "create"] = Field(
        "refuse", description="Whom the directory knows and kerbwatch does not."
    )
    passwords: bool = Field(
        True, description="Whether people of the directory may also use a password of kerbwatch's."
    )
    clock_skew_s: Annotated[int, Field(ge=0, le=600)] = Field(
        60, description="How far the directory's clock may be from this machine's."
    )
    timeout_s: Annotated[float, Field(gt=0, le=30)] = Field(5.0, description="For one answer of it.")
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) of the authority that signed its own; none: those of the web."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not is_safe_url(self.issuer):
            raise ValueError("'issuer' must be https://HOST/…; http only on this machine")
        if urlsplit(self.issuer).query or urlsplit(self.issuer).fragment:
            raise ValueError("'issuer' has neither '?' nor '#'")
        if self.client_secret and not self.client_secret.startswith("${"):
            raise ValueError("'client_secret' may not be written here: use ${NAME} or 'client_secret_file'")
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("give 'client_secret: ${NAME}' or 'client_secret_file'")
        if "openid" not in self.scopes:
            raise ValueError("'scopes' lacks 'openid'")
        if self.unknown == "create" and not any(each.roles for each in self.groups):
            raise ValueError("'unknown: create' needs 'groups' that give roles")
        return self

    def resolve_secret(self) -> str:
        """The secret. Raises SecretMissingError, or SettingsError for a short one."""
        if self.client_secret_file:
            found, where = read_secret_file(self.client_secret_file), str(self.client_secret_file)
        else:
            found, where = expand_environment(self.client_secret or ""), str(self.client_secret)
        if len(found) < _LEAST_SECRET_CHARS:
            raise SettingsError(
                f"the directory's secret in {where} has {len(found)} characters; "
                f"it needs {_LEAST_SECRET_CHARS} or more"
            )
        return found


def is_safe_url(url: object) -> bool:
    """Whether secrets may be sent to a URL: https to a host, or http within this machine."""
    if not isinstance(url, str) or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
