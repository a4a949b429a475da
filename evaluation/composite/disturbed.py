"""What moves near vehicles or in the whole picture: spray, somebody passing close, a shaken camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite import ordinary
from evaluation.composite.base import Base
from evaluation.composite.blend import Patch, lay
from evaluation.composite.cover import outline_of
from evaluation.composite.ground import BODIES
from evaluation.composite.recipe import ANYWHERE, FIXED, Canvas, Composition, Recipe, UnsuitedError
from evaluation.composite.tracks import Track
from models.classes import ObjectClass

_DROPS_A_SECOND = 120
_DROP_LASTS_S = 0.45
_GOERS = frozenset({ObjectClass.PERSON, ObjectClass.BICYCLE, ObjectClass.MOTORCYCLE})
_MIN_OUTLINE_SHARE = 0.15
_MAX_DONOR_S = 8.0
_MIN_DONOR_S = 1.5


@dataclass(eq=False)
class Spray:
    """Drops and mist that a real vehicle's wheels throw up; a layer."""

    base: Base
    track: Track
    speed_share: float

    def paint(self, canvas: Canvas) -> None:
        """Paint the drops that are in the air now."""
        last = int(canvas.t_s * _DROPS_A_SECOND)
        alpha = np.zeros(canvas.image.shape[:2], dtype=np.float32)
        for number in range(last - int(_DROP_LASTS_S * _DROPS_A_SECOND), last):
            born_s = number / _DROPS_A_SECOND
            if self.track.covers(born_s) and self.track.covers(born_s - 0.1):
                self._drop(alpha, number, born_s, canvas.t_s)
        soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.8), dtype=np.float32)
        canvas.image += (205 - canvas.image) * np.minimum(soft, 0.7)[..., None]

    def _drop(self, alpha: NDArray[np.float32], number: int, born_s: float, t_s: float) -> None:
        rng = self.base.rng(5, self.track.id, max(0, number))
        box, before = self.base.box(self.track, born_s), self.base.box(self.track, born_s - 0.1)
        velocity = 10 * np.array([(box[0] + box[2] - before[0] - before[2]) / 2, (box[3] - before[3])])
        scale = float(box[3] - box[1]) / BODIES[self.track.object_class].height_m
        wheel = np.array([rng.uniform(box[0], box[2]), box[3] - 0.1 * scale])
        age_s = t_s - born_s
        flung = 0.5 * velocity * self.speed_share + scale * np.array(
            [rng.normal(0, 0.8), -rng.uniform(0.3, 3.0)]
        )
        place = wheel + flung * age_s + np.array([0, 0.5 * 9.8 * scale * age_s**2])
        if place[1] > box[3] + 0.3 * scale:
            return
        radius = max(0.5, float(rng.uniform(0.01, 0.06)) * scale * (1 + 3 * age_s))
        strength = float(rng.uniform(0.1, 0.5)) * (1 - age_s / _DROP_LASTS_S)
        centre = (round(float(place[0]) * 8), round(float(place[1]) * 8))
        cv2.circle(alpha, centre, round(radius * 8), strength, -1, cv2.LINE_AA, shift=3)


def spray(rng: np.random.Generator, base: Base) -> Composition:
    """The road is wet: every vehicle trails spray."""
    moving = base.moving_vehicles
    if not moving:
        raise UnsuitedError(f"no vehicle moves in '{base.name}'")
    window_s = ordinary.window(rng, base, moving[int(rng.integers(len(moving)))])
    layers = [
        Spray(base, track, float(rng.uniform(0.3, 1.0))) for track in ordinary.moving_in(base, window_s)
    ]
    return ordinary.without_event(base, window_s, layers, {"vehicles": len(layers)})


@dataclass(eq=False)
class PasserBy:
    """Somebody cut out of the same clip, at another time and place; a layer.

    ``pieces`` are (time, piece) in the order of time.
    """

    pieces: list[tuple[float, Patch]]

    def paint(self, canvas: Canvas) -> None:
        """Paint the piece of this moment."""
        if not self.pieces[0][0] - 0.02 <= canvas.t_s <= self.pieces[-1][0] + 0.02:
            return
        _, patch = min(self.pieces, key=lambda piece: abs(piece[0] - canvas.t_s))
        lay(canvas.image, patch)


def passer_by(rng: np.random.Generator, base: Base) -> Composition:
    """A real cyclist, rider or walker of the clip goes close past a vehicle."""
    donors = [
        t for t in base.tracks if t.object_class in _GOERS and t.moves and np.ptp(t.span_s) > _MIN_DONOR_S
    ]
    hosts = [t for t in base.vehicles if np.ptp(t.span_s) > _MIN_DONOR_S]
    if not donors or not hosts:
        raise UnsuitedError(f"nobody walks or rides in '{base.name}', or there is no vehicle to pass")
    donor, host = donors[int(rng.integers(len(donors)))], hosts[int(rng.integers(len(hosts)))]
    window_s = ordinary.window(rng, base, host)
    from_s, to_s = donor.span_s[0], min(donor.span_s[1], donor.span_s[0] + _MAX_DONOR_S)
    host_s = float(np.clip(np.mean(window_s), *host.span_s))
    donor_s = (from_s + to_s) / 2
    aim, own = base.box(host, host_s), base.box(donor, donor_s)
    # Beside the vehicle, feet at the height of its wheels, and as much smaller as it is farther away.
    feet = np.array([(own[0] + own[2]) / 2, own[3]])
    goal = np.array([aim[2] + float(rng.uniform(0.2, 0.8)) * (own[2] - own[0]), aim[3]])
    factor = _scale_at(base, host_s, goal) / _scale_at(base, donor_s, feet)
    if not 0.3 < factor < 2.0:
        raise UnsuitedError(f"'{base.name}': nobody goes at about the vehicle's distance")
    cut = Cut(donor, (from_s, to_s), feet, goal, factor, host_s - donor_s)
    pieces = cut.pieces(base)
    if len(pieces) < _MIN_DONOR_S * base.fps / 2:
        raise UnsuitedError(f"nobody in '{base.name}' stands out enough to be cut out")
    parameters = {"who": donor.object_class.label, "past": host.object_class.label}
    return ordinary.without_event(base, window_s, [PasserBy(pieces)], parameters)


@dataclass(frozen=True, eq=False)
class Cut:
    """What is cut out of a clip, and where and when it is put.

    Attributes:
        donor: whom.
        span_s: from when to when.
        feet: a point of the donor's way, px.
        goal: where that point is put, px.
        factor: how much larger.
        later_s: how much later.
    """

    donor: Track
    span_s: tuple[float, float]
    feet: NDArray[np.float64]
    goal: NDArray[np.float64]
    factor: float
    later_s: float

    def pieces(self, base: Base) -> list[tuple[float, Patch]]:
        """Times and pieces, in order; none for pictures in which the donor hardly stands out."""
        found = []
        width, height = base.size_px
        for t_s, image in base.frames(*self.span_s):
            left, top, right, bottom = (round(float(side)) for side in base.box(self.donor, t_s))
            box = (max(0, left), max(0, top), min(width, right), min(height, bottom))
            if box[2] - box[0] < 4 or box[3] - box[1] < 6:
                continue
            alpha = outline_of(base, image.astype(np.float32), box)
            if float(alpha.mean()) < _MIN_OUTLINE_SHARE:
                continue
            colour = image[box[1] : box[3], box[0] : box[2]].astype(np.float32) * alpha[..., None]
            corner = self.goal + (np.array(box[:2]) - self.feet) * self.factor
            patch = _placed(colour, alpha, corner, self.factor, base.size_px)
            if patch is not None:
                found.append((t_s + self.later_s, patch))
        return found


def _placed(
    colour: NDArray[np.float32],
    alpha: NDArray[np.float32],
    corner: NDArray[np.float64],
    factor: float,
    size_px: tuple[int, int],
) -> Patch | None:
    """Pixels, premultiplied, ``factor`` times as large with their corner at ``corner``; cut at the edge."""
    side = (max(1, round(alpha.shape[1] * factor)), max(1, round(alpha.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    colour = np.asarray(cv2.resize(colour, side, interpolation=method), dtype=np.float32)
    alpha = np.asarray(cv2.resize(alpha, side, interpolation=method), dtype=np.float32)
    left, top = round(float(corner[0])), round(float(corner[1]))
    x, y = max(0, -left), max(0, -top)
    end_x, end_y = min(side[0], size_px[0] - left), min(side[1], size_px[1] - top)
    if end_x - x < 2 or end_y - y < 2:
        return None
    return Patch(left + x, top + y, colour[y:end_y, x:end_x], alpha[y:end_y, x:end_x])


def _scale_at(base: Base, t_s: float, feet: NDArray[np.float64]) -> float:
    """Pixels a metre where somebody stands."""
    return float(base.project(t_s, base.at_height(t_s, feet[None])[0])[2])


@dataclass(eq=False)
class Shake:
    """A pole that trembles in wind and traffic; a layer. Amplitude in px, in gusts."""

    base: Base
    amplitude_px: float
    beats_hz: float
    gust_s: float

    def paint(self, canvas: Canvas) -> None:
        """Shift and turn the whole picture a little."""
        width, height = self.base.size_px
        beat = 2 * np.pi * self.beats_hz * canvas.t_s
        gust = self.amplitude_px * max(0.0, float(np.sin(2 * np.pi * canvas.t_s / self.gust_s)))
        turn_deg = 0.02 * gust * float(np.sin(0.7 * beat))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0)
        matrix[:, 2] += (gust * np.sin(beat), 0.7 * gust * np.sin(1.3 * beat + 1))
        moved = cv2.warpAffine(canvas.image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        canvas.image = np.asarray(moved, dtype=np.float32)


def shake(rng: np.random.Generator, base: Base) -> Composition:
    """The camera's pole trembles."""
    layer = Shake(
        base,
        amplitude_px=float(rng.uniform(0.5, 4.0)) * base.size_px[0] / 640,
        beats_hz=float(rng.uniform(1.5, 7.0)),
        gust_s=float(rng.uniform(2.0, 5.0)),
    )
    parameters = {"amplitude_px": round(layer.amplitude_px, 1), "beats_hz": round(layer.beats_hz, 1)}
    return ordinary.without_event(base, ordinary.window(rng, base), [layer], parameters)


@dataclass(eq=False)
class Flicker:
    """Lamps that flicker, exposure that jumps, and a noisy sensor; a layer."""

    base: Base
    depth: float
    beats_hz: float
    jump_s: float
    grain: float

    def paint(self, canvas: Canvas) -> None:
        """Change the whole picture's brightness and add grain."""
        rng = self.base.rng(6, round(canvas.t_s * 1000))
        jump = 1 + 0.12 * (int(canvas.t_s / self.jump_s) % 2)
        gain = jump * (1 + self.depth * np.sin(2 * np.pi * self.beats_hz * canvas.t_s))
        grain = rng.standard_normal(canvas.image.shape[:2], dtype=np.float32) * np.float32(self.grain)
        canvas.image *= np.float32(gain)
        canvas.image += grain[..., None]


def flicker(rng: np.random.Generator, base: Base) -> Composition:
    """Flickering light, jumping exposure, grain, and a stream that is compressed hard."""
    layer = Flicker(
        base,
        depth=float(rng.uniform(0.01, 0.06)),
        beats_hz=float(rng.uniform(0.5, 6.0)),
        jump_s=float(rng.uniform(2.0, 5.0)),
        grain=float(rng.uniform(2.0, 8.0)),
    )
    crf = int(rng.integers(30, 40))
    parameters = {"grain": round(layer.grain, 1), "crf": crf}
    return ordinary.without_event(base, ordinary.window(rng, base), [layer], parameters, crf=crf)


RECIPES = (
    Recipe("spray", "wheels throw up water; nothing is thrown", FIXED, spray),
    Recipe("passer-by", "somebody goes close past a vehicle; nothing is thrown", FIXED, passer_by),
    Recipe("shake", "the camera's pole trembles; nothing is thrown", FIXED, shake),
    Recipe("flicker", "light flickers, hard compression; nothing is thrown", ANYWHERE, flicker),
)
