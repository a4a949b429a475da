"""Passwords: Argon2id, checked a few at a time; wrong ones are counted (:mod:`central.people.guessing`)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from central.database import Database
from central.people import guessing, repository
from central.people.guessing import Guess
from central.people.models import User
from central.settings import PeopleSettings
from kerbwatch.safety import is_well_known

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1000
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"
_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(3)
"""Argon2 takes 64 MiB a password; more at once would let a stranger fill the memory."""
_waiting = threading.BoundedSemaphore(12)
"""Those who may wait for it; more would let a stranger take every thread that answers requests."""


class PeopleError(ValueError):
    """A user that cannot be made or changed; the text says why."""


class SignInError(Exception):
    """Signing in was refused."""

    def __init__(self, reason: Literal["wrong", "locked", "busy"], retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.retry_after_s = reason, retry_after_s


def hash_new(name: str, password: str) -> str:
    """The hash of a password that somebody is to have from now on. Raises PeopleError for a weak one."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise PeopleError(f"a password has at least {MIN_PASSWORD_CHARS} characters")
    if is_well_known(password) or password.lower().strip("0123456789!.") == name.lower():
        raise PeopleError("this password is one of those that are tried first; choose another")
    return _hasher.hash(password)


def random_password() -> str:
    """A password that nobody guesses (79 bits), in letters and digits that are not taken for one another."""
    groups = ("".join(secrets.choice(_CLEAR) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def check_password(
    database: Database,
    settings: PeopleSettings,
    name: str,
    password: str,
    *,
    guess: Guess,
    now: datetime,
) -> str:
    """Check a name and a password, and count failures. The hashing happens outside any transaction.

    The try is counted before, so that those that come at once are no more than those that come one by one.

    A name that does not exist takes the same way as a wrong password, to the same answers.

    Returns:
        The user's id.

    Raises:
        SignInError: when the password is wrong, there were too many wrong ones, or too many others are
            signing in at this moment.
    """
    with database.read() as session:
        early_s = guessing.wait_s(session, guess, now)
        known = repository.by_name(session, name)
        stored = _usable_hash(known, settings) if len(password) <= MAX_PASSWORD_CHARS else None
    early_s = early_s or guessing.begin(database, settings, guess, now)
    if early_s > 0:
        raise SignInError("locked", early_s)
    try:
        with _turn_to_hash():
            good = _matches(stored or _hash_of_nobody(), password[:MAX_PASSWORD_CHARS])
    except SignInError:
        guessing.take_back(database, settings, guess, now)
        raise
    if known is None or stored is None or not good:
        raise SignInError("wrong")
    guessing.note_right(database, settings, guess, now)
    return known.id


def _usable_hash(user: User | None, settings: PeopleSettings) -> str | None:
    """Against what a password is checked; None for who may not come in by one."""
    if user is None or user.disabled:
        return None
    by_directory_alone = settings.directory is not None and not settings.directory.passwords
    return None if by_directory_alone and user.link is not None else user.password_hash


@cache
def _hash_of_nobody() -> str:
    """Checked when the name is unknown, so that the time taken does not tell which names exist."""
    return _hasher.hash(secrets.token_hex(16))


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    if not _waiting.acquire(blocking=False):
        raise SignInError("busy", 2.0)
    try:
        with _hashing:
            yield
    finally:
        _waiting.release()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False
