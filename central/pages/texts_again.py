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
    "again.take_back": "Take the confirmation back",
    "again.take_back_help": (
        "Confirmed by mistake, or as the wrong thing or place: it is in review again, its units lose their "
        "tickets and are told why."
    ),
    "again.take_back_note": "Note (the unit reads it)",
    "again.take_back_submit": "Take it back",
    "again.take_back_needed": "Choose why it is taken back, and say it in the note: the unit reads it.",
    "again.taken_back": "Taken back from you",
    "again.taken_back_title": "Taken back, nothing is to be done",
    "again.handheld": "Opened again after it had been closed",
    "notice.reopened": "Open again. Everyone who reported it is told.",
    "notice.taken_back": "In review again. Its units are told why.",
    "notice.resumed": "The clock runs on.",
    "notice.why_needed": "Say why first.",
    "reason.mistake": "It was decided by mistake",
    "reason.not_done": "What was closed as done is not",
    "reason.new_evidence": "There is new evidence",
    "reason.objection": "Whoever reported it objects (say why in the note)",
    "reason.wrong_kind": "It is something else",
    "reason.wrong_place": "It is elsewhere",
    "rule.take_back": "The confirmation was taken back",
    "rule.reopen_rejected": "The rejection was taken back",
    "rule.reopen_closed": "Opened again",
    "rule.recall_rejected": "In review again: a camera says that it cannot wait",
    "rule.recall_closed": "In review again: a camera says that it cannot wait",
    "my_outcome.again": "Dealt with again",
}
