"""The same clip through ``yolo track``: how many cores it takes, and whether it finds the same incidents.

Cost is measured with Ultralytics' own YOLOv8n: with trained weights if they are given, else with random ones,
whose arithmetic is the same. Random weights find nothing, so that without trained ones the incidents come
from a second run, of the same tracker with YOLOX-Nano in the place of YOLOv8n.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.bench import ultralytics_track
from evaluation.bench.edge_box import LIMIT_S
from evaluation.bench.incidents import APART_S, Opened, Watched, agreement
from evaluation.bench.process import BenchError
from evaluation.bench.streams import FORMATS, FPS, VAN_STANDS_IN, StreamSize
from evaluation.bench.yolox_as_ultralytics import canvas_of, write_yolox_as_ultralytics
from evaluation.matching import MIN_IOU, Box
from kerbwatch.incident import Kind

COCO_VEHICLES = (2, 3, 5, 7)
"""Car, motorcycle, bus, truck."""
KIND = Kind.ILLEGAL_PARKING
"""What is compared: a dwell counter over tracks of vehicles can say no more."""
COST_S = 20.0
"""Seconds of the clip that the cost is measured on."""
INPUT_PX = 640
"""Longer side of the rival's input, Ultralytics' default."""
WARM_UP_PICTURES = 10
_TIMEOUT_S = 1800.0
_QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true"}
"""It is to install nothing by itself, and to ask no server."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ``yolo track`` over the file that the streams play.

    Attributes:
        version: of Ultralytics.
        network: what it ran, in words.
        trained: whether its weights were trained ones.
        cores: CPU seconds a second of stream, loading left out.
        watched_s: how much of the file it saw.
        incidents: of its dwell counter.
    """

    version: str
    network: str
    trained: bool
    cores: float
    watched_s: float
    incidents: tuple[Opened, ...]

    @property
    def weights(self) -> str:
        """Where its weights are from, in a word."""
        return "trained" if self.trained else "random"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the rival took and found, and what the edge found.

    Attributes:
        cost: the run whose CPU time counts.
        finder: the run whose incidents count: the same one where its weights are trained.
        edge: for each camera of the edge, the incidents that it opened.
        edge_watched_s: how much of its stream each camera has seen.
    """

    cost: Run
    finder: Run
    edge: Mapping[str, tuple[Opened, ...]]
    edge_watched_s: float

    def to_json(self, edge_cores_per_camera: float) -> dict[str, Any]:
        """As plain values; cores are a camera's."""
        return {
            "name": f"yolo track (Ultralytics {self.cost.version}, CPU, every picture)",
            **_cost(self.cost, edge_cores_per_camera),
            "incidents": self._incidents() | _cost(self.finder, edge_cores_per_camera),
        }

    def _incidents(self) -> dict[str, Any]:
        watched_s = min(self.finder.watched_s, self.edge_watched_s)
        found = [agreement(self.finder.incidents, edge, watched_s) for edge in self.edge.values()]
        pairs = [pair for each in found for pair in each.pairs]
        rival = sum(len(each.pairs) + len(each.rival_alone) for each in found)
        edge = sum(len(each.pairs) + len(each.edge_alone) for each in found)
        return {
            "kind": KIND.value,
            "watched_s": round(watched_s, 1),
            "cameras": len(found),
            "rival": rival,
            "edge": edge,
            "matched": len(pairs),
            "same": rival == edge == len(pairs) if rival or edge else None,
            "iou_wanted": MIN_IOU,
            "iou_least": round(min(pair.iou for pair in pairs), 2) if pairs else None,
            "apart_s_allowed": APART_S,
            "apart_s_most": round(max(pair.apart_s for pair in pairs), 1) if pairs else None,
        }


def _cost(run: Run, edge_cores_per_camera: float) -> dict[str, Any]:
    return {
        "network": run.network,
        "weights": run.weights,
        "cores_per_camera": round(run.cores, 4),
        "ratio": round(run.cores / edge_cores_per_camera, 1),
    }


def see_installed(python: Path | None) -> None:
    """Raises BenchError when that Python (this one when None) has no Ultralytics."""
    _run(python, "-c", "import cv2, lap, onnx, onnxruntime, ultralytics; print()")


def compare(
    media: Path, size: StreamSize, watched: Watched, *, python: Path | None, weights: Path | None
) -> Comparison:
    """Run the rival on the file that the streams play.

    Args:
        media: the file.
        size: its format.
        watched: what the edge reported of it.
        python: a Python that has Ultralytics; this one when None.
        weights: trained YOLOv8n weights; None measures the architecture with random ones, and takes
            YOLOX-Nano's to find incidents.

    Raises:
        BenchError: when it does not run.
        ModelError: when YOLOX-Nano cannot be had.
    """
    tracker = _Tracker(python, media, FORMATS[size].size_px)
    long_enough_s = watched.seconds_s + 1 / FPS
    if weights is not None:
        network = f"{weights.name} {INPUT_PX}"
        cost = finder = tracker.run(str(weights.resolve()), network, True, max(COST_S, long_enough_s))
    else:
        cost = tracker.run("yolov8n.yaml", f"YOLOv8n {INPUT_PX}", False, COST_S)
        with tempfile.TemporaryDirectory(prefix="kerbwatch-rival-") as folder:
            file = Path(folder, "yolox-nano.onnx")
            write_yolox_as_ultralytics(file, canvas_of(tracker.size_px, INPUT_PX))
            network = f"YOLOX-Nano {INPUT_PX} (ONNX Runtime)"
            finder = tracker.run(str(file), network, True, long_enough_s)
    return Comparison(cost, finder, watched.opened(KIND), watched.seconds_s)


@dataclass(frozen=True, slots=True)
class _Tracker:
    """``yolo track`` of a Python on a file of known size."""

    python: Path | None
    media: Path
    size_px: tuple[int, int]

    def run(self, model: str, network: str, trained: bool, seconds_s: float) -> Run:
        """One run. ``model`` is what Ultralytics calls so: a file, or an architecture."""
        width, height = self.size_px
        spec = {
            "clip": str(self.media.resolve()),
            "model": model,
            "input_px": INPUT_PX,
            "seconds": seconds_s,
            "warm_up_pictures": WARM_UP_PICTURES,
            "zone": [[x * width, y * height] for x, y in VAN_STANDS_IN],
            "limit_s": LIMIT_S,
            "classes": list(COCO_VEHICLES),
        }
        told = json.loads(_run(self.python, ultralytics_track.__file__, json.dumps(spec)))
        return Run(
            version=told["version"],
            network=network,
            trained=trained,
            cores=told["cpu_s"] / told["measured_s"],
            watched_s=told["watched_s"],
            incidents=tuple(Opened(found["t_s"], Box(*found["box"])) for found in told["incidents"]),
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
                env=os.environ | _QUIET | {"YOLO_CONFIG_DIR": folder},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BenchError(f"{program} could not run Ultralytics: {error}") from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BenchError(
            f"{program} could not run Ultralytics ({last[0]}): 'pip install ultralytics lap onnx "
            "onnxruntime' there, or name another Python with --ultralytics-python"
        )
    return done.stdout.rstrip("\n").rpartition("\n")[2]
