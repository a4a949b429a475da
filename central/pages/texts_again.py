"""Words about what is taken back: a rejection, a closing, a suspension."""

from __future__ import annotations

AGAIN: dict[str, str] = {
    "again.reopen_rejected": "Take the rejection back",
    "again.reopen_closed": "Open it again",
    "again.help_rejected": "It is in review again, and everyone who reported it is told.",
    "again.help_closed": (
        "Its ticket goes out again at once, with a new term, and everyone who reported it is told."
    ),
    "again.reason": "Why",
    "again.choose": "Choose a reason",
    "again.note": "Note (needed for \u201cobjects\u201d and \u201cOther\u201d)",
    "again.apart": "It is another occurrence than the open cases around it",
    "again.submit": "Open it again",
    "again.reason_needed": (
        "Choose why it is opened again; for \u201cobjects\u201d and \u201cOther\u201d, say it in the note."
    ),
    "again.resume": "End the suspension now",
    "again.resume_why": "Why its clock is to run on",
    "again.resume_submit": "Let the clock run on",
    "again.handheld": "Opened again after it had been closed",
    "notice.reopened": "Open again. Everyone who reported it is told.",
    "notice.resumed": "The clock runs on.",
    "notice.why_needed": "Say why first.",
    "reason.mistake": "It was decided by mistake",
    "reason.not_done": "What was closed as done is not",
    "reason.new_evidence": "There is new evidence",
    "reason.objection": "Whoever reported it objects (say why in the note)",
    "rule.reopen_rejected": "The rejection was taken back",
    "rule.reopen_closed": "Opened again",
    "my_outcome.again": "Dealt with again",
}
