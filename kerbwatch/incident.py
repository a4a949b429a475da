"""The words for what is seen: kinds of offence, the phases of an incident, the parts of its evidence.

Kinds follow the classes of GB/T 30428 (digital urban management) where it has one.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What was seen."""

    STALL_ENCROACHMENT = "stall_encroachment"
    """占道经营 / 跨门营业: a stall on the road or pavement, or a shop trading beyond its doorway."""
    ILLEGAL_PARKING = "illegal_parking"
    """违章停车: a vehicle standing in a no-parking zone longer than allowed."""
    VEHICLE_LITTER = "vehicle_litter"
    """车窗抛物: something thrown from a vehicle."""
    PAVEMENT_OBSTRUCTION = "pavement_obstruction"
    """乱堆物料: goods or refuse left standing on a pavement with nobody trading beside it."""


BEYOND_DOORWAY = "goods beyond the doorway"
"""The ``object_class`` of what a shop has set out on the pavement; its kind is ``stall_encroachment``."""


class Phase(StrEnum):
    """Where an incident stands. One occurrence in the world is one incident: it opens and clears once."""

    OPENED = "opened"
    UPDATED = "updated"
    CLEARED = "cleared"


class EvidenceRole(StrEnum):
    """What a picture or clip shows. Two pictures some minutes apart prove that a vehicle stood (GA/T 832)."""

    SNAPSHOT_ARRIVAL = "snapshot_arrival"
    """The offender when it came to rest (or when the box first saw it)."""
    SNAPSHOT_LIMIT = "snapshot_limit"
    """The offender when the limit passed."""
    SNAPSHOT_CLEARED = "snapshot_cleared"
    """The place after the offender left."""
    SNAPSHOT_CHECKED = "snapshot_checked"
    """The place when the camera looked again, after a unit reported it as dealt with."""
    SNAPSHOT_THROW = "snapshot_throw"
    """The picture in which something left a vehicle."""
    SNAPSHOT_PATH = "snapshot_path"
    """The same with the thing's way drawn over it, and the vehicle framed."""
    SNAPSHOT_VEHICLE = "snapshot_vehicle"
    """The vehicle that it was thrown from, alone, at the full size of the picture."""
    CLIP = "clip"
    """Video around the moment the incident opened, as the camera sent it."""


class Audience(StrEnum):
    """Whom a picture or clip is for."""

    PEOPLE = "people"
    """Made to be looked at: bystanders' faces and plates are blurred."""
    ORIGINAL = "original"
    """As the camera sent it: for those with the permission, and a reason."""


class ZoneKind(StrEnum):
    """What a zone of a camera's picture is for."""

    NO_PARKING = "no_parking"
    PARKING = "parking"
    """Parking is permitted; watched only for vehicles that are left standing for days (僵尸车)."""
    NO_STALL = "no_stall"
    ROAD = "road"
