"""Central's configuration: one class a concern, every field described, unknown keys refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, model_validator

from central.custody.settings import CustodySettings
from central.directory.settings import DirectorySettings
from central.hotline.settings import HotlineSettings
from central.insight.settings import InsightSettings
from central.limits.settings import LimitSettings, Rate
from central.merging.settings import MergingSettings
from central.open311.settings import Open311Settings
from central.operations.settings import LogSettings, MetricsSettings, Unsafe
from central.reporters.settings import ReporterSettings
from central.uploads.settings import ReportSettings
from kerbwatch.ids import Slug
from kerbwatch.mqtt import MqttSettings
from kerbwatch.secrets import expand_environment, read_secret_file
from kerbwatch.settings import Settings, SettingsError, load_settings

MIN_SECRET_CHARS = 32
"""A secret shorter than this can be guessed; ``kerbwatch central init`` writes one of 64."""
_WELL_KNOWN = ("change", "secret", "default", "example", "password", "kerbwatch")


class DatabaseSettings(Settings):
    """Where state is kept."""

    url: str = Field(
        "sqlite:///var/central/central.db",
        description="sqlite:///FILE, or postgresql://USER:${PASSWORD}@HOST/NAME.",
    )

    @model_validator(mode="after")
    def _safe(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme.partition("+")[0] not in {"sqlite", "postgresql"}:
            raise ValueError(f"'url' must begin with sqlite:/// or postgresql://, not '{parts.scheme}'")
        if parts.password and not parts.password.startswith("${"):
            raise ValueError("'url' may not carry a password: write ${NAME} and set it in the environment")
        return self

    def resolve_url(self) -> str:
        """The URL with the environment's values in it. Raises SecretMissingError."""
        return expand_environment(self.url)


class MediaSettings(Settings):
    """Pictures and clips."""

    dir: Path = Field(Path("var/central/media"), description="Folder that holds them.")
    max_bytes: Annotated[int, Field(ge=1024, le=2**31)] = Field(
        512 * 1024 * 1024, description="Largest single file that is taken."
    )


class ListenSettings(Settings):
    """The address that HTTP listens on."""

    host: str = Field("127.0.0.1", description="Address; a reverse proxy with TLS stands before it.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Port.")


class IntakeSettings(Settings):
    """What comes in over MQTT."""

    batch_max: Annotated[int, Field(ge=1, le=1000)] = Field(
        400, description="Messages a transaction, at most."
    )
    future_tolerance_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        300.0, description="How far a message's times may lie in the future; more is refused."
    )
    gap_first_ask_s: Annotated[float, Field(ge=0, le=600)] = Field(
        1.0, description="Age of a hole in a sequence at which it is first asked for."
    )
    gap_ask_interval_s: Annotated[float, Field(ge=0.1, le=3600)] = Field(
        10.0, description="Between the first two askings; doubles each time up to ten minutes."
    )
    own_process: bool | None = Field(
        None, description="In a process of its own beside pages and deadlines; unless said: on PostgreSQL."
    )
    merging: MergingSettings = Field(
        default_factory=lambda: MergingSettings.model_validate({}),
        description="What makes two leads one occurrence, by kind.",
    )


class PeopleSettings(Settings):
    """Signing in."""

    session_hours: Annotated[float, Field(gt=0, le=720)] = Field(12.0, description="Life of a session.")
    token_hours: Annotated[float, Field(gt=0, le=24 * 366)] = Field(
        24.0, description="Life of a program's bearer token."
    )
    max_failures: Annotated[int, Field(ge=1, le=100)] = Field(
        5, description="Wrong passwords for a name in a row after which an address waits for 'lock_s'."
    )
    lock_s: Annotated[float, Field(ge=1, le=86400)] = Field(300.0, description="How long it waits.")
    max_failures_anywhere: Annotated[int, Field(ge=1, le=10_000)] = Field(
        30, description="Wrong passwords for a name from all addresses after which tries at it are slow."
    )
    slow_s: Annotated[float, Field(ge=0, le=600)] = Field(
        10.0, description="How long strange addresses then wait between two of them."
    )
    directory: DirectorySettings | None = Field(
        None, description="The city's own directory (OpenID Connect); none: passwords alone."
    )


class SecretSettings(Settings):
    """The key that signs what must not be forged."""

    value: str | None = Field(None, description="Only as ${NAME} of an environment variable.")
    file: Path | None = Field(
        Path("var/central/secret"), description="File that holds it; 'kerbwatch central init' writes one."
    )

    @model_validator(mode="after")
    def _not_written_here(self) -> Self:
        if self.value and not self.value.startswith("${"):
            raise ValueError("'value' may not be written in the file: use ${NAME} or 'file'")
        if not self.value and not self.file:
            raise ValueError("give 'value: ${NAME}' or 'file'")
        return self

    def resolve(self) -> bytes:
        """The key.

        Raises:
            SecretMissingError: when it is nowhere.
            SettingsError: when it is too short, or one that everybody knows.
        """
        if self.value:
            found, where = expand_environment(self.value), self.value
        else:
            assert self.file is not None  # the validator saw to it
            found, where = read_secret_file(self.file), str(self.file)
        if len(found) < MIN_SECRET_CHARS:
            raise SettingsError(
                f"the secret in {where} has {len(found)} characters; it needs {MIN_SECRET_CHARS} or more "
                "('openssl rand -hex 32' makes one)"
            )
        if len(set(found)) < 8 or any(word in found.lower() for word in _WELL_KNOWN):
            raise SettingsError(f"the secret in {where} can be guessed ('openssl rand -hex 32' makes one)")
        return found.encode()


class PlaceCodeSettings(Settings):
    """Signed codes of places (QR)."""

    key: Annotated[int, Field(ge=0, le=31)] = Field(
        0, description="Number of the key that signs new codes; codes say by which key they are signed."
    )
    keys: Annotated[dict[Annotated[int, Field(ge=0, le=31)], SecretSettings], Field(max_length=32)] = Field(
        default_factory=dict,
        description="Keys by their numbers. None: one that is made from central's secret. "
        "A key that is taken out makes every code that it signed invalid.",
    )
    font: Path | None = Field(
        None, description="TrueType or OpenType font of printed sheets (PDF); needed for Chinese names."
    )
    reports: Rate = Field(
        Rate(per_minute=6, burst=30), description="Reports by one code, whoever sends them."
    )

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.keys and self.key not in self.keys:
            raise ValueError(f"'keys' lacks number {self.key}, which 'key' names")
        return self


class EscalationSettings(Settings):
    """What happens when a ticket grows late. Copied onto each case when it is filed."""

    remind_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.75, description="Share of its time after which a unit is reminded."
    )
    after_hours: Annotated[tuple[Annotated[float, Field(ge=0, le=1000)], ...], Field(max_length=10)] = Field(
        (0.0, 8.0, 24.0),
        description="For each level above the unit: working hours past the deadline at which it is told.",
    )
    answer_hours: Annotated[float, Field(gt=0, le=1000)] = Field(
        8.0, description="Working hours in which a supervision slip is to be answered."
    )
    longest_suspension_days: Annotated[float, Field(gt=0, le=366)] = Field(
        30.0, description="How long the clock of a ticket may stand at a time."
    )
    longest_extension_hours: Annotated[float, Field(gt=0, le=1000)] = Field(
        160.0, description="Working hours by which a ticket's term may grow at a time."
    )
    reopen_days: Annotated[float, Field(ge=0, le=366)] = Field(
        30.0, description="Days in which a rejection or a closing can be taken back; 0: none can."
    )
    waits_hours: Annotated[float, Field(gt=0, le=8784)] = Field(
        4.0, description="Hours after which the console tells of what still waits for a person."
    )
    sweep_s: Annotated[float, Field(ge=0.2, le=600)] = Field(
        5.0, description="How often it is looked for what is due."
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.after_hours) != sorted(self.after_hours):
            raise ValueError("'after_hours' must ascend")
        return self


class MapSettings(Settings):
    """The map beside a case. Without tiles it shows areas and the point, and asks no other host."""

    tiles_url: str | None = Field(
        None, description="Raster tiles: https://HOST/…/{z}/{x}/{y}.png, or a path on central's own host."
    )
    tiles_datum: Literal["WGS-84", "GCJ-02"] = Field(
        "WGS-84", description="Datum that the tiles are drawn in; maps in China are in GCJ-02."
    )
    attribution: str = Field("", description="Whose map it is, as its licence asks.", max_length=300)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.tiles_url is None:
            return self
        if not all(part in self.tiles_url for part in ("{z}", "{x}", "{y}")):
            raise ValueError("'tiles_url' needs {z}, {x} and {y}")
        parts = urlsplit(self.tiles_url)
        own = self.tiles_url.startswith("/") and not self.tiles_url.startswith("//")
        if not own and (parts.scheme not in {"http", "https"} or not re.fullmatch(r"[\w.:-]+", parts.netloc)):
            raise ValueError("'tiles_url' must be http(s)://HOST/… or /…, without credentials")
        return self

    @property
    def tiles_origin(self) -> str | None:
        """Scheme and host that pages may ask for tiles; None when that is nobody else."""
        parts = urlsplit(self.tiles_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


class PlaceSettings(Settings):
    """Borders between towns."""

    border_band_m: Annotated[float, Field(ge=0, le=5000)] = Field(
        30.0,
        description="A case within so many metres of several towns is a joint operation of all; 0: none is.",
    )
    joint_window_hours: Annotated[float, Field(gt=0, le=1000)] = Field(
        4.0, description="Working hours in which the units of a joint operation go out together."
    )


class RecheckSettings(Settings):
    """The camera checks the work: a case that is reported as handled is looked at again."""

    answer_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        900.0, description="How long a camera has for its answer; then a person checks. 0: none is asked."
    )
    resend_s: Annotated[float, Field(ge=1, le=3600)] = Field(
        30.0, description="After how long a question without an answer is sent again; doubles, to 10 minutes."
    )


class CentralSettings(Settings):
    """Everything that central needs to know."""

    instance: Slug = Field("central", description="Name of this copy of central, unique among the copies.")
    city: str = Field("", description="Name of the city, for people.", max_length=100)
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where people reach it; https makes cookies secure."
    )
    time_zone: str = Field("Asia/Shanghai", description="IANA time zone in which times are shown.")
    listen: ListenSettings = Field(
        default_factory=lambda: ListenSettings.model_validate({}), description="HTTP."
    )
    database: DatabaseSettings = Field(
        default_factory=lambda: DatabaseSettings.model_validate({}), description="State."
    )
    media: MediaSettings = Field(
        default_factory=lambda: MediaSettings.model_validate({}), description="Pictures and clips."
    )
    mqtt: MqttSettings = Field(
        default_factory=lambda: MqttSettings.model_validate({}), description="The broker."
    )
    intake: IntakeSettings = Field(
        default_factory=lambda: IntakeSettings.model_validate({}), description="What comes in."
    )
    people: PeopleSettings = Field(
        default_factory=lambda: PeopleSettings.model_validate({}), description="Signing in."
    )
    secret: SecretSettings = Field(
        default_factory=lambda: SecretSettings.model_validate({}), description="The signing key."
    )
    map: MapSettings = Field(
        default_factory=lambda: MapSettings.model_validate({}), description="The map beside a case."
    )
    escalation: EscalationSettings = Field(
        default_factory=lambda: EscalationSettings.model_validate({}), description="Late tickets."
    )
    look_again: RecheckSettings = Field(
        default_factory=lambda: RecheckSettings.model_validate({}), description="Cameras check the work."
    )
    places: PlaceSettings = Field(
        default_factory=lambda: PlaceSettings.model_validate({}), description="Borders between towns."
    )
    place_codes: PlaceCodeSettings = Field(
        default_factory=lambda: PlaceCodeSettings.model_validate({}), description="Signed codes of places."
    )
    reports: ReportSettings = Field(
        default_factory=lambda: ReportSettings.model_validate({}), description="Photos and clips of people."
    )
    hotline: HotlineSettings = Field(
        default_factory=lambda: HotlineSettings.model_validate({}), description="The city's hotline."
    )
    open311: Open311Settings = Field(
        default_factory=lambda: Open311Settings.model_validate({}), description="The city's existing apps."
    )
    limits: LimitSettings = Field(
        default_factory=lambda: LimitSettings.model_validate({}), description="How often one may ask."
    )
    custody: CustodySettings = Field(
        default_factory=lambda: CustodySettings.model_validate({}), description="Custody of evidence."
    )
    reporters: ReporterSettings = Field(
        default_factory=lambda: ReporterSettings.model_validate({}),
        description="Accounts of people who report.",
    )
    points: Path | None = Field(
        None, description="Rules of points (YAML), taken in at start when they changed; none: no points."
    )
    metrics: MetricsSettings = Field(
        default_factory=lambda: MetricsSettings.model_validate({}), description="Who may read metrics."
    )
    logs: LogSettings = Field(default_factory=lambda: LogSettings.model_validate({}), description="Logs.")
    allow_unsafe: tuple[Unsafe, ...] = Field(
        (), description="What central would refuse to start with, and is meant so.", max_length=10
    )
    insight: InsightSettings = Field(
        default_factory=lambda: InsightSettings.model_validate({}), description="Rises and reports."
    )
    calendar: Path | None = Field(
        None,
        description="Working calendar (YAML), taken in at start when it changed; none: every hour counts.",
    )
    duty_list: Path | None = Field(
        None, description="Duty list (YAML or CSV), taken in at start when it changed."
    )
    areas: Path | None = Field(None, description="Areas (GeoJSON), taken in at start when they changed.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.time_zone not in available_timezones():
            raise ValueError(f"'time_zone': {self.time_zone!r} is not an IANA time zone")
        parts = urlsplit(self.public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError(f"'public_url' must be http(s)://host, not {self.public_url!r}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the people who work here."""
        return ZoneInfo(self.time_zone)

    @property
    def intake_apart(self) -> bool:
        """Whether messages are taken in in a process of their own."""
        if self.intake.own_process is not None:
            return self.intake.own_process
        return urlsplit(self.database.url).scheme.partition("+")[0] == "postgresql"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies go over TLS only."""
        return self.public_url.startswith("https:")

    @property
    def origin(self) -> str:
        """Scheme, host and port that a browser names as the origin of our own pages."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


def load_central_settings(path: Path) -> CentralSettings:
    """Read a configuration of central. Raises SettingsError with a line for each fault."""
    return load_settings(path, CentralSettings)
