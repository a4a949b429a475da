"""What central was told to do goes into the chain whenever it changed."""

from __future__ import annotations

import json
from datetime import datetime

from central.custody import repository
from central.custody.canonical import canonical_json, sha256_of
from central.custody.chain import EntryKind, append
from central.custody.rules import RetentionRules, read_rules
from central.database import Database
from central.settings import CentralSettings


def retention_rules(settings: CentralSettings) -> RetentionRules:
    """The rules that are configured. Raises SettingsError with a line for each fault of the file."""
    return read_rules(settings.custody.retention)


def note_configuration(database: Database, settings: CentralSettings, now: datetime) -> None:
    """Put this copy's settings, as a fingerprint, and rules of retention into the chain if they changed."""
    subject = f"settings:{settings.instance}"
    rules = retention_rules(settings).model_dump(mode="json")
    payload = {
        "settings_sha256": sha256_of(canonical_json(settings.model_dump(mode="json"))),
        "retention": canonical_json(rules),
    }
    with database.read() as session:
        known = repository.newest_of(session, subject, EntryKind.CONFIGURED)
    if known is not None and json.loads(known.payload) == payload:
        return
    with database.write(ordered=True) as session:
        actor = f"central:{settings.instance}"
        append(session, EntryKind.CONFIGURED, subject, actor=actor, now=now, payload=payload)
