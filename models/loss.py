"""What a smaller network costs: agreement with the full one, time, size, on pictures it has not seen."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from models.agreement import mean_average_precision
from models.detections import Detections
from models.errors import ModelError
from models.network import open_network
from models.pictures import HeldPicture, PictureFile
from models.runtime import Detector

_REFERENCE_SCORE = 0.25
"""What the full network finds with at least this score is what the small one has to find."""
_LOWEST_SCORE = 0.05
"""From where detections count for mAP50, whose curve needs unsure ones as well."""
_TIMED_LOOKS = 30


@dataclass(frozen=True, slots=True)
class LossReport:
    """What INT8 costs and what it brings.

    Attributes:
        calibrated_on: pictures used for calibration.
        held_out: pictures used here.
        agreement_map50: mAP50 of the INT8 detections, with those of FP32 as the truth; 1 is no difference.
        fp32_map50: mAP50 of FP32 against labels, where every held-out picture has some; else None.
        int8_map50: the same of INT8.
        fp32_ms: median time of a look, one thread, this machine.
        int8_ms: the same of INT8.
        fp32_bytes: size of the file.
        int8_bytes: the same of INT8.
    """

    calibrated_on: int
    held_out: int
    agreement_map50: float
    fp32_map50: float | None
    int8_map50: float | None
    fp32_ms: float
    int8_ms: float
    fp32_bytes: int
    int8_bytes: int

    def as_dict(self) -> dict[str, int | float | None]:
        """The attributes, and the ratios of time and size (INT8 to FP32)."""
        ratios = {
            "time_ratio": self.int8_ms / self.fp32_ms,
            "size_ratio": self.int8_bytes / self.fp32_bytes,
        }
        return {**asdict(self), **ratios}

    def as_text(self) -> str:
        """For people."""
        lines = [
            f"INT8 against FP32 on {self.held_out} held-out pictures ({self.calibrated_on} for calibration):",
            f"  accuracy: mAP50 {self.agreement_map50:.3f} with FP32's detections as the truth (1: no loss)",
        ]
        if self.fp32_map50 is not None and self.int8_map50 is not None:
            points = 100 * (self.int8_map50 - self.fp32_map50)
            lines.append(
                f"  accuracy: mAP50 against the labels {self.fp32_map50:.3f} -> {self.int8_map50:.3f} "
                f"({points:+.1f} points)"
            )
        return "\n".join(
            [
                *lines,
                f"  time:     x {self.int8_ms / self.fp32_ms:.2f} "
                f"({self.fp32_ms:.1f} -> {self.int8_ms:.1f} ms a look, one thread, this machine)",
                f"  size:     x {self.int8_bytes / self.fp32_bytes:.2f} "
                f"({self.fp32_bytes / 1e6:.2f} -> {self.int8_bytes / 1e6:.2f} MB)",
            ]
        )


def measure_loss(
    full: Path, small: Path, pictures: Sequence[PictureFile], *, calibrated_on: int, input_px: int
) -> LossReport:
    """Run both networks over the pictures, through the detector that the edge uses, and compare.

    Raises:
        ModelError: when the full network finds nothing in the pictures, so that no loss can be seen.
    """
    fp32, int8 = (
        Detector.of_own_classes(
            open_network(str(path), input_px=input_px, providers=("cpu",), threads=1), min_score=_LOWEST_SCORE
        )
        for path in (full, small)
    )
    fp32_found, int8_found = ([one.detect([picture])[0] for picture in pictures] for one in (fp32, int8))
    reference = [found[found.score >= _REFERENCE_SCORE] for found in fp32_found]
    if not any(len(found) for found in reference):
        raise ModelError(
            f"the network finds nothing in the {len(pictures)} held-out pictures: no loss can be measured; "
            "give pictures with something in them"
        )
    labels = _labels(pictures, len(fp32.class_names))
    fp32_ms, int8_ms = _times_ms([fp32, int8], pictures)
    return LossReport(
        calibrated_on=calibrated_on,
        held_out=len(pictures),
        agreement_map50=mean_average_precision(int8_found, reference),
        fp32_map50=mean_average_precision(fp32_found, labels) if labels else None,
        int8_map50=mean_average_precision(int8_found, labels) if labels else None,
        fp32_ms=fp32_ms,
        int8_ms=int8_ms,
        fp32_bytes=full.stat().st_size,
        int8_bytes=small.stat().st_size,
    )


def _labels(pictures: Sequence[PictureFile], classes: int) -> list[Detections] | None:
    """The labels of all pictures; None unless each has some file and there is anything in one of them."""
    found = [picture.labels(classes) for picture in pictures]
    labels = [one for one in found if one is not None]
    return labels if len(labels) == len(pictures) and any(len(one) for one in labels) else None


def _times_ms(detectors: Sequence[Detector], pictures: Sequence[PictureFile]) -> list[float]:
    """Median time of a look of each; they take turns, so that what else the machine does is shared."""
    held = [HeldPicture(picture.bgr()) for picture in pictures[:_TIMED_LOOKS]]
    times: list[list[float]] = [[] for _ in detectors]
    for look in range(_TIMED_LOOKS):
        for detector, taken in zip(detectors, times, strict=True):
            begin = time.perf_counter()
            detector.detect([held[look % len(held)]])
            taken.append(1000 * (time.perf_counter() - begin))
    return [statistics.median(taken) for taken in times]
