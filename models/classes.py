"""The classes of things that rules speak of, whatever a network calls them."""

from __future__ import annotations

from enum import IntEnum


class ObjectClass(IntEnum):
    """What a detector can tell apart. A class map translates a network's own names into these."""

    PERSON = 0
    BICYCLE = 1
    MOTORCYCLE = 2
    CAR = 3
    BUS = 4
    TRUCK = 5
    UMBRELLA = 6
    TABLE = 7
    CHAIR = 8
    GOODS = 9
    """Bags, boxes, suitcases: what may be sold or left."""
    CART = 10
    STALL = 11

    @property
    def label(self) -> str:
        """Lower-case name for people and messages: ``car``."""
        return self.name.lower()


VEHICLES = frozenset({ObjectClass.MOTORCYCLE, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK})
"""Classes that a no-parking zone is about; suppressed against each other whatever their class."""

FURNITURE = frozenset(
    {
        ObjectClass.UMBRELLA,
        ObjectClass.TABLE,
        ObjectClass.CHAIR,
        ObjectClass.GOODS,
        ObjectClass.CART,
        ObjectClass.STALL,
    }
)
"""Classes that make a stall or an obstruction when they stay."""
