"""A place code as it stands on the wall: which key, which place, and a signature over both.

Eighty bits in sixteen characters of Crockford's base 32: 5 bits for the number of the key, 25 for the place,
50 of an HMAC-SHA-256. Who guesses hits one code in 2^50; who tries is limited besides. Letters may be
typed small, with hyphens or spaces, and O, I, L are read as 0, 1, 1, as Crockford's alphabet means it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from central.settings import CentralSettings

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OILoil", "011011", "- ")
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_KEY_BITS, _NUMBER_BITS, _MAC_BITS = 5, 25, 50
CODE_CHARS = (_KEY_BITS + _NUMBER_BITS + _MAC_BITS) // 5
MOST_TYPED_CHARS = 40
"""Longer text is not looked at."""
MOST_NUMBER = 2**_NUMBER_BITS - 1
_PURPOSE = b"kerbwatch place code"


@dataclass(frozen=True, slots=True)
class PlaceKeys:
    """The keys that sign place codes.

    Attributes:
        current: number of the key that signs new codes, 0..31.
        keys: key by its number; a code of a key that is not here is refused.
    """

    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def of(cls, settings: CentralSettings) -> Self:
        """As configured; without keys of their own, key 0 is made from central's secret.

        Raises:
            SettingsError, SecretMissingError: when a secret is absent or weak.
        """
        own = settings.place_codes
        secrets = own.keys or {own.key: settings.secret}
        return cls(own.key, {number: _derived(secret.resolve()) for number, secret in secrets.items()})

    def sign(self, number: int, key_id: int | None = None) -> str:
        """The code of a place, sixteen characters.

        Args:
            number: of the place, 1..2^25 - 1.
            key_id: by which key; the current one unless it is said.

        Raises:
            KeyError: when that key is not here any more.
            ValueError: when the number has no room.
        """
        key_id = self.current if key_id is None else key_id
        if not 0 < number <= MOST_NUMBER:
            raise ValueError(f"place codes have numbers from 1 to {MOST_NUMBER}, not {number}")
        packed = ((key_id << _NUMBER_BITS) | number) << _MAC_BITS | _mac(self.keys[key_id], key_id, number)
        return "".join(_ALPHABET[packed >> shift & 31] for shift in range(5 * (CODE_CHARS - 1), -1, -5))

    def read(self, typed: str) -> tuple[int, int] | None:
        """Key and number of a code that is ours; None for any other text."""
        text = canonical(typed)
        if text is None:
            return None
        packed = 0
        for character in text:
            packed = packed << 5 | _VALUES[character]
        key_id, number = packed >> _NUMBER_BITS + _MAC_BITS, packed >> _MAC_BITS & MOST_NUMBER
        expected = _mac(self.keys.get(key_id, bytes(32)), key_id, number)
        given = packed & (1 << _MAC_BITS) - 1
        same = hmac.compare_digest(expected.to_bytes(7, "big"), given.to_bytes(7, "big"))
        return (key_id, number) if same and key_id in self.keys and number else None


def canonical(typed: str) -> str | None:
    """A code as it is printed, without hyphens; None for what cannot be one."""
    if len(typed) > MOST_TYPED_CHARS or not typed.isascii():
        return None
    text = typed.translate(_READ_AS).upper()
    return text if len(text) == CODE_CHARS and all(character in _VALUES for character in text) else None


def grouped(code: str) -> str:
    """A code in groups of four, to be typed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _derived(secret: bytes) -> bytes:
    """A key for place codes alone: what signs sessions' tokens signs nothing on a wall."""
    return hmac.digest(secret, _PURPOSE, hashlib.sha256)


def _mac(key: bytes, key_id: int, number: int) -> int:
    digest = hmac.digest(key, bytes([key_id]) + number.to_bytes(4, "big"), hashlib.sha256)
    return int.from_bytes(digest[:7], "big") >> 7 * 8 - _MAC_BITS
