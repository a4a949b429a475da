"""The web application of one copy of central, and what runs beside it: intake and the log's tail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from central import problems, setup
from central.adjudication import api as adjudication
from central.answers import api as answers
from central.cameras import api as cameras
from central.cases import api as cases
from central.codes import api as codes
from central.codes.signing import PlaceKeys
from central.context import Central
from central.corrections import api as corrections
from central.custody import api as custody
from central.custody.keeper import Keeper
from central.custody.sealer import Sealer
from central.database import Database
from central.directory.provider import Provider
from central.duty import api as duty
from central.escalation import api as escalation
from central.escalation.sweeper import Sweeper
from central.health import api as health
from central.hotline import api as hotline
from central.insight import api as insight
from central.insight.reckoner import Reckoner
from central.intake.apart import IntakeApart
from central.intake.consumer import Consumer
from central.limits.access import LimitEverything
from central.limits.allowance import Allowances
from central.limits.body import LimitBodies
from central.media import api as media
from central.media.store import MediaStore
from central.merging import api as merging
from central.metrics import IntakeMetrics, Metrics
from central.open311 import api as open311
from central.operations.heartbeat import beat
from central.operations.watching import serve_metrics
from central.pages import api as pages
from central.people import api as people
from central.points import api as points
from central.rechecks import api as rechecks
from central.reopening import api as reopening
from central.reporters import api as reporters
from central.reporters.contacts import Vault
from central.reporters.courier import Courier
from central.reporters.errands import Errands
from central.reporters.sending import senders_of
from central.reports import api as reports
from central.requests import Traced
from central.settings import CentralSettings
from central.stream import api as stream
from central.stream.service import LogTail
from central.tickets import api as tickets
from central.uploads import api as uploads
from central.uploads.beside import workers_of
from kerbwatch import __version__
from kerbwatch.clock import Clock, SystemClock
from kerbwatch.supervision import tell_supervisor

DESCRIPTION = """
Leads in, tickets out. Sign in with `POST /api/v1/token` and send `Authorization: Bearer TOKEN`.
Errors are problem documents (RFC 9457). Times are UTC, places WGS-84 in the order longitude, latitude.
"""


class CentralApp(FastAPI):
    """The application, whose API's page tells of problem documents too."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return problems.describe(super().openapi())


def build_central(settings: CentralSettings, clock: Clock, *, apart: bool = False) -> Central:
    """The parts of one copy of central, not yet running; ``apart``: intake in a process of its own.

    Raises:
        SettingsError, SecretMissingError: when the signing key is absent or weak.
    """
    database, metrics = Database(settings.database.resolve_url()), Metrics()
    secret, directory = settings.secret.resolve(), settings.people.directory
    return Central(
        settings=settings,
        clock=clock,
        database=database,
        metrics=metrics,
        secret=secret,
        place_keys=PlaceKeys.of(settings),
        tail=LogTail(database),
        media=MediaStore(settings.media.dir),
        consumer=(
            IntakeApart(settings, metrics.registry)
            if apart
            else Consumer(settings, clock, database, IntakeMetrics(metrics.registry))
        ),
        allowances=Allowances(clock),
        vault=Vault(secret),
        courier=Courier(senders_of(settings.reporters, clock), metrics),
        metrics_token=settings.metrics.resolve_token(),
        directory=Provider(directory, settings.public_url, clock) if directory else None,
    )


def create_app(settings: CentralSettings, clock: Clock | None = None, *, apart: bool = False) -> FastAPI:
    """Build the application; what runs beside it starts and ends with its lifespan.

    Args:
        settings: of this copy of central.
        clock: the present instant; the system's where none is given.
        apart: take messages in in a process of its own, by the system's clock.

    Raises:
        SettingsError, SecretMissingError: when the signing key is absent or weak.
    """
    central = build_central(settings, clock or SystemClock(), apart=apart)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        now = central.clock.now_utc()
        setup.check_ready(settings, central.database, now)
        central.media.sweep(now.timestamp())
        tail = asyncio.create_task(central.tail.run())
        central.consumer.start()
        sweeper = Sweeper(settings, central.clock, central.database, central.metrics)
        sweeper.start()
        reckoner = Reckoner(settings, central.clock, central.database, central.metrics)
        reckoner.start()
        sealer = Sealer(settings, central.clock, central.database, central.metrics)
        sealer.start()
        keeper = Keeper(settings, central.clock, central.database, central.media, central.metrics)
        keeper.start()
        errands = Errands(central)
        errands.start()
        own_port = serve_metrics(settings.metrics, central.metrics)
        workers = workers_of(central)
        workers.start()
        heart = asyncio.create_task(beat(lambda: central.consumer.alive))
        try:
            yield
        finally:
            tell_supervisor("STOPPING=1")
            heart.cancel()
            await asyncio.to_thread(workers.stop)
            await asyncio.to_thread(central.consumer.stop)
            await asyncio.to_thread(sweeper.stop)
            await asyncio.to_thread(reckoner.stop)
            await asyncio.to_thread(keeper.stop)
            await asyncio.to_thread(sealer.stop)
            await asyncio.to_thread(errands.stop)
            await asyncio.to_thread(own_port.close)
            tail.cancel()
            with suppress(asyncio.CancelledError):
                await tail
            central.database.close()

    app = CentralApp(
        title="kerbwatch central",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=problems.RESPONSES,
    )
    app.state.central = central
    problems.install(app, pages.problem_page)
    app.add_middleware(LimitBodies, photo_bytes=settings.reports.photo_max_bytes)
    app.add_middleware(LimitEverything)
    app.add_middleware(Traced)
    for part in (
        people,
        cases,
        custody,
        corrections,
        merging,
        hotline,
        codes,
        open311,
        answers,
        reporters,
        points,
        tickets,
        rechecks,
        reopening,
        duty,
        adjudication,
        escalation,
        insight,
        cameras,
        media,
        uploads,
        reports,
        stream,
        health,
        pages,
    ):
        app.include_router(part.router)
    app.mount("/static", pages.static, name="static")
    return app
