"""What a process and its children take: CPU time and memory, from the operating system's own books."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """The books at one instant.

    Attributes:
        at_s: monotonic time.
        cpu_s: user and system time of the process and all its children so far.
        rss_bytes: memory that they hold now.
    """

    at_s: float
    cpu_s: float
    rss_bytes: int

    def cores_since(self, earlier: Usage) -> float:
        """Cores in use on average between ``earlier`` and this."""
        return (self.cpu_s - earlier.cpu_s) / (self.at_s - earlier.at_s)


def usage_of(pid: int) -> Usage:
    """The books of a process with its children. Raises psutil.NoSuchProcess when it is gone."""
    process = psutil.Process(pid)
    # A process's own times include those of children that have ended.
    own = process.cpu_times()
    cpu_s = own.user + own.system + own.children_user + own.children_system
    rss_bytes = process.memory_info().rss
    for child in _children(process):
        times = child.cpu_times()
        cpu_s += times.user + times.system
        rss_bytes += child.memory_info().rss
    return Usage(time.monotonic(), cpu_s, rss_bytes)


def _children(process: psutil.Process) -> Iterator[psutil.Process]:
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                yield child
