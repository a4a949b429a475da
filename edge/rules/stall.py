"""Stalls and obstructions in their first form: furniture of trade that stays on a pavement.

It knows what the detector knows: umbrellas, tables, chairs, goods, and carts or stalls where a city has
trained a network that names them. What the detector cannot see, this rule cannot see either.
"""

from __future__ import annotations

import numpy as np

from edge.rules.dwell import DwellRule
from edge.rules.places import Place
from edge.rules.sighting import Look
from kerbwatch.incident import Kind
from models.classes import FURNITURE, ObjectClass
from models.detections import Detections

COMPANY_SHARE = 0.3
"""Share of the looks in which somebody must be beside the goods for it to be trade."""
REACH = 0.75
"""How near a person counts as beside, in heights of that person (an arm's length and a step)."""
GROUP_REACH = 0.5
"""Furniture nearer to each other than this share of its size is one stall."""
TRADE = frozenset({ObjectClass.STALL, ObjectClass.CART, ObjectClass.UMBRELLA, ObjectClass.TABLE})
"""What by itself is the furniture of trade; chairs and bags alone are an obstruction at most."""


class StallRule(DwellRule):
    """Furniture of trade in ``no_stall`` zones: with somebody beside it a stall, alone an obstruction."""

    def targets(self, detections: Detections) -> Detections:
        """Furniture, not people: someone who stands and talks is no offence."""
        return detections.of_classes(FURNITURE)

    def accompany(self, look: Look) -> None:
        """Count the looks in which a person is beside each place."""
        people = look.detections.of_classes({ObjectClass.PERSON}).xyxy.astype(np.float64)
        if not len(people):
            return
        reach = REACH * (people[:, 3] - people[:, 1])
        for place in self.places:
            x1, y1, x2, y2 = place.box
            gap_x = np.maximum(np.maximum(x1 - people[:, 2], people[:, 0] - x2), 0)
            gap_y = np.maximum(np.maximum(y1 - people[:, 3], people[:, 1] - y2), 0)
            if (np.hypot(gap_x, gap_y) <= reach).any():
                place.accompanied += 1

    def kind_of(self, place: Place) -> Kind:
        """A stall where somebody trades or waits beside it, an obstruction where nobody does."""
        traded = place.accompanied >= COMPANY_SHARE * place.looks
        if place.object_class == ObjectClass.STALL or (traded and place.object_class in TRADE):
            return Kind.STALL_ENCROACHMENT
        return Kind.PAVEMENT_OBSTRUCTION

    def may_open(self, place: Place) -> bool:
        """Table, umbrella and chairs that stand together are one occurrence: the first of them opens it."""
        return not any(
            other.opened_t_s is not None and other.zone_id == place.zone_id and _together(other, place)
            for other in self.places
            if other is not place
        )


def _together(a: Place, b: Place) -> bool:
    sizes = [box[2:] - box[:2] for box in (a.box, b.box)]
    margin = GROUP_REACH * max(float(size.max()) for size in sizes)
    return bool((np.maximum(a.box[:2], b.box[:2]) - np.minimum(a.box[2:], b.box[2:]) <= margin).all())
