"""Waiting for what happens in another thread or process, without sleeping longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], what: str, timeout_s: float = 10.0) -> None:
    """Return as soon as ``happened()`` is true; fail with ``what`` when it is not within ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.01)
