"""``kerbwatch eval plates``: pictures whose plates a person has read, through the same reader as a box's."""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import dist
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.plate_figures import PlateFigures, PlateSample, tally
from kerbwatch.settings import SettingsError
from models.classes import VEHICLES
from models.pictures import HeldPicture, PictureFile, pictures_in
from models.plates import PlateReader, PlateReading, vote
from models.runtime import Detector

SHRUNK_PX = (64, 48, 40, 32, 24)
"""Widths to which the reported crops are shrunk as well: a plate on the street is seldom near."""
_VEHICLE_MARGIN = 0.05
"""Around a vehicle's box, of its size: a plate may hang at its edge."""
_MIN_ALIKE = 4
"""Characters in which a reading and a plate of a scene must agree to be taken for one another."""

_PROVINCE = (0.02, 0.19)
"""From where to where a crop's first character goes, as shares of its width."""
_FIRST_TWO = 0.33
"""Where a crop's second character ends, as a share of its width."""
_TOP_ROW_BOX = (0.22, 0.03, 0.78, 0.37)
_BOTTOM_ROW_BOX = (0.0, 0.39, 1.0, 0.97)
"""Left, top, right and bottom of the rows, as shares of a two-row plate (GA 36: 440 x 220 mm)."""

Image = NDArray[np.uint8]


class PlateSetError(SettingsError):
    """A folder that does not hold what can be evaluated."""


@dataclass(frozen=True, slots=True)
class CropSet:
    """Figures of single-plate pictures.

    Attributes:
        everything: of all pictures.
        held_out: of the half that thresholds were not chosen on.
        chosen_on: of the other half.
        shrunk: of the held-out half, by the width in px to which it was shrunk.
        two_rows: of the held-out half, its rows laid under each other (composite: such plates are scarce).
        hidden_province: of the held-out half with its first character covered (composite); each one given
            is a guess, right or not.
        failures: pictures of all that were not read exactly.
        cpu_ms: CPU milliseconds a plate, one thread.
    """

    everything: PlateFigures
    held_out: PlateFigures
    chosen_on: PlateFigures
    shrunk: dict[int, PlateFigures]
    two_rows: PlateFigures
    hidden_province: PlateFigures
    failures: tuple[PlateSample, ...]
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class SceneSet:
    """Figures of street pictures.

    Attributes:
        figures: of the plates that a person noted.
        samples: the same, one by one.
        unnoted: texts that were read and that nobody noted: a neighbour's plate, or none at all.
        cpu_ms: CPU milliseconds a vehicle, one thread, without finding the vehicle.
    """

    figures: PlateFigures
    samples: tuple[PlateSample, ...]
    unnoted: tuple[str, ...]
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class PlatesReport:
    """What a run found; a set that the folder does not have is None."""

    recogniser: str
    min_confidence: float
    crops: CropSet | None
    scenes: SceneSet | None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        crops, scenes = self.crops, self.scenes
        return {
            "recogniser": self.recogniser,
            "min_confidence": self.min_confidence,
            "crops": crops
            and {
                "all": crops.everything.to_json(),
                "held_out": crops.held_out.to_json(),
                "chosen_on": crops.chosen_on.to_json(),
                "shrunk_px": {str(px): figures.to_json() for px, figures in crops.shrunk.items()},
                "two_rows_composite": crops.two_rows.to_json(),
                "hidden_province_composite": crops.hidden_province.to_json(),
                "failures": [_told(sample) for sample in crops.failures],
                "cpu_ms": crops.cpu_ms,
            },
            "scenes": scenes
            and {
                **scenes.figures.to_json(),
                "plates_read": [_told(sample) for sample in scenes.samples],
                "unnoted": scenes.unnoted,
                "cpu_ms": scenes.cpu_ms,
            },
        }


def evaluate_plates(
    folder: Path, reader: PlateReader, detector: Callable[[], Detector], *, recogniser: str
) -> PlatesReport:
    """Read the plates of a folder.

    Args:
        folder: with ``crops`` (pictures of one plate each, named by what it says), ``scenes`` (pictures and
            ``truth.csv`` with the columns ``file`` and ``plates``, these separated by semicolons), or both.
        reader: reads plates.
        detector: opens the network that finds vehicles; called when there are scenes.
        recogniser: the network's name, for the report.

    Raises:
        PlateSetError: when the folder has neither, or a file is not what it must be.
        ModelError: when a picture cannot be read.
    """
    crops, scenes = folder / "crops", folder / "scenes"
    if not crops.is_dir() and not scenes.is_dir():
        raise PlateSetError(f"{folder} has neither a folder 'crops' nor a folder 'scenes'")
    return PlatesReport(
        recogniser,
        reader.min_confidence,
        _read_crops(crops, reader) if crops.is_dir() else None,
        _read_scenes(scenes, reader, detector()) if scenes.is_dir() else None,
    )


def is_held_out(name: str) -> bool:
    """Whether a picture's figures are reported: half of them, by the parity of the SHA-256 of its name.

    The confidence from which a character is given was chosen on the others.
    """
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def _read_crops(folder: Path, reader: PlateReader) -> CropSet:
    images = {picture.path.stem: picture.bgr() for picture in pictures_in(folder, at_least=1)}
    reader.read_crop(next(iter(images.values())))
    began_s = time.process_time()
    samples = [PlateSample(name, name, reader.read_crop(image)) for name, image in images.items()]
    cpu_ms = 1000 * (time.process_time() - began_s) / len(samples)
    held_out = {name: image for name, image in images.items() if is_held_out(name)}

    def changed(change: Callable[[Image], Image], *, two_rows: bool = False) -> PlateFigures:
        return tally(
            [
                PlateSample(name, name, reader.read_crop(change(image), two_rows=two_rows))
                for name, image in held_out.items()
            ]
        )

    return CropSet(
        everything=tally(samples),
        held_out=tally([sample for sample in samples if sample.name in held_out]),
        chosen_on=tally([sample for sample in samples if sample.name not in held_out]),
        shrunk={width_px: changed(partial(shrunk, width_px=width_px)) for width_px in SHRUNK_PX},
        two_rows=changed(laid_in_two_rows, two_rows=True),
        hidden_province=changed(with_hidden_province),
        failures=tuple(sample for sample in samples if sample.said != sample.truth),
        cpu_ms=cpu_ms,
    )


def shrunk(image: Image, width_px: int) -> Image:
    """A plate as it looks from further away; one that is small already stays as it is."""
    height, width = image.shape[:2]
    if width <= width_px:
        return image
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def with_hidden_province(image: Image) -> Image:
    """A plate with a patch in its own colour over the first character."""
    covered = image.copy()
    left, right = (round(share * image.shape[1]) for share in _PROVINCE)
    covered[:, left:right] = np.median(image.reshape(-1, 3), axis=0)
    return covered


def laid_in_two_rows(image: Image) -> Image:
    """A one-row plate with its first two characters above the others, laid out as GA 36 has it."""
    height, width = image.shape[:2]
    result = np.empty((2 * height, width, 3), dtype=np.uint8)
    result[:] = np.median(image.reshape(-1, 3), axis=0)
    split = round(width * _FIRST_TWO)
    for part, (left, top, right, bottom) in (
        (image[:, :split], _TOP_ROW_BOX),
        (image[:, split:], _BOTTOM_ROW_BOX),
    ):
        columns = slice(round(left * width), round(right * width))
        rows = slice(round(top * 2 * height), round(bottom * 2 * height))
        size = (columns.stop - columns.start, rows.stop - rows.start)
        result[rows, columns] = cv2.resize(part, size)
    return result


def _read_scenes(folder: Path, reader: PlateReader, detector: Detector) -> SceneSet:
    samples: list[PlateSample] = []
    unnoted: list[str] = []
    vehicles, spent_s = 0, 0.0
    for name, plates in _truth(folder / "truth.csv"):
        picture = PictureFile(folder / name)
        image = picture.bgr()
        seen: list[PlateReading] = []
        for left, top, right, bottom in _vehicles(detector, image):
            began_s = time.process_time()
            found = reader.read(image[top:bottom, left:right])
            spent_s += time.process_time() - began_s
            vehicles += 1
            seen.extend(_moved(reading, left, top) for reading in found)
        readings = _one_each(seen, reader.min_confidence)
        for plate in plates:
            reading = max(readings, key=lambda one: _alike(one, plate), default=None)
            if reading is None or _alike(reading, plate) < _MIN_ALIKE:
                samples.append(PlateSample(name, plate, None))
                continue
            readings.remove(reading)
            samples.append(PlateSample(name, plate, reading))
        unnoted.extend(reading.text for reading in readings)
    return SceneSet(tally(samples), tuple(samples), tuple(unnoted), 1000 * spent_s / max(1, vehicles))


def _truth(path: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise PlateSetError(f"{path} cannot be read: {error.strerror}") from error
    for row in rows:
        if not row.get("file") or not row.get("plates"):
            raise PlateSetError(f"{path}: a row lacks 'file' or 'plates'")
        yield row["file"], [plate.strip() for plate in row["plates"].split(";") if plate.strip()]


def _vehicles(detector: Detector, image: Image) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of the vehicles with a margin, clipped to the picture."""
    height, width = image.shape[:2]
    (found,) = detector.detect([HeldPicture(image)])
    for left, top, right, bottom in found.of_classes(VEHICLES).xyxy.tolist():
        across, down = _VEHICLE_MARGIN * (right - left), _VEHICLE_MARGIN * (bottom - top)
        yield (
            max(0, round(left - across)),
            max(0, round(top - down)),
            min(width, round(right + across)),
            min(height, round(bottom + down)),
        )


def _moved(reading: PlateReading, x: int, y: int) -> PlateReading:
    if reading.corners is None:
        return reading
    left_top, right_top, right_bottom, left_bottom = ((px + x, py + y) for px, py in reading.corners)
    corners = (left_top, right_top, right_bottom, left_bottom)
    return PlateReading(reading.text, reading.characters, reading.colour, corners)


def _one_each(seen: Sequence[PlateReading], min_confidence: float) -> list[PlateReading]:
    """One reading a plate: two vehicles' boxes may show the same one."""
    groups: list[list[PlateReading]] = []
    for reading in seen:
        centre, width = _centre_and_width(reading)
        for group in groups:
            if dist(centre, _centre_and_width(group[0])[0]) < width / 2:
                group.append(reading)
                break
        else:
            groups.append([reading])
    return [vote(group, min_confidence=min_confidence) for group in groups]


def _centre_and_width(reading: PlateReading) -> tuple[tuple[float, float], float]:
    corners = np.array(reading.corners)
    x, y = corners.mean(0)
    return (float(x), float(y)), float(np.ptp(corners[:, 0]))


def _alike(reading: PlateReading, plate: str) -> int:
    return sum(place.char == true for place, true in zip(reading.characters, plate, strict=False))


def _told(sample: PlateSample) -> dict[str, Any]:
    reading = sample.reading
    return {
        "name": sample.name,
        "truth": sample.truth,
        "said": sample.said,
        "likeliest": sample.likeliest,
        "confidences": [round(place.confidence, 4) for place in reading.characters] if reading else [],
        "colour": reading.colour.value if reading else None,
    }
