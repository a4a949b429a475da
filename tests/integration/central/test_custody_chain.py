"""The chain: what was written stays, what is cut or changed is found, whoever did it with whatever rights."""

from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError

from central.cases.models import CaseEvent
from central.custody import repository
from central.custody.chain import EntryKind, append
from central.custody.keys import read_key
from central.custody.models import CustodyEntry, CustodyHead
from central.custody.sealer import Sealer
from central.custody.sealing import unsealed
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.intake.service import commit_batch
from central.media.store import MediaStore
from central.metrics import Metrics
from tests.unit.central.box import NOWHERE, EdgeBox, report


@pytest.fixture
def sealer(settings, clock, database):
    return Sealer(settings, clock, database, Metrics())


def happen(database, settings, clock, count=3):
    """So many things on the street, each a case with a line in its log."""
    box = EdgeBox()
    with database.write(ordered=True) as session:
        messages = [box.message(report(at=NOWHERE, camera_id=f"cam-{k}")) for k in range(count)]
        commit_batch(session, messages, clock.now_utc(), settings.intake, ZoneInfo("UTC"))


def test_what_happened_goes_into_the_chain_and_its_head_is_signed(sealer, database, settings, clock):
    happen(database, settings, clock, 3)
    sealer.once()
    with database.read() as session:
        kinds = [entry.kind for entry in repository.entries_from(session, 1)]
        assert unsealed(session) == 0
        head, tip = repository.newest_head(session), repository.tip(session)
    assert kinds[-1] == EntryKind.KEY_ADDED or EntryKind.ROWS_SEALED in kinds
    assert (head.number, head.hash) == (tip.number, tip.hash)


def test_two_copies_cover_each_line_once(settings, clock, database):
    happen(database, settings, clock, 5)
    copies = [Sealer(settings, clock, database, Metrics()) for _ in range(2)]
    for copy in copies:
        copy.once()
    with database.read() as session:
        sealed = [e for e in repository.entries_from(session, 1) if e.kind == EntryKind.ROWS_SEALED]
    assert len(sealed) == 1


def test_an_auditor_finds_a_line_that_was_changed_and_nothing_before(
    sealer, database, settings, clock, tmp_path
):
    happen(database, settings, clock, 3)
    sealer.once()
    what = What([read_key(settings.custody.key_file).public], OutsideHeads(None))
    store = MediaStore(tmp_path / "media")
    assert verify(database, store, what, print).good
    trigger = "case_events_no_update" if database.is_sqlite else "case_events_stay ON case_events"
    with database.write() as session:
        session.execute(text(f"DROP TRIGGER {trigger}"))
        session.execute(update(CaseEvent).where(CaseEvent.id == 2).values(detail={"unit_id": "another"}))
    (finding,) = verify(database, store, what, print).findings
    assert (finding.code, finding.where) == ("rows-changed", "case_events 1-3")


def test_whoever_writes_and_seals_at_once_the_chain_is_one(settings, clock, database, tmp_path):
    def work(name):
        copy = Sealer(settings, clock, database, Metrics())
        for _ in range(6):
            with database.write() as session:
                who, now = f"user:{name}", clock.now_utc()
                append(session, EntryKind.CONFIGURED, f"settings:{name}", actor=who, now=now, payload={})
            happen(database, settings, clock, 1)
            copy.once()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, ("a", "b", "c"))) == [None] * 3
    Sealer(settings, clock, database, Metrics()).once(sign_now=True)
    what = What([read_key(settings.custody.key_file).public], OutsideHeads(None))
    outcome = verify(database, MediaStore(tmp_path / "media"), what, print)
    assert (outcome.findings, outcome.rows, outcome.rows_unsealed) == ([], 18, 0)


@pytest.mark.parametrize("table", [CustodyEntry, CustodyHead, CaseEvent])
def test_the_database_itself_refuses_to_change_or_lose_a_line(table, sealer, database, settings, clock):
    happen(database, settings, clock, 1)
    sealer.once()
    column = {"custody_entries": "actor", "custody_heads": "signature", "case_events": "actor"}
    change = {column[table.__tablename__]: "user:nobody"}
    for statement in (update(table).values(change), delete(table)):
        with pytest.raises(DatabaseError, match="stays as it was written"), database.write() as session:
            session.execute(statement)


def test_entries_are_numbered_without_a_hole_also_when_a_unit_of_work_is_taken_back(database, clock):
    def add(number):
        with database.write() as session:
            append(
                session, EntryKind.CONFIGURED, "settings:x", actor="system", now=clock.now_utc(), payload={}
            )
            if number == 1:
                raise ValueError("taken back")

    for number in range(3):
        try:
            add(number)
        except ValueError:
            continue
    with database.read() as session:
        entries = list(repository.entries_from(session, 1))
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert sum(entry.subject == "settings:x" for entry in entries) == 2
