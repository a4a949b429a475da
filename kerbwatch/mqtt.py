"""The MQTT link that both sides use: paho-mqtt, MQTT 5, QoS 1, acknowledgement in our own hand.

A link that is lost is found again by paho's own loop, with back-off. What was not acknowledged comes again;
what must not be lost is kept by the caller (the edge's outbox, central's database), never by this link.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import Field, model_validator

from kerbwatch.messages import CONTENT_TYPE
from kerbwatch.mqtt_client import Client, Message
from kerbwatch.safety import is_loopback
from kerbwatch.secrets import SecretMissingError, expand_environment, read_secret_file
from kerbwatch.settings import Settings

log = structlog.get_logger(__name__)


class MqttSettings(Settings):
    """Where the broker is and who we are to it."""

    host: str = Field("127.0.0.1", description="Name or address of the broker.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(1883, description="Its port; 8883 is usual with TLS.")
    username: str | None = Field(None, description="User name, or ${NAME} of an environment variable.")
    password: str | None = Field(
        None, description="Only as ${NAME} of an environment variable; or use password_file."
    )
    password_file: Path | None = Field(None, description="File that holds the password.")
    tls: bool = Field(False, description="Speak TLS. Needed for any broker that is not on this machine.")
    ca_file: Path | None = Field(None, description="Certificate authority, when not the system's.")
    cert_file: Path | None = Field(
        None, description="This client's certificate, where the broker asks for one."
    )
    key_file: Path | None = Field(None, description="The key of that certificate.")
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = Field(
        30, description="Silence after which the link is dead."
    )
    allow_plaintext: bool = Field(
        False, description="Permit an unencrypted link to another machine (a test network)."
    )

    @model_validator(mode="after")
    def _safe(self) -> MqttSettings:
        if self.password and not self.password.startswith("${"):
            raise ValueError("'password' may not be written in the file: use ${NAME} or 'password_file'")
        if not self.tls and not is_loopback(self.host) and not self.allow_plaintext:
            raise ValueError(
                f"broker {self.host} is another machine: set 'tls: true' (or 'allow_plaintext: true')"
            )
        return self

    def resolve_password(self) -> str | None:
        """The password from the environment or the file. Raises SecretMissingError."""
        if self.password_file:
            return read_secret_file(self.password_file)
        return expand_environment(self.password) if self.password else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that came in. ``ack`` tells the broker that it is safely ours: once, any thread."""

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish (retained)."""

    topic: str
    payload: bytes


class MqttLink:
    """One MQTT 5 connection with its own network thread.

    Callbacks run in that thread and must not block for long; hand work to a queue.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        *,
        on_message: Callable[[Delivery], None],
        on_connected: Callable[[], None] = lambda: None,
        on_published: Callable[[int], None] | None = None,
        on_refused: Callable[[int], None] | None = None,
        subscriptions: Sequence[str] = (),
        will: Will | None = None,
        session_expiry_s: int = 3600,
        receive_maximum: int = 100,
    ) -> None:
        """Prepare; nothing is sent before :meth:`start`.

        Args:
            settings: where the broker is.
            client_id: unique at the broker; a second client of the same name pushes the first one out.
            on_message: what came in on the subscriptions.
            on_connected: each time that the broker has accepted us and answered every subscription.
            on_published: see :meth:`publish`.
            on_refused: see :meth:`publish`. Where neither is given, nothing is heard of what becomes of a
                message: paho's way of telling costs as much as sending.
            subscriptions: topic patterns, QoS 1.
            will: said for us when we vanish.
            session_expiry_s: how long the broker keeps what comes for us while we are away.
            receive_maximum: messages that we have not acknowledged, at most.

        Raises:
            SecretMissingError: when the password's file or variable is not there.
        """
        self._settings = settings
        self._subscriptions = tuple(subscriptions)
        self._on_message, self._on_connected = on_message, on_connected
        self._on_published, self._on_refused = on_published, on_refused
        self._connection = 0
        self._unanswered: set[int] = set()
        self._ready = False
        self._unreachable = False
        self._properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._properties.SessionExpiryInterval = session_expiry_s
        self._properties.ReceiveMaximum = receive_maximum
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        password = settings.resolve_password()
        if settings.username:
            client.username_pw_set(expand_environment(settings.username), password)
        elif password:
            raise SecretMissingError("an MQTT password needs a 'username'")
        if settings.tls:
            client.tls_set(
                ca_certs=str(settings.ca_file) if settings.ca_file else None,
                certfile=str(settings.cert_file) if settings.cert_file else None,
                keyfile=str(settings.key_file) if settings.key_file else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        if will:
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=publish_properties())
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        if on_published or on_refused:
            client.on_publish = self._published
        client.on_subscribe = self._subscribed
        client.on_connect_fail = self._not_reached
        self._client = client

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and has not gone since."""
        return self._client.is_connected()

    @property
    def ready(self) -> bool:
        """Connected, and every subscription answered: from here on no message for us is missed."""
        return self._ready and self.connected

    @property
    def connections(self) -> int:
        """How often the broker has accepted us; it changes before :attr:`ready` comes true."""
        return self._connection

    def start(self) -> None:
        """Begin to connect, in the background, for as long as it takes."""
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            keepalive=self._settings.keepalive_s,
            clean_start=False,
            properties=self._properties,
        )
        self._client.loop_start()

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: Literal[0, 1] = 1
    ) -> int | None:
        """Hand a message to the network thread.

        Args:
            topic: where to.
            payload: the message.
            retain: whether the broker keeps it for later subscribers.
            qos: 1, or 0 for what is said again if it is lost.

        Returns:
            The message id, later given to ``on_published`` when the broker has taken it, or to
            ``on_refused``; None when the link is down and the message was not taken, so that the caller
            keeps it. One that was taken is repeated after a reconnect until the broker has answered.
            Both callbacks run under paho's lock: what they do may not wait for a thread that publishes.
        """
        if not self.connected:
            return None
        info = self._client.publish(topic, payload, qos=qos, retain=retain, properties=_PUBLISH)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def stop(self) -> None:
        """Disconnect in order (no will is sent) and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: paho.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.warning(
                "mqtt_refused", host=self._settings.host, port=self._settings.port, reason=str(reason)
            )
            return
        log.info("mqtt_connected", host=self._settings.host, port=self._settings.port)
        self._connection += 1
        self._unreachable = False
        self._ready = False
        self._unanswered = {
            mid for pattern in self._subscriptions if (mid := client.subscribe(pattern, qos=1)[1]) is not None
        }
        self._ready_if_answered()

    def _ready_if_answered(self) -> None:
        if not self._unanswered:
            self._ready = True
            self._guarded(self._on_connected)

    def _not_reached(self, _client: paho.Client, _userdata: object) -> None:
        if not self._unreachable:
            log.warning("mqtt_unreachable", host=self._settings.host, port=self._settings.port)
        self._unreachable = True

    def _subscribed(
        self,
        _client: paho.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.error("mqtt_subscription_refused", patterns=self._subscriptions, reason=str(reason))
        if mid in self._unanswered:
            self._unanswered.discard(mid)
            self._ready_if_answered()

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """Run the owner's callback; its fault must not end the network thread."""
        try:
            call(*arguments)
        except Exception:
            log.exception("mqtt_callback_failed")

    def _disconnected(
        self, _client: paho.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._ready = False
        log.info("mqtt_disconnected", host=self._settings.host, port=self._settings.port, reason=str(reason))

    def _message(self, client: paho.Client, _userdata: object, message: paho.MQTTMessage | Message) -> None:
        connection = self._connection

        def ack() -> None:
            # A message id means nothing on a later connection: there it may be another message's.
            if message.qos and connection == self._connection:
                client.ack(message.mid, message.qos)

        delivery = Delivery(message.topic, bytes(message.payload), message.retain, ack)
        self._guarded(self._on_message, delivery)

    def _published(
        self, _client: paho.Client, _userdata: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.warning("mqtt_publish_refused", reason=str(reason))
            if self._on_refused:
                self._guarded(self._on_refused, mid)
        elif self._on_published:
            self._guarded(self._on_published, mid)


class _Packed(Properties):
    """Properties that are laid out as bytes once: paho's own way takes longer than sending the message."""

    _packed: bytes

    def __init__(self, properties: Properties) -> None:
        super().__init__(properties.packetType)  # type: ignore[no-untyped-call]
        object.__setattr__(self, "_packed", properties.pack())  # type: ignore[no-untyped-call]

    def pack(self) -> bytes:
        """The bytes."""
        return self._packed


def publish_properties() -> Properties:
    """MQTT 5 properties of every message: its content type."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = CONTENT_TYPE
    return properties


_PUBLISH = _Packed(publish_properties())
