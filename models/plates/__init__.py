"""Number plates of mainland China: find them on a vehicle, read them, and say how sure each character is."""

from models.plates.colour import PlateColour
from models.plates.reader import PlateReader
from models.plates.reading import OPEN, Character, PlateReading
from models.plates.vote import vote

__all__ = ["OPEN", "Character", "PlateColour", "PlateReader", "PlateReading", "vote"]
