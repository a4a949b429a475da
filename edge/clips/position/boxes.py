"""The boxes of an MP4 file, as far as positions hide in them; no size that it tells is trusted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_BOXES = 20_000
"""More at one level is not a clip that a recorder wrote."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type and where its content lies in the file."""

    kind: bytes
    begin: int
    end: int

    def content(self, file: BinaryIO, max_bytes: int) -> bytes:
        """What it holds, at most so much of it."""
        file.seek(self.begin)
        return file.read(min(self.end - self.begin, max_bytes))


def boxes(file: BinaryIO, begin: int, end: int) -> Iterator[Box]:
    """The boxes between two places of a file; ends at the first that does not fit."""
    at = begin
    for _ in range(_MAX_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8 or at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", header)
        start = at + 8
        if size == 1 and len(header) == 16:
            size, start = struct.unpack_from(">Q", header, 8)[0], at + 16
        elif size == 0:
            size = end - at
        if size < start - at or at + size > end:
            return
        yield Box(kind, start, at + size)
        at += size
