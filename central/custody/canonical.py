"""One way to write a value down, so that its hash is the same wherever it is computed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces and no escapes beyond JSON's own.

    As RFC 8785, but numbers as Python writes them and keys by code points instead of UTF-16 units; nothing
    in the chain has fractions or keys beyond the basic plane. Raises ValueError for NaN and infinities.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def instant(moment: datetime) -> str:
    """An instant to the microsecond, which is what both databases keep: ``2026-05-04T03:00:00.000000Z``."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
