"""The edge box: cameras in, incidents out, for months. One process, one network, a thread a camera."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from watchfiles import watch as watch_files

from edge.evidence.desk import background_desk
from edge.evidence.geotag import GroundMap
from edge.leftovers import clear_orphans, sweep_media
from edge.lock import DataDirLock
from edge.metrics import EdgeCollector, serve_metrics
from edge.rechecks.desk import RecheckDesk
from edge.rounds import Rounds
from edge.settings import CameraSettings, EdgeSettings, load_edge_settings
from edge.store import EdgeStore
from edge.unit import CameraUnit
from edge.uplink.media import MediaQueue
from edge.uplink.outbox import Outbox
from edge.uplink.uplink import Uplink, UplinkStats
from edge.vision.batcher import Batcher
from edge.vision.looking import load_detector
from kerbwatch import __version__
from kerbwatch.clock import Clock
from kerbwatch.messages import CameraHealth, HealthReport, Place, source_of
from kerbwatch.secrets import SecretMissingError, expand_environment
from kerbwatch.settings import SettingsError
from kerbwatch.supervision import tell_supervisor
from models.errors import ModelError

log = structlog.get_logger(__name__)

NEEDS_RESTART = ("site", "edge", "data_dir", "metrics", "outbox")
"""Parts of the configuration that a running box does not take on."""
_SETTLE_S = 10.0
"""Longest wait, when stopping, for the picture that is being blurred at that moment."""
STUCK_AFTER_S = 600.0
"""A box whose network has not come round for so long ends itself, where no supervisor has ended it before."""
_FEED_EVERY_S = 1.0
"""How often the supervisor is told, at most, that the network came round."""


class BoxStuckError(Exception):
    """The box cannot go on by itself: it ends, and whoever supervises it starts it again."""


class EdgeWorker:
    """Everything that runs on the box.

    Args:
        settings: the configuration.
        clock: the wall clock and the monotonic clock.
        on_idle: called whenever no picture came for a while; a replay of files ends itself by it.
    """

    def __init__(
        self, settings: EdgeSettings, clock: Clock, *, on_idle: Callable[[], None] = lambda: None
    ) -> None:
        """Load the network and open the box's file.

        Raises:
            ModelError, GroundMapError, SecretMissingError: the configuration cannot be had as it is.
            DataDirInUseError: another edge process works in ``data_dir``.
            OSError: ``data_dir`` cannot be written to.
        """
        self.settings = settings
        self._clock = clock
        self._started_s = clock.monotonic_s()
        check_ground(settings)
        check_secrets(settings)
        self._detector = load_detector(settings.detector)
        self._lock = DataDirLock(settings.data_dir)
        self._store = EdgeStore(settings.data_dir / "edge.db")
        source = source_of(settings.site, settings.edge)
        self._outbox = Outbox(self._store, source=source, settings=settings.outbox, clock=clock)
        self._media = MediaQueue(self._store, settings.outbox, clock)
        self._batcher = Batcher()
        self._units: dict[str, CameraUnit] = {}
        self._rechecks = RecheckDesk(self._store, self._outbox, self._media, settings, clock)
        self._uplink = self._new_uplink(settings)
        self._change = threading.RLock()
        self._rounds = Rounds(
            self._batcher,
            self._units,
            lambda: (self._detector, self.settings.detector),
            clock,
            chores=self._rechecks.tick,
            on_idle=on_idle,
            on_round=self._came_round,
        )
        self._fed_s = float("-inf")
        collector = EdgeCollector(
            lambda: list(self._units.values()), self._batcher, self._rounds, self._uplink_stats
        )
        self._metrics = serve_metrics(settings.metrics, collector)

    @property
    def model(self) -> str:
        """Fingerprint of the network in use."""
        return self._detector.fingerprint

    def start(self) -> None:
        """Begin to look and to send."""
        known = {camera.id for camera in self.settings.cameras}
        clear_orphans(self._store, self._outbox, self._media, known, self._clock.now_utc())
        sweep_media(self._store, self._media, self.settings.data_dir / "media")
        self._rechecks.start(self.model)
        self._uplink.start()
        for camera in self.settings.cameras:
            self._add(camera, self.settings)
        self._rounds.start()
        log.info("edge_started", cameras=len(self._units), model=self.model)

    def stop(self) -> None:
        """End in order: cameras first, then what they still had to say."""
        self._rounds.halt()
        self._batcher.close()
        with self._change:
            for unit in self._units.values():
                self._stop_unit(unit)
        self._rounds.join(10)
        background_desk().settle(_SETTLE_S)
        self._rechecks.close()
        self._uplink.stop()
        if self._metrics:
            self._metrics.stop()
        self._store.close()
        self._lock.release()
        log.info("edge_stopped")

    def run(self, config: Path, stop: threading.Event) -> None:
        """Look until ``stop`` is set; a changed configuration file is taken on.

        Raises:
            BoxStuckError: its file is broken, or its network hangs.
        """
        self.start()
        tell_supervisor("READY=1")
        try:
            for _changes in watch_files(
                config.parent, stop_event=stop, debounce=300, rust_timeout=1000, yield_on_timeout=True
            ):
                self._check_itself()
                if any(Path(name).name == config.name for _, name in _changes):
                    self.reload_file(config)
        finally:
            tell_supervisor("STOPPING=1")
            self.stop()

    def reload_file(self, config: Path) -> bool:
        """Take on a changed file. One that is wrong changes nothing. Returns whether it was taken."""
        try:
            self.reload(load_edge_settings(config))
        except (SettingsError, ModelError, ValueError, OSError) as error:
            log.error("configuration_refused", file=str(config), error=str(error), note="the old one stays")
            return False
        return True

    def reload(self, settings: EdgeSettings) -> None:
        """Take on what changed, without touching the other cameras.

        Raises:
            ModelError, GroundMapError, SecretMissingError, OSError: nothing is changed then.
        """
        with self._change:
            old = self.settings
            fixed = [part for part in NEEDS_RESTART if getattr(old, part) != getattr(settings, part)]
            if fixed:
                log.warning("restart_needed", parts=fixed)
                settings = settings.model_copy(update={part: getattr(old, part) for part in fixed})
            check_ground(settings)
            check_secrets(settings)
            other_network = settings.detector != old.detector
            detector = load_detector(settings.detector) if other_network else self._detector
            other_line = (settings.mqtt, settings.central) != (old.mqtt, old.central)
            uplink = self._new_uplink(settings) if other_line else None
            # All that may be refused is at hand: only now is anything changed.
            self._detector, self.settings = detector, settings
            if uplink is not None:
                before, self._uplink = self._uplink, uplink
                before.stop()
                uplink.start()
            self._rechecks.take_on(settings, self.model)
            everything = other_network or settings.evidence != old.evidence
            self._reload_cameras(settings, everything=everything)

    def health(self) -> HealthReport:
        """How the box does, for central."""
        stats = self._uplink.stats()
        return HealthReport(
            version=__version__,
            model=self.model,
            uptime_s=self._clock.monotonic_s() - self._started_s,
            cameras=tuple(self._health_of(unit) for unit in list(self._units.values())),
            outbox_entries=stats.outbox.entries,
            outbox_bytes=stats.outbox.bytes,
            media_waiting=stats.media.waiting,
            dropped_updates=stats.outbox.dropped_updates,
        )

    def _reload_cameras(self, settings: EdgeSettings, *, everything: bool) -> None:
        wanted = {camera.id: camera for camera in settings.cameras}
        for camera_id in list(self._units):
            if camera_id not in wanted:
                self._units.pop(camera_id).retire()
                log.info("camera_removed", camera=camera_id)
        for camera_id, camera in wanted.items():
            unit = self._units.get(camera_id)
            if unit is None:
                self._add(camera, settings)
                log.info("camera_added", camera=camera_id)
            elif everything or not same_stream(unit.settings, camera):
                self._units.pop(camera_id).stop()
                self._add(camera, settings)
                log.info("camera_reopened", camera=camera_id)
            elif unit.settings != camera:
                unit.rewatch(camera)
                log.info("camera_rules_changed", camera=camera_id)

    def _add(self, camera: CameraSettings, settings: EdgeSettings) -> None:
        unit = CameraUnit(
            camera,
            settings,
            store=self._store,
            outbox=self._outbox,
            media=self._media,
            batcher=self._batcher,
            rechecks=self._rechecks,
            clock=self._clock,
            model=self.model,
        )
        self._units[camera.id] = unit
        unit.start()

    def _came_round(self) -> None:
        """In the network's thread: one that hangs, or fails at everything, is not called alive."""
        now_s = self._clock.monotonic_s()
        if now_s - self._fed_s >= _FEED_EVERY_S:
            self._fed_s = now_s
            tell_supervisor("WATCHDOG=1")

    def _check_itself(self) -> None:
        """Raises BoxStuckError where only a new start helps."""
        if self._store.damaged is not None:
            raise BoxStuckError(
                f"{self._store.path} is damaged ({self._store.damaged}): the box ends, and moves it "
                "aside when it is started again; where that comes back, replace the disk"
            )
        if self._rounds.age_s >= STUCK_AFTER_S:
            raise BoxStuckError(
                f"the network has not come round for {self._rounds.age_s:.0f} s: the box ends, to be started "
                "again; the log says whether it hung or failed"
            )

    def _stop_unit(self, unit: CameraUnit) -> None:
        try:
            unit.stop()
        except Exception:
            # The process ends: what one camera cannot write down keeps no other from it.
            log.exception("camera_not_stopped", camera=unit.settings.id)

    def _new_uplink(self, settings: EdgeSettings) -> Uplink:
        return Uplink(settings, self._outbox, self._media, self.health, self._clock, asked=self._rechecks.ask)

    def _uplink_stats(self) -> UplinkStats | None:
        return self._uplink.stats()

    def _health_of(self, unit: CameraUnit) -> CameraHealth:
        status, camera = unit.status(), unit.settings
        error = unit.error
        return CameraHealth(
            camera_id=camera.id,
            name=camera.display_name,
            state=status.state,
            profile=status.profile,
            place=Place(lon=camera.position.lon, lat=camera.position.lat, method="camera_position"),
            frozen=status.frozen,
            dark=status.dark,
            view=unit.view,
            looks=unit.looks,
            skipped=self._batcher.skipped(camera.id) + unit.unsearched,
            corrupt=status.corrupt,
            reconnects=status.reconnects,
            last_picture_at=status.last_picture_at,
            error=error[:300] if error else None,
        )


def check_ground(settings: EdgeSettings) -> None:
    """Raises GroundMapError, naming the camera, where known points give no map of the ground."""
    for camera in settings.cameras:
        GroundMap.from_settings(camera)


def check_secrets(settings: EdgeSettings) -> None:
    """Raises SecretMissingError, naming the camera, where a source wants a variable that is not set."""
    for camera in settings.cameras:
        for source in filter(None, (camera.source, camera.look_source)):
            try:
                expand_environment(source)
            except SecretMissingError as error:
                raise SecretMissingError(f"camera '{camera.id}': {error}") from error


def same_stream(a: CameraSettings, b: CameraSettings) -> bool:
    """Whether two settings of a camera differ in nothing that its stream depends on."""
    parts = ("source", "look_source", "effective_profile", "look_interval_s", "playback", "stall_timeout_s")
    return all(getattr(a, part) == getattr(b, part) for part in parts)
