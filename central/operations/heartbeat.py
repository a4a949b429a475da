"""Lets systemd know that central lives: its event loop turns and its intake thread runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kerbwatch.supervision import tell_supervisor, watchdog_interval_s


async def beat(alive: Callable[[], bool]) -> None:
    """Say that central is ready, and from then on that it lives for as long as ``alive`` says so."""
    tell_supervisor("READY=1")
    interval_s = watchdog_interval_s()
    while interval_s is not None:
        if alive():
            tell_supervisor("WATCHDOG=1")
        await asyncio.sleep(interval_s)
