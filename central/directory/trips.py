"""What a browser carries while it is away at the directory: sealed, for ten minutes, for one use.

Nothing of it is kept here, so that any copy of central may see the browser come back, and strangers who only
ever leave fill no table.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Trip:
    """One way to the directory and back. Its ``repr`` tells no secret."""

    next: str
    """Path of our own to which the browser goes on."""
    state: str = field(repr=False)
    """Comes back with the browser: it is the one that left (against forged returns)."""
    nonce: str = field(repr=False)
    """Comes back within the signed ID token: it was made for this trip."""
    verifier: str = field(repr=False)
    """Of PKCE (RFC 7636): whoever redeems the code is who asked for it."""


def new_trip(next_path: str) -> Trip:
    """A trip with 256 random bits for each of its secrets."""
    return Trip(next_path, *(secrets.token_urlsafe(32) for _ in range(3)))


def seal(secret: bytes, trip: Trip, now: datetime) -> str:
    """A trip as a cookie's value, encrypted and authenticated (Fernet)."""
    return _fernet(secret).encrypt_at_time(json.dumps(asdict(trip)).encode(), int(now.timestamp())).decode()


def unseal(secret: bytes, cookie: str, now: datetime) -> Trip | None:
    """The trip in a cookie; None when it is too old, or was not sealed here."""
    try:
        opened = _fernet(secret).decrypt_at_time(cookie.encode(), LIFE_S, int(now.timestamp()))
    except InvalidToken:
        return None
    return Trip(**json.loads(opened))


def _fernet(secret: bytes) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"kerbwatch trips to the directory").derive(secret)
    return Fernet(base64.urlsafe_b64encode(derived))
