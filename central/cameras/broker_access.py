"""Who may do what at the broker: Mosquitto's password file and access list, from the registered boxes.

A box signs in at the broker with its own name and its upload token, publishes below its own topics, and reads
what is for it alone. A copy of central reads what the boxes say and publishes what is for them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence

from central.sender import Sender
from kerbwatch.messages import TOPIC_ROOT, Channel, topic

_ITERATIONS = 101
"""Mosquitto's own; a token of 256 random bits cannot be guessed however cheap a guess is."""
_SALT_BYTES = 12
_FROM_BOX = (Channel.INCIDENT, Channel.HEALTH, Channel.STATUS)
_TO_BOX = (Channel.RECEIPT, Channel.COMMAND)
_HEAD = "# Written by 'kerbwatch central edge acl'; changes made here are lost when it is run again.\n"


def broker_user(sender: Sender) -> str:
    """The name by which a box signs in at the broker: ``yuyao/box-1``."""
    return f"{sender.site}/{sender.edge}"


def mosquitto_hash(password: str) -> str:
    """A password as a line of ``mosquitto_passwd`` holds it: PBKDF2 with HMAC-SHA-512, marked ``$7$``."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(hashes: Mapping[str, str]) -> str:
    """Mosquitto's ``password_file``: each user with the hash of its password."""
    return "".join(f"{user}:{found}\n" for user, found in sorted(hashes.items()))


def access_list(centrals: Sequence[str], boxes: Sequence[Sender]) -> str:
    """Mosquitto's ``acl_file``. What it does not permit is refused, to those without a name everything."""
    parts = [_HEAD]
    for name in sorted(centrals):
        lines = [f"topic read {TOPIC_ROOT}/+/+/{channel}" for channel in _FROM_BOX]
        lines += [f"topic write {TOPIC_ROOT}/+/+/{channel}" for channel in _TO_BOX]
        parts.append("\n".join([f"user {name}", *lines]) + "\n")
    for box in sorted(boxes):
        lines = [f"topic write {topic(box.site, box.edge, channel)}" for channel in _FROM_BOX]
        lines += [f"topic read {topic(box.site, box.edge, channel)}" for channel in _TO_BOX]
        parts.append("\n".join([f"user {broker_user(box)}", *lines]) + "\n")
    return "\n".join(parts)
