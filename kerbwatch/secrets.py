"""Credentials: where they may come from, and how they stay out of everything that is written down."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from kerbwatch.paths import located

_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s]+@")
"""Up to the last ``@`` before the path: a password may hold one itself."""
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SecretMissingError(ValueError):
    """A secret that the configuration refers to is not there."""


def redact(text: str) -> str:
    """``text`` with the user name and password of every URL in it replaced by ``***``."""
    if "://" not in text:  # nearly everything that is logged; the search itself takes its time
        return text
    return _USERINFO.sub(r"\g<scheme>***@", text)


def without_credentials(url: str) -> str:
    """``url`` with no user name, no password and no query: fit for a log, a metric or a message.

    Of a text that cannot be taken apart, only the scheme is left: its parts may be a password's.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        scheme, mark, _rest = url.partition("://")
        return f"{scheme}://***" if mark else "***"
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if port:
        host = f"{host}:{port}"
    kept = urlunsplit((parts.scheme, host, parts.path, "", ""))
    if host or "://" not in url:
        return kept
    # Without a host the standard library leaves the slashes out that a database's URL has: 'sqlite:///x.db'.
    return f"{parts.scheme}://{parts.path}"


def expand_environment(text: str) -> str:
    """Replace each ``${NAME}`` by the environment variable of that name.

    Raises:
        SecretMissingError: naming the first variable that is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = os.environ.get(name)
        if found is None:
            raise SecretMissingError(f"the environment variable {name} is not set")
        return found

    return _REFERENCE.sub(value, text)


def read_secret_file(path: Path) -> str:
    """The secret in a file, without surrounding white space.

    Raises:
        SecretMissingError: when the file is absent, unreadable, empty or no text.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretMissingError(f"cannot read the secret file {located(path)}: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without its cause, which holds the bytes.
        raise SecretMissingError(f"the secret file {path} is not UTF-8 text") from None
    if not secret:
        raise SecretMissingError(f"the secret file {path} is empty")
    return secret


def keep_from_others() -> None:
    """Files that this process makes from now on are nobody's but its owner's and group's."""
    os.umask(os.umask(0o077) | 0o027)
