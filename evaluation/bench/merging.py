"""Planted duplicates in a made-up city: how many of them merging finds, and how often it is wrong.

Leads go through central's own judgement in the order of their times; of what is suggested, people accept what
is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from central.merging.crowding import Crowding
from central.merging.neighbourhood import Match, Neighbourhood
from central.merging.pace import Pace
from central.merging.scoring import FOREVER
from central.merging.settings import MergingSettings
from evaluation.bench.merging_city import Past, month_before, plant
from evaluation.bench.merging_words import told


@dataclass(frozen=True, slots=True)
class MergingCount:
    """What one city gave.

    Attributes:
        leads: leads of all channels.
        repeats: those that are not the first of their occurrence.
        merged: merged by central itself.
        right: of these, put to the right case.
        suggested: leads with a suggestion.
        suggested_right: of these, one of the suggestions is right.
        missed: repeats by the channels of the first lead and of this, neither merged rightly nor suggested.
    """

    leads: int
    repeats: int
    merged: int
    right: int
    suggested: int
    suggested_right: int
    missed: Counter[str]

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        found = self.right + self.suggested_right
        return {
            "leads": self.leads,
            "repeats": self.repeats,
            "merged": self.merged,
            "recall": round(self.right / max(self.repeats, 1), 4),
            "precision": round(self.right / max(self.merged, 1), 4),
            "suggestions": self.suggested,
            "suggestions_right": round(self.suggested_right / max(self.suggested, 1), 4),
            "recall_with_suggestions": round(found / max(self.repeats, 1), 4),
            "precision_with_suggestions": round(found / max(self.merged + self.suggested_right, 1), 4),
            "missed": dict(self.missed.most_common()),
        }


def count(leads: int, seed: int, settings: MergingSettings, *, words: bool = True) -> MergingCount:
    """Plant and judge a city of ``leads`` leads; without ``words`` of places and times, and plates, alone."""
    planted = plant(seed, leads)
    if words:
        planted = told(planted, seed)
    around, truth = Neighbourhood(settings, Crowding(), Pace()), dict[str, int]()
    past, today = Past(month_before(seed, leads), settings), date.min
    ends = sorted((each.spot.until, each.spot.lead_id) for each in planted)
    merged, right, suggested, suggested_right = 0, 0, 0, 0
    seen, repeats, missed, cleared = set[int](), 0, Counter[str](), 0
    for each in planted:
        now = each.spot.started_at
        if now.date() != today:
            today = now.date()
            around.crowding, around.pace = past.crowding(today), past.pace(now)
        while cleared < len(ends) and ends[cleared][0] <= now:
            around.ended(ends[cleared][1], ends[cleared][0])
            cleared += 1
        standing = each.channel == "camera" and each.spot.until > now
        spot = replace(each.spot, until=FOREVER) if standing else each.spot
        matches = around.matches(spot)
        joined = _joined(matches, settings, each.spot.kind)
        likely = [m for m in matches if m.score >= settings.of(each.spot.kind).suggest_from]
        hit = next((m for m in likely if truth[m.case_id] == each.occurrence), None)
        repeat = each.occurrence in seen
        seen.add(each.occurrence)
        repeats += repeat
        if joined is not None:
            merged += 1
            right += truth[joined.case_id] == each.occurrence
        elif likely:
            suggested += 1
            suggested_right += hit is not None
        if repeat and (truth[joined.case_id] != each.occurrence if joined else hit is None):
            missed[f"{each.first_channel} then {each.channel}"] += 1
        kept = joined or hit  # people accept what is right
        spot.case_id = kept.case_id if kept else spot.lead_id
        if kept is None:
            past.opened(spot)
        past.came(spot)
        truth.setdefault(spot.case_id, each.occurrence)
        around.add([spot])
    return MergingCount(len(planted), repeats, merged, right, suggested, suggested_right, missed)


def _joined(matches: Sequence[Match], settings: MergingSettings, kind: str) -> Match | None:
    best = matches[0] if matches else None
    return best if best and best.certain and best.score >= settings.of(kind).merge_from else None
