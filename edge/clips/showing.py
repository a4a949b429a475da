"""A batch of clips for people: bars while it runs, a table afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from kerbwatch.clip_report import ClipResult, ClipsReport, Moment


class Bars:
    """A bar a clip, on a terminal. A context manager; implements :class:`edge.clips.batch.Progress`."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
        )
        self._tasks = [
            self._bars.add_task(escape(Path(name).name), total=1.0, start=False, state="waiting")
            for name in names
        ]

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def began(self, index: int) -> None:
        """A clip is being read."""
        self._bars.start_task(self._tasks[index])
        self._bars.update(self._tasks[index], state="")

    def played(self, index: int, share: float) -> None:
        """Its bar grows."""
        self._bars.update(self._tasks[index], completed=share)

    def ended(self, index: int, result: ClipResult) -> None:
        """Its bar is full, or says what went wrong."""
        if result.problem is not None:
            self._bars.update(self._tasks[index], state=f"[red]{escape(result.problem.text)}[/red]")
        else:
            state = f"{len(result.moments)} moment{'' if len(result.moments) == 1 else 's'}"
            self._bars.update(self._tasks[index], completed=1.0, state=state)
        self._bars.stop_task(self._tasks[index])


def print_report(report: ClipsReport, console: Console) -> None:
    """A line a moment; files without one and files that failed are named below."""
    table = Table(title=f"{report.analysed} analysed, {report.failed} failed")
    for title in ("clip", "moment", "vehicle", "plate", "where (WGS-84)", "confidence"):
        table.add_column(title, overflow="fold")
    for clip in report.clips:
        for moment in clip.moments:
            table.add_row(escape(clip.file), *_cells(moment))
    if table.row_count:
        console.print(table)
    for clip in report.clips:
        if clip.problem is not None:
            console.print(f"[red]failed[/red]   {escape(clip.file)}: {escape(clip.problem.text)}")
        elif not clip.moments:
            console.print(f"nothing  {escape(clip.file)}")
        for path in _written(clip):
            console.print(f"written  {escape(path)}")
        for note in clip.notes:
            console.print(f"         {escape(clip.file)}: {escape(note)}")


def _written(clip: ClipResult) -> list[str]:
    """What was cut out of a clip, by its path in the folder of ``--out``."""
    return [
        file.path
        for moment in clip.moments
        for file in (moment.clip, moment.still, moment.vehicle_still)
        if file is not None
    ]


def _cells(moment: Moment) -> tuple[str, ...]:
    where = f"{moment.position.lat:.6f}, {moment.position.lon:.6f}" if moment.position else "-"
    return (
        f"{moment.t_s:.2f} s, picture {moment.frame}",
        f"{moment.vehicle.object_class} {moment.vehicle.track}",
        moment.plate.text if moment.plate else "-",
        where,
        f"{moment.confidence:.2f}",
    )
