"""Shapes on a pavement's grid of cells: which changed cells are one thing."""

from __future__ import annotations

import cv2
import numpy as np

from edge.rules.pavement_view import Mask

_SQUARE = np.ones((3, 3), dtype=np.uint8)


def blobs(mask: Mask) -> list[Mask]:
    """Connected cells, parted at necks of up to two cells: a thing's shadow ties it to no other."""
    cells = mask.astype(np.uint8)
    solid = cv2.morphologyEx(cells, cv2.MORPH_OPEN, _SQUARE)
    _, labels = cv2.connectedComponents(cells, connectivity=8)
    slight = ~np.isin(labels, labels[solid > 0])
    count, parts = cv2.connectedComponents(np.where(slight, cells, solid), connectivity=8)
    return [np.asarray(parts == label) for label in range(1, count)]


def near_together(pieces: Mask) -> list[Mask]:
    """Pieces at most two cells apart are one thing, parts of which look like the pavement."""
    if not pieces.any():
        return []
    reach = cv2.dilate(pieces.astype(np.uint8), _SQUARE)
    count, parts = cv2.connectedComponents(reach, connectivity=8)
    return [np.asarray(pieces & (parts == label)) for label in range(1, count)]


def span(blob: Mask) -> tuple[int, int, int, int]:
    """First column, first row, width, height."""
    columns, rows = np.flatnonzero(blob.any(axis=0)), np.flatnonzero(blob.any(axis=1))
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def risen(thing: Mask, around: Mask) -> Mask:
    """A thing with what of the cells ``around`` it hangs together with it and rises above its foot.

    A shadow beside it, wider than the thing by half, is left out.
    """
    column, _, width, _ = span(thing)
    foot = int(np.flatnonzero(thing.any(axis=1))[-1])
    _, labels = cv2.connectedComponents((thing | around).astype(np.uint8), connectivity=8)
    whole = np.isin(labels, np.unique(labels[thing]))
    whole[foot + 1 :] = False
    whole[:, : max(column - width // 2, 0)] = False
    whole[:, column + width + width // 2 :] = False
    return np.asarray(whole | thing)
