"""What an earlier run or an earlier configuration left behind, put in order before the box looks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from edge.evidence.kept import kept_file
from edge.incidents import cleared, load_entries
from edge.rechecks.questions import QuestionStore
from edge.store import EdgeStore
from edge.uplink.media import MediaQueue
from edge.uplink.outbox import Outbox
from kerbwatch.incident import Phase

log = structlog.get_logger(__name__)

ARRIVAL = "arrival/"
_OF_CAMERA = (ARRIVAL, "incident/", "standing/", "watch/", "view/", "view-accepted/")
"""What the store keeps of a camera; its name comes next."""


def sweep_media(store: EdgeStore, media: MediaQueue, folder: Path) -> int:
    """Delete pictures and clips that nothing refers to: those of a box killed before it said what they were.

    Called before anything is captured. Returns how many went.
    """
    arrivals = [kept_file(store, key) for key in store.state_keys(ARRIVAL)]
    kept = {picture.path.absolute() for picture in arrivals if picture is not None}
    kept |= {file.path.absolute() for entry in load_entries(store) for file in entry.unshown}
    asked = [question.picture for question in QuestionStore(store).load()]
    kept |= {picture.path.absolute() for picture in asked if picture is not None}
    strays = [
        path
        for path in folder.glob("*")
        if path.is_file() and path.absolute() not in kept and not media.holds_file(path)
    ]
    for path in strays:
        path.unlink(missing_ok=True)
    if strays:
        log.info("stray_media_deleted", count=len(strays))
    return len(strays)


def clear_orphans(
    store: EdgeStore, outbox: Outbox, media: MediaQueue, camera_ids: set[str], now: datetime
) -> int:
    """Forget the cameras that this box no longer has. Returns how many incidents were closed."""
    known = {key.split("/")[1] for prefix in _OF_CAMERA for key in store.state_keys(prefix)}
    return sum(forget_camera(store, outbox, media, each, now) for each in sorted(known - camera_ids))


def forget_camera(store: EdgeStore, outbox: Outbox, media: MediaQueue, camera_id: str, now: datetime) -> int:
    """Close a camera's incidents, send off their originals, and delete whatever else is kept of it.

    Pictures of vehicles that were no offence go with it. Returns how many incidents were closed.
    """
    keys = [
        key for prefix in _OF_CAMERA for key in store.state_keys(prefix) if key.split("/")[1] == camera_id
    ]
    arrivals = [kept_file(store, key) for key in keys if key.startswith(ARRIVAL)]
    closed = 0
    with store.transaction():
        for entry in load_entries(store, camera_id):
            if entry.report.phase is not Phase.CLEARED:
                outbox.put(cleared(entry.report, now))
                closed += 1
            for kept in entry.unshown:
                media.put(kept.media(), entry.report.incident_id)
        for key in keys:
            store.delete_state(key)
    for picture in arrivals:
        if picture is not None:
            picture.path.unlink(missing_ok=True)
    log.info("camera_forgotten", camera=camera_id, incidents_cleared=closed, pictures_deleted=len(arrivals))
    return closed
