"""From a detector of one's own to an ONNX file that kerbwatch runs; with INT8 on demand."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.loss import LossReport
from models.manifest import load_manifest, locate
from models.network import open_network
from models.quantise import quantise

_OPSET = 17
_EMBEDDED_BATCH = 16
"""Suppression in the graph is traced for a largest batch."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: the file.
        family: how its output is read: ``YoloxHead``, ``UltralyticsRawHead``, ``UltralyticsEndToEndHead``.
        class_names: the network's own, for a class map.
        licence: what the manifest or the file itself says.
        loss: with INT8, what it costs.
    """

    path: Path
    family: str
    class_names: tuple[str, ...]
    licence: str | None
    loss: LossReport | None

    def as_json(self) -> str:
        """One JSON object; ``loss`` is null without INT8."""
        return json.dumps(
            {
                "path": str(self.path),
                "family": self.family,
                "class_names": self.class_names,
                "licence": self.licence,
                "loss": self.loss.as_dict() if self.loss else None,
            },
            ensure_ascii=False,
        )


def export_detector(
    weights: str, output: Path, *, input_px: int, calibration: Path | None, end_to_end: bool
) -> Exported:
    """Write a detector as ONNX.

    Args:
        weights: an Ultralytics ``.pt`` or architecture ``.yaml``; or an ``.onnx`` file or a name of the
            manifest, of which an INT8 version is made (this needs neither torch nor Ultralytics).
        output: the ``.onnx`` file to write.
        input_px: longer side of the network's input.
        calibration: folder of pictures; given, the file is INT8.
        end_to_end: suppression inside the graph (the network's own one-to-one head where it has one).

    Raises:
        ModelError: when something is missing or cannot be done; nothing is written then.
    """
    if output.suffix != ".onnx":
        raise ModelError(f"the output is an .onnx file, not {output}")
    with tempfile.TemporaryDirectory(prefix="kerbwatch-") as work:
        source = _onnx_at_hand(weights)
        if source is not None and calibration is None:
            raise ModelError(f"{weights} is an ONNX network already; give --int8 to make it smaller")
        if source is None:
            source = _export_ultralytics(weights, Path(work), input_px=input_px, end_to_end=end_to_end)
        loss = None
        if calibration is not None:
            loss = quantise(source, output, calibration, input_px=input_px)
        else:
            open_network(
                str(source), input_px=input_px, providers=("cpu",), threads=1
            )  # or it is not written
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, output)
    network = open_network(str(output), input_px=input_px, providers=("cpu",), threads=1)
    known = [entry.licence for entry in load_manifest().entries if entry.name == weights]
    licence = known[0] if known else network.session.get_modelmeta().custom_metadata_map.get("license")
    return Exported(output, type(network.head).__name__, network.head.names, licence, loss)


def _onnx_at_hand(weights: str) -> Path | None:
    """The file, if it is ONNX already."""
    if any(entry.name == weights and entry.kind == "network" for entry in load_manifest().entries):
        return locate(weights)
    if not weights.endswith(".onnx"):
        return None
    path = Path(weights).expanduser()
    if not path.is_file():
        raise ModelError(f"{path} is not there")
    return path


def _export_ultralytics(weights: str, work: Path, *, input_px: int, end_to_end: bool) -> Path:
    yolo = _ultralytics()
    if Path(weights).suffix not in {".pt", ".yaml", ".yml"}:
        raise ModelError(f"{weights}: export takes an Ultralytics .pt or .yaml, or an .onnx detector")
    try:
        model = yolo(weights)
        if model.task != "detect":
            raise ModelError(f"{weights} is a network for '{model.task}'; only detectors can be used")
        # Ultralytics writes beside the weights, or, without any, where it was called: it gets its own place.
        own = work / f"{Path(weights).stem}.pt"
        model.save(own)
        model = yolo(own)
        suppression = _suppression(model, end_to_end=end_to_end)
        written = model.export(
            format="onnx",
            imgsz=input_px,
            dynamic=True,
            batch=_EMBEDDED_BATCH if suppression else 1,
            simplify=False,
            opset=_OPSET,
            device="cpu",
            nms=suppression,
        )
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError, KeyError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        raise ModelError(f"Ultralytics could not export {weights}: {reason}") from error
    target = work / "exported.onnx"
    shutil.move(written, target)
    return target


def _suppression(model: Any, *, end_to_end: bool) -> bool | None:  # noqa: ANN401 - ultralytics is untyped
    """Ultralytics' ``nms``: None exports raw, True embeds suppression, False uses the one-to-one head."""
    if not end_to_end:
        return None
    has_own = getattr(model.model.model[-1], "one2one_cv2", None) is not None
    return not has_own


def _ultralytics() -> Any:  # noqa: ANN401 - ultralytics is untyped
    """Ultralytics' ``YOLO``. It is told not to install packages by itself."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    try:
        from ultralytics import YOLO  # noqa: PLC0415 - brings torch, and is only wanted here
    except ModuleNotFoundError as error:
        raise ModelError(
            f"exporting Ultralytics weights needs the extra 'export' ({error.name} is not installed): "
            "pip install 'kerbwatch[edge,export]'"
        ) from error
    return YOLO
