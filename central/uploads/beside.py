"""What runs beside intake for the reports of people: workers that look through files, and a broom."""

from __future__ import annotations

import structlog

from central.context import Central
from central.handheld import photos
from central.jobs.service import Terms
from central.jobs.worker import Workers
from central.uploads import repository, service
from central.uploads.job import KIND, LookThrough

log = structlog.get_logger(__name__)


def workers_of(central: Central) -> Workers:
    """The workers of this copy of central, not yet running."""
    settings = central.settings.reports
    return Workers(
        {KIND: LookThrough(central), photos.KIND: photos.ShowPhoto(central)},
        count=settings.workers,
        terms=Terms(lease_s=settings.lease_s, most_attempts=settings.attempts),
        poll_s=settings.poll_s,
        clock=central.clock,
        database=central.database,
        metrics=central.metrics,
        chores=lambda: sweep(central),
    )


def sweep(central: Central) -> None:
    """Throw away what expired, and the bytes of what was looked through."""
    service.sweep(central)
    names = central.media.names_aside()
    with central.database.read() as session:
        wanted = repository.still_whole(session, names)
    for name in names:
        if name not in wanted:
            central.media.aside(name).unlink(missing_ok=True)
