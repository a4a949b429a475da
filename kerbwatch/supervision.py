"""Tells systemd that this process is ready, lives, and stops: the protocol of ``sd_notify``."""

from __future__ import annotations

import os
import socket
from typing import Literal

State = Literal["READY=1", "WATCHDOG=1", "STOPPING=1"]


def tell_supervisor(state: State) -> None:
    """Say it to whoever started this process with ``NOTIFY_SOCKET``; where nobody did, nothing happens.

    A supervisor that does not listen is no reason to fail: it ends us itself if it misses the word.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        try:
            channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return


def watchdog_interval_s() -> float | None:
    """How often ``WATCHDOG=1`` is to be said, half of what systemd allows; None when it waits for none."""
    allowed_us = os.environ.get("WATCHDOG_USEC", "")
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(allowed_us) / 2e6 if for_us and allowed_us.isdigit() and int(allowed_us) else None
