"""What a run of scenes says: figures a kind, and each scene's hits, misses and false alarms."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.matching import Alarm, Event, Hit, Outcome
from evaluation.scene import Scene
from kerbwatch.incident import Kind


@dataclass(frozen=True, slots=True)
class SceneResult:
    """One scene that was run.

    Attributes:
        scene: the scene.
        profile: the decode profile that it ran in.
        outcome: how alarms and events went together.
        elapsed_s: wall-clock seconds that it took.
        notes: what a reader of its figures must know: it was cut off, an event can never be found.
    """

    scene: Scene
    profile: str
    outcome: Outcome
    elapsed_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneFailure:
    """A scene that could not be run, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delay:
    """How late something was reported, seconds; None where nothing was found."""

    median: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The figures of one kind. A ratio with nothing under it is None.

    Attributes:
        events: events that count.
        hits: of these, found.
        as_another_kind: of the hits, told as a kind that the event lists under ``also``.
        misses: of these, not found.
        false_alarms: alarms of this kind that report nothing, or again what was reported.
        ignored: alarms on events that do not count.
        clear_misses: hits whose end should have been reported as well and was not.
        camera_hours: length of the scenes that watch for this kind.
        precision: hits / (hits + false alarms).
        recall: hits / events.
        f1: harmonic mean of the two.
        start_rmse_s: root mean square of the alarms' beginnings minus the events'.
        delay_s: how long after they were due alarms opened.
        clear_delay_s: how long after the event's end it was reported as over, of events that ask for it.
        false_per_camera_hour: false alarms / camera hours.
    """

    events: int
    hits: int
    as_another_kind: int
    misses: int
    false_alarms: int
    ignored: int
    clear_misses: int
    camera_hours: float
    precision: float | None
    recall: float | None
    f1: float | None
    start_rmse_s: float | None
    delay_s: Delay
    clear_delay_s: Delay
    false_per_camera_hour: float | None


@dataclass(frozen=True, slots=True)
class Footage:
    """Some scenes taken together, whatever they watch for.

    Attributes:
        scenes: how many.
        camera_hours: their length.
        false_alarms: of any kind.
        false_per_camera_hour: None where there is no footage.
    """

    scenes: int
    camera_hours: float
    false_alarms: int
    false_per_camera_hour: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    model: str
    results: tuple[SceneResult, ...]
    failures: tuple[SceneFailure, ...] = ()

    @property
    def camera_hours(self) -> float:
        """Length of all scenes that were run."""
        return sum(result.scene.duration_s for result in self.results) / 3600

    def only(self, wanted: Callable[[SceneResult], bool]) -> Report:
        """The same run with some of its scenes."""
        return Report(self.model, tuple(result for result in self.results if wanted(result)))

    def negative_footage(self) -> Footage:
        """The scenes in which nothing happens that must be reported."""
        return self.only(lambda result: all(event.ignore for event in result.scene.events)).footage()

    def footage(self) -> Footage:
        """All scenes together."""
        false = sum(len(result.outcome.extras) for result in self.results)
        hours = self.camera_hours
        return Footage(len(self.results), hours, false, false / hours if hours else None)

    def figures(self) -> dict[Kind, KindFigures]:
        """Figures of each kind that a scene watches for, or that was seen or raised."""
        return {kind: figures for kind in Kind if (figures := _figures(kind, self.results)) is not None}

    def to_json(self) -> dict[str, Any]:
        """The run as plain values, rounded to a millisecond and a tenth of a pixel."""
        document = {
            "model": self.model,
            "camera_hours": self.camera_hours,
            "kinds": {kind.value: asdict(figures) for kind, figures in self.figures().items()},
            "scenes": [_scene_json(result) for result in self.results],
            "failures": [asdict(failure) for failure in self.failures],
        }
        rounded: dict[str, Any] = _rounded(document)
        return rounded


def _figures(kind: Kind, results: Sequence[SceneResult]) -> KindFigures | None:
    hits = [hit for result in results for hit in result.outcome.hits if hit.event.kind is kind]
    misses = [event for result in results for event in result.outcome.misses if event.kind is kind]
    extras = [alarm for result in results for alarm in result.outcome.extras if alarm.kind is kind]
    ignored = [hit for result in results for hit in result.outcome.ignored if hit.event.kind is kind]
    hours = sum(r.scene.duration_s for r in results if kind in r.scene.watched_kinds()) / 3600
    if not (hits or misses or extras or ignored or hours):
        return None
    precision = _ratio(len(hits), len(hits) + len(extras))
    recall = _ratio(len(hits), len(hits) + len(misses))
    return KindFigures(
        events=len(hits) + len(misses),
        hits=len(hits),
        as_another_kind=sum(hit.alarm.kind is not kind for hit in hits),
        misses=len(misses),
        false_alarms=len(extras),
        ignored=len(ignored),
        clear_misses=sum(hit.clear_missed for hit in hits),
        camera_hours=hours,
        precision=precision,
        recall=recall,
        f1=_ratio(2 * len(hits), 2 * len(hits) + len(extras) + len(misses)),
        start_rmse_s=_root_mean_square([hit.start_error_s for hit in hits]),
        delay_s=_delay([hit.delay_s for hit in hits]),
        clear_delay_s=_delay(
            [
                hit.clear_delay_s
                for hit in hits
                if hit.event.must_clear and not hit.clear_missed and hit.clear_delay_s is not None
            ]
        ),
        false_per_camera_hour=len(extras) / hours if hours else None,
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _root_mean_square(errors_s: Sequence[float]) -> float | None:
    return math.sqrt(statistics.fmean(e * e for e in errors_s)) if errors_s else None


def _delay(delays_s: Sequence[float]) -> Delay:
    return Delay(statistics.median(delays_s), max(delays_s)) if delays_s else Delay(None, None)


def _scene_json(result: SceneResult) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "scene": result.scene.title,
        "composite": made.model_dump() if (made := result.scene.settings.composite) else None,
        "profile": result.profile,
        "duration_s": result.scene.duration_s,
        "elapsed_s": result.elapsed_s,
        "hits": _hits_json(outcome.hits),
        "misses": [_event_json(event) for event in outcome.misses],
        "extras": [_alarm_json(alarm) for alarm in outcome.extras],
        "ignored": _hits_json(outcome.ignored),
        "clear_misses": [hit.event.what or hit.event.kind.value for hit in outcome.clear_misses],
        "notes": list(result.notes),
    }


def _hits_json(hits: Iterable[Hit]) -> list[dict[str, Any]]:
    return [
        {
            "event": _event_json(hit.event),
            "alarm": _alarm_json(hit.alarm),
            "delay_s": hit.delay_s,
            "start_error_s": hit.start_error_s,
            "clear_delay_s": hit.clear_delay_s,
            "iou": hit.alarm.box.iou(hit.event.box),
        }
        for hit in hits
    ]


def _event_json(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "zone": event.zone_id,
        "what": event.what,
        "start_s": event.start_s,
        "due_s": event.due_s,
        "end_s": event.end_s,
        "box": [event.box.left, event.box.top, event.box.right, event.box.bottom],
        "plate": event.plate,
        "size_px": event.size_px,
        "contrast": event.contrast,
    }


def _alarm_json(alarm: Alarm) -> dict[str, Any]:
    return {
        "kind": alarm.kind.value,
        "zone": alarm.zone_id,
        "opened_s": alarm.opened_s,
        "started_s": alarm.started_s,
        "cleared_s": alarm.cleared_s,
        "box": [alarm.box.left, alarm.box.top, alarm.box.right, alarm.box.bottom],
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """``value`` with every float in it cut to the digits that mean something."""
    if isinstance(value, float):
        return round(value, 3 if abs(value) >= 1 else 6)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value
