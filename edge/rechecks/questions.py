"""Questions that wait for their answer, and what reported things looked like, in the box's store."""

from __future__ import annotations

from datetime import datetime

import structlog
from pydantic import BaseModel, ValidationError

from edge.evidence.kept import KeptFile
from edge.rules.appearance import Patch, pack_patch, unpack_patch
from edge.store import EdgeStore
from kerbwatch.clock import UtcDatetime, iso_utc
from kerbwatch.ids import UuidStr
from kerbwatch.messages import LookAgain, UnableReason, Verdict

log = structlog.get_logger(__name__)

_WAITING, _ANSWERED, _LOOK = "recheck/", "recheck-answered/", "recheck-look/"
ANSWERED_KEPT = 1_000
"""Ids of answered questions that are known again when they are asked once more."""
LOOKS_KEPT = 300
"""Of the newest things that a camera reported, what each looked like."""


class Question(BaseModel):
    """A question on disk; from its verdict on with that, until its picture is made for people.

    Attributes:
        id: of the event that asked.
        asked: what it asks.
        verdict: what the camera says; None while it looks.
        reason: why it cannot tell.
        looks: pictures that were looked at.
        looked_at: when the picture behind the verdict was taken.
        picture: that picture, as the camera sent it.
    """

    id: UuidStr
    asked: LookAgain
    verdict: Verdict | None = None
    reason: UnableReason | None = None
    looks: int = 0
    looked_at: UtcDatetime | None = None
    picture: KeptFile | None = None


class QuestionStore:
    """What the box remembers of questions; every call joins the caller's transaction if any."""

    def __init__(self, store: EdgeStore) -> None:
        self._store = store

    def save(self, question: Question) -> None:
        """Keep a question until it is answered."""
        self._store.save_state(_WAITING + question.id, question.model_dump_json())

    def load(self) -> list[Question]:
        """Those that wait. One that cannot be read is logged and forgotten: central asks a person then."""
        found = []
        for key in self._store.state_keys(_WAITING):
            try:
                found.append(Question.model_validate_json(self._store.load_state(key) or ""))
            except ValidationError as error:
                log.error("question_unreadable", key=key, error=str(error))
                self._store.delete_state(key)
        return found

    def answered(self, question_id: str, at: datetime) -> None:
        """It has its answer: only its id is kept, so that it is known when it is asked again."""
        self._store.delete_state(_WAITING + question_id)
        self._store.save_state(_ANSWERED + question_id, iso_utc(at))
        self._forget_oldest(_ANSWERED, ANSWERED_KEPT)

    def knows(self, question_id: str) -> bool:
        """Whether it was answered already."""
        return self._store.load_state(_ANSWERED + question_id) is not None

    def keep_look(self, camera_id: str, incident_id: str, patch: Patch) -> None:
        """What a thing looked like when it was reported."""
        prefix = f"{_LOOK}{camera_id}/"
        self._store.save_state(prefix + incident_id, pack_patch(patch))
        self._forget_oldest(prefix, LOOKS_KEPT)

    def look_of(self, camera_id: str, incident_id: str) -> Patch | None:
        """The same; None where it is not known (any more)."""
        packed = self._store.load_state(f"{_LOOK}{camera_id}/{incident_id}")
        if packed is None:
            return None
        try:
            return unpack_patch(packed)
        except ValueError as error:
            log.error("look_unreadable", camera=camera_id, incident=incident_id, error=str(error))
            return None

    def forget_cameras_but(self, camera_ids: set[str]) -> None:
        """Forget what things looked like before cameras that this box no longer has."""
        for key in self._store.state_keys(_LOOK):
            if key.split("/")[1] not in camera_ids:
                self._store.delete_state(key)

    def _forget_oldest(self, prefix: str, kept: int) -> None:
        keys = self._store.state_keys(prefix)  # ids are in the order of their time
        for key in keys[: max(len(keys) - kept, 0)]:
            self._store.delete_state(key)
