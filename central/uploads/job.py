"""The job of a report: its files are looked through, then it becomes a lead or is refused."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from central.areas.coverage import covered
from central.areas.service import area_map
from central.context import Central
from central.duty.matter import may_be_reported, unknown
from central.duty.service import book_if_any
from central.jobs.service import JobError, Writing
from central.jobs.worker import Progress
from central.reports import following
from central.reports import service as reports
from central.reports.models import Report, ReportState
from central.reports.service import Seen
from central.uploads import repository
from central.uploads.findings import REPORTED_CLIP, Exhibit, Findings, Kept
from central.uploads.looking import Looker
from central.uploads.models import Upload, UploadFile, UploadState
from central.uploads.service import CLIP_TYPE
from central.uploads.showing import keep, show
from central.uploads.verdict import Terms, Verdict, judge

log = structlog.get_logger(__name__)

KIND = following.JOB_KIND
"""Of the job; its subject is a report."""
ACTOR = "system"
_NOT_LOOKED_THROUGH = "Its files could not be looked through: {why}."
_UNREADABLE = "none of the files could be read as a photo or a clip"


class LookThrough:
    """Handler of these jobs."""

    def __init__(self, central: Central) -> None:
        self._central = central

    def run(self, subject_id: str, progress: Progress) -> Writing:
        """Look through a report's files; see :class:`central.jobs.worker.Handler`."""
        report, uploads = self._read(subject_id)
        if report is None or report.state != ReportState.ANALYSING:
            return lambda _session: None
        for upload in uploads:
            if not self._central.media.aside(upload.id).is_file():
                raise JobError("one of its files is not here")
        with tempfile.TemporaryDirectory(prefix="kerbwatch-report-") as folder:
            looker = Looker(
                self._central.settings,
                self._central.media,
                report,
                folder=Path(folder),
                progress=progress,
            )
            found = looker.look(uploads)
            verdict = self._judge(report, found)
            kept: list[Kept] = []
            if verdict.reason is None:
                looker.make_shown()
                kept = [each for exhibit in found.exhibits for each in keep(self._central.media, exhibit)]
        self._count(found, verdict)
        return lambda session: self._write(session, subject_id, found, verdict, kept)

    def give_up(self, subject_id: str, why: str) -> Writing:
        """The report goes to review as it is, if it says where; its clip can be looked at, photos cannot."""
        report, uploads = self._read(subject_id)
        if report is None or report.state != ReportState.ANALYSING:
            return lambda _session: None
        found = Findings(remarks=[_NOT_LOOKED_THROUGH.format(why=why)])
        kept: list[Kept] = []
        for upload in uploads:
            path = self._central.media.aside(upload.id)
            if upload.content_type == CLIP_TYPE and path.is_file():
                exhibit = Exhibit(path, REPORTED_CLIP, CLIP_TYPE, report.seen_at)
                kept += keep(self._central.media, exhibit)
        verdict = self._judge(report, found)
        self._count(found, verdict)
        return lambda session: self._write(session, subject_id, found, verdict, kept)

    def _read(self, report_id: str) -> tuple[Report | None, Sequence[Upload]]:
        with self._central.database.read() as session:
            return session.get(Report, report_id), repository.of_report(session, report_id)

    def _judge(self, report: Report, found: Findings) -> Verdict:
        settings, now = self._central.settings, self._central.clock.now_utc()
        if found.unfit and not found.exhibits:
            why = f"{_UNREADABLE}: {' '.join(found.remarks)}"
            return Verdict(None, report.seen_at, "unreadable", why)
        stated = None
        if report.lon is not None and report.lat is not None:
            stated = Seen(report.lon, report.lat, report.place_method, report.accuracy_m)
        with self._central.database.read() as session:
            areas, book = area_map(session, now), book_if_any(session, now)
        if not may_be_reported(book, report.kind):  # the list has changed since
            return Verdict(None, report.seen_at, "kind", unknown(report.kind))
        terms = Terms(
            covers=partial(covered, areas),
            city=settings.city,
            oldest=timedelta(days=settings.reports.oldest_days),
            tolerance=timedelta(seconds=settings.intake.future_tolerance_s),
        )
        return judge(
            terms,
            stated=stated,
            stated_at=report.seen_at,
            told=found.places,
            told_at=found.times,
            received_at=report.received_at,
        )

    def _count(self, found: Findings, verdict: Verdict) -> None:
        for code in found.unfit:
            self._central.metrics.report_files.labels(code).inc()
        if found.exhibits:
            self._central.metrics.report_files.labels("shown").inc(len(found.exhibits))
        self._central.metrics.reports.labels(verdict.reason or "lead").inc()

    def _write(
        self, session: Session, report_id: str, found: Findings, verdict: Verdict, kept: Sequence[Kept]
    ) -> None:
        now = self._central.clock.now_utc()
        report = session.get_one(Report, report_id, with_for_update=True)
        report.remarks = found.remarks
        for upload in repository.of_report(session, report_id):
            upload.state, upload.reason = UploadState.OVER.value, "looked-through"
        for mark in found.marks:
            session.add(
                UploadFile(
                    report_id=report_id,
                    sha256=mark.sha256,
                    phash=mark.phash,
                    content_type=mark.content_type,
                    created_at=now,
                )
            )
        if verdict.reason is not None or verdict.place is None:
            reports.refuse(report, f"{verdict.words[:1].upper()}{verdict.words[1:].rstrip('.')}.", now)
            log.info("report_refused", report=report_id, reason=verdict.reason)
            return
        place = verdict.place
        report.lon, report.lat, report.place_method = place.lon, place.lat, place.method
        report.accuracy_m, report.seen_at = place.accuracy_m, verdict.seen_at
        lead_id = reports.make_lead(
            session, report, actor=ACTOR, now=now, settings=self._central.settings, sight=found.sight
        )
        show(session, lead_id, kept, found.remarks, now)
