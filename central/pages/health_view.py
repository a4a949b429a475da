"""Edge boxes and cameras as the pages show them: what needs attention comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.cameras.schemas import BoxOut, CameraOut
from central.cases.drafting import duration
from central.pages.texts import t, t_or
from kerbwatch.messages import CameraState, ViewState


@dataclass(frozen=True, slots=True)
class CameraView:
    """A camera."""

    id: str
    name: str
    state_name: str
    tone: str
    flags: tuple[str, ...]
    well: bool
    last_picture_at: datetime | None
    looks: int
    skipped: int
    corrupt: int
    reconnects: int
    error: str | None


@dataclass(frozen=True, slots=True)
class BoxView:
    """An edge box."""

    key: str
    name: str
    silent: bool
    """Nothing was heard for too long, or it said goodbye."""
    state_name: str
    tone: str
    heard_at: datetime | None
    cameras: tuple[CameraView, ...]
    facts: tuple[tuple[str, str], ...]


def boxes_of(boxes: Sequence[BoxOut]) -> list[BoxView]:
    """Boxes in the order in which someone should look at them: silent, with an unwell camera, the others."""
    views = [_box(box) for box in boxes]
    return sorted(
        views, key=lambda box: (not box.silent, all(camera.well for camera in box.cameras), box.name)
    )


def _box(box: BoxOut) -> BoxView:
    silent = box.state != "online"
    facts = [
        (t("edge.version"), box.version),
        (t("edge.model"), box.model),
        (t("edge.uptime"), None if box.uptime_s is None else duration(box.uptime_s)),
        (
            t("edge.outbox"),
            None
            if box.outbox_entries is None
            else t("edge.outbox_value", entries=box.outbox_entries, media=box.media_waiting or 0),
        ),
        (t("edge.dropped"), str(box.dropped_updates) if box.dropped_updates else None),
    ]
    cameras = [_camera(camera, box_silent=silent) for camera in box.cameras if camera.listed]
    return BoxView(
        key=f"{box.site}-{box.edge}",
        name=f"{box.site} / {box.edge}",
        silent=silent,
        state_name=t_or(f"edge.{box.state}", box.state),
        tone="bad" if silent else "good",
        heard_at=box.health_at,
        cameras=tuple(sorted(cameras, key=lambda camera: (camera.well, camera.name))),
        facts=tuple((label, value) for label, value in facts if value),
    )


def _camera(camera: CameraOut, *, box_silent: bool) -> CameraView:
    """A camera. How the cameras of a silent box do, nobody knows."""
    raised = (
        (camera.frozen, t("camera.frozen")),
        (camera.dark and camera.view != ViewState.COVERED, t("camera.dark")),
        (camera.view == ViewState.COVERED, t("camera.covered")),
        (camera.view == ViewState.MOVED, t("camera.moved")),
    )
    flags = [] if box_silent else [words for up, words in raised if up]
    streaming = camera.state == CameraState.STREAMING
    return CameraView(
        id=camera.camera_id,
        name=camera.name or camera.camera_id,
        state_name=t("camera.not_known")
        if box_silent
        else t_or(f"camera_state.{camera.state}", camera.state),
        tone="" if box_silent else "good" if streaming else "warn" if camera.state == "connecting" else "bad",
        flags=tuple(flags),
        well=streaming and not flags and not box_silent,
        last_picture_at=camera.last_picture_at,
        looks=camera.looks,
        skipped=camera.skipped,
        corrupt=camera.corrupt,
        reconnects=camera.reconnects,
        error=camera.error,
    )
