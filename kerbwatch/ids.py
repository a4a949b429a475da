"""Identifiers: time-ordered UUIDs for things, slugs for names that people give."""

from __future__ import annotations

from typing import Annotated

import uuid_utils
from pydantic import StringConstraints

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"

UuidStr = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
"""A UUID in its canonical lower-case form."""

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
"""A name that is safe in a topic, a path and a URL: lower-case letters, digits, ``-``, ``_``; 1-63 long."""

Sha256Hex = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
"""A SHA-256 digest, 64 lower-case hexadecimal digits."""


def new_id() -> str:
    """A new UUIDv7 (RFC 9562): unique everywhere, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())
