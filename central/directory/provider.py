"""The protocol: where the directory's doors are, and whether what it says of a person is true.

OpenID Connect Core 1.0 (authorisation code flow), Discovery 1.0, RP-Initiated Logout 1.0; PKCE (RFC 7636)
and the issuer's name in the answer (RFC 9207). Authlib writes the requests and checks the claims, joserfc the
signature.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import httpx
import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet

from central.directory.asking import asker, json_object
from central.directory.settings import DirectorySettings, is_safe_url
from central.directory.trips import Trip
from kerbwatch.clock import Clock
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)

_SIGNED_BY_THEIR_KEY = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a private key. 'none' and those by a shared secret are never taken."""
_METADATA_LIFE = timedelta(hours=1)
_AT_ONCE = 6
"""Trips that may wait for the directory at once; more would let it, when slow, take every thread."""
_MOST_GROUPS = 2000
_MOST_SUBJECT_CHARS, _MOST_NAME_CHARS = 255, 300


class ProviderError(Exception):
    """The directory vouches for nobody: it is away, busy, refuses, or what it says does not hold."""

    def __init__(self, reason: Literal["away", "busy", "denied", "untrue"], detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the directory knows them, checked."""

    issuer: str
    subject: str
    """Theirs for good, unlike names and addresses."""
    name: str | None
    groups: frozenset[str] = field(default_factory=frozenset)


class Provider:
    """The city's directory, seen by one copy of central. May be asked by several threads."""

    def __init__(self, settings: DirectorySettings, own_url: str, clock: Clock) -> None:
        """Read the secret; the directory itself is not asked yet.

        Args:
            settings: where it is.
            own_url: where people reach kerbwatch.
            clock: the present instant.

        Raises:
            SettingsError, SecretMissingError: when secret or certificates are no good.
        """
        self.settings, self._clock = settings, clock
        self._own_url = own_url.rstrip("/")
        self._secret = settings.resolve_secret()
        try:
            # Made once: reading the web's authorities takes longer than asking.
            self._trust = (
                ssl.create_default_context(cafile=settings.ca_file)
                if settings.ca_file
                else httpx.create_ssl_context()
            )
        except OSError as error:
            raise SettingsError(
                f"people.directory.ca_file: cannot read certificates from {settings.ca_file}"
            ) from error
        self._metadata: tuple[datetime, dict[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def way_there(self, trip: Trip) -> str:
        """The URL at which a person signs in. Raises ProviderError."""
        with self._asking() as http:
            client, endpoint = self._client(http), self._known(http)["authorization_endpoint"]
            url, _ = client.create_authorization_url(
                endpoint, state=trip.state, nonce=trip.nonce, code_verifier=trip.verifier
            )
        return str(url)

    def way_out(self) -> str | None:
        """The URL at which a person ends their session with the directory; None when it offers none.

        It carries no token: the directory asks the person. Raises ProviderError.
        """
        with self._asking() as http:
            endpoint = self._known(http).get("end_session_endpoint")
        if endpoint is None:
            return None
        back = {"client_id": self.settings.client_id, "post_logout_redirect_uri": f"{self._own_url}/sign-in"}
        return str(add_params_to_uri(endpoint, list(back.items())))

    def who_came(self, trip: Trip, code: str, issuer: str | None) -> Identity:
        """Who came back with a code.

        Args:
            trip: on which the browser was sent, whose state came back.
            code: of the answer.
            issuer: who says that it answers (``iss``), where it says so.

        Raises:
            ProviderError: when the code is no good, or the ID token not the directory's, not for us, not of
                now, or not of this trip.
        """
        with self._asking() as http:
            metadata = self._known(http)
            says_so = metadata.get("authorization_response_iss_parameter_supported") is True
            if issuer != self.settings.issuer and (issuer is not None or says_so):
                raise ProviderError("untrue", "the answer names another issuer")
            token = self._redeem(http, metadata, trip, code)
            return self._identity(self._checked(http, metadata, trip, token))

    @contextmanager
    def _asking(self) -> Iterator[httpx.Client]:
        if not self._turns.acquire(blocking=False):
            raise ProviderError("busy", "too many people are on their way at this moment")
        try:
            with asker(self._trust, self.settings.timeout_s) as http:
                yield http
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderError("away", type(error).__name__) from error
        finally:
            self._turns.release()

    def _client(self, http: httpx.Client) -> Any:  # noqa: ANN401 - Authlib has no types
        return OAuth2Client(
            http,
            client_id=self.settings.client_id,
            scope=" ".join(self.settings.scopes),
            redirect_uri=f"{self._own_url}/sign-in/directory/back",
            code_challenge_method="S256",
        )

    def _known(self, http: httpx.Client) -> dict[str, Any]:
        """What the directory says of itself (Discovery 1.0), asked once an hour."""
        now, known = self._clock.now_utc(), self._metadata
        if known is not None and now - known[0] < _METADATA_LIFE:
            return known[1]
        found = json_object(http.get(get_well_known_url(self.settings.issuer, external=True)))
        if found.get("issuer") != self.settings.issuer:
            raise ProviderError("untrue", "its own description names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
            optional = name == "end_session_endpoint" and name not in found
            if not optional and not is_safe_url(found.get(name)):
                raise ProviderError("untrue", f"its own description has no safe {name}")
        self._metadata, self._keys = (now, found), None
        return found

    def _redeem(self, http: httpx.Client, metadata: dict[str, Any], trip: Trip, code: str) -> dict[str, Any]:
        """The answer of the token endpoint for a code."""
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        by_header = "client_secret_basic" in ways
        if not by_header and "client_secret_post" not in ways:
            raise ProviderError("untrue", "it takes no client secret")
        name, secret = self.settings.client_id, self._secret
        in_body = {} if by_header else {"client_id": name, "client_secret": secret}
        try:
            answer = self._client(http).fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=trip.verifier,
                auth=httpx.BasicAuth(quote(name, ""), quote(secret, "")) if by_header else httpx.Auth(),
                **in_body,
            )
        except OAuth2Error as error:
            raise ProviderError("denied", f"it did not take the code: {str(error.error)[:60]!r}") from error
        except ValueError as error:
            raise ProviderError("untrue", "its answer to the code is none") from error
        return dict(answer)

    def _checked(
        self, http: httpx.Client, metadata: dict[str, Any], trip: Trip, token: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims of the ID token, once signature and claims hold."""
        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise ProviderError("untrue", "its answer has no ID token")
        try:
            opened = self._opened(http, metadata, signed)
            claims = CodeIDToken(
                opened.claims,
                opened.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                {
                    "nonce": trip.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(int(self._clock.now_utc().timestamp()), self.settings.clock_skew_s)
        except (JoseError, ValueError, TypeError, LookupError) as error:
            # Of the error's own text no more than the claim's name: the rest may quote the token.
            claim = f" {error.claim}" if isinstance(error, ClaimError) else ""
            raise ProviderError(
                "untrue", f"its ID token does not hold: {type(error).__name__}{claim}"
            ) from error
        return dict(claims)

    def _opened(self, http: httpx.Client, metadata: dict[str, Any], signed: str) -> jwt.Token:
        """The ID token, its signature checked; keys that are not known yet are fetched."""
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = sorted(_SIGNED_BY_THEIR_KEY.intersection(offered))
        if self._keys is not None:
            try:
                return jwt.decode(signed, self._keys, algorithms)
            except JoseError:
                log.info("directory_keys_asked_again")  # they may have been changed since
        self._keys = KeySet.import_key_set(json_object(http.get(metadata["jwks_uri"])))  # type: ignore[arg-type]
        return jwt.decode(signed, self._keys, algorithms)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        subject, name = claims.get("sub"), claims.get(self.settings.name_claim)
        if not isinstance(subject, str) or not _is_word(subject, _MOST_SUBJECT_CHARS):
            raise ProviderError("untrue", "its ID token names nobody")
        groups = claims.get(self.settings.groups_claim, [])
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        named = isinstance(name, str) and _is_word(name, _MOST_NAME_CHARS)
        return Identity(
            issuer=self.settings.issuer,
            subject=subject,
            name=str(name) if named else None,
            groups=frozenset(each for each in listed[:_MOST_GROUPS] if isinstance(each, str)),
        )


def _is_word(text: str, most_chars: int) -> bool:
    """Whether a text is one that a database keeps."""
    return 0 < len(text) <= most_chars and text.isprintable()
