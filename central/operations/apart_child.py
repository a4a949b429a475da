"""A process of our own beside a copy of central, from its own side: see :mod:`central.operations.apart`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable


def what_to_do() -> bytes:
    """The line that says what this process is to do. To be called first."""
    # Whoever started us gets these too, and says when we are to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return sys.stdin.buffer.readline()


def at_the_end(then: Callable[[], object]) -> None:
    """Call ``then``, in a thread of its own, when this process is to end."""

    def wait() -> None:
        # The descriptor itself: a thread within a buffered read makes Python crash when the process ends.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        then()

    threading.Thread(target=wait, name="input", daemon=True).start()


def say(line: bytes) -> bool:
    """Say a line, which ends with its line feed. Returns whether anybody listens."""
    try:
        while line:
            line = line[os.write(sys.stdout.fileno(), line) :]
    except BrokenPipeError:
        return False
    return True
