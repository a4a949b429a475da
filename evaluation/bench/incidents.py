"""What two programs reported of one stream, set against each other one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.optimize import linear_sum_assignment

from evaluation.matching import MIN_IOU, Box
from kerbwatch.incident import Kind
from kerbwatch.messages import IncidentReport

APART_S = 4.0
"""How far apart two may open and be the same: the edge looks every two seconds, and its stream's beginning is
read off to within one."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the edge reported in a window.

    Attributes:
        incidents: opened in it and in its warm-up.
        began: for each camera, the instant at which it was first seen to have been looked at. Every stream
            begins at the file's first picture.
        ended_at: the window's end.
    """

    incidents: tuple[IncidentReport, ...]
    began: Mapping[str, datetime]
    ended_at: datetime

    @property
    def seconds_s(self) -> float:
        """How much of its stream each camera has seen at least."""
        return min(((self.ended_at - began).total_seconds() for began in self.began.values()), default=0.0)

    def opened(self, kind: Kind) -> dict[str, tuple[Opened, ...]]:
        """For each camera, what it opened of a kind, in the stream's time."""
        return {
            camera: tuple(
                Opened(
                    (report.observed_at - began).total_seconds(),
                    Box(report.box.x1, report.box.y1, report.box.x2, report.box.y2),
                )
                for report in self.incidents
                if report.camera_id == camera and report.kind is kind
            )
            for camera, began in self.began.items()
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident: when it opened, in seconds of the stream, and its box in px of the stream's picture."""

    t_s: float
    box: Box


@dataclass(frozen=True, slots=True)
class Pair:
    """One incident that both reported."""

    rival: Opened
    edge: Opened

    @property
    def iou(self) -> float:
        """How well the boxes agree, 0..1."""
        return self.rival.box.iou(self.edge.box)

    @property
    def apart_s(self) -> float:
        """How far apart they opened."""
        return abs(self.rival.t_s - self.edge.t_s)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was reported of one stream by both, by the rival alone and by the edge alone."""

    pairs: tuple[Pair, ...]
    rival_alone: tuple[Opened, ...]
    edge_alone: tuple[Opened, ...]


def agreement(rival: Sequence[Opened], edge: Sequence[Opened], until_s: float) -> Agreement:
    """Match incidents one to one: boxes overlap (IoU of at least 0.3), opened at most ``APART_S`` apart.

    Args:
        rival: what one reported.
        edge: what the other reported.
        until_s: how long both watched. What opened within ``APART_S`` of it and has no partner counts for
            nothing: its partner may be due after the end.
    """
    pairs: list[Pair] = []
    if rival and edge:
        worth = np.array([[_worth(Pair(theirs, ours)) for ours in edge] for theirs in rival])
        rows, columns = linear_sum_assignment(worth, maximize=True)
        pairs = [Pair(rival[r], edge[c]) for r, c in zip(rows, columns, strict=True) if worth[r, c] > 0]

    def alone(mine: Sequence[Opened], paired: list[Opened]) -> tuple[Opened, ...]:
        return tuple(
            each for each in mine if each.t_s <= until_s - APART_S and not any(each is p for p in paired)
        )

    return Agreement(
        tuple(pairs),
        alone(rival, [pair.rival for pair in pairs]),
        alone(edge, [pair.edge for pair in pairs]),
    )


def _worth(pair: Pair) -> float:
    """Two pairs are always worth more than one; 0 for two different things."""
    return 1.0 + pair.iou / 100 if pair.iou >= MIN_IOU and pair.apart_s <= APART_S else 0.0
