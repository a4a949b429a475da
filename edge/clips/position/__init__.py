"""Where a clip was taken: the position that the file, or a file beside it, carries for each moment."""

from edge.clips.position.reader import PositionReader
from edge.clips.position.track import Fix, PositionTrack

__all__ = ["Fix", "PositionReader", "PositionTrack"]
