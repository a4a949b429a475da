"""What runs beside intake for the reports of people: workers that look through files, and a broom."""

from __future__ import annotations

import structlog

from central.context import Central
from central.custody.fence import FenceError, deletions
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
    """Throw away what expired, and the bytes of what was looked through, unless a backup is copying files."""
    service.sweep(central)
    names = central.media.names_aside()
    with central.database.read() as session:
        wanted = repository.still_whole(session, names)
    over = [name for name in names if name not in wanted]
    if not over:
        return
    try:
        with deletions(central.media.folder):
            for name in over:
                central.media.aside(name).unlink(missing_ok=True)
    except FenceError as error:
        log.debug("bytes_kept_for_now", files=len(over), reason=str(error))
