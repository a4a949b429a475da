"""A plate as it is told and kept: between what was read and what a message or a rule's memory says of it."""

from __future__ import annotations

from kerbwatch.messages import PlateRead
from models.plates.colour import PlateColour
from models.plates.reading import Character, PlateReading


def plate_read(reading: PlateReading, pictures: int) -> PlateRead:
    """A reading as central is told it."""
    return PlateRead(
        text=reading.text,
        likeliest="".join(place.char for place in reading.characters),
        confidences=tuple(round(min(max(place.confidence, 0.0), 1.0), 3) for place in reading.characters),
        colour=reading.colour.value,
        pictures=max(pictures, 1),
    )


def plate_of(told: PlateRead) -> PlateReading:
    """The reading again; where it lay in the picture is not kept. Raises ValueError: no known colour."""
    characters = tuple(Character(*each) for each in zip(told.likeliest, told.confidences, strict=True))
    return PlateReading(told.text, characters, PlateColour(told.colour), None)
