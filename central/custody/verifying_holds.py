"""Legal holds: the table has those that the chain says, set and lifted by whom, when and why."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.chain import EntryKind
from central.custody.findings import Outcome
from central.custody.models import CustodyEntry
from central.custody.verifying_files import differences, in_words


def check_holds(session: Session, outcome: Outcome) -> None:
    """Compare every hold that ever stood."""
    written = _written(session)
    now = {hold.id: hold for hold in repository.holds(session)}
    for hold_id, said in sorted(written.items()):
        where, hold = f"case {said['case_id']}", now.get(hold_id)
        if hold is None:
            was = "was lifted" if said["lifted_at"] else "was never lifted"
            sentence = f"The legal hold on {where} {was}, and is gone from the table of holds."
            outcome.add("hold-changed", where, sentence)
        elif wrong := differences(hold, said):
            sentence = f"The legal hold on {where} is not as the chain says: {in_words(hold, said, wrong)}."
            outcome.add("hold-changed", where, sentence)
    for hold_id in sorted(now.keys() - written.keys()):
        where = f"case {now[hold_id].case_id}"
        outcome.add("hold-changed", where, f"There is a legal hold on {where} that nobody set.")


def _written(session: Session) -> dict[str, dict[str, object]]:
    """What the chain says of each hold, as columns of the table."""
    found: dict[str, dict[str, object]] = {}
    for entry in repository.of_kind(session, EntryKind.HOLD_SET):
        hold_id, reason = _told(entry)
        found[hold_id] = {
            "case_id": entry.subject.partition(":")[2],
            "reason": reason,
            "set_by": entry.actor,
            "set_at": entry.at,
            "lifted_by": None,
            "lifted_at": None,
            "lift_reason": None,
        }
    for entry in repository.of_kind(session, EntryKind.HOLD_LIFTED):
        hold_id, reason = _told(entry)
        if hold_id in found:  # else its entry was changed, which is a finding already
            found[hold_id] |= {"lifted_by": entry.actor, "lifted_at": entry.at, "lift_reason": reason}
    return found


def _told(entry: CustodyEntry) -> tuple[str, object]:
    try:
        said = json.loads(entry.payload)
        return str(said["hold"]), said["reason"]
    except (ValueError, KeyError, TypeError):
        return f"of entry {entry.number}", None  # changed as well
