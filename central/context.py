"""What a running copy of central has at hand, passed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.codes.signing import PlaceKeys
from central.database import Database
from central.directory.provider import Provider
from central.intake.apart import IntakeApart
from central.intake.consumer import Consumer
from central.limits.allowance import Allowances
from central.media.store import MediaStore
from central.metrics import Metrics
from central.reporters.contacts import Vault
from central.reporters.courier import Courier
from central.settings import CentralSettings
from central.stream.service import LogTail
from kerbwatch.clock import Clock


@dataclass(frozen=True, slots=True)
class Central:
    """The parts of one copy of central that outlive a request."""

    settings: CentralSettings
    clock: Clock
    database: Database
    metrics: Metrics
    secret: bytes
    place_keys: PlaceKeys
    tail: LogTail
    media: MediaStore
    consumer: Consumer | IntakeApart
    allowances: Allowances
    vault: Vault
    courier: Courier
    metrics_token: str | None
    directory: Provider | None
    """The city's own directory, where one is configured."""


def central_of(request: Request) -> Central:
    """The copy of central that answers this request."""
    central = request.app.state.central
    assert isinstance(central, Central)
    return central


CentralDep = Annotated[Central, Depends(central_of)]
"""For an endpoint's signature."""
