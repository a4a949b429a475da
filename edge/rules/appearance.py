"""What a place looks like: a small grey patch, compared so that light and weather matter little."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

PATCH_PX = 24
"""Side of a patch. Large enough to tell two cars apart, small enough to keep in the state."""
MIN_CONTRAST = 2.0
"""Standard deviation, grey levels, below which a patch shows nothing that could be compared."""
EXPOSED = (2.0, 250.0)
"""Grey levels between which a spot shows something."""
MIN_EXPOSED_SHARE = 0.25
"""Share of a patch that must be exposed for a comparison."""
CLEAR = 0.8
"""A correlation of grey levels from which the fine structure need not be asked."""
SURROUNDINGS_PX = 9
"""Side of the surroundings of a spot in a patch, px of the patch."""
NOISE = 4.0
"""Grey levels that camera noise adds to the variation of any surroundings."""
SAME_LOOK = 0.7
"""Similarity from which an unseen thing is taken to be there still: the detector missed it."""
STEADY_LOOK = 0.6
"""Similarity of a place from one look to the next from which the same thing stands there."""
OTHER_LOOK = 0.35
"""Similarity below which what stands there now is something else."""
VANISHED_CONTRAST = 4.5
"""Standard deviation, grey levels, that a patch must have had for its loss to say that the thing is gone."""
CONTRAST_KEPT = 0.45
"""Share of its contrast below which what stood out is gone: a shadow leaves more, and a likeness."""
GLARE = 240.0
"""Mean grey level from which a flat patch is dazzled and says nothing."""

Patch = NDArray[np.float32]
"""float32 [24, 24], grey levels 0..255."""


def cut_patch(
    thumbnail: NDArray[np.uint8], box_xyxy: NDArray[np.float32], size_px: tuple[int, int]
) -> Patch | None:
    """The patch under a box.

    Args:
        thumbnail: uint8 [h, w, 3] BGR, the whole picture at any size.
        box_xyxy: the box in pixels of the picture as shown, whose size is ``size_px``.
        size_px: width and height of the picture as shown.

    Returns:
        The patch, or None when less than 3 x 3 px of the box lie in the picture.
    """
    height, width = thumbnail.shape[:2]
    scale = np.array([width / size_px[0], height / size_px[1]] * 2)
    x1, y1, x2, y2 = np.rint(box_xyxy * scale).astype(int)
    x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if x2 - x1 < 3 or y2 - y1 < 3:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(thumbnail[y1:y2, x1:x2]), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (PATCH_PX, PATCH_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def similarity(a: Patch, b: Patch, own: NDArray[np.bool_] | None = None) -> float | None:
    """How much two patches show the same thing, -1..1: 1 for the same thing in any light.

    Zero-mean normalised cross-correlation of the grey levels, which an even change of light does not touch;
    where that is low, of the fine structure as well, each spot against its own surroundings: headlights, a
    lamp or a shadow's edge across a thing leave that as it is. What is over- or under-exposed in either patch
    shows nothing and is left out.

    On pictures of real cars, lit in simulation, the same car under headlights or half in a shadow had 0.74 or
    more (grey levels alone: 0.2 to 0.9), another car 0.48 at most.

    Args:
        a: one patch.
        b: the other.
        own: bool [h, w], the part that is compared; all where None.

    Returns:
        None where either patch is flat (night, fog) or hardly exposed: then nothing can be said.
    """
    if float(a.std()) < MIN_CONTRAST or float(b.std()) < MIN_CONTRAST:
        return None
    low, high = EXPOSED
    exposed = (a >= low) & (a <= high) & (b >= low) & (b <= high)
    if own is not None:
        exposed &= own
    if exposed.all():
        alike = _correlation(a, b)
        return alike if alike >= CLEAR else max(alike, _correlation(_structure(a), _structure(b)))
    if exposed.mean() < MIN_EXPOSED_SHARE:
        return None
    alike = _correlation(a[exposed], b[exposed])
    if alike >= CLEAR:
        return alike
    return max(alike, _correlation(_structure(a)[exposed], _structure(b)[exposed]))


def vanished(then: Patch, now: Patch, contrast_left: float = 1.0) -> bool:
    """Whether a thing that stood out is gone, leaving little to compare: a car off an even road.

    For patches that are not alike, or that nothing can be said of: an even change of light, which leaves a
    thing as it is, is none of its business.

    Args:
        then: its place with the thing.
        now: the place now.
        contrast_left: the whole picture's contrast now, as a share of what it was then. When fog comes or the
            light goes, a thing is expected to stand out less, and the rest of the picture with it.
    """
    expected = float(then.std()) * min(contrast_left, 1.0)
    gone = float(now.std()) < CONTRAST_KEPT * expected
    return gone and expected >= VANISHED_CONTRAST and float(now.mean()) < GLARE


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    a_centred, b_centred = a - a.mean(), b - b.mean()
    energy = float(np.sqrt((a_centred * a_centred).sum() * (b_centred * b_centred).sum()))
    return float((a_centred * b_centred).sum()) / energy if energy > 0 else 0.0


def _structure(patch: Patch) -> NDArray[np.float32]:
    """Each spot against its surroundings, in units of how much these vary."""
    fine = patch - cv2.blur(patch, (SURROUNDINGS_PX, SURROUNDINGS_PX))
    varied = np.sqrt(cv2.blur(fine * fine, (SURROUNDINGS_PX, SURROUNDINGS_PX)))
    return np.asarray(fine / (varied + NOISE), dtype=np.float32)


def pack_patch(patch: Patch) -> str:
    """The patch as text, for the state on disk."""
    return base64.b64encode(np.clip(patch, 0, 255).astype(np.uint8).tobytes()).decode("ascii")


def unpack_patch(text: str) -> Patch:
    """The inverse of :func:`pack_patch`. Raises ValueError when the text is not a patch."""
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if raw.size != PATCH_PX * PATCH_PX:
        raise ValueError("not a patch")
    return raw.reshape(PATCH_PX, PATCH_PX).astype(np.float32)
