"""A place: a thing, known by where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import Patch
from kerbwatch.incident import Kind
from models.plates.reading import PlateReading


class Held(Enum):
    """How a place was held in the last look."""

    SEEN = auto()
    """The detector saw it."""
    LOOKS_SAME = auto()
    """The detector missed it, but the picture shows it unchanged."""
    HIDDEN = auto()
    """Something else stands in front."""
    UNSURE = auto()
    """Not seen, and the picture tells neither way."""
    EMPTY = auto()
    """The picture shows something else there."""


@dataclass(slots=True, eq=False)
class Place:
    """A thing, known by where it stands. Boxes are float64 [4] in pixels of the picture as shown."""

    id: str
    zone_id: str
    box: NDArray[np.float64]
    anchor: NDArray[np.float64]
    object_class: int
    score: float
    arrived_t_s: float
    seen_t_s: float
    clock_t_s: float
    """When the offence's clock began."""
    stood: dict[str, float | None] = field(default_factory=dict)
    """Since when it has stood in each zone that it stands in now; None: since it was first seen."""
    patch: Patch | None = None
    contrast: float = 0.0
    """Standard deviation of the whole picture's grey levels when ``patch`` was last brought up to date."""
    before: Patch | None = None
    """What the spot looked like before it came; None where nobody saw it come."""
    looks: int = 1
    """Looks in which it could have been seen."""
    seen: int = 1
    """Looks in which it was."""
    inside: int = 1
    """Those of them in which its box lay in a zone."""
    same: int = 0
    """Looks in which the detector missed it and the picture showed it unchanged."""
    compared: int = 0
    """Looks with a box whose patch could be compared with the place's."""
    steady: int = 0
    """Those of them in which it looked the same: in dense traffic there is always *a* car at a place."""
    accompanied: int = 0
    """Looks in which a person was beside it."""
    held: Held = Held.SEEN
    last_box: NDArray[np.float64] | None = None
    """Its newest box, not smoothed: a thing that drives off slowly is followed by it."""
    moved_since_t_s: float | None = None
    """When its boxes began to lie away from where it arrived."""
    empty_since_t_s: float | None = None
    bare_since_t_s: float | None = None
    """When the street was first seen there again as it was before: what then comes in front hides nothing."""
    cover: Patch | None = None
    """What the spot looks like with what hides it; None while it is not hidden."""
    estranged: bool = False
    """It was out of sight long enough that another thing may have taken its place."""
    standing: bool = False
    opened_t_s: float | None = None
    kind: Kind | None = None
    """What its incident is called; does not change after it opened."""
    reported_t_s: float = 0.0
    plate: PlateReading | None = None
    """The vehicle's plate, voted over pictures, as soon as one could be read."""
    plate_pictures: int = 0
    """How many pictures ``plate`` was voted over."""

    @property
    def newest_box(self) -> tuple[float, float, float, float]:
        """Where it was seen last, not smoothed."""
        x1, y1, x2, y2 = (float(v) for v in (self.box if self.last_box is None else self.last_box))
        return x1, y1, x2, y2

    @property
    def seen_share(self) -> float:
        """Share of the looks that could have seen it which did."""
        return self.seen / max(self.looks, 1)

    @property
    def held_share(self) -> float:
        """Share of the looks that could have seen it in which the detector or the picture did."""
        return (self.seen + self.same) / max(self.looks, 1)

    @property
    def inside_share(self) -> float:
        """Share of the looks that saw it in which it stood in a zone."""
        return self.inside / max(self.seen, 1)

    @property
    def steady_share(self) -> float:
        """Share of the comparable looks in which it looked the same; 1 where nothing could be compared."""
        return self.steady / self.compared if self.compared else 1.0

    @property
    def there(self) -> bool:
        """Whether the last look showed it."""
        return self.held in (Held.SEEN, Held.LOOKS_SAME)


@dataclass(slots=True)
class Departure:
    """A place that is given up, and when its thing was last there."""

    place: Place
    ended_t_s: float


@dataclass(slots=True)
class Changes:
    """What one look changed among the places."""

    new: list[Place] = field(default_factory=list)
    departed: list[Departure] = field(default_factory=list)
