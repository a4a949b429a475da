"""The slow background over a restart: what the pavement looked like with nothing on it, as text."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
from numpy.typing import NDArray

from edge.rules.pavement import Pavement
from edge.rules.pavement_view import Layer, Mask, Window

MOST_CHARACTERS = 600_000
"""A background larger than this is not kept: it is learnt again. One of 416 x 234 px takes about 100,000."""
_FINE_STEP = 1 / 50
"""Two per cent of brightness: the rounding's energy is a thirtieth of what counts as noise."""
_FINE_MIDDLE = 4.2
"""Middle of the logarithms of all grey levels."""
_TONE_STEP = 1 / 4000


def pack_background(pavement: Pavement) -> str | None:
    """A pavement's slow background as text; None when there is none, or it is too large."""
    slow = pavement.slow
    if slow is None:
        return None
    head = json.dumps({"window": pavement.window.signature, "shape_px": slow.fine.shape}).encode()
    body = (
        _steps(slow.fine - _FINE_MIDDLE, _FINE_STEP, np.int8)
        + _steps(slow.tone, _TONE_STEP, np.int16)
        + np.packbits(pavement.known).tobytes()
    )
    packed = zlib.compress(len(head).to_bytes(2, "big") + head + body, 6)
    text = base64.b64encode(packed).decode("ascii")
    return text if len(text) <= MOST_CHARACTERS else None


def unpack_background(text: str, window: Window) -> tuple[Layer, Mask] | None:
    """The inverse of :func:`pack_background`.

    Args:
        text: what was packed.
        window: the part of the picture that it is for.

    Returns:
        The background and the cells it is known for; None when it is another window's.

    Raises:
        ValueError: when the text is damaged.
    """
    try:
        raw = zlib.decompress(base64.b64decode(text, validate=True))
        size = int.from_bytes(raw[:2], "big")
        head = json.loads(raw[2 : 2 + size])
        if head["window"] != window.signature:
            return None
        height, width = head["shape_px"]
        cells = window.rows * window.columns
        at = 2 + size
        fine = np.frombuffer(raw, np.int8, height * width, at).reshape(height, width)
        at += height * width
        tone = np.frombuffer(raw, np.int16, cells * 3, at).reshape(*window.shape, 3)
        known = np.unpackbits(np.frombuffer(raw, np.uint8, -1, at + cells * 6), count=cells)
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError(f"not a background: {error}") from error
    level = fine.astype(np.float32) * np.float32(_FINE_STEP) + np.float32(_FINE_MIDDLE)
    texture = window.texture(level)
    layer = Layer(level, texture, tone.astype(np.float32) * np.float32(_TONE_STEP), window.energy(texture))
    return layer, known.reshape(window.shape).astype(bool)


def _steps(values: NDArray[np.float32], step: float, kind: type[np.int8] | type[np.int16]) -> bytes:
    limit = np.iinfo(kind).max
    steps: bytes = np.clip(np.rint(values / step), -limit, limit).astype(kind).tobytes()
    return steps
