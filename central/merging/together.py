"""What all leads of a case say together about a new one.

Held against each lead by itself, a new one finds among several by chance one that it goes with, the more
there are. So the leads of a case put it at one place, the surer with every lead, and of what several tell
the mean counts: who contradicts one of two witnesses is not the same because of the other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central.merging import placing
from central.merging.grid import distance_m
from central.merging.pace import Pace
from central.merging.placing import Placed
from central.merging.scoring import Pair, Parts, Spot, place_of, rounded
from central.merging.settings import KindMerging

_LEAST = 1e-9
"""So that a ratio has a logarithm."""


@dataclass(frozen=True, slots=True)
class Joint:
    """A new lead and a case that it may belong to.

    Attributes:
        lead_id: of the case, the lead that goes best with the new one.
        place: where the case's leads put it.
        ratio, parts, certain, same_camera: as of a :class:`~central.merging.scoring.Pair`.
    """

    lead_id: str
    place: Placed
    ratio: float
    parts: Parts
    certain: bool
    same_camera: bool


def together(new: Spot, group: Sequence[tuple[Spot, Pair]], terms: KindMerging, pace: Pace) -> Joint:
    """A new lead and the leads of a case that can be of its occurrence, one at least."""
    own = [each for each in group if each[1].same_camera]  # it knows best what it has seen before
    spot, best = max(own or group, key=lambda each: each[1].ratio)
    place = placing.middle([place_of(each, terms, pace) for each, _pair in group])
    if own or len(group) == 1:
        return Joint(spot.lead_id, place, best.ratio, best.parts, best.certain, best.same_camera)
    where = placing.ratio(place_of(new, terms, pace), place, terms)
    when = _mean(pair.when for _each, pair in group)
    told = _told(pair for _each, pair in group)
    parts: Parts = {
        "gap_min": min(pair.parts["gap_min"] for _each, pair in group),
        "distance_m": round(distance_m(new.lon, new.lat, place.lon, place.lat), 1),
        "leads": len(group),
        "place": rounded(where),
        "time": rounded(when),
    }
    parts |= {name: rounded(value) for name, value in told.items()}
    ratio = where * when * math.prod(told.values())
    return Joint(spot.lead_id, place, ratio, parts, best.certain, same_camera=False)


def _told(pairs: Iterable[Pair]) -> Parts:
    """Of what some of the leads tell, the mean of those that do."""
    found = defaultdict[str, list[float]](list)
    for pair in pairs:
        for name, value in pair.told.items():
            found[name].append(value)
    return {name: _mean(values) for name, values in found.items()}


def _mean(ratios: Iterable[float]) -> float:
    """Geometric: of two that say the opposite nothing is left."""
    logarithms = [math.log(max(ratio, _LEAST)) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms))
