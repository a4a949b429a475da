"""Lets the kernel end what we started when we die without a word (SIGKILL, out of memory)."""

from __future__ import annotations

import shutil
import threading


def ends_with_us() -> list[str]:
    """What to write before a command so that it gets SIGTERM at our death; nothing where that cannot be had.

    ``setpriv`` comes with every Linux (util-linux). The kernel watches the thread that starts the process, so
    that only the main thread may ask for it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return []
    return [setpriv, "--pdeathsig", "TERM"]
