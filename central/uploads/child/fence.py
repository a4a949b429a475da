"""Limits that a process sets itself, for good, before it touches a stranger's file or becomes a command.

``python -I -m central.uploads.child.fence LIMITS COMMAND…`` sets them and becomes the command.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from dataclasses import dataclass

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 1, 38, 4
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Fence:
    """What a process may ask of the machine.

    Attributes:
        memory_mb: address space (RLIMIT_AS).
        cpu_s: time on the processor (RLIMIT_CPU).
        written_mb: size of what it writes (RLIMIT_FSIZE).
        open_files: files at once (RLIMIT_NOFILE).
        niceness: how far behind everything else it runs.
        network: whether it may speak to other machines.
    """

    memory_mb: int
    cpu_s: int
    written_mb: int
    open_files: int
    niceness: int
    network: bool

    def text(self) -> str:
        """For a command line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def of(cls, text: str) -> Fence:
        """What :meth:`text` wrote."""
        return cls(**json.loads(text))


def stand_behind(fence: Fence) -> bool:
    """Set every limit but that on files (:func:`open_nothing_more`); whether the network is shut out."""
    os.nice(fence.niceness)
    for kind, most in (
        (resource.RLIMIT_AS, fence.memory_mb * _MB),
        (resource.RLIMIT_FSIZE, fence.written_mb * _MB),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # The soft limit's signal tells why; the hard one ends what ignores it.
    resource.setrlimit(resource.RLIMIT_CPU, (fence.cpu_s, fence.cpu_s + 5))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # whoever waits for it may be killed
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    kernel.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if fence.network:
        return False
    return any(kernel.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def open_nothing_more(files: int) -> None:
    """From here on no more than ``files`` files, pipes and sockets at once, with those that are open."""
    files = min(files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def main() -> None:
    """Become a command behind the limits."""
    fence = Fence.of(sys.argv[1])
    stand_behind(fence)
    open_nothing_more(fence.open_files)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - a command of ours, without a shell


if __name__ == "__main__":
    main()
