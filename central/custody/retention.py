"""Deletes what its rule says, and nothing else: never what is held, open, or shared with a case that is kept.

Small units of work in order with intake and holds: what is decided in one still holds when it commits. The
row of a file is marked first, with an entry in the chain; then its bytes go.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from central.cases.drafting import words_of
from central.cases.models import Lead
from central.custody import retained
from central.custody.chain import EntryKind, append
from central.custody.fence import deletions
from central.custody.rules import RetentionRules, file_rule, people_rule
from central.database import Database
from central.media.models import MediaFile
from central.media.store import MediaStore
from kerbwatch.counts import counted

log = structlog.get_logger(__name__)

ACTOR = "system"
_BATCH = 200
_UNFINISHED_DAYS = 30
"""Files that were marked so lately, and lie there still after a stop at the wrong instant, are looked for."""


@dataclass(slots=True)
class Tally:
    """What was done, or would be.

    Attributes:
        files: deleted files by rule.
        file_bytes: bytes that they took.
        leads: anonymised leads by rule.
        messages: messages of boxes whose content was taken out.
    """

    files: Counter[str] = field(default_factory=Counter)
    file_bytes: int = 0
    leads: Counter[str] = field(default_factory=Counter)
    messages: int = 0

    def lines(self, *, dry_run: bool = False) -> list[str]:
        """For people."""
        would = "would be " if dry_run else ""
        found = [
            f"{counted(count, 'file')} {would}deleted by rule '{rule}'"
            for rule, count in sorted(self.files.items())
        ]
        if self.files:
            found.append(f"{self.file_bytes / 1e6:.1f} MB {would}freed")
        found += [
            f"{counted(count, 'lead')} {would}anonymised by rule '{rule}'"
            for rule, count in sorted(self.leads.items())
        ]
        if self.messages:
            found.append(f"{counted(self.messages, 'message')} of boxes {would}emptied")
        return found or ["nothing is due"]


class Retention:
    """One run. Safe to stop at any instant and to run again.

    Args:
        rest: called after each unit of work with the seconds that it took. Whoever runs beside intake rests
            as long: a year's arrears are thousands of units, and each keeps all others from writing.
    """

    def __init__(
        self,
        database: Database,
        media: MediaStore,
        rules: RetentionRules,
        now: datetime,
        zone: ZoneInfo,
        *,
        rest: Callable[[float], object] = lambda _took_s: None,
    ) -> None:
        self._database, self._media, self._rules = database, media, rules
        self._now, self._zone, self._rest = now, zone, rest
        self._due_before = now - timedelta(days=rules.least_days)

    def preview(self) -> Tally:
        """What a run would do now."""
        tally = Tally()
        with self._database.snapshot() as session:
            after: tuple[datetime, str] | None = None
            while files := retained.files_before(session, self._due_before, after, _BATCH):
                self._due_files(session, files, tally)
                after = (files[-1].received_at, files[-1].sha256)
                session.expunge_all()
            last = ""
            while leads := retained.leads_before(session, self._due_before, last, _BATCH):
                self._due_leads(session, leads, tally)
                last = leads[-1].id
                session.expunge_all()
        return tally

    def run(self) -> Tally:
        """Delete and anonymise what is due. Raises FenceError while a backup copies files."""
        tally = Tally()
        with deletions(self._media.folder):
            self._finish()
            self._files(tally)
            self._people(tally)
            self._messages(tally)
        if tally.files or tally.leads:
            log.info("retention", files=tally.files.total(), leads=tally.leads.total())
        return tally

    @contextmanager
    def _unit(self, *, ordered: bool = True) -> Iterator[Session]:
        began_s = time.monotonic()
        with self._database.write(ordered=ordered) as session:
            yield session
        self._rest(time.monotonic() - began_s)

    def _finish(self) -> None:
        """Bytes of what was marked before a stop."""
        with self._database.read() as session:
            marked = retained.deleted_since(session, self._now - timedelta(days=_UNFINISHED_DAYS))
        left = [sha256 for sha256 in marked if self._media.path(sha256).exists()]
        for begin in range(0, len(left), _BATCH):
            self._unlink(left[begin : begin + _BATCH])

    def _files(self, tally: Tally) -> None:
        after: tuple[datetime, str] | None = None
        while True:
            with self._unit() as session:
                files = retained.files_before(session, self._due_before, after, _BATCH)
                if not files:
                    return
                after = (files[-1].received_at, files[-1].sha256)
                due = self._due_files(session, files, tally)
                for file, rule in due:
                    file.deleted_at, file.deletion_rule = self._now, rule
                    payload = {"rule": rule, "size_bytes": file.size_bytes}
                    subject = f"file:{file.sha256}"
                    append(
                        session, EntryKind.FILE_DELETED, subject, actor=ACTOR, now=self._now, payload=payload
                    )
            self._unlink([file.sha256 for file, _rule in due])

    def _due_files(
        self, session: Session, files: Sequence[MediaFile], tally: Tally
    ) -> list[tuple[MediaFile, str]]:
        named = retained.named_by(session, [file.sha256 for file in files])
        due = []
        for file in files:
            rule = file_rule(self._rules, file.content_type, file.received_at, named[file.sha256], self._now)
            if rule:
                due.append((file, rule))
                tally.files[rule] += 1
                tally.file_bytes += file.size_bytes
        return due

    def _unlink(self, hashes: list[str]) -> None:
        """Take the bytes away, unless the file came in again in the meantime."""
        if not hashes:
            return
        with self._unit() as session:
            for sha256 in retained.still_deleted(session, hashes):
                self._media.path(sha256).unlink(missing_ok=True)

    def _people(self, tally: Tally) -> None:
        last = ""
        while True:
            with self._unit() as session:
                leads = retained.leads_before(session, self._due_before, last, _BATCH)
                if not leads:
                    return
                last = leads[-1].id
                for lead, rule in self._due_leads(session, leads, tally):
                    self._anonymise(session, lead, rule)

    def _due_leads(self, session: Session, leads: Sequence[Lead], tally: Tally) -> list[tuple[Lead, str]]:
        cases = retained.standings(session, {lead.case_id for lead in leads})
        due = []
        for lead in leads:
            rule = people_rule(self._rules, cases[lead.case_id], self._now)
            if rule:
                due.append((lead, rule))
                tally.leads[rule] += 1
        return due

    def _anonymise(self, session: Session, lead: Lead, rule: str) -> None:
        """Take out who and whose; what, where and when stays, for the figures of later years."""
        lead.plate, lead.plate_said, lead.reporter_ref, lead.anonymised_at = None, None, None, self._now
        if lead.words is not None:
            self._tell_anew(session, lead)
        for report in retained.reports_of(session, [lead.id]):
            report.words, report.reporter_ref, report.follow_hash, report.said_hash = "", None, None, None
        payload = {"rule": rule, "case": lead.case_id}
        subject = f"lead:{lead.id}"
        append(session, EntryKind.LEAD_ANONYMISED, subject, actor=ACTOR, now=self._now, payload=payload)

    def _tell_anew(self, session: Session, lead: Lead) -> None:
        """A report's words go out of it, and out of what the cases that it made say with their tickets."""
        whole = words_of(lead, self._zone)
        lead.words = ""
        bare = words_of(lead, self._zone)
        said = whole.removeprefix(bare)
        for row in retained.founded_by(session, lead):
            for ticket in row.tickets:
                for slip in retained.slips_of(session, row.id):
                    slip.sentence = slip.sentence.replace(
                        ticket.sentence, _without(said, ticket.sentence, bare)
                    )
                ticket.sentence = _without(said, ticket.sentence, bare)
            row.sentence = _without(said, row.sentence, bare)

    def _messages(self, tally: Tally) -> None:
        """The content of boxes' messages whose incident is anonymised; plates stand in them."""
        last = 0
        while True:
            with self._unit(ordered=False) as session:
                found = [
                    (number, payload)
                    for number, received_at, payload in retained.messages_after(session, last, _BATCH)
                    if received_at <= self._due_before
                ]
                if not found:
                    return
                last = found[-1][0]
                incidents = {number: _incident_of(payload) for number, payload in found}
                kept = retained.incidents_kept(session, {each for each in incidents.values() if each})
                gone = [number for number, each in incidents.items() if each and each not in kept]
                retained.empty_messages(session, gone)
                tally.messages += len(gone)


def _without(said: str, sentence: str, bare: str) -> str:
    """A sentence without what was said at its end; the bare one where that does not stand there."""
    return sentence.removesuffix(said) if sentence.endswith(said) else bare


def _incident_of(payload: str) -> str | None:
    try:
        return str(json.loads(payload)["data"]["incident_id"])
    except (ValueError, KeyError, TypeError):
        return None  # another kind of message
