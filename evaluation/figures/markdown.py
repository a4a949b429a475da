"""A run's figures as Markdown tables."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from evaluation.figures.contact_sheets import faults_of
from evaluation.islab import IslabReport
from evaluation.plate_figures import PlateFigures
from evaluation.plates import PlatesReport
from evaluation.report import Delay, Footage, KindFigures, Report, SceneResult
from kerbwatch.incident import Kind

MAX_FAULTS = 60
"""Rows of the table of what went wrong; the rest is counted."""
THING_SIZES_PX = (0.0, 20.0, 30.0, 45.0, 70.0, float("inf"))
"""Edges of the classes of size of what stands: root of width times height."""
WAYS = ("dwell", "motion", "dashcam")
"""How scenes are looked at."""
NOTHING = "–"
"""What stands for a figure that there is not."""

_KIND_HEADINGS = (
    "events",
    "found",
    "false alarms",
    "P",
    "R",
    "F1",
    "told as another kind",
    "start RMSE",
    "delay median / max",
    "cleared after median / max",
    "ends missed",
    "false an hour",
)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def kinds_table(report: Report) -> str:
    """A row a kind and way of looking."""
    rows = []
    for way in WAYS:
        part = report.only(lambda result, way=way: result.profile == way)  # type: ignore[misc]
        rows += [
            (f"`{kind.value}`, `{way}`", *_kind_cells(figures)) for kind, figures in part.figures().items()
        ]
    return table(("kind", *_KIND_HEADINGS), rows)


def recipes_table(report: Report) -> str:
    """A row a recipe of composite scenes, all kinds together."""
    groups: dict[str, list[SceneResult]] = defaultdict(list)
    for result in report.results:
        made = result.scene.settings.composite
        groups[made.recipe if made else NOTHING].append(result)
    rows = []
    for recipe, results in sorted(groups.items()):
        hits = sum(len(result.outcome.hits) for result in results)
        events = hits + sum(len(result.outcome.misses) for result in results)
        false = sum(len(result.outcome.extras) for result in results)
        rows.append((recipe, str(len(results)), str(events), str(hits), str(false)))
    return table(("composite recipe", "scenes", "events", "found", "false alarms"), rows)


def sizes_table(report: Report, kinds: frozenset[Kind]) -> str:
    """How many events are found, by the size of the thing, where that is known."""
    sized: list[tuple[float, bool]] = []
    for result in report.results:
        outcome = result.outcome
        both = [*((hit.event, True) for hit in outcome.hits), *((event, False) for event in outcome.misses)]
        sized += [(event.size_px, found) for event, found in both if event.kind in kinds and event.size_px]
    rows = []
    for low, high in pairwise(THING_SIZES_PX):
        inside = [found for size, found in sized if low <= size < high]
        words = f"{low:g} px and more" if high == float("inf") else f"{low:g}–{high:g} px"
        rows.append((words, str(len(inside)), str(sum(inside))))
    return table(("composite, size of the thing", "events", "found"), rows)


def starts_table(report: Report) -> str:
    """A row a clip that was begun at several pictures, then all together; events of all its runs count."""
    by_clip: dict[str, list[SceneResult]] = defaultdict(list)
    for result in report.results:
        by_clip[result.scene.name].append(result)
    rows = [(name, *_start_cells(results)) for name, results in by_clip.items()]
    rows.append(("together", *_start_cells(report.results)))
    headings = (
        "clip",
        "starting pictures",
        "events",
        "found",
        "false alarms",
        "delay median / max",
        "ends missed",
    )
    return table(headings, rows)


def footage_table(rows: Iterable[tuple[str, Footage]]) -> str:
    """False alarms an hour of footage, with the hours."""
    return table(
        ("footage", "scenes", "camera-hours", "false alarms", "an hour"),
        [
            (
                name,
                str(footage.scenes),
                f"{footage.camera_hours:.3f}",
                str(footage.false_alarms),
                _number(footage.false_per_camera_hour, 1),
            )
            for name, footage in rows
        ],
    )


def faults_table(results: Sequence[SceneResult]) -> str:
    """What went wrong, a row each."""
    rows = [
        (result.scene.title, result.profile, fault.what, fault.words)
        for result in results
        for fault in faults_of(result)
    ]
    if not rows:
        return "Nothing went wrong."
    text = table(("scene", "looked at as", "", "what"), rows[:MAX_FAULTS])
    more = len(rows) - MAX_FAULTS
    return text if more <= 0 else f"{text}\n\n{more} more are not listed here."


def islab_table(report: IslabReport) -> str:
    """A row a clip, then all together, then the published system."""
    rows: list[Sequence[str]] = []
    for result in report.rule.results:
        outcome = result.outcome
        longest = max((hit.delay_s for hit in outcome.hits), default=None)
        events = len(outcome.hits) + len(outcome.misses)
        counts = (str(events), str(len(outcome.hits)), str(len(outcome.extras)))
        rows.append((result.scene.name, *counts, NOTHING, NOTHING, NOTHING, _seconds(longest)))
    for name, part in (
        ("together", report.rule),
        ("the published system, an alarm an identity", report.published),
    ):
        rows += [
            (name, *_kind_cells(figures)[:6], _seconds(figures.delay_s.max))
            for figures in part.figures().values()
        ]
    return table(("clip", "events", "found", "false alarms", "P", "R", "F1", "longest delay"), rows)


def plates_table(report: PlatesReport) -> str:
    """A row a set of plates."""
    rows: list[Sequence[str]] = []
    if report.crops is not None:
        crops = report.crops
        rows.append(("crops, held-out half", *_plate_cells(crops.held_out)))
        rows.append(("crops, the half that thresholds were chosen on", *_plate_cells(crops.chosen_on)))
        rows.append(("crops, all", *_plate_cells(crops.everything)))
        for width_px, figures in crops.shrunk.items():
            rows.append((f"composite: held-out half shrunk to {width_px} px", *_plate_cells(figures)))
        rows.append(("composite: held-out half in two rows", *_plate_cells(crops.two_rows)))
    if report.scenes is not None:
        rows.append(("street pictures, on vehicles found", *_plate_cells(report.scenes.figures)))
    headings = ("plates", "n", "exact", "right of given", "given", "a wrong character", "nothing read")
    return table(headings, rows)


def _start_cells(results: Sequence[SceneResult]) -> tuple[str, ...]:
    hits = [hit for result in results for hit in result.outcome.hits]
    missed = sum(len(result.outcome.misses) for result in results)
    delays_s = [hit.delay_s for hit in hits]
    return (
        str(len(results)),
        str(len(hits) + missed),
        str(len(hits)),
        str(sum(len(result.outcome.extras) for result in results)),
        _delays(Delay(statistics.median(delays_s), max(delays_s)) if hits else Delay(None, None)),
        str(sum(hit.clear_missed for hit in hits)),
    )


def _plate_cells(figures: PlateFigures) -> tuple[str, ...]:
    return (
        str(figures.plates),
        _number(figures.exact_share, 3),
        _number(figures.right_of_given, 3),
        _number(figures.given_share, 3),
        str(figures.misread),
        str(figures.unread),
    )


def _kind_cells(figures: KindFigures) -> tuple[str, ...]:
    return (
        str(figures.events),
        str(figures.hits),
        str(figures.false_alarms),
        _number(figures.precision, 3),
        _number(figures.recall, 3),
        _number(figures.f1, 3),
        str(figures.as_another_kind),
        _seconds(figures.start_rmse_s),
        _delays(figures.delay_s),
        _delays(figures.clear_delay_s),
        str(figures.clear_misses),
        _number(figures.false_per_camera_hour, 1),
    )


def _delays(delay: Delay) -> str:
    return NOTHING if delay.median is None else f"{_seconds(delay.median)} / {_seconds(delay.max)}"


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f} s"


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"
