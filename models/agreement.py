"""How far two sets of detections agree: mean average precision at half overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections, iou_matrix

MIN_IOU = 0.5
"""Overlap from which a detection counts as found (the 50 of mAP50)."""


def mean_average_precision(found: Sequence[Detections], truth: Sequence[Detections]) -> float:
    """mAP50 of detections against what is true, 0..1.

    For each class that the truth has: detections of all pictures in order of score, each matched to the truth
    that it overlaps most and that nobody surer has taken; the area under precision over recall, made
    monotonic (PASCAL VOC 2010). The mean is over those classes.

    Raises:
        ValueError: when the truth is empty, or the two are not of the same number of pictures.
    """
    if len(found) != len(truth):
        raise ValueError(f"detections of {len(found)} pictures cannot be compared with those of {len(truth)}")
    classes = sorted({int(value) for one in truth for value in one.class_id})
    if not classes:
        raise ValueError("nothing is to be found in these pictures")
    return float(np.mean([_average_precision(found, truth, class_id) for class_id in classes]))


def _average_precision(found: Sequence[Detections], truth: Sequence[Detections], class_id: int) -> float:
    scores: list[float] = []
    hits: list[bool] = []
    wanted = 0
    for seen, real in zip(found, truth, strict=True):
        ours, theirs = seen.of_classes({class_id}), real.of_classes({class_id})
        wanted += len(theirs)
        order = np.argsort(-ours.score, kind="stable")
        hits += _hits(iou_matrix(ours.xyxy[order], theirs.xyxy))
        scores += ours.score[order].tolist()
    ranked = np.array(hits, dtype=bool)[np.argsort(-np.array(scores), kind="stable")]
    true = np.cumsum(ranked)
    precision = true / np.arange(1, len(ranked) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[ranked].sum() / wanted)


def _hits(iou: NDArray[np.float32]) -> list[bool]:
    """Which detections (rows, surest first) find a truth (columns) that is still free."""
    free = np.ones(iou.shape[1], dtype=bool)
    hits = []
    for row in iou:
        best = int(np.argmax(np.where(free, row, -1.0))) if free.any() else -1
        hit = best >= 0 and bool(row[best] >= MIN_IOU)
        if hit:
            free[best] = False
        hits.append(hit)
    return hits
