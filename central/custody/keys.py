"""The key that signs heads: Ed25519, in a file that only its owner reads; its public half may go anywhere."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kerbwatch.paths import located
from kerbwatch.settings import SettingsError


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a signature.

    Attributes:
        raw: 32 bytes.
    """

    raw: bytes

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def pem(self) -> str:
        """As a file for an auditor."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, signature: str, text: str) -> bool:
        """Whether a signature (hexadecimal) is this key's, over a text."""
        try:
            key = Ed25519PublicKey.from_public_bytes(self.raw)
            key.verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """What signs."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, text: str) -> str:
        """A signature over a text, hexadecimal."""
        return self._key.sign(text.encode()).hex()


def write_key(path: Path, *, replace: bool = False) -> bool:
    """Write a new key into a file of mode 600; False when there is one already, unless it is to be replaced.

    Raises:
        SettingsError: when the file cannot be written.
    """
    if path.exists() and not replace:
        return False
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        new.touch(mode=0o600, exist_ok=False)
        new.write_bytes(pem)
        if replace:
            new.replace(path)
        else:
            path.hardlink_to(new)  # fails where another copy was first
            new.unlink()
    except FileExistsError:
        new.unlink(missing_ok=True)
        return False
    except OSError as error:
        raise SettingsError(f"cannot write the custody key {path}: {error.strerror}") from error
    return True


def read_key(path: Path) -> SigningKey:
    """The key in a file.

    Raises:
        SettingsError: when it is absent, no Ed25519 key, or others may read it.
    """
    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError as error:
        raise SettingsError(
            f"there is no custody key {path}: put the one that was saved there; "
            "only a new instance gets one from 'kerbwatch central init CONFIG'"
        ) from error
    except OSError as error:
        raise SettingsError(f"cannot read the custody key {located(path)}: {error.strerror}") from error
    if mode & 0o077:
        raise SettingsError(f"others may read the custody key {path}: run 'chmod 600 {path}'")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is no private key in PEM without a passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} is no Ed25519 key")
    return SigningKey(key)


def read_public_key(path: Path) -> PublicKey:
    """A public key that was exported. Raises SettingsError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"cannot read the public key {located(path)}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{path} is no Ed25519 key")
    return PublicKey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
