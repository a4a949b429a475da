"""Everything that must be there before central serves: schema, secret, duty list, areas."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

import structlog

from central import schema
from central.calendar.service import import_calendar
from central.custody.configuration import note_configuration, retention_rules
from central.custody.keys import read_key, write_key
from central.custody.known import KnownHeads, make_places, sign_once
from central.database import Database
from central.directory import service as directory
from central.duty import repository as duty
from central.duty.on_areas import take_in
from central.duty.service import NoDutyListError
from central.points.awards import import_rules as import_points_rules
from central.settings import CentralSettings
from kerbwatch.paths import located
from kerbwatch.secrets import without_credentials
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


def write_secret(path: Path) -> bool:
    """Write 64 random hexadecimal digits into a new file that only its owner reads; False when there is one.

    Raises:
        SettingsError: when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(f"cannot write the secret file {path}: {error.strerror}") from error
    return True


def initialise(settings: CentralSettings, now: datetime) -> None:
    """Make what is lacking: the secret, the database's schema, the media folder, areas and duty list.

    Safe to repeat.

    Raises:
        SettingsError: when the secret, the areas or the duty list are no good. Where one of the files is not
            there, as when the command runs in another folder than was meant, nothing is made.
    """
    for file in (settings.areas, settings.duty_list, settings.calendar, settings.points):
        if file is not None and not file.is_file():
            raise SettingsError(f"{located(file)}: there is no such file; nothing was made")
    if settings.secret.file and not settings.secret.value and write_secret(settings.secret.file):
        log.info("secret_written", path=str(settings.secret.file))
    settings.secret.resolve()
    if write_key(settings.custody.key_file):
        log.info("custody_key_written", path=str(settings.custody.key_file))
    key = read_key(settings.custody.key_file)
    settings.media.dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database.resolve_url())
    try:
        schema.migrate(database)
        make_places(database, settings.custody, now)
        import_reference_data(settings, database, now)
        known = KnownHeads(settings.custody, key.public, database.engine.url)
        sign_once(database, key, known, settings.instance, now)
    finally:
        database.close()
    log.info("central_initialised", database=without_credentials(settings.database.url))


def import_reference_data(settings: CentralSettings, database: Database, now: datetime) -> None:
    """Take in what the configuration refers to when it changed: areas, duty list … Raises SettingsError."""
    if not any((settings.areas, settings.duty_list, settings.calendar, settings.points)):
        return
    with database.write(ordered=True) as session:
        take_in(
            session,
            now,
            settings.zone,
            areas=settings.areas,
            duty_list=settings.duty_list,
            when_changed=True,
        )
        if settings.calendar:
            import_calendar(session, settings.calendar, "system", now)
        if settings.points:
            import_points_rules(session, settings.points, "system", now)


def check_ready(settings: CentralSettings, database: Database, now: datetime) -> None:
    """What a copy of central checks before it serves.

    Raises:
        SchemaError: when the database was not initialised by this version.
        SettingsError: when a file of the configuration is no good, or nobody could be told anything.
    """
    schema.check_current(database)
    read_key(settings.custody.key_file)
    retention_rules(settings)
    note_configuration(database, settings, now)
    import_reference_data(settings, database, now)
    with database.read() as session:
        if duty.in_force(session, now) is None:
            raise SettingsError(str(NoDutyListError()))
    if settings.people.directory:
        with database.write() as session:
            directory.check_ready(session, settings.people.directory)
