"""The box's desk for questions: takes them, has its cameras look, and answers through the outbox.

A question is on disk before it is acknowledged to the broker, its answer is in the outbox before it is off
the disk. Whatever stops the box in between, it goes on: a question without a verdict is looked at anew, one
with a verdict has its picture made, one that is asked again after its answer is known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from edge.evidence.finisher import Finisher
from edge.evidence.kept import KeptFile
from edge.evidence.shown import Culprit
from edge.frame import Frame
from edge.rechecks.questions import Question, QuestionStore
from edge.rechecks.sight import Scene, Spot, sight_of
from edge.rechecks.tally import PATIENCE_S, Finding, Tally
from edge.rules.appearance import Patch
from edge.settings import CameraSettings, EdgeSettings
from edge.store import EdgeStore
from edge.uplink.media import MediaFile, MediaQueue
from edge.uplink.outbox import Outbox
from edge.watch import Watch
from kerbwatch.clock import Clock
from kerbwatch.messages import LookAgainAnswer, LookAgainEvent, UnableReason, Verdict

log = structlog.get_logger(__name__)

MOST_WAITING = 100
"""Questions that one box works at; who asks more is told so."""
LOOKS_OF_PATIENCE = 8
"""Looks that a camera has for an answer at least, however seldom it looks."""
_SILENT_S = 30.0
"""Given beyond its patience to a camera whose pictures do not come."""

Snapshot = Callable[[], MediaFile | None]
"""Puts the picture of a look on the disk; None where the disk does not take it."""


@dataclass(slots=True)
class _Waiting:
    question: Question
    tally: Tally
    began_s: float
    patience_s: float


class RecheckDesk:
    """Questions of central to the cameras of this box. Safe for all threads.

    Args:
        store: the box's file.
        outbox: where answers go.
        media: where their pictures go.
        settings: the box's configuration.
        clock: for time stamps, and for cameras that give no picture.
    """

    def __init__(
        self, store: EdgeStore, outbox: Outbox, media: MediaQueue, settings: EdgeSettings, clock: Clock
    ) -> None:
        self._store, self._outbox, self._media, self._clock = store, outbox, media, clock
        self._questions = QuestionStore(store)
        self._lock = threading.RLock()
        self._waiting: dict[str, _Waiting] = {}
        self._model = "none"
        self._cameras: dict[str, CameraSettings] = {}
        self._settings = settings
        self._finisher = Finisher(settings, self._made, media.room)

    def start(self, model: str) -> None:
        """Go on with what an earlier run left, as the network ``model``."""
        self._model = model
        with self._lock:
            self._cameras = {camera.id: camera for camera in self._settings.cameras}
            self._questions.forget_cameras_but(set(self._cameras))
            for question in self._questions.load():
                self._wait_for(question)
            for waiting in list(self._waiting.values()):
                if waiting.question.verdict is not None:
                    self._finish(waiting.question)
            self._answer_gone()

    def take_on(self, settings: EdgeSettings, model: str) -> None:
        """A changed configuration: cameras and zones that are gone cannot be looked at."""
        with self._lock:
            self._model = model
            if (settings.detector, settings.evidence) != (self._settings.detector, self._settings.evidence):
                self._finisher.close()
                self._finisher = Finisher(settings, self._made, self._media.room)
                for waiting in self._waiting.values():
                    if waiting.question.verdict is not None:
                        self._finish(waiting.question)
            self._settings = settings
            self._cameras = {camera.id: camera for camera in settings.cameras}
            self._questions.forget_cameras_but(set(self._cameras))
            self._answer_gone()

    def close(self) -> None:
        """Make and answer nothing more in this run."""
        with self._lock:
            self._waiting.clear()
        self._finisher.close()

    def ask(self, event: LookAgainEvent) -> None:
        """Take a question; one that is known is not asked twice. Once it returns, the question is on disk."""
        question = Question(id=event.id, asked=event.data)
        with self._lock:
            if event.id in self._waiting or self._questions.knows(event.id):
                log.info("question_known", question=event.id)
                return
            log.info("asked_to_look_again", question=event.id, camera=question.asked.camera_id)
            gone = self._gone(question)
            if gone is not None or len(self._waiting) >= MOST_WAITING:
                self._answer(_found(question, Finding(Verdict.UNABLE, gone or UnableReason.BUSY, 0)), None)
                return
            self._questions.save(question)
            self._wait_for(question)

    def keep_look(self, camera_id: str, incident_id: str, patch: Patch) -> None:
        """Remember what a thing looks like that is reported now; joins the caller's transaction."""
        self._questions.keep_look(camera_id, incident_id, patch)

    def asks(self, camera_id: str) -> bool:
        """Whether somebody waits for a look of this camera."""
        with self._lock:
            return bool(self._of(camera_id))

    def look(self, watch: Watch, frame: Frame, scene: Scene, snapshot: Snapshot) -> None:
        """Take in a look of a camera, after its rules. Not within a transaction of the store.

        Args:
            watch: the camera's rules, which have taken the look in.
            frame: the picture.
            scene: what it shows.
            snapshot: puts the picture on disk, if a verdict wants it.
        """
        camera_id = watch.camera.id
        with self._lock:
            for waiting in self._of(camera_id):
                asked = waiting.question.asked
                place = watch.place_of(asked.incident_id)
                spot = Spot(
                    place.id if place is not None else asked.incident_id,
                    asked.kind,
                    asked.box.in_picture(*scene.size_px),
                    watch.permits(asked.zone_id, frame.captured_at),
                    self._questions.look_of(camera_id, asked.incident_id),
                )
                finding = waiting.tally.look(scene.t_s, sight_of(spot, scene))
                if finding is not None:
                    self._decide(waiting.question, finding, frame.captured_at, snapshot())

    def tick(self) -> None:
        """Give up where no pictures come. Called now and then."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            for waiting in list(self._waiting.values()):
                silent = now_s - waiting.began_s >= waiting.patience_s + _SILENT_S
                if waiting.question.verdict is None and silent:
                    self._decide(waiting.question, waiting.tally.given_up(), None, None)

    def _of(self, camera_id: str) -> list[_Waiting]:
        return [
            each
            for each in self._waiting.values()
            if each.question.asked.camera_id == camera_id and each.question.verdict is None
        ]

    def _wait_for(self, question: Question) -> None:
        camera = self._cameras.get(question.asked.camera_id)
        patience_s = max(PATIENCE_S, LOOKS_OF_PATIENCE * camera.look_interval_s if camera else 0.0)
        tally = Tally(question.asked.kind, patience_s)
        self._waiting[question.id] = _Waiting(question, tally, self._clock.monotonic_s(), patience_s)

    def _gone(self, question: Question) -> UnableReason | None:
        """Why nobody here can look at it."""
        camera = self._cameras.get(question.asked.camera_id)
        if camera is None:
            return UnableReason.NO_CAMERA
        known = {zone.id for zone in camera.zones}
        return None if question.asked.zone_id in known else UnableReason.NO_ZONE

    def _answer_gone(self) -> None:
        for waiting in list(self._waiting.values()):
            gone = self._gone(waiting.question)
            if gone is not None and waiting.question.verdict is None:
                self._decide(waiting.question, Finding(Verdict.UNABLE, gone, waiting.tally.looks), None, None)

    def _decide(
        self, question: Question, finding: Finding, looked_at: datetime | None, picture: MediaFile | None
    ) -> None:
        found = _found(question, finding).model_copy(
            update={"looked_at": looked_at, "picture": picture and KeptFile.of(picture)}
        )
        self._questions.save(found)
        self._waiting[question.id].question = found
        log.info(
            "looked_again",
            question=question.id,
            camera=question.asked.camera_id,
            verdict=finding.verdict.value,
            reason=finding.reason and finding.reason.value,
            looks=finding.looks,
        )
        self._finish(found)

    def _finish(self, question: Question) -> None:
        """Have the picture made for people; where there is none, answer at once."""
        if question.picture is None:
            self._answer(question, None)
            return
        culprit = None
        if question.verdict is Verdict.NOT_CLEAR and question.looked_at is not None:
            asked = question.asked
            culprit = Culprit.standing(asked.box, asked.object_class, question.looked_at)
        self._finisher.make(question.id, question.picture.media(), culprit)

    def _made(self, question_id: str, _original: MediaFile, shown: MediaFile | None) -> None:
        """The desk has made the picture for people, or could not."""
        with self._lock:
            waiting = self._waiting.get(question_id)
            if waiting is not None:
                self._answer(waiting.question, shown)

    def _answer(self, question: Question, shown: MediaFile | None) -> None:
        assert question.verdict is not None  # nothing is answered before
        pictures = [question.picture.media()] if question.picture is not None else []
        pictures += [] if shown is None else [shown]
        answer = LookAgainAnswer(
            question_id=question.id,
            incident_id=question.asked.incident_id,
            camera_id=question.asked.camera_id,
            verdict=question.verdict,
            reason=question.reason,
            looked_at=question.looked_at,
            looks=question.looks,
            evidence=tuple(picture.evidence() for picture in pictures),
            model=self._model,
        )
        with self._store.transaction():
            self._outbox.put_answer(answer)
            for picture in pictures:
                self._media.put(picture, question.asked.incident_id)
            self._questions.answered(question.id, self._clock.now_utc())
        self._waiting.pop(question.id, None)


def _found(question: Question, finding: Finding) -> Question:
    return question.model_copy(
        update={"verdict": finding.verdict, "reason": finding.reason, "looks": finding.looks}
    )
