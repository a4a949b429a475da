"""Reports by a form that may be sent twice: over a bad link the answer is lost, not the report.

The page writes a key into each form that it gives out. Whoever sends the form again gets the same
number and the same follow token; nobody else can make them, for the key is random.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.reporting import LeadIn
from central.people.service import hash_token
from central.reports import service
from central.reports.models import ReportState
from central.reports.service import Registered

FORM_KEY_PATTERN = r"^[A-Za-z0-9_-]{22}$"
WORDS_CHARS = 2000
"""Of what somebody says in a form."""
_NUMBER_CHARS = 12
_TOKEN_BYTES = 18
_NO_TEXT = frozenset({"Cc", "Cs", "Co", "Cn"})
"""Unicode categories: control, surrogate, private use, not assigned."""


def cleaned(words: str) -> str:
    """Words of a form without what is no text: line ends as one character, no other control characters."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        each for each in lines if each == "\n" or unicodedata.category(each) not in _NO_TEXT
    ).strip()


def new_form_key() -> str:
    """A key for a form that is about to be given out (128 random bits)."""
    return secrets.token_urlsafe(16)


def number_of(form_key: str) -> str:
    """The number of a form's report, twelve hexadecimal digits; it does not tell the key."""
    return hashlib.sha256(form_key.encode()).hexdigest()[:_NUMBER_CHARS].upper()


def follow_token_of(source: str, form_key: str, secret: bytes) -> str:
    """The token that follows the report of a form; whoever has the key and no secret cannot make it."""
    digest = hmac.digest(secret, f"follow:{source}:{form_key}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_TOKEN_BYTES]).decode()


def register_form(
    session: Session,
    said: LeadIn,
    *,
    form_key: str,
    secret: bytes,
    now: datetime,
    said_hash: str,
    has_photo: bool = False,
) -> Registered:
    """Write down what a form says, once.

    Args:
        session: a unit of work.
        said: the report; its ``external_id`` is made here from the key.
        form_key: that the page wrote into the form.
        secret: central's signing key.
        now: the present instant.
        said_hash: of all that its sender says.
        has_photo: it waits until its photo was looked through.

    Raises:
        Problem: 422 the form came in before, saying something else.
    """
    token = follow_token_of(said.source, form_key, secret)
    found = service.register(session, replace(said, external_id=number_of(form_key)), now, said_hash)
    if found.follow_token is not None:
        found.report.follow_hash = hash_token(token)
        if has_photo:
            found.report.state = ReportState.ANALYSING.value
    return Registered(found.report, token)
