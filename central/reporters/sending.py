"""How a message reaches a phone or a mailbox: on the console, by a mail server, or by a gateway over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
import sys
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Protocol, TextIO

import httpx

from central.reporters.contacts import Channel, Contact
from central.reporters.settings import HttpSettings, ReporterSettings, SendingSettings, SmtpSettings
from kerbwatch.clock import Clock
from kerbwatch.secrets import read_secret_file


@dataclass(frozen=True, slots=True)
class Message:
    """Something for one person. Its ``repr`` does not tell the text: it may be a code."""

    id: str
    """The same when it is sent again, so that a gateway can know it."""
    purpose: Literal["code", "answer"]
    to: Contact
    subject: str
    text: str = field(repr=False)


class SendError(Exception):
    """It did not go out; the text says why, and names neither the person nor the message."""


class Sender(Protocol):
    """One way to send."""

    def send(self, message: Message) -> None:
        """Hand it over. Raises SendError."""
        ...


class ConsoleSender:
    """Prints messages; never through a log, which others read and which is kept."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        """Print it."""
        stream = self._stream or sys.stdout
        print(f"[to {message.to.address}] {message.text}", file=stream, flush=True)


class SmtpSender:
    """Hands messages to a mail server."""

    def __init__(self, settings: SmtpSettings, timeout_s: float) -> None:
        self._settings, self._timeout_s = settings, timeout_s
        self._password = read_secret_file(settings.password_file) if settings.password_file else None

    def send(self, message: Message) -> None:
        """Send it. Raises SendError."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._settings.sender, message.to.address
        mail["Subject"] = message.subject
        mail["Message-ID"] = f"<{message.id}@kerbwatch>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            with self._connected() as server:
                if self._settings.username and self._password:
                    server.login(self._settings.username, self._password)
                server.send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            raise SendError(f"the mail server: {type(error).__name__}") from error

    def _connected(self) -> smtplib.SMTP:
        chosen, timeout_s = self._settings, self._timeout_s
        context = ssl.create_default_context()
        if chosen.security == "tls":
            return smtplib.SMTP_SSL(chosen.host, chosen.port, timeout=timeout_s, context=context)
        server = smtplib.SMTP(chosen.host, chosen.port, timeout=timeout_s)
        if chosen.security == "starttls":
            try:
                server.starttls(context=context)
            except (smtplib.SMTPException, OSError):
                server.close()
                raise
        return server


class HttpSender:
    """Posts messages to a gateway as JSON, with the time and an HMAC over both in the headers."""

    def __init__(self, settings: HttpSettings, timeout_s: float, clock: Clock) -> None:
        self._url, self._key, self._clock = settings.url, settings.key(), clock
        self._timeout_s = timeout_s

    def send(self, message: Message) -> None:
        """Post it. Raises SendError unless the gateway answers 2xx; redirects are not followed."""
        body = json.dumps(
            {
                "id": message.id,
                "purpose": message.purpose,
                "channel": message.to.channel,
                "to": message.to.address,
                "subject": message.subject,
                "text": message.text,
            },
            ensure_ascii=False,
        ).encode()
        moment = str(int(self._clock.now_utc().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Kerbwatch-Timestamp": moment,
            "Kerbwatch-Signature": signature(self._key, moment, body),
        }
        try:
            answer = httpx.post(
                self._url, content=body, headers=headers, timeout=self._timeout_s, trust_env=False
            )
        except httpx.HTTPError as error:
            raise SendError(f"the gateway: {type(error).__name__}") from error
        if not answer.is_success:
            raise SendError(f"the gateway answered {answer.status_code}")


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What a gateway checks: ``sha256=`` and the HMAC-SHA-256 of timestamp, a full stop and the body."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def senders_of(settings: ReporterSettings, clock: Clock) -> dict[Channel, Sender]:
    """The ways to send that are configured. Raises SecretMissingError or SettingsError."""
    found: dict[Channel, Sender | None] = {
        "phone": _sender(settings.phone, clock),
        "email": _sender(settings.email, clock),
    }
    return {channel: sender for channel, sender in found.items() if sender is not None}


def _sender(settings: SendingSettings, clock: Clock) -> Sender | None:
    if settings.kind == "off":
        return None
    if settings.kind == "smtp" and settings.smtp:
        return SmtpSender(settings.smtp, settings.timeout_s)
    if settings.kind == "http" and settings.http:
        return HttpSender(settings.http, settings.timeout_s, clock)
    return ConsoleSender()
