"""What edge boxes say of themselves and their cameras, and what their silence says."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from central.cameras import repository
from central.cameras.models import Camera, EdgeBox
from central.cameras.schemas import BoxOut, BoxState
from central.people.service import hash_token
from central.sender import Sender
from kerbwatch.messages import CameraHealth, HealthReport

log = structlog.get_logger(__name__)

SILENT_AFTER_S = 45.0
"""Three health reports missed, at one every 15 s."""


def state_of(box: EdgeBox, now: datetime) -> BoxState:
    """How a box stands: what it last said, unless it has said nothing for too long."""
    if box.status == "offline":
        return "offline"
    if box.health_at is None or now - box.health_at > timedelta(seconds=SILENT_AFTER_S):
        return "silent"
    return "online"


def list_boxes(session: Session, now: datetime) -> list[BoxOut]:
    """Every box with its cameras."""
    return [BoxOut.of(box, state_of(box, now)) for box in repository.all_boxes(session)]


def register(session: Session, sender: Sender, now: datetime) -> str:
    """Give a box a new upload token; an earlier one stops working.

    Returns:
        The token, which is seen here only.
    """
    token = secrets.token_urlsafe(32)
    box_named(session, sender, now).token_hash = hash_token(token)
    return token


def box_named(session: Session, sender: Sender, now: datetime) -> EdgeBox:
    """The box of that name, made known now if it was not."""
    box = repository.by_name(session, sender.site, sender.edge)
    if box is None:
        box = EdgeBox(site=sender.site, edge=sender.edge, created_at=now)
        session.add(box)
        session.flush()
    return box


def take_status(session: Session, sender: Sender, state: str, now: datetime) -> None:
    """A box came or went."""
    box = box_named(session, sender, now)
    if box.status != state:
        log.info("edge_status", site=sender.site, edge=sender.edge, state=state)
        box.status, box.status_at = state, now


def take_health(
    session: Session, sender: Sender, report: HealthReport, time: datetime, now: datetime
) -> None:
    """A box's health; a report older than the newest shows that the box lives, and nothing else."""
    box = box_named(session, sender, now)
    box.health_at = now
    if box.health_time and time < box.health_time:
        return
    box.health_time = time
    box.version, box.model, box.uptime_s = report.version, report.model, report.uptime_s
    box.outbox_entries, box.outbox_bytes = report.outbox_entries, report.outbox_bytes
    box.media_waiting, box.dropped_updates = report.media_waiting, report.dropped_updates
    known = {camera.camera_id: camera for camera in box.cameras}
    named = {health.camera_id for health in report.cameras}
    for camera_id, camera in known.items():
        camera.listed = camera_id in named
    for health in report.cameras:
        if health.camera_id not in known:
            known[health.camera_id] = Camera(camera_id=health.camera_id)
            box.cameras.append(known[health.camera_id])
        _fill(known[health.camera_id], health)
    session.flush()


def _fill(camera: Camera, health: CameraHealth) -> None:
    camera.name, camera.state, camera.profile = health.name, health.state.value, health.profile
    camera.lon = health.place.lon if health.place else None
    camera.lat = health.place.lat if health.place else None
    camera.frozen, camera.dark, camera.view = health.frozen, health.dark, health.view.value
    camera.looks, camera.skipped = health.looks, health.skipped
    camera.corrupt, camera.reconnects = health.corrupt, health.reconnects
    camera.last_picture_at, camera.error, camera.listed = health.last_picture_at, health.error, True
