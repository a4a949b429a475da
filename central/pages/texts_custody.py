"""Words about custody: legal holds, looks at originals, and what was deleted by a rule."""

from __future__ import annotations

CUSTODY: dict[str, str] = {
    "custody.title": "Custody",
    "custody.held": "Legal hold",
    "custody.held_since": "Nothing of this case is deleted since {day}: {reason}",
    "custody.set": "Put a legal hold on it",
    "custody.lift": "Lift the legal hold",
    "custody.reason": "Why? It is kept.",
    "custody.submit_set": "Hold",
    "custody.submit_lift": "Lift",
    "custody.looked": "Looked at an original",
    "custody.none": "Nobody has looked at an original.",
    "custody.deleted": "Deleted on {day} by the rule '{rule}'",
    "custody.files_deleted": "Files deleted by the rule '{rule}': {count}",
    "custody.anonymised": "Plate, words and reporter taken out by the rule '{rule}'",
    "custody.hold_set": "Legal hold",
    "custody.hold_lifted": "Legal hold lifted",
    "custody.entries": "Entries {numbers} of the chain of custody",
    "notice.hold_set": "Nothing of this case is deleted from now on.",
    "notice.hold_lifted": "The legal hold is lifted.",
    "rule.hold_set": "Legal hold",
    "rule.hold_lifted": "Legal hold lifted",
}
