"""From a network's own class names to the classes that rules speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.classes import ObjectClass
from models.errors import ClassMapError

COCO_NAMES: tuple[str, ...] = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog"),
    *("horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella"),
    *("handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite"),
    *("baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle"),
    *("wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich"),
    *("orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote"),
    *("keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book"),
    *("clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)
"""The 80 classes of COCO 2017 in the order in which detectors number them."""

DEFAULT_CLASS_MAP: Mapping[str, ObjectClass] = {
    **{known.label: known for known in ObjectClass},
    "dining table": ObjectClass.TABLE,
    "backpack": ObjectClass.GOODS,
    "handbag": ObjectClass.GOODS,
    "suitcase": ObjectClass.GOODS,
}
"""Used where no map is given: kerbwatch's own names, and those of COCO that mean the same.

A bench is left out: in a street it is the city's own, and never leaves. So is a potted plant.
"""

DROPPED = -1
"""In a translation table: a class of the network that nobody here asks for."""


def translation(names: Sequence[str], class_map: Mapping[str, str]) -> NDArray[np.int64]:
    """The table from a network's class numbers to :class:`ObjectClass` values.

    Args:
        names: the network's class names, in the order of its numbers.
        class_map: its class name -> kerbwatch class; empty means the default map. Classes of the network
            that the map does not name are dropped.

    Returns:
        int64 [len(names)], ``DROPPED`` where a class is not wanted.

    Raises:
        ClassMapError: when a name on either side is unknown, or nothing would be left.
    """
    wanted = _checked(names, class_map) if class_map else DEFAULT_CLASS_MAP
    table = np.array([wanted.get(name, DROPPED) for name in names], dtype=np.int64)
    if (table == DROPPED).all():
        raise ClassMapError(
            f"none of the network's classes is known by name; give a 'class_map'. {_offer(names)}"
        )
    return table


def _checked(names: Sequence[str], class_map: Mapping[str, str]) -> dict[str, ObjectClass]:
    foreign = sorted(set(class_map) - set(names))
    if foreign:
        raise ClassMapError(f"'class_map' speaks of {_quoted(foreign)}. {_offer(names)}")
    labels = {known.label: known for known in ObjectClass}
    unknown = sorted(set(class_map.values()) - set(labels))
    if unknown:
        raise ClassMapError(f"'class_map' maps to {_quoted(unknown)}; kerbwatch knows {', '.join(labels)}")
    return {name: labels[label] for name, label in class_map.items()}


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _offer(names: Sequence[str], most: int = 100) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"The network's own names are: {', '.join(names[:most])}{more}"
