"""The edge box's configuration: one class a concern, every field described, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from edge.zone_settings import Fraction, PlatePattern, ZoneSettings
from kerbwatch.ids import Slug
from kerbwatch.incident import ZoneKind
from kerbwatch.mqtt import MqttSettings
from kerbwatch.place import Position
from kerbwatch.safety import is_loopback
from kerbwatch.secrets import expand_environment, read_secret_file
from kerbwatch.settings import Settings, load_settings


class PositionSettings(Settings):
    """A place on the earth, WGS-84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180)] = Field(description="Longitude, WGS-84 degrees.")
    lat: Annotated[float, Field(ge=-90, le=90)] = Field(description="Latitude, WGS-84 degrees.")

    def to_position(self) -> Position:
        """As a value."""
        return Position(self.lon, self.lat)


class GroundPointSettings(PositionSettings):
    """A point that is known in the picture and on the ground."""

    pixel: tuple[float, float] = Field(description="[x, y] in pixels of the picture as shown.")


class CameraSettings(Settings):
    """One camera: where its pictures come from, where it stands, what it watches."""

    id: Slug = Field(description="Name of the camera, unique on this box.")
    name: str = Field("", description="Name for people; the id when absent.", max_length=200)
    source: str = Field(
        description="Main stream: rtsp(s)://… or a file. Credentials only as ${NAME}, from the environment."
    )
    look_source: str | None = Field(
        None, description="Sub-stream for looking; the main stream is then opened for evidence only."
    )
    size: tuple[int, int] | None = Field(
        None, description="Width and height in px of the picture that zones in pixels were drawn on."
    )
    profile: Literal["auto", "dwell", "motion"] = Field(
        "auto",
        description="dwell decodes key frames, motion every frame; auto takes the cheapest for its zones.",
    )
    look_interval_s: Annotated[float, Field(ge=0.1, le=60)] = Field(
        2.0, description="How often the dwell profile looks, in seconds."
    )
    playback: Literal["real_time", "flat_out"] = Field(
        "real_time", description="For a file: at its own speed, or as fast as it goes."
    )
    stall_timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(
        10.0, description="Silence after which a stream counts as stalled and is opened again."
    )
    time_zone: str = Field("Asia/Shanghai", description="IANA time zone of allowed_hours.")
    position: PositionSettings = Field(description="Where the camera stands.")
    ground_points: tuple[GroundPointSettings, ...] = Field(
        (),
        description="Four or more points known in picture and on the ground; geotags then follow the thing.",
    )
    road: str | None = Field(None, description="Road that the camera watches.", max_length=200)
    live_url: str | None = Field(None, description="Where people find its live picture (no credentials).")
    exempt_plates: tuple[PlatePattern, ...] = Field(
        (), description="Plates that may stand in any of its zones; '*' stands for any characters."
    )
    zones: tuple[ZoneSettings, ...] = Field((), description="What it watches.")

    @model_validator(mode="after")
    def _sound(self) -> CameraSettings:
        for field in ("source", "look_source", "live_url"):
            url = getattr(self, field)
            if url and "://" in url and _literal_credentials(url):
                raise ValueError(
                    f"camera '{self.id}': '{field}' carries a password; write rtsp://${{CAMERA_USER}}:"
                    "${CAMERA_PASSWORD}@host/… and set these in the environment"
                )
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"camera '{self.id}': 'time_zone' {self.time_zone!r} is no time zone (Asia/Shanghai is one)"
            ) from None
        ids = [zone.id for zone in self.zones]
        if len(set(ids)) != len(ids):
            raise ValueError(f"camera '{self.id}': two zones have the same id")
        if 0 < len(self.ground_points) < 4:
            raise ValueError(f"camera '{self.id}': 'ground_points' needs four or more points")
        if self.size:
            for zone in self.zones:
                _inside(self.id, zone, self.size)
        return self

    @property
    def display_name(self) -> str:
        """The name for people."""
        return self.name or self.id

    @property
    def effective_profile(self) -> Literal["dwell", "motion"]:
        """The profile in force: motion only where a zone needs every frame."""
        if self.profile != "auto":
            return self.profile
        return "motion" if any(zone.kind is ZoneKind.ROAD for zone in self.zones) else "dwell"


def _literal_credentials(url: str) -> bool:
    authority = urlsplit(url).netloc
    user_info, at, _host = authority.rpartition("@")
    return bool(at) and any(part and not part.startswith("${") for part in user_info.split(":", 1)[1:])


def _inside(camera_id: str, zone: ZoneSettings, size: tuple[int, int]) -> None:
    """Raises ValueError when a zone in pixels leaves the picture of ``size``."""
    if zone.units == "fractions":
        return
    for name, corners in zone.outlines.items():
        for x, y in corners:
            if not (0 <= x <= size[0] and 0 <= y <= size[1]):
                raise ValueError(
                    f"camera '{camera_id}', zone '{zone.id}', '{name}': corner [{x:g}, {y:g}] lies outside "
                    f"the picture of {size[0]} x {size[1]} px"
                )


class DetectorSettings(Settings):
    """The network that looks."""

    model: str = Field(
        "yolox-nano", description="Name in the models' manifest, or the path of an ONNX file of your own."
    )
    class_map: dict[str, str] = Field(
        {}, description="For a network of your own: its class name -> kerbwatch class (car, person, stall …)."
    )
    input_px: Annotated[int, Field(ge=64, le=2048, multiple_of=32)] = Field(
        416, description="Longer side of the network's input, px."
    )
    min_score: Fraction = Field(0.25, description="Detections below this are not used.")
    providers: tuple[Literal["cpu", "cuda", "tensorrt", "openvino", "coreml"], ...] = Field(
        ("cpu",), description="ONNX Runtime execution providers, in order of preference."
    )
    threads: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Threads of one inference.")
    batch_size: Annotated[int, Field(ge=1, le=64)] = Field(
        8, description="Pictures of one inference at most."
    )
    batch_wait_ms: Annotated[int, Field(ge=0, le=1000)] = Field(
        20, description="How long to wait for more pictures before an inference begins."
    )


class EvidenceSettings(Settings):
    """Clips and snapshots."""

    pre_roll_s: Annotated[float, Field(ge=0, le=120)] = Field(
        8.0, description="Video kept before the moment."
    )
    post_roll_s: Annotated[float, Field(ge=0, le=120)] = Field(
        4.0, description="Video kept after the moment."
    )
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = Field(88, description="Of snapshots.")
    max_ring_bytes: Annotated[int, Field(ge=1_000_000)] = Field(
        24_000_000, description="Most memory that one camera's packet ring may take."
    )


class OutboxSettings(Settings):
    """What waits for central."""

    max_bytes: Annotated[int, Field(ge=100_000)] = Field(
        200_000_000, description="Disk for messages; when full, the oldest 'updated' give way."
    )
    max_media_bytes: Annotated[int, Field(ge=10_000_000)] = Field(
        20_000_000_000,
        description="Disk for pictures and clips that wait; when full, new clips are not kept.",
    )
    resend_after_s: Annotated[float, Field(ge=1, le=3600)] = Field(
        15.0, description="How long to wait for central's receipt before a message is sent again; doubles."
    )
    window: Annotated[int, Field(ge=1, le=1000)] = Field(
        200, description="Messages under way at most: sent, and no receipt yet."
    )


class CentralSettings(Settings):
    """Where evidence is uploaded."""

    url: str = Field("http://127.0.0.1:8000", description="Base URL of central; https for any other machine.")
    token: str | None = Field(None, description="Only as ${NAME} of an environment variable; or token_file.")
    token_file: Path | None = Field(None, description="File that holds this edge's token.")
    ca_file: Path | None = Field(None, description="Certificate authority of central, when not the system's.")
    allow_plaintext: bool = Field(False, description="Permit http to another machine (a test network).")

    @model_validator(mode="after")
    def _safe(self) -> CentralSettings:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"'url' must be http(s)://host, not {self.url!r}")
        if parts.username or parts.password:
            raise ValueError("'url' may not carry credentials; use 'token_file'")
        local = is_loopback(parts.hostname)
        if parts.scheme == "http" and not local and not self.allow_plaintext:
            raise ValueError(f"central {parts.hostname} is another machine: use https")
        if self.token and not self.token.startswith("${"):
            raise ValueError("'token' may not be written in the file: use ${NAME} or 'token_file'")
        return self

    def resolve_token(self) -> str | None:
        """The token from the file or the environment. Raises SecretMissingError."""
        if self.token_file:
            return read_secret_file(self.token_file)
        return expand_environment(self.token) if self.token else None


class MetricsSettings(Settings):
    """Prometheus metrics."""

    enabled: bool = Field(True, description="Serve /metrics.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(9108, description="Port; 0 takes a free one.")


class EdgeSettings(Settings):
    """Everything an edge box needs to know."""

    site: Slug = Field(description="The city or network.")
    edge: Slug = Field(description="This box, unique in its site.")
    allow_unsafe: tuple[Literal["open-secret-file"], ...] = Field(
        (), description="What the box would refuse to start with, and is meant so.", max_length=10
    )
    data_dir: Path = Field(Path("var/edge"), description="State, outbox and evidence that waits.")
    mqtt: MqttSettings = Field(
        default_factory=lambda: MqttSettings.model_validate({}), description="The broker."
    )
    central: CentralSettings = Field(
        default_factory=lambda: CentralSettings.model_validate({}), description="Where evidence goes."
    )
    detector: DetectorSettings = Field(
        default_factory=lambda: DetectorSettings.model_validate({}), description="The network."
    )
    evidence: EvidenceSettings = Field(
        default_factory=lambda: EvidenceSettings.model_validate({}), description="Clips and snapshots."
    )
    outbox: OutboxSettings = Field(
        default_factory=lambda: OutboxSettings.model_validate({}), description="What waits for central."
    )
    metrics: MetricsSettings = Field(
        default_factory=lambda: MetricsSettings.model_validate({}), description="Prometheus."
    )
    health_interval_s: Annotated[float, Field(ge=1, le=600)] = Field(
        15.0, description="Between health reports."
    )
    cameras: tuple[CameraSettings, ...] = Field(description="The cameras.", min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> EdgeSettings:
        ids = [camera.id for camera in self.cameras]
        double = sorted({name for name in ids if ids.count(name) > 1})
        if double:
            raise ValueError(f"two cameras have the same id: {', '.join(double)}")
        return self


def load_edge_settings(path: Path) -> EdgeSettings:
    """Read an edge configuration. Raises SettingsError with a line for each fault."""
    return load_settings(path, EdgeSettings)
