"""Waiting for what happens in another thread or process, without sleeping longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 90.0
"""How long a test waits before it fails: far longer than it takes, as a machine that runs tests is busy."""
SHARE_OF_LOOKING = 0.2
"""Asking may be dear (a process's log, a page): no more than this share of the time goes into it."""


def wait_until(happened: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as ``happened()`` is true; fail with ``what`` when it is not within ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while True:
        began = time.monotonic()
        if happened():
            return
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(max(0.01, (now - began) * (1 / SHARE_OF_LOOKING - 1)))
