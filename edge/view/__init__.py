"""Whether a camera still looks where its zones were drawn: steady, drifting, or moved away."""

from edge.view.alignment import STILL, Alignment
from edge.view.keeper import ViewKeeper, ViewNow
from edge.view.memory import ViewMemory

__all__ = ["STILL", "Alignment", "ViewKeeper", "ViewMemory", "ViewNow"]
