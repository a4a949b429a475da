"""Specks followed from picture to picture: each speck belongs to one way, so chance makes no long ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOST_AFTER_S = 0.11
"""A speck not seen so long has ended its way: three pictures at 30 a second."""
MOST_AGE_S = 1.4
_GRAVITY_MPS2 = 9.81
_MOST_START_MPS = 4.0
_GATE_PX = 1.5
_MOST_MPS2 = 40.0
_CONTRAST_CHANGE, _SIZE_CHANGE = 0.8, 0.75
"""Largest change from one picture to the next, as logarithms."""

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Way:
    """One followed speck.

    Attributes:
        t_s: when it was seen.
        xy: where, px, the camera's own turns taken off.
        contrast: signed, grey levels.
        size_px: sigma.
        velocity: smoothed, px/s.
    """

    t_s: list[float]
    xy: list[Floats]
    contrast: list[float]
    size_px: list[float]
    velocity: Floats


def follow(ways: list[Way], t_s: float, specks: Floats, px_per_m: Floats) -> list[Way]:
    """Take in the specks of the next picture.

    A way goes on where its velocity takes it, or where it comes to when it begins to fall; a way and a speck
    go together when each is the other's best.

    Args:
        ways: as they were.
        t_s: time of this picture.
        specks: [N, 4] as :func:`edge.litter.specks.specks_of` gives them, the camera's turns taken off.
        px_per_m: [N] scale where each is.

    Returns:
        The ways that go on, and new ones of specks that belong to none.
    """
    live = [way for way in ways if t_s - way.t_s[-1] < LOST_AFTER_S and t_s - way.t_s[0] <= MOST_AGE_S]
    taken = np.zeros(len(specks), bool)
    if live and len(specks):
        cost = _costs(live, t_s, specks, px_per_m)
        best = cost.argmin(axis=1)
        for index, (way, speck) in enumerate(zip(live, best, strict=True)):
            if np.isfinite(cost[index, speck]) and int(cost[:, speck].argmin()) == index:
                taken[speck] = True
                _go_on(way, t_s, specks[speck])
    for x, y, size, contrast in specks[~taken]:
        live.append(Way([t_s], [np.array([x, y])], [float(contrast)], [float(size)], np.zeros(2)))
    return live


def _costs(live: list[Way], t_s: float, specks: Floats, px_per_m: Floats) -> Floats:
    """How ill each way [W] and speck [N] fit, px; infinite where they cannot belong together."""
    last = np.array([way.xy[-1] for way in live])
    since = np.array([t_s - way.t_s[-1] for way in live])
    seen = np.array([len(way.t_s) for way in live])
    even = last + np.array([way.velocity for way in live]) * since[:, None]
    steps = np.array(
        [
            (way.xy[-1] - way.xy[-3]) / (way.t_s[-1] - way.t_s[-3]) if len(way.t_s) > 2 else way.velocity
            for way in live
        ]
    )
    before = np.array([t_s - way.t_s[-2] if len(way.t_s) > 1 else 0.0 for way in live])
    straight = last + steps * since[:, None]
    fall = _GRAVITY_MPS2 * since * before
    apart = np.minimum(
        np.hypot(even[:, None, 0] - specks[None, :, 0], even[:, None, 1] - specks[None, :, 1]),
        np.hypot(
            straight[:, None, 0] - specks[None, :, 0],
            straight[:, None, 1] + fall[:, None] * px_per_m[None] - specks[None, :, 1],
        ),
    )
    metres = 0.5 * _MOST_MPS2 * since**2 + np.where(seen < 2, _MOST_START_MPS, 0.0) * since
    metres += np.where((seen >= 2) & (seen < 4), 0.8, 0.0) * since
    gate = np.clip(_GATE_PX + metres[:, None] * px_per_m[None], _GATE_PX, 0.35 * px_per_m[None] + 3)
    contrast = np.array([way.contrast[-1] for way in live])
    ratio = specks[None, :, 3] / contrast[:, None]
    stronger = np.abs(np.log(np.maximum(ratio, 1e-3)))
    larger = np.abs(np.log(specks[None, :, 2] / np.array([way.size_px[-1] for way in live])[:, None]))
    cost = apart + 1.5 * stronger + larger - 0.05 * np.minimum(seen, 10)[:, None]
    unfit = (apart > gate) | (stronger > _CONTRAST_CHANGE) | (larger > _SIZE_CHANGE)
    return np.where(unfit, np.inf, cost)


def _go_on(way: Way, t_s: float, speck: Floats) -> None:
    way.t_s.append(t_s)
    way.xy.append(speck[:2].copy())
    way.contrast.append(float(speck[3]))
    way.size_px.append(float(speck[2]))
    times = np.array(way.t_s[-5:]) - t_s
    places = np.array(way.xy[-5:])
    times -= times.mean()
    way.velocity = (times[:, None] * places).sum(axis=0) / float((times**2).sum())
