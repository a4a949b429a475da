"""A report for people: a row a kind, and a line a scene with what went wrong in it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.matching import Alarm, Box, Event
from evaluation.report import KindFigures, Report, SceneResult


def print_report(report: Report, console: Console) -> None:
    """Write the tables of a run."""
    if report.results:
        console.print(_kinds_table(report))
        console.print(_scenes_table(report))
    for failure in report.failures:
        console.print(f"[red]could not be run:[/] {escape(failure.reason)}", soft_wrap=True)


def print_figures(report: Report, console: Console) -> None:
    """Write the figures of a run alone, without its scenes."""
    if report.results:
        console.print(_kinds_table(report))


def _kinds_table(report: Report) -> Table:
    table = Table(title=f"{report.model}, {report.camera_hours * 3600:.0f} s of camera", title_justify="left")
    table.add_column("kind", no_wrap=True)
    for heading in ("events", "found", "false", "P", "R", "F1", "start RMSE s", "delay s", "max", "false/h"):
        table.add_column(heading, justify="right")
    table.add_column("ends missed", justify="right")
    for kind, figures in report.figures().items():
        table.add_row(kind.value, *_cells(figures))
    return table


def _cells(figures: KindFigures) -> list[str]:
    return [
        str(figures.events),
        f"{figures.hits} ({figures.as_another_kind} as another kind)"
        if figures.as_another_kind
        else str(figures.hits),
        str(figures.false_alarms),
        _number(figures.precision, 3),
        _number(figures.recall, 3),
        _number(figures.f1, 3),
        _number(figures.start_rmse_s, 2),
        _number(figures.delay_s.median, 1),
        _number(figures.delay_s.max, 1),
        _number(figures.false_per_camera_hour, 1),
        str(figures.clear_misses),
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _scenes_table(report: Report) -> Table:
    table = Table(title="scenes", title_justify="left")
    table.add_column("scene", no_wrap=True)
    table.add_column("profile")
    for heading in ("events", "found", "false"):
        table.add_column(heading, justify="right")
    table.add_column("what went wrong")
    for result in report.results:
        outcome = result.outcome
        table.add_row(
            result.scene.title,
            result.profile,
            str(len(outcome.hits) + len(outcome.misses)),
            str(len(outcome.hits)),
            str(len(outcome.extras)),
            "\n".join([*_faults(result), *_notes(result)]) or "[green]nothing[/]",
        )
    return table


def _faults(result: SceneResult) -> list[str]:
    outcome = result.outcome
    return [
        *(f"[red]missed[/] {_event(event)}" for event in outcome.misses),
        *(f"[red]false[/] {_alarm(alarm)}" for alarm in outcome.extras),
        *(f"[red]end missed[/] {_event(hit.event)}" for hit in outcome.clear_misses),
    ]


def _notes(result: SceneResult) -> list[str]:
    return [f"[yellow]note[/] {escape(note)}" for note in result.notes]


def _event(event: Event) -> str:
    return f"{escape(event.what or event.kind.value)}, due {event.due_s:g} s, {_box(event.box)}"


def _alarm(alarm: Alarm) -> str:
    return f"{alarm.kind.value} at {alarm.opened_s:.1f} s, {_box(alarm.box)}"


def _box(box: Box) -> str:
    return f"({box.left:.0f}, {box.top:.0f}, {box.right:.0f}, {box.bottom:.0f})"
