"""Refuses to start in a way that nobody should run: what is wrong, where, and how to mend it."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from central.settings import CentralSettings
from kerbwatch.safety import Finding, is_loopback, is_well_known, open_secret_files
from kerbwatch.settings import SettingsError


def check_safe(settings: CentralSettings) -> None:
    """Raises SettingsError with a line for each unsafe thing that the configuration does not say it means."""
    found = [each for each in findings_of(settings) if each.code not in settings.allow_unsafe]
    if found:
        raise SettingsError("\n".join(each.sentence for each in found))


def findings_of(settings: CentralSettings) -> list[Finding]:
    """Everything unsafe in a configuration, meant or not. The demo, on one machine by itself, has none."""
    return [
        *_plain_http(settings),
        *_broker(settings),
        *_metrics(settings),
        *_codes(settings),
        *_passwords(settings),
        *open_secret_files(settings),
    ]


def _plain_http(settings: CentralSettings) -> list[Finding]:
    public = urlsplit(settings.public_url)
    if public.scheme == "https":
        return []
    what = None
    if not is_loopback(public.hostname or ""):
        what = f"people on other machines would send passwords in the clear to {settings.public_url}"
    elif not is_loopback(settings.listen.host):
        what = f"it listens on {settings.listen.host}, and sends cookies in the clear"
    if what is None:
        return []
    mend = "put a reverse proxy with TLS before it, and write https://… here"
    return [Finding("plain-http", "public_url", what, mend)]


def _broker(settings: CentralSettings) -> list[Finding]:
    alone = is_loopback(settings.mqtt.host) and is_loopback(urlsplit(settings.public_url).hostname or "")
    if alone or settings.mqtt.username or settings.mqtt.cert_file:
        return []
    return [
        Finding(
            "anonymous-broker",
            "mqtt.username",
            f"the broker {settings.mqtt.host} is used without a name, so it lets strangers in",
            "give it users and an access list ('kerbwatch central edge acl' writes both)",
        )
    ]


def _metrics(settings: CentralSettings) -> list[Finding]:
    metrics = settings.metrics
    if metrics.port is None or is_loopback(metrics.host) or metrics.open:
        return []
    return [
        Finding(
            "open-metrics",
            "metrics.host",
            f"metrics would be open to everybody who reaches {metrics.host}:{metrics.port}",
            "listen on 127.0.0.1, set a token instead of a port, or say 'open: true' behind a firewall",
        )
    ]


def _codes(settings: CentralSettings) -> list[Finding]:
    if is_loopback(urlsplit(settings.public_url).hostname or ""):
        return []
    unsaid = [name for name in ("phone", "email") if getattr(settings.reporters, name).kind is None]
    mend = "say http, smtp or off (docs/reporters.md), or console if that is meant"
    what = "codes that sign people in would be printed on this server's console"
    return [Finding("console-codes", f"reporters.{name}.kind", what, mend) for name in unsaid]


def _passwords(settings: CentralSettings) -> list[Finding]:
    found = []
    database = make_url(settings.database.resolve_url())
    if database.password is not None and _guessed(str(database.password), database.username):
        found.append(("database.url", "the database's password can be guessed"))
    broker = settings.mqtt.resolve_password()
    if broker is not None and _guessed(broker, settings.mqtt.username):
        found.append(("mqtt.password_file", "the broker's password can be guessed"))
    directory = settings.people.directory
    if directory is not None and _guessed(directory.resolve_secret(), directory.client_id):
        found.append(("people.directory.client_secret", "the secret for the city's directory can be guessed"))
    mend = "choose another ('openssl rand -hex 24' makes one)"
    return [Finding("default-password", where, what, mend) for where, what in found]


def _guessed(password: str, name: str | None) -> bool:
    return len(password) < 8 or password.lower() == (name or "").lower() or is_well_known(password)
