"""The network at work: pictures of many cameras in, each with what was found in it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.frame import Frame, OncePicture
from edge.rules.sighting import Answer
from edge.settings import CameraSettings, DetectorSettings
from edge.vision.closer import FAINTEST, CloserLook, CloserPicture, confirmed
from edge.vision.tiles import TilePicture, TilePlan, merge
from models.detections import Detections
from models.runtime import Detector

MOTION_LOOK_INTERVAL_S = 0.2
"""How often the network looks at a ``motion`` camera; the frames between are for rules that need them."""
KEEP_SCORE_SHARE = 0.4
"""Detections down to this share of ``min_score`` keep a place alive, though they begin none."""


class LookGate:
    """Which of a camera's pictures the network looks at: all of ``dwell``, some a second of ``motion``."""

    def __init__(self, camera: CameraSettings) -> None:
        self._interval_s = MOTION_LOOK_INTERVAL_S if camera.effective_profile == "motion" else 0.0
        self._last_t_s: float | None = None

    def wants(self, frame: Frame) -> bool:
        """Whether to look at this picture. Pictures come in the order of ``t_s``."""
        if self._last_t_s is not None and frame.t_s - self._last_t_s < self._interval_s - 1e-3:
            return False
        self._last_t_s = frame.t_s
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture and what the network found in it."""

    frame: Frame
    detections: Detections
    thumbnail_px: tuple[int, int]
    """Size at which the network saw the picture; its pixels at this size are at hand."""
    answers: tuple[Answer, ...] = ()
    """What closer looks showed of things without a name."""


def load_detector(settings: DetectorSettings) -> Detector:
    """The network that the configuration names. Raises ModelError."""
    return Detector.load(
        settings.model,
        class_map=settings.class_map,
        input_px=settings.input_px,
        min_score=settings.min_score * KEEP_SCORE_SHARE,
        providers=settings.providers,
        threads=settings.threads,
        batch_size=settings.batch_size,
    )


def look_at(detector: Detector, frames: Sequence[Frame], plans: Sequence[TilePlan] = ()) -> list[Seen]:
    """One look at pictures of several cameras; the network sees all they call for in the same batches.

    Args:
        detector: the network.
        frames: the pictures.
        plans: for each picture which parts of it are looked at closer; none at all when empty.
    """
    kept = [replace(frame, picture=OncePicture(frame.picture)) for frame in frames]
    plans = plans or [TilePlan((), "")] * len(kept)
    parts: list[TilePicture | CloserPicture] = []
    least = [detector.min_score] * len(kept)
    for frame, plan in zip(kept, plans, strict=True):
        parts += [TilePicture(frame.picture, tile) for tile in plan.tiles]
        parts += [CloserPicture(frame.picture, closer) for closer in plan.closer]
        least += [detector.min_score] * len(plan.tiles)
        least += [detector.min_score if closer.doubt.boxed else FAINTEST for closer in plan.closer]
    found = iter(detector.detect([*(frame.picture for frame in kept), *parts], least))
    wholes = [next(found) for _ in kept]
    seen = []
    for frame, whole, plan in zip(kept, wholes, plans, strict=True):
        thumbnail_px = detector.input_size(frame.picture.size_px)
        tiles = [(tile, next(found)) for tile in plan.tiles]
        closer = [confirmed(next(found), each) for each in plan.closer]
        answers = tuple(_answer(each, on_it) for each, on_it in zip(plan.closer, closer, strict=True))
        closer = [on_it[on_it.score >= detector.min_score] for on_it in closer]
        detections = merge(whole, tiles, frame.picture.size_px, max(thumbnail_px), closer)
        named = tuple(answer for answer in answers if answer is not None)
        seen.append(Seen(frame, detections, thumbnail_px, named))
    return seen


def _answer(closer: CloserLook, on_it: Detections) -> Answer | None:
    if closer.doubt.boxed:
        return None
    score, what = (float(on_it.score[0]), int(on_it.class_id[0])) if len(on_it) else (0.0, 0)
    return Answer(closer.doubt.box_xyxy, score, what)
