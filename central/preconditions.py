"""Nobody changes what they did not see: versions as entity tags, and ``If-Match`` on every change (RFC 9110).

What can happen only once, whatever was seen, needs none: a pick-up code is used up, a code on a wall is taken
out of use, an award is taken back. Whoever comes second is told 409.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Header, Response

from central.problems import FieldError, Problem

IfMatch = Annotated[str | None, Header()]


def etag(version: int) -> str:
    """A version as an entity tag."""
    return f'"{version}"'


def tagged(response: Response, version: int) -> None:
    """Say in an answer which version of something it is."""
    response.headers["ETag"] = etag(version)


def version_of(if_match: str | None, what: str = "the case") -> int:
    """The version that an ``If-Match`` header names. Raises Problem 428 when absent, 400 when unreadable."""
    if if_match is None:
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            "if-match",
            f"say in If-Match which version of {what} you saw (its ETag)",
        )
    digits = if_match.strip().strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "if-match",
            f"If-Match is not a version of {what}",
            errors=[FieldError("header.if-match", 'expected an ETag like "3"')],
        )
    return int(digits)


def check_version(seen: int, now: int, what: str = "the case") -> None:
    """Raises Problem 412 where something is not as whoever asks saw it."""
    if seen != now:
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "changed",
            f"{what} has changed since you saw it (version {seen}, now {now}); look again",
            headers={"ETag": etag(now)},
        )
