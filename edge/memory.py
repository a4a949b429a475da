"""What one camera's rules, view and register remember, on the box's disk."""

from __future__ import annotations

import structlog

from edge.store import EdgeStore
from edge.watch import Watch
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

SAVE_EVERY_S = 5.0
"""How often the rules' memory may go to disk as things come and go."""
REFRESH_EVERY_S = 60.0
"""How often it goes there while nothing comes or goes, if it changed at all: the daylight does."""


def accepted_view_key(camera_id: str) -> str:
    """Where the store says that somebody has accepted a camera's new view."""
    return f"view-accepted/{camera_id}"


class CameraMemory:
    """Recalls and keeps, in the caller's transaction if any.

    Args:
        camera_id: whose memory.
        store: the box's file.
        clock: for how often it goes to disk.
    """

    def __init__(self, camera_id: str, store: EdgeStore, clock: Clock) -> None:
        self._camera_id, self._store, self._clock = camera_id, store, clock
        self._saved_s = clock.monotonic_s()
        self._saved_gist: frozenset[tuple[object, ...]] = frozenset()

    def recall(self, watch: Watch) -> None:
        """Go on where an earlier watch of the camera left off; what is unreadable is begun anew, and told."""
        remembered = self._store.load_state(self._rules_key)
        if remembered is not None:
            try:
                watch.restore(remembered)
            except ValueError as error:
                log.error("memory_unreadable", camera=self._camera_id, error=str(error))
        view = self._store.load_state(self._view_key)
        if view is not None:
            try:
                watch.restore_view(view)
            except ValueError as error:
                log.error("view_unreadable", camera=self._camera_id, error=str(error))
        for key in self._store.state_keys(self._register_key):
            entry_id = key.removeprefix(self._register_key)
            try:
                watch.register.restore({entry_id: self._store.load_state(key) or ""})
            except ValueError as error:
                log.error("register_unreadable", camera=self._camera_id, entry=entry_id, error=str(error))

    def keep(self, watch: Watch, *, force: bool) -> None:
        """Write down what is new after a look; ``force``: also what could wait some seconds."""
        self._keep_view(watch)
        self.keep_rules(watch, force=force)
        self._keep_register(watch)

    def keep_rules(self, watch: Watch | None, *, force: bool) -> None:
        """Write down what the rules remember, not too often unless ``force``."""
        if watch is None:
            return
        now_s = self._clock.monotonic_s()
        waited_s = now_s - self._saved_s
        if not force and waited_s < SAVE_EVERY_S:
            return
        gist = watch.gist()
        if not force and waited_s < REFRESH_EVERY_S and gist == self._saved_gist:
            return
        self._saved_s, self._saved_gist = now_s, gist
        state = watch.state(changed=not force)
        if state is not None:
            self._store.save_state(self._rules_key, state)

    @property
    def _rules_key(self) -> str:
        return f"watch/{self._camera_id}"

    @property
    def _view_key(self) -> str:
        return f"view/{self._camera_id}"

    @property
    def _register_key(self) -> str:
        return f"standing/{self._camera_id}/"

    def _keep_view(self, watch: Watch) -> None:
        """Write down what is new about the view, and take on a view that somebody has accepted."""
        accepted = accepted_view_key(self._camera_id)
        if self._store.load_state(accepted):
            self._store.delete_state(accepted)
            log.info("view_accepted", camera=self._camera_id)
            watch.accept_view()
        view = watch.changed_view()
        if view is not None:
            self._store.save_state(self._view_key, view)

    def _keep_register(self, watch: Watch) -> None:
        for entry_id, text in watch.register.changes().items():
            if text is None:
                self._store.delete_state(self._register_key + entry_id)
            else:
                self._store.save_state(self._register_key + entry_id, text)
