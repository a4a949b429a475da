"""The web application of one copy of central, and what runs beside it: intake and the log's tail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from central import problems, schema
from central.context import Central
from central.database import Database
from central.metrics import Metrics
from central.people import api as people
from central.settings import CentralSettings
from central.stream.service import LogTail
from kerbwatch import __version__
from kerbwatch.clock import Clock, SystemClock


def create_app(settings: CentralSettings, clock: Clock | None = None) -> FastAPI:
    """Build the application.

    Raises:
        SettingsError, SecretMissingError: when the signing key is absent or weak.
    """
    database = Database(settings.database.resolve_url())
    central = Central(
        settings=settings,
        clock=clock or SystemClock(),
        database=database,
        metrics=Metrics(),
        secret=settings.secret.resolve(),
        tail=LogTail(database),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        schema.check_current(database)
        tail = asyncio.create_task(central.tail.run())
        try:
            yield
        finally:
            tail.cancel()
            with suppress(asyncio.CancelledError):
                await tail
            database.close()

    app = FastAPI(
        title="kerbwatch central",
        version=__version__,
        lifespan=lifespan,
        docs_url="/api/docs",
        redoc_url=None,
    )
    app.state.central = central
    problems.install(app)
    app.include_router(people.router)
    return app
