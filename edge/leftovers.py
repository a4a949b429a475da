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


def sweep_media(store: EdgeStore, media: MediaQueue, folder: Path) -> int:
    """Delete pictures and clips that nothing refers to: those of a box killed before it said what they were.

    Called before anything is captured. Returns how many went.
    """
    arrivals = [kept_file(store, key) for key in store.state_keys("arrival/")]
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
    """Close the incidents of cameras that this box no longer has; their originals go. Returns how many."""
    orphans = [key for key in store.state_keys("incident/") if key.split("/")[1] not in camera_ids]
    closed = 0
    for camera_id in {key.split("/")[1] for key in orphans}:
        for entry in load_entries(store, camera_id):
            with store.transaction():
                if entry.report.phase is not Phase.CLEARED:
                    outbox.put(cleared(entry.report, now))
                    closed += 1
                for kept in entry.unshown:
                    media.put(kept.media(), entry.report.incident_id)
                store.delete_state(f"incident/{camera_id}/{entry.report.incident_id}")
        log.info("camera_gone_incidents_cleared", camera=camera_id)
    for key in store.state_keys("standing/"):
        if key.split("/")[1] not in camera_ids:
            store.delete_state(key)
    return closed
