"""Pictures for people: bystanders' faces and plates blurred, the offender's plate as it was."""

from __future__ import annotations

import numpy as np

from edge.evidence.blur import blurred
from edge.evidence.sensitive import Boxes, Eyes, Sensitive, is_offenders
from edge.frame import Image
from edge.rules.sighting import BoxPx

_SPARED = 0.1
"""Kept clear around the offender's plate, as a share of its sides."""


def for_people(image: Image, offender_box: BoxPx | None, eyes: Eyes) -> Image:
    """A picture as people may see it.

    Args:
        image: BGR, the original; left as it is.
        offender_box: the offending vehicle, whose plate stays legible; None where no vehicle offends.
        eyes: what finds faces and plates.

    Returns:
        A new picture of the same size.
    """
    seen = eyes.look(image)
    own, others = sorted_plates(seen, offender_box)
    return covered(image, np.concatenate([seen.faces, seen.heads]), others, own, seen.faces)


def sorted_plates(seen: Sensitive, offender_box: BoxPx | None) -> tuple[Boxes, Boxes]:
    """The offender's plates, and everybody else's."""
    mine = np.array([is_offenders(plate, offender_box, seen.vehicles) for plate in seen.plates], dtype=bool)
    return seen.plates[mine], seen.plates[~mine]


def covered(image: Image, heads: Boxes, plates: Boxes, spared: Boxes, faces: Boxes) -> Image:
    """A picture with ``heads`` and ``plates`` blurred and ``spared`` kept, unless a found face lies there.

    A person's box is a guess about where a head may be, and may reach over the offender's plate; a face that
    the face network found is none, and stays covered whatever it hides.
    """
    done = blurred(image, heads, plates)
    height, width = image.shape[:2]
    for box in spared:
        wide, high = (box[2] - box[0]) * _SPARED, (box[3] - box[1]) * _SPARED
        left, top = max(0, int(box[0] - wide)), max(0, int(box[1] - high))
        right, bottom = min(width, int(box[2] + wide) + 1), min(height, int(box[3] + high) + 1)
        done[top:bottom, left:right] = image[top:bottom, left:right]
    return blurred(done, faces, np.empty((0, 4), np.float32)) if len(spared) else done
