"""The same clip through ``yolo track``: how many cores it takes, and whether it finds the same incidents."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.bench import ultralytics_track
from evaluation.bench.edge_box import LIMIT_S, BenchError
from evaluation.bench.streams import FORMATS, VAN_STANDS_IN, StreamSize
from evaluation.matching import MIN_IOU, Box
from kerbwatch.incident import Kind
from kerbwatch.messages import IncidentReport

COCO_VEHICLES = (2, 3, 5, 7)
"""Car, motorcycle, bus, truck."""
STREAM_S = 20.0
"""Seconds of the clip that it is given: the dwell limit, and as much again."""
WARM_UP_PICTURES = 10
_TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the rival took and found.

    Attributes:
        version: of Ultralytics.
        trained: whether its weights were trained ones; random ones cost no more and find nothing.
        cores_per_stream: CPU seconds a second of stream.
        boxes: its incidents, one camera's.
        ours: the edge's incidents of the same kind, for each of its cameras.
    """

    version: str
    trained: bool
    cores_per_stream: float
    boxes: tuple[Box, ...]
    ours: tuple[tuple[Box, ...], ...]

    @property
    def same_incidents(self) -> bool | None:
        """Whether each camera of the edge found what the rival found, and no more; None if untrained."""
        if not self.trained:
            return None
        return all(same_things(self.boxes, boxes) for boxes in self.ours)

    def to_json(self, edge_cores_per_camera: float) -> dict[str, Any]:
        """As plain values."""
        if self.same_incidents is None:
            said = "cannot be compared: random weights"
        else:
            verdict = "the same" if self.same_incidents else "not the same"
            said = f"{len(self.boxes)}, on the edge's cameras {verdict}"
        return {
            "name": f"yolo track (Ultralytics {self.version}, YOLOv8n 640, CPU)",
            "weights": "trained" if self.trained else "random",
            "cores_per_camera": round(self.cores_per_stream, 4),
            "ratio": round(self.cores_per_stream / edge_cores_per_camera, 1),
            "incidents": len(self.boxes) if self.trained else None,
            "same_incidents": self.same_incidents,
            "incidents_said": said,
        }


def same_things(a: Sequence[Box], b: Sequence[Box]) -> bool:
    """Whether two lists of boxes are of the same things, one to one."""
    left = list(b)
    for box in a:
        found = next((o for o in left if o.iou(box) >= MIN_IOU or box.holds(o.centre)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def see_installed(python: Path | None) -> None:
    """Raises BenchError when that Python (this one when None) has no Ultralytics."""
    _run(python, "-c", "import cv2, lap, ultralytics; print()")


def compare(
    media: Path,
    size: StreamSize,
    cameras: int,
    incidents: Sequence[IncidentReport],
    *,
    python: Path | None,
    weights: Path | None,
) -> Comparison:
    """Run the rival on the file that the streams play.

    Args:
        media: the file.
        size: its format.
        cameras: how many cameras the edge had.
        incidents: what the edge opened on them.
        python: a Python that has Ultralytics; this one when None.
        weights: trained YOLOv8n weights; None measures the architecture with random ones.

    Raises:
        BenchError: when it does not run.
    """
    width, height = FORMATS[size].size_px
    spec = {
        "clip": str(media.resolve()),
        "weights": str(weights.resolve()) if weights else None,
        "seconds": STREAM_S,
        "warm_up_pictures": WARM_UP_PICTURES,
        "zone": [[x * width, y * height] for x, y in VAN_STANDS_IN],
        "limit_s": LIMIT_S,
        "classes": list(COCO_VEHICLES),
    }
    told = json.loads(_run(python, ultralytics_track.__file__, json.dumps(spec)))
    by_camera: dict[str, list[Box]] = {f"cam-{number:03d}": [] for number in range(1, cameras + 1)}
    for report in incidents:
        if report.kind is Kind.ILLEGAL_PARKING:
            by_camera[report.camera_id].append(
                Box(report.box.x1, report.box.y1, report.box.x2, report.box.y2)
            )
    return Comparison(
        version=told["version"],
        trained=weights is not None,
        cores_per_stream=told["cpu_s"] / told["stream_s"],
        boxes=tuple(Box(*incident["box"]) for incident in told["incidents"]),
        ours=tuple(tuple(boxes) for boxes in by_camera.values()),
    )


def _run(python: Path | None, *arguments: str) -> str:
    """The last line that the other Python prints. Raises BenchError."""
    program = str(python or sys.executable)
    with tempfile.TemporaryDirectory(prefix="kerbwatch-rival-") as folder:
        try:
            done = subprocess.run(  # noqa: S603 - our own script
                [program, *arguments],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
                cwd=folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BenchError(f"{program} could not run Ultralytics: {error}") from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BenchError(
            f"{program} could not run Ultralytics ({last[0]}): 'pip install ultralytics lap' there, or name "
            "another Python with --ultralytics-python"
        )
    return done.stdout.rstrip("\n").rpartition("\n")[2]
