"""Phone numbers and e-mail addresses: read, brought to one form, sealed, and known again by a fingerprint."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

import phonenumbers
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from email_validator import EmailNotValidError, validate_email

Channel = Literal["phone", "email"]
MOST_CHARS = 254
"""Of an e-mail address (RFC 5321); more is not looked at."""


class ContactError(ValueError):
    """What was written is no number or address that something can be sent to."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number (E.164) or an e-mail address. Its ``repr`` does not tell it, so that no log does."""

    channel: Channel
    address: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Enough for its owner to know it by: ``+86 ••• 5678``, ``l•••@example.org``."""
        if self.channel == "phone":
            return f"{self.address[:3]} ••• {self.address[-4:]}"
        local, _, host = self.address.rpartition("@")
        return f"{local[:1]}•••@{host}"


def read_contact(written: str, region: str) -> Contact:
    """A number or an address in its one form.

    Args:
        written: as somebody typed it; a number without a country is one of ``region``.
        region: ISO 3166 country.

    Raises:
        ContactError: when it is neither.
    """
    text = written.strip()
    if not text or len(text) > MOST_CHARS or not text.isprintable():
        raise ContactError("write a phone number or an e-mail address")
    if "@" in text:
        try:
            found = validate_email(text, check_deliverability=False)
        except EmailNotValidError as error:
            raise ContactError("this is no e-mail address that something can be sent to") from error
        return Contact("email", (found.ascii_email or found.normalized).lower())
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ContactError("this is neither a phone number nor an e-mail address") from error
    if not phonenumbers.is_valid_number(number):
        raise ContactError(
            "there is no such phone number; write it with its country, as in +86 138 0013 8000"
        )
    return Contact("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class Vault:
    """Seals contacts and makes fingerprints and hashes of codes; its keys come from central's secret."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(_key(secret, b"kerbwatch reporter identities")))
        self._mac = _key(secret, b"kerbwatch reporter fingerprints")

    def seal(self, contact: Contact) -> str:
        """Encrypted and authenticated (Fernet: AES-128-CBC, HMAC-SHA-256)."""
        return self._fernet.encrypt(contact.address.encode()).decode()

    def open(self, channel: str, sealed: str) -> Contact:
        """What was sealed. Raises LookupError when another secret sealed it."""
        try:
            address = self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise LookupError("this identity was sealed with another secret") from error
        return Contact("phone" if channel == "phone" else "email", address)

    def fingerprint(self, contact: Contact) -> str:
        """By which a contact is found again; nobody without the secret can try numbers against it."""
        return self.hash("contact", contact.channel, contact.address)

    def hash(self, *parts: str) -> str:
        """HMAC-SHA-256 of some words, hexadecimal; what they are for comes first."""
        return hmac.new(self._mac, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def _key(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
