"""Asking the directory: no more than a second thought's worth of time and memory, and never elsewhere."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx

_MOST_BYTES = 1024 * 1024


class _Capped(httpx.SyncByteStream):
    """A response's bytes; httpx.ReadError beyond a mebibyte."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, counted."""
        taken = 0
        for chunk in self._stream:
            taken += len(chunk)
            if taken > _MOST_BYTES:
                raise httpx.ReadError("the answer is too long")
            yield chunk

    def close(self) -> None:
        """Close it."""
        self._stream.close()


def _cap(response: httpx.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx.DecodingError("the answer is packed, which was not asked for")
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _Capped(response.stream)


def asker(trust: ssl.SSLContext, timeout_s: float) -> httpx.Client:
    """A client that follows no redirects and reads no long answers; close it."""
    return httpx.Client(
        verify=trust,
        timeout=timeout_s,
        follow_redirects=False,
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        event_hooks={"response": [_cap]},
    )


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The object in an answer. Raises httpx.HTTPError when there is none."""
    response.raise_for_status()
    if response.status_code != httpx.codes.OK:
        raise httpx.HTTPError(f"it answers {response.status_code}")
    try:
        found = response.json()
    except ValueError as error:
        raise httpx.DecodingError("its answer is no JSON") from error
    if not isinstance(found, dict):
        raise httpx.DecodingError("its answer is no object")
    return found
