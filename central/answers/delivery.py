"""Answers go to whoever wants them, tried until they went out or often enough; no closing waits for it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from central.answers import repository
from central.cases.models import Lead
from central.database import Database
from central.reporters import repository as reporters
from central.reporters.contacts import Vault
from central.reporters.courier import Courier
from central.reporters.sending import Message
from central.settings import CentralSettings
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

_AT_ONCE = 20
_FIRST_WAIT_S, _LONGEST_WAIT_S = 60.0, 6 * 3600.0


def deliver_due(
    settings: CentralSettings, clock: Clock, database: Database, vault: Vault, courier: Courier
) -> int:
    """Try what is due. Any number of copies of central may do so at once.

    A try is written down before it is made, so that a crash between costs a second message, never silence.

    Returns:
        How many went out.
    """
    now = clock.now_utc()
    with database.write() as session:
        found = repository.due(session, now, _AT_ONCE)
        for row in found:
            row.next_try_at = now + timedelta(seconds=_wait_s(row.tries))
            row.tries += 1
            row.updated_at = now
        taken = [(row.answer_id, row.tries) for row in found]
    return sum(_try(settings, clock, database, vault, courier, each) for each in taken)


def _try(  # noqa: PLR0917 - one step of the above
    settings: CentralSettings,
    clock: Clock,
    database: Database,
    vault: Vault,
    courier: Courier,
    taken: tuple[int, int],
) -> bool:
    answer_id, tries = taken
    message = _message(settings, database, vault, answer_id)
    sent = message is not None and courier.send(message)
    last = tries >= settings.reporters.delivery_tries
    if message is None:
        state = "unwanted"
    elif sent:
        state = "sent"
    else:
        state = "given_up" if last else "waiting"
    with database.write() as session:
        row = repository.delivery(session, answer_id)
        if row is not None and row.state == "waiting":
            row.state, row.updated_at = state, clock.now_utc()
    if state == "given_up":
        log.warning("answer_given_up", answer=answer_id, tries=tries)
    return sent


def _message(settings: CentralSettings, database: Database, vault: Vault, answer_id: int) -> Message | None:
    """None when nobody wants it any more."""
    with database.read() as session:
        found = repository.told(session, answer_id)
        row = repository.delivery(session, answer_id)
        if found is None or row is None:
            return None
        answer, lead = found
        who = reporters.reporter(session, row.reporter_ref)
        identity = reporters.identity(session, row.reporter_ref)
        if who is None or identity is None or not who.notify:
            return None
        try:
            to = vault.open(identity.channel, identity.sealed)
        except LookupError as error:
            log.error("identity_cannot_be_read", error=str(error))
            return None
    text = f"{_about(settings, lead)}: {answer.words} {settings.origin}/me"
    return Message(f"answer-{answer_id}", "answer", to, "Your report", text)


def _about(settings: CentralSettings, lead: Lead) -> str:
    on = lead.created_at.astimezone(settings.zone)
    place = f", {lead.road}" if lead.road else ""
    return f"Your report of {on.day} {on:%B %Y}{place}"


def _wait_s(tries: int) -> float:
    return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**tries)
