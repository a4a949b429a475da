"""Which of a look's boxes is which thing that is held, and what stands before which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.rules.appearance import OTHER_LOOK, SAME_LOOK, STEADY_LOOK
from edge.rules.boxes import PARTIAL_SHARE, area_px2, intersection, within_matrix
from edge.rules.glance import recognised
from edge.rules.place import Place
from edge.rules.sighting import Look
from models.detections import Detections, iou_matrix

MATCH_AFFINITY = 0.4
"""Overlap from which a box may be the thing of a place."""
LEAVING_IOU = 0.05
"""Overlap with a thing's newest box from which another box may be the same thing, driving off."""
SAME_PLACE_IOU = 0.7
"""Overlap from which two places are one and the same: suppression leaves no two vehicles so near."""
NOTABLY_LARGER = 1.25
"""In area: a box so much larger than a thing whose place has changed stands in front, unless it fits well."""
FAINT_SHARE = 0.5
"""A box with less of a thing's mean score says nothing of a place that shows something else."""
MOVED_IOU = 0.5
"""Overlap with the place of arrival below which a thing has moved on."""
PART_SCORE_SHARE = 0.7
"""A box with less of the score of a larger one that it lies in is a part of that."""
HIDDEN_SHARE = 0.35
"""Share of a place that another thing must cover to hide it."""


def pair_up(
    places: Sequence[Place], targets: Detections, alike: Sequence[float | None], look: Look
) -> list[tuple[int, int]]:
    """Which place each box belongs to.

    A box over a place that does not look like its thing is something in front of it, unless it fits so
    well that only the light can have changed, or the place was seen empty before (a newcomer), or its thing
    never looked the same there twice: what was seen while it rolled comes to rest close by, however weak
    its box is then. A box beside a place that has changed, and that looks like its thing, is that thing
    driving off.

    Args:
        places: what is held.
        targets: the boxes of this look.
        alike: for each place how much it looks as it did with its thing; None when nothing can be said.
        look: the look.

    Returns:
        Pairs of a place's and a box's index.
    """
    if not places or not len(targets):
        return []
    boxes = np.array([place.box for place in places], dtype=np.float32)
    newest = np.array([p.box if p.last_box is None else p.last_box for p in places], dtype=np.float32)
    near = iou_matrix(newest, targets.xyxy)
    parts = np.where(within_matrix(boxes, targets.xyxy) >= PARTIAL_SHARE, MATCH_AFFINITY, 0)
    sizes, known = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (targets.xyxy, boxes))
    larger = sizes[None, :] > known[:, None]
    affinity = np.maximum(iou_matrix(boxes, targets.xyxy), near)
    # A box around two things shows neither.
    around = (larger & (parts > 0)).sum(axis=0) > 1
    affinity[:, around] = np.where(affinity[:, around] < SAME_PLACE_IOU, 0, affinity[:, around])
    parts[:, around] = 0
    for i, (place, likeness) in enumerate(zip(places, alike, strict=True)):
        if likeness is not None and likeness < STEADY_LOOK:
            # A larger box stands in front of it; a thing that comes out from behind looks as before.
            parts[i, larger[i]] = 0
            if place.steady:
                affinity[i, larger[i] & (affinity[i] < MOVED_IOU)] = 0
            if place.steady > 1:
                notably = sizes > NOTABLY_LARGER * known[i]
                affinity[i, notably & (affinity[i] < SAME_PLACE_IOU)] = 0
        affinity[i] = np.maximum(affinity[i], parts[i])
        followed = place.empty_since_t_s is not None or place.moved_since_t_s is not None
        if likeness is not None and likeness < OTHER_LOOK and not followed:
            faint = targets.score < FAINT_SHARE * place.score
            aside = (affinity[i] < SAME_LOOK) | faint
            affinity[i][place.estranged | (aside & (place.steady > 0))] = 0
        if likeness is not None and likeness < SAME_LOOK:
            for j in np.flatnonzero(near[i] >= LEAVING_IOU):
                if recognised(place, targets.xyxy[j], look):
                    affinity[i, j] = max(affinity[i, j], MATCH_AFFINITY)
    rows, columns = linear_sum_assignment(affinity, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if affinity[i, j] >= MATCH_AFFINITY]


def part_of_known(places: Sequence[Place], targets: Detections, j: int) -> bool:
    """Whether a box is only another view of a thing that is held already."""
    boxes = np.array([place.box for place in places if place.there], dtype=np.float32).reshape(-1, 4)
    return bool((within_matrix(boxes, targets.xyxy[j : j + 1]) >= PARTIAL_SHARE).any())


def covered_share(
    place: Place, places: Sequence[Place], look: Look, holders: dict[int, NDArray[np.float32]]
) -> float:
    """How much of the place something covers that was not beside it before, 0..1.

    A neighbour that stood there while the place was in plain view overlaps it for ever and hides
    nothing: its box does not count.
    """
    boxes = look.detections.xyxy
    if not len(boxes):
        return 0.0
    neighbours = [
        holders[id(other)]
        for other in places
        if id(other) in holders and other.arrived_t_s <= place.seen_t_s and other is not place
    ]
    whole = max(area_px2(place.box), 1e-9)
    return max(
        (
            intersection(place.box, box) / whole
            for box in boxes
            if not any(np.array_equal(box, neighbour) for neighbour in neighbours)
        ),
        default=0.0,
    )


def stands_out(targets: Detections, j: int, look: Look) -> bool:
    """Whether nothing surer accounts for a weak box: people in a group, the vehicle that it is a part of."""
    box = targets.xyxy[j].astype(np.float64)
    whole = max(area_px2(box), 1e-9)
    surer = look.detections.xyxy[look.detections.score > targets.score[j]]
    return all(intersection(box, other) / whole < HIDDEN_SHARE for other in surer)


def part_of_surer(targets: Detections, j: int) -> bool:
    """Whether a box is a part of a larger one that the network is much surer of: half of one vehicle."""
    larger = (targets.xyxy[:, 2:] - targets.xyxy[:, :2]).prod(axis=1) > np.prod(
        targets.xyxy[j, 2:] - targets.xyxy[j, :2]
    )
    surer = larger & (PART_SCORE_SHARE * targets.score > targets.score[j])
    return bool((within_matrix(targets.xyxy[surer], targets.xyxy[j : j + 1]) >= PARTIAL_SHARE).any())
