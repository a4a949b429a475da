"""Prometheus metrics of an edge box, read off at the moment of the scrape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edge.rounds import Rounds
from edge.settings import MetricsSettings
from edge.unit import CameraUnit
from edge.uplink.uplink import UplinkStats
from edge.vision.batcher import Batcher
from kerbwatch.messages import CameraState, ViewState

log = structlog.get_logger(__name__)


class EdgeCollector(Collector):
    """Counters and gauges of the cameras and the uplink."""

    def __init__(
        self,
        units: Callable[[], Iterable[CameraUnit]],
        batcher: Batcher,
        rounds: Rounds,
        uplink: Callable[[], UplinkStats | None],
    ) -> None:
        self._units, self._batcher, self._rounds, self._uplink = units, batcher, rounds, uplink

    def collect(self) -> Iterator[Metric]:
        """All metrics, as of now."""
        yield from self._cameras()
        yield GaugeMetricFamily(
            "kerbwatch_looking_age_seconds",
            "Since the network last came round: it grows where it hangs or fails at everything",
            value=self._rounds.age_s,
        )
        stats = self._uplink()
        if stats is not None:
            yield from _uplink_metrics(stats)

    def _cameras(self) -> Iterator[Metric]:
        def counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
            return CounterMetricFamily(f"kerbwatch_{name}", text, labels=["camera", *labels])

        def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"kerbwatch_{name}", text, labels=["camera", *labels])

        looks = counter("looks", "Pictures that the network saw")
        failed = counter("look_failures", "Pictures that could not be looked at or judged")
        skipped = counter("pictures_skipped", "Pictures that gave way to newer ones")
        unsearched = counter(
            "pictures_unsearched", "Pictures of a road not searched for litter, for want of time"
        )
        packets = counter("packets", "Packets read from the camera")
        corrupt = counter("corrupt", "Packets and pictures dropped as damaged")
        reconnects = counter("camera_reconnects", "How often the camera was opened again")
        incidents = counter("incidents", "Incidents by kind and phase", "kind", "phase")
        state = gauge("camera_state", "1 for the state that the camera is in", "state")
        frozen = gauge("camera_frozen", "1 when its picture has stopped changing")
        dark = gauge("camera_dark", "1 when its picture is black or covered")
        view = gauge("camera_view", "1 for the state that the view is in", "view")
        lag = gauge("look_lag_seconds", "From the picture to its look")
        reads = counter("plate_reads", "Pictures of vehicles that were searched for a plate")
        read_s = counter("plate_read_cpu_seconds", "Processor time of that")
        ring = gauge("ring_bytes", "Compressed video held for evidence")
        overflows = counter(
            "ring_overflows", "Groups of pictures too large to be held: no clip shows that time"
        )
        for unit in self._units():
            name, status = unit.settings.id, unit.status()
            looks.add_metric([name], unit.looks)
            failed.add_metric([name], unit.trouble.failures)
            skipped.add_metric([name], self._batcher.skipped(name))
            unsearched.add_metric([name], unit.unsearched)
            packets.add_metric([name], status.packets)
            corrupt.add_metric([name], status.corrupt)
            reconnects.add_metric([name], status.reconnects)
            for (kind, phase), count in unit.incidents.items():
                incidents.add_metric([name, kind, phase], count)
            for each in CameraState:
                state.add_metric([name, each.value], float(status.state is each))
            frozen.add_metric([name], float(status.frozen))
            dark.add_metric([name], float(status.dark))
            for each_view in ViewState:
                view.add_metric([name, each_view.value], float(unit.view is each_view))
            lag.add_metric([name], unit.look_lag_s)
            reads.add_metric([name], unit.plates.reads)
            read_s.add_metric([name], unit.plates.read_s)
            ring.add_metric([name], unit.camera.ring.size_bytes)
            overflows.add_metric([name], unit.camera.ring.overflows)
        yield from (
            looks,
            failed,
            skipped,
            unsearched,
            packets,
            corrupt,
            reconnects,
            incidents,
            state,
            frozen,
            dark,
            view,
            lag,
            ring,
            overflows,
            reads,
            read_s,
        )


def _uplink_metrics(stats: UplinkStats) -> Iterator[Metric]:
    def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"kerbwatch_{name}", text, value=value)

    def counter(name: str, text: str, value: float) -> CounterMetricFamily:
        return CounterMetricFamily(f"kerbwatch_{name}", text, value=value)

    yield gauge("broker_connected", "1 while the broker is there", float(stats.connected))
    yield gauge("outbox_entries", "Messages that wait for central's receipt", stats.outbox.entries)
    yield gauge("outbox_bytes", "Their size", stats.outbox.bytes)
    yield counter("outbox_dropped_updates", "Updates that a full disk cost", stats.outbox.dropped_updates)
    yield counter("outbox_refused", "Messages that central refused for good", stats.outbox.refused)
    yield counter("messages_sent", "Messages given to the broker, repeats included", stats.sent)
    yield counter("receipts", "Receipts from central", stats.receipts)
    yield counter("questions", "Questions of central to look again, repeats included", stats.questions)
    yield counter("commands_refused", "Commands that made no sense", stats.bad_commands)
    yield gauge("media_waiting", "Pictures and clips that wait for their upload", stats.media.waiting)
    yield gauge("media_waiting_bytes", "Their size", stats.media.bytes)
    yield gauge(
        "media_unshown", "Pictures and clips that wait to be made fit for people", stats.media.unshown
    )
    yield counter(
        "media_not_kept", "Pictures and clips not kept, for want of room or of time", stats.media.not_kept
    )
    yield counter("media_lost", "Pictures and clips given up as damaged", stats.media.lost)
    yield counter("media_uploaded", "Pictures and clips that central has", stats.uploads.uploaded)
    yield counter("media_uploaded_bytes", "What of them went over the line", stats.uploads.uploaded_bytes)
    yield counter("media_failures", "Uploads that failed and are tried again", stats.uploads.failures)


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """The endpoint, listening."""

    server: WSGIServer
    thread: threading.Thread

    def stop(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def serve_metrics(settings: MetricsSettings, collector: Collector) -> MetricsServer | None:
    """Serve ``/metrics``; None when it is switched off. Raises OSError when the port is taken."""
    if not settings.enabled:
        return None
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    try:
        server, thread = start_http_server(settings.port, addr=settings.host, registry=registry)
    except OSError as error:
        raise OSError(
            error.errno,
            f"'metrics.port' {settings.port} on {settings.host} cannot be listened on: {error.strerror}; "
            "another box on this machine needs another port (0 takes a free one)",
        ) from error
    log.info("metrics_served", host=settings.host, port=server.server_port)
    return MetricsServer(server, thread)
