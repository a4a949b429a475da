"""Everything that can be measured here, measured: real scenes, composites, the ISLab replay, plates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edge.settings import DetectorSettings
from evaluation.figures.at_hand import AtHand, real_runs, start_runs
from evaluation.figures.runs import RunCache, SceneRun, run_in_processes
from evaluation.islab import IslabReport, replay_islab
from evaluation.plates import PlatesReport, evaluate_plates
from evaluation.plates_cli import vehicle_detector
from evaluation.report import Report
from kerbwatch.settings import SettingsError
from models.plates import PlateReader
from models.plates.recogniser import RECOGNISERS

Told = Callable[[str], None]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Everything:
    """A whole run. Real and composite scenes are never counted together.

    Attributes:
        real: clips that cameras took.
        composite: clips that were made.
        starts: real clips again, from several starting pictures.
        islab: None where it is not at hand or could not be run.
        plates: None where they are not at hand or could not be read.
        absent: what was not at hand, in words.
        failures: what could not be run, in words.
    """

    real: Report
    composite: Report
    starts: Report
    islab: IslabReport | None
    plates: PlatesReport | None
    absent: tuple[str, ...]
    failures: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "real": self.real.to_json(),
            "composite": self.composite.to_json(),
            "starts": self.starts.to_json(),
            "islab": self.islab.to_json() if self.islab else None,
            "plates": self.plates.to_json() if self.plates else None,
            "absent": list(self.absent),
            "failures": list(self.failures),
        }


def measure_everything(
    at_hand: AtHand,
    composites: Sequence[Path],
    settings: DetectorSettings,
    model: str,
    *,
    work: Path,
    processes: int,
    tell: Told,
) -> Everything:
    """Run all that is at hand.

    Args:
        at_hand: real scenes and other real data.
        composites: files of composite scenes.
        settings: the network.
        model: its fingerprint.
        work: folder of the cache.
        processes: how many scenes run at a time.
        tell: called with a line after each part.
    """
    failures = list(at_hand.unreadable)
    islab = _attempt(failures, replay_islab, at_hand.islab)
    if islab is not None:
        failures += [failure.reason for failure in islab.rule.failures]
        tell("ISLab replay done")
    cache = RunCache(work / "cache", model)
    reports = []
    for name, runs in (
        ("real", real_runs(at_hand.scenes)),
        ("composite", [SceneRun(path) for path in composites]),
        ("other starts of real", start_runs(at_hand.scenes)),
    ):
        done = 0

        def on_done(run: SceneRun, name: str = name, total: int = len(runs)) -> None:
            nonlocal done
            done += 1
            tell(f"{name} scenes: {done} of {total}, {run.path.stem} ({run.profile})")

        report = run_in_processes(
            runs, settings, f"{name} scenes, {model}", cache=cache, processes=processes, on_done=on_done
        )
        failures += [failure.reason for failure in report.failures]
        reports.append(report)
    plates = _attempt(failures, _read_plates, at_hand.plates)
    return Everything(reports[0], reports[1], reports[2], islab, plates, at_hand.absent, tuple(failures))


def _attempt(failures: list[str], measure: Callable[[Path], _T], folder: Path | None) -> _T | None:
    """One part of the run; what keeps it from being run is noted, and the others go on."""
    if folder is None:
        return None
    try:
        return measure(folder)
    except SettingsError as error:
        failures.append(str(error))
        return None


def _read_plates(folder: Path) -> PlatesReport:
    return evaluate_plates(folder, PlateReader.load(), vehicle_detector, recogniser=RECOGNISERS[0])
