"""What a run of everything leaves behind: the document's tables, the curve, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av

from evaluation.figures.at_hand import DWELLING
from evaluation.figures.contact_sheets import write_sheet
from evaluation.figures.everything import Everything
from evaluation.figures.markdown import (
    NOTHING,
    WAYS,
    faults_table,
    footage_table,
    islab_table,
    kinds_table,
    plates_table,
    recipes_table,
    sizes_table,
    starts_table,
    table,
)
from evaluation.figures.recall_curve import (
    CONTRASTS,
    SIZES_PX,
    RecallCell,
    contrast_words,
    draw_recall,
    recall_cells,
    size_words,
)
from evaluation.report import Report, SceneResult

CURVES = {"fixed": "litter_recall_fixed.svg", "dashcam": "litter_recall_dashcam.svg"}
"""The curve's file for each kind of camera, beside the document."""


def parts_of(run: Everything) -> dict[str, str]:
    """The generated parts of the document, by name."""
    absent = "\n".join(f"- not at hand: {one}" for one in run.absent)
    failed = "\n".join(f"- could not be run: {one}" for one in run.failures)
    measured = (
        f"{run.real.model.split(', ')[-1]}; {len(run.real.results)} runs of real scenes, "
        f"{len(run.composite.results)} composite scenes."
    )
    return {
        "run": "\n\n".join(part for part in (measured, absent, failed) if part),
        "real": kinds_table(run.real) if run.real.results else "No real scene could be run.",
        "starts": starts_table(run.starts) if run.starts.results else "No clip was begun elsewhere.",
        "composite": _composite(run),
        "litter": _litter(run),
        "negative": _negative(run),
        "islab": islab_table(run.islab) if run.islab else "Not at hand in this run.",
        "plates": plates_table(run.plates) if run.plates else "Not at hand in this run.",
        "faults": f"Real scenes:\n\n{faults_table(run.real.results)}\n\n"
        f"Real scenes from other starting pictures:\n\n{faults_table(run.starts.results)}\n\n"
        f"Composite scenes:\n\n{faults_table(run.composite.results)}",
    }


def curves_of(run: Everything) -> dict[str, str]:
    """The drawings of recall against size and contrast, by file name; none where nothing was thrown."""
    curves = {}
    for camera, name in CURVES.items():
        cells = _cells(run, camera)
        if any(cell.events for cell in cells):
            curves[name] = draw_recall(cells, f"litter, composite, {camera} camera: recall")
    return curves


def write_sheets(results: Sequence[SceneResult], folder: Path) -> tuple[list[Path], list[str]]:
    """Draw the faults of every scene.

    Returns:
        The pictures written, and in words what could not be drawn.
    """
    written, failures = [], []
    for result in results:
        try:
            sheet = write_sheet(result, folder)
        except av.FFmpegError as error:
            failures.append(f"{result.scene.title}: no contact sheet: {error.strerror}")
            continue
        if sheet is not None:
            written.append(sheet)
    return written, failures


def _composite(run: Everything) -> str:
    if not run.composite.results:
        return "No composite scene could be run."
    sizes = sizes_table(run.composite, DWELLING)
    return f"{kinds_table(run.composite)}\n\n{recipes_table(run.composite)}\n\n{sizes}"


def _negative(run: Everything) -> str:
    rows = []
    both = (("real", run.real), ("composite", run.composite))
    for name, report in both:
        for way in WAYS:
            part = report.only(lambda result, way=way: result.profile == way)  # type: ignore[misc]
            if part.results:
                rows.append((f"{name}, `{way}`, nothing happens", part.negative_footage()))
                rows.append((f"{name}, `{way}`, all scenes", part.footage()))
    for name, report in (
        *both,
        ("**all of it**", Report(run.real.model, run.real.results + run.composite.results)),
    ):
        rows.append((f"{name}, all ways, nothing happens", report.negative_footage()))
        rows.append((f"{name}, all ways, all scenes", report.footage()))
    return footage_table(rows)


def _cells(run: Everything, camera: str) -> list[RecallCell]:
    part = run.composite.only(lambda result: result.scene.settings.camera == camera)
    return recall_cells(part.results)


def _litter(run: Everything) -> str:
    parts = []
    for camera, name in CURVES.items():
        cells = _cells(run, camera)
        if not any(cell.events for cell in cells):
            parts.append(f"Nothing was thrown before a {camera} camera in this run.")
            continue
        rows = []
        for plain in pairwise(CONTRASTS):
            line = [cell for cell in cells if cell.contrast == plain]
            found = [f"{cell.found} of {cell.events}" if cell.events else NOTHING for cell in line]
            rows.append((contrast_words(plain), *found))
        headings = (f"composite, {camera}: contrast", *map(size_words, pairwise(SIZES_PX)))
        parts.append(
            f"{table(headings, rows)}\n\n![Recall against size and contrast, {camera} camera]({name})"
        )
    return "\n\n".join(parts)
