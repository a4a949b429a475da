"""Which packets a camera decodes, and which pictures it hands on."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

_TOLERANCE = 0.1
"""A picture may come early by this part of the look interval: key frames are not quite regular."""
_LATE = 1.5
"""No key frame for this many look intervals: every picture is decoded instead."""
_PROMPT = 1.25
"""Key frames at most this many look intervals apart are good enough to return to."""
_PROMPT_NEEDED = 3
"""That many in a row."""


class Step(Enum):
    """What to do with a packet."""

    PASS = auto()
    """Do not decode it."""
    KEY_FRAME = auto()
    """Decode it alone, it needs no other."""
    CATCH_UP = auto()
    """Decode everything since the last key frame, this packet included, and go on decoding all."""
    DECODE = auto()
    """Decode it in its order."""


class DwellPlan:
    """The ``dwell`` profile: key frames alone, as long as they come often enough. Times in seconds of t.

    Args:
        look_interval_s: a picture is wanted this often.
    """

    def __init__(self, look_interval_s: float) -> None:
        self._interval_s = look_interval_s
        self._decoding_all = False
        self._first_s: float | None = None
        self._last_key_s: float | None = None
        self._last_look_s: float | None = None
        self._gaps_s: deque[float] = deque(maxlen=_PROMPT_NEEDED)

    @property
    def decoding_all(self) -> bool:
        """Whether the camera has fallen back to decoding every picture."""
        return self._decoding_all

    @property
    def key_interval_s(self) -> float | None:
        """Mean of the latest spans between key frames, None before the second."""
        return sum(self._gaps_s) / len(self._gaps_s) if self._gaps_s else None

    def new_stream(self) -> None:
        """The connection was made anew: what came before cannot be decoded on."""
        self._decoding_all = False
        self._first_s = self._last_key_s = None
        self._gaps_s.clear()

    def step(self, t_s: float, *, key: bool) -> Step:
        """What to do with a packet that is shown at ``t_s``; packets come in decoding order."""
        if self._first_s is None:
            self._first_s = t_s
        if key:
            if self._last_key_s is not None:
                self._gaps_s.append(t_s - self._last_key_s)
            self._last_key_s = t_s
            if self._decoding_all and self._prompt():
                self._decoding_all = False
        if self._decoding_all:
            return Step.DECODE
        if key:
            return Step.KEY_FRAME if self.due(t_s) else Step.PASS
        waiting_since_s = self._first_s if self._last_key_s is None else self._last_key_s
        if t_s - waiting_since_s > _LATE * self._interval_s:
            self._decoding_all = True
            return Step.CATCH_UP
        return Step.PASS

    def due(self, t_s: float) -> bool:
        """Whether a picture of ``t_s`` is wanted."""
        return self._last_look_s is None or t_s - self._last_look_s >= self._interval_s * (1 - _TOLERANCE)

    def looked(self, t_s: float) -> None:
        """A picture of ``t_s`` was handed on."""
        self._last_look_s = t_s

    def _prompt(self) -> bool:
        return len(self._gaps_s) == _PROMPT_NEEDED and max(self._gaps_s) <= _PROMPT * self._interval_s
