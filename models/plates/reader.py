"""The whole way: a picture of a vehicle in, its plates with a confidence for each character out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.plates.colour import PlateColour, colour_of
from models.plates.ctc import Lattice, decode
from models.plates.detector import FoundPlate, PlateDetector
from models.plates.patterns import PATTERNS, PROVINCE_ALONE
from models.plates.reading import OPEN, Character, Corners, PlateReading
from models.plates.recogniser import Recogniser
from models.plates.rectify import flatness, in_one_row, upright

MIN_CONFIDENCE = 0.9
"""A character below it is left open: of 0.5, 0.7, 0.8, 0.9 and 0.95 the least that kept 0.99 of the given
characters right on plates shrunk to 40 px, on the half of the pictures that is not reported."""
MIN_LOG_MASS = -24.0
"""A picture for which all forms of plates together are less likely than this (natural log) shows no plate; a
plate with one character hidden comes to some -15."""
_LEAST_SAID = 4
"""With fewer characters given it may be anything with stripes."""
_PROVINCE_SHARE = 0.22
"""The left end of a plate, with its province and little else."""
_SEEN_ALONE = 0.05
"""How likely a favoured province must be by its own pixels; 1/31 says nothing. Chosen as above."""
_LEAST_PX = (16, 6)
"""Width and height of the smallest picture that is tried."""
_MIN_SCORE = 0.5
_VEHICLE_PX = (640, 960)
"""Longer side at which a vehicle is looked at, so that its plate is some 60 to 200 px wide; where that shows
none, once more: a plate seen from the side is half as wide."""
_MOST_ENLARGED = 2.0
_SECOND_LOOK_PX = 160
"""Width at which a plate that was found is looked at once more: its corners come out far better."""
_SECOND_LOOK_SIDES = 0.6
"""Surroundings of the second look, in widths of the plate."""
_MAYBE_TWO_ROWS = 2.6
"""Flatness below which a plate may have two rows, or be seen from the side: both are tried."""
_WRONG_COLOUR = float(np.log(0.05))
"""What a colour in which a form is not made tells against it."""


class PlateReader:
    """Finds and reads plates. Safe to be called from several threads."""

    def __init__(
        self, detector: PlateDetector, recogniser: Recogniser, *, min_confidence: float = MIN_CONFIDENCE
    ) -> None:
        """Of opened networks; characters below ``min_confidence`` are left open."""
        self._detector = detector
        self._recogniser = recogniser
        self._lattice = Lattice.of(PATTERNS, recogniser.alphabet)
        self._province = Lattice.of([PROVINCE_ALONE], recogniser.alphabet)
        self.min_confidence = min_confidence

    @classmethod
    def load(
        cls,
        *,
        min_confidence: float = MIN_CONFIDENCE,
        recogniser: str = "clp-rec",
        providers: Sequence[str] = ("cpu",),
        threads: int = 1,
    ) -> PlateReader:
        """Open the manifest's networks. Raises ModelError when one is missing."""
        return cls(
            PlateDetector.load(min_score=_MIN_SCORE, providers=providers, threads=threads),
            Recogniser.load(recogniser, providers=providers, threads=threads),
            min_confidence=min_confidence,
        )

    def read(self, vehicle: NDArray[np.uint8]) -> tuple[PlateReading, ...]:
        """The plates on a picture of a vehicle, the one that was found most surely first.

        Args:
            vehicle: BGR, uint8 [height, width, 3]: a vehicle and little around it.

        Returns:
            Readings with corners in this picture; what cannot be a plate is left out.
        """
        for longer_px in _VEHICLE_PX:
            scale = min(_MOST_ENLARGED, longer_px / max(vehicle.shape[:2]))
            readings = self._read_found(vehicle, scale)
            if readings or scale == _MOST_ENLARGED:
                break
        return tuple(readings)

    def _read_found(self, vehicle: NDArray[np.uint8], scale: float) -> list[PlateReading]:
        readings = []
        for found in self._detector.find(vehicle, scale=scale):
            corners = self._second_look(vehicle, found).corners
            reading = self._read_upright(
                upright(vehicle, corners), two_rows=flatness(corners) < _MAYBE_TWO_ROWS
            )
            if reading is not None:
                readings.append(replace(reading, corners=corners))
        return readings

    def read_crop(self, plate: NDArray[np.uint8], *, two_rows: bool = False) -> PlateReading | None:
        """Read a picture that is a plate and little more.

        Args:
            plate: BGR, uint8 [height, width, 3].
            two_rows: it may have two rows; read as both, what makes the better plate is taken.

        Returns:
            None when no plate can be read in it.
        """
        if min(plate.shape[1] // _LEAST_PX[0], plate.shape[0] // _LEAST_PX[1]) == 0:
            return None
        return self._read_upright(plate, two_rows=two_rows)

    def _second_look(self, image: NDArray[np.uint8], found: FoundPlate) -> FoundPlate:
        corners = np.array(found.corners)
        low, high = corners.min(0), corners.max(0)
        width = float(high[0] - low[0])
        height, image_width = image.shape[:2]
        left, top = np.maximum(0, np.floor(low - width * _SECOND_LOOK_SIDES)).astype(int)
        right, bottom = np.ceil(high + width * _SECOND_LOOK_SIDES).astype(int)
        around = image[top : min(height, bottom), left : min(image_width, right)]
        if width <= 0 or 0 in around.shape:
            return found
        middle = (low + high) / 2 - (left, top)
        for better in self._detector.find(around, scale=_SECOND_LOOK_PX / width):
            if np.linalg.norm(np.array(better.corners).mean(0) - middle) < width / 2:
                return FoundPlate(_moved(better.corners, float(left), float(top)), better.score)
        return found

    def _read_upright(self, plate: NDArray[np.uint8], *, two_rows: bool) -> PlateReading | None:
        colour = colour_of(plate)
        tries = [self._characters(plate, colour)]
        if two_rows:
            tries.append(self._characters(in_one_row(plate), colour))
        log_mass, characters = max(tries, key=lambda made: made[0])
        if log_mass < MIN_LOG_MASS:
            return None
        made = PlateReading.of(characters, colour=colour, corners=None, min_confidence=self.min_confidence)
        return made if len(made.text) - made.text.count(OPEN) >= _LEAST_SAID else None

    def _characters(self, plate: NDArray[np.uint8], colour: PlateColour) -> tuple[float, list[Character]]:
        """Log mass of all forms together, and the characters of the likeliest."""
        decoded = decode(self._recogniser.frames(plate), self._lattice)
        against = np.array([0.0 if colour in pattern.colours else _WRONG_COLOUR for pattern in PATTERNS])
        log_mass = decoded.log_mass + against
        whole = float(np.logaddexp.reduce(log_mass))
        shares = np.exp(log_mass - whole)
        best = int(np.argmax(log_mass))
        # A character is as likely as all forms that have it in this place say together.
        together = (decoded.places * shares[:, None, None]).sum(0)
        characters = []
        for place in range(len(PATTERNS[best].places)):
            index = int(np.argmax(decoded.places[best, place]))
            characters.append(
                Character(self._recogniser.alphabet[index], min(1.0, float(together[place, index])))
            )
        characters[0] = self._unguessed(plate, characters[0])
        return float(np.logaddexp.reduce(decoded.log_mass)), characters

    def _unguessed(self, plate: NDArray[np.uint8], first: Character) -> Character:
        """A favoured province is believed as far as it is seen where nothing else is shown."""
        if first.char not in self._recogniser.favoured:
            return first
        alone = plate[:, : max(1, round(plate.shape[1] * _PROVINCE_SHARE))]
        decoded = decode(self._recogniser.frames(alone), self._province)
        chance = float(decoded.places[0, 0, self._recogniser.alphabet.index(first.char)])
        return Character(first.char, min(first.confidence, chance / _SEEN_ALONE))


def _moved(corners: Corners, x: float, y: float) -> Corners:
    left_top, right_top, right_bottom, left_bottom = ((px + x, py + y) for px, py in corners)
    return left_top, right_top, right_bottom, left_bottom
