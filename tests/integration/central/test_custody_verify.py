"""What an auditor finds when somebody with every right on the database and the disk has been at it."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from central.answers.models import Answer
from central.cases.models import Case, CaseEvent, Lead
from central.custody import holds, repository, verifying
from central.custody.chain import GENESIS, hash_of
from central.custody.keys import read_key, write_key
from central.custody.models import CustodyEntry, CustodyHead
from central.custody.retention import Retention
from central.custody.rules import RetentionRules
from central.custody.sealer import Sealer
from central.custody.signing import sign_tip
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.database import Database
from central.media import repository as media
from central.media.models import MediaFile
from central.media.store import MediaStore
from central.metrics import Metrics
from central.people.permissions import permissions_of
from central.people.service import Principal
from central.reporters.models import IdentityView
from kerbwatch.clock import ManualClock
from tests.integration.central.conftest import make_settings
from tests.integration.central.test_custody_chain import happen

PICTURE = b"\xff\xd8\xff\xe0 a car on the kerb" * 50
SHA = hashlib.sha256(PICTURE).hexdigest()


@dataclass
class Books:
    """Central's books with some happenings in them, sealed and signed, heads kept elsewhere as well."""

    settings: object
    clock: object
    database: object
    store: MediaStore

    def seal(self):
        Sealer(self.settings, self.clock, self.database, Metrics()).once(sign_now=True)

    def more(self, count=2):
        happen(self.database, self.settings, self.clock, count)
        self.clock.advance(100)
        self.seal()

    def verified(self, **changes):
        custody = self.settings.custody
        what = What([read_key(custody.key_file).public], OutsideHeads(custody.heads_dir), **changes)
        return verify(self.database, self.store, what, print)

    def found(self, **changes):
        return {finding.code for finding in self.verified(**changes).findings}

    def tamper(self, *statements):
        """As a database administrator can: triggers are taken away first."""
        with self.database.write() as session:
            for table in ("custody_entries", "custody_heads", "case_events", "identity_views", "answers"):
                if self.database.is_sqlite:
                    session.execute(text(f"DROP TRIGGER {table}_no_update"))
                    session.execute(text(f"DROP TRIGGER {table}_no_delete"))
                else:
                    session.execute(text(f"DROP TRIGGER {table}_stay ON {table}"))
            for statement in statements:
                session.execute(text(statement))


def opened(folder, root, clock):
    """Books in a folder. Most of it on SQLite alone: test_custody_chain.py does it on both."""
    made = make_settings(folder, root, f"sqlite:///{folder}/central.db")
    custody = made.custody.model_copy(update={"heads_dir": folder / "elsewhere"})
    database = Database(made.database.url)
    return Books(made.model_copy(update={"custody": custody}), clock, database, MediaStore(folder / "media"))


@pytest.fixture(scope="session")
def written(sqlite_template, tmp_path_factory, pytestconfig):
    """A folder of books, written once."""
    folder = tmp_path_factory.mktemp("books")
    shutil.copy(sqlite_template, folder / "central.db")
    write_key(folder / "custody-key.pem")
    made = opened(folder, pytestconfig.rootpath, ManualClock())
    path = made.store.path(SHA)
    path.parent.mkdir(parents=True)
    path.write_bytes(PICTURE)
    with made.database.write(ordered=True) as session:
        now, source = made.clock.now_utc(), "/kerbwatch/v1/yuyao/box-1"
        media.add(session, SHA, content_type="image/jpeg", size_bytes=len(PICTURE), source=source, now=now)
    with made.database.write(ordered=True) as session:
        session.add(IdentityView(ref="r-1", actor="user:dora", at=now, reason="a witness is needed in court"))
    made.settings.custody.heads_dir.mkdir()
    made.more()
    for _ in range(2):
        with made.database.write(ordered=True) as session:
            answer(session, made.clock.now_utc())
        made.more()
    made.database.close()
    return folder


def answer(session, now):
    """The newest case was looked at and is none; whoever reported it is told so."""
    lead = session.scalars(select(Lead).order_by(Lead.id.desc()).limit(1)).one()
    told = {"outcome": "rejected", "reason_code": "not_there", "final": True, "words": "It was not there."}
    session.add(Answer(lead_id=lead.id, case_id=lead.case_id, given_at=now, **told))


@pytest.fixture
def books(written, tmp_path, pytestconfig):
    shutil.copytree(written, tmp_path / "books")
    clock = ManualClock()
    clock.advance(300)
    made = opened(tmp_path / "books", pytestconfig.rootpath, clock)
    yield made
    made.database.close()


def test_books_that_nobody_touched_are_found_in_order(books):
    outcome = books.verified()
    assert (outcome.findings, outcome.rows, outcome.files) == ([], 6 + 1 + 2, 1)
    assert (outcome.heads, outcome.heads_outside) == (4, 3), "the first was signed when it was initialised"
    happen(books.database, books.settings, books.clock, 1)
    outcome = books.verified()
    assert (outcome.good, outcome.rows_unsealed) == (True, 1), "what came a moment ago is only counted"


def test_a_file_that_was_changed_or_lost_is_named(books):
    path = books.store.path(SHA)
    path.write_bytes(PICTURE.replace(b"car", b"bus"))
    (finding,) = books.verified().findings
    assert (finding.code, finding.where) == ("file-changed", f"file {SHA}")
    assert books.found(files=False) == set()
    path.unlink()
    assert books.found() == {"file-missing"}
    with books.database.write() as session:
        session.delete(session.get(MediaFile, SHA))
    assert books.found() == {"file-missing"}, "also when the table forgets that it ever came in"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE case_events SET note = 'nothing of importance' WHERE id = 4", "rows-changed"),
        ("DELETE FROM case_events WHERE id = 3", "rows-missing"),
        ("UPDATE identity_views SET actor = 'user:somebody'", "rows-changed"),
        ("UPDATE answers SET words = 'It was dealt with.' WHERE id = 2", "rows-changed"),
        ("DELETE FROM answers WHERE id = 1", "rows-missing"),
        ("UPDATE custody_entries SET actor = 'user:somebody' WHERE number = 3", "entry-changed"),
        ("DELETE FROM custody_entries WHERE number = 3", "entry-missing"),
        ("DELETE FROM custody_entries WHERE number >= 4", "chain-cut"),
        ("UPDATE custody_heads SET signature = '00' WHERE id = 2", "foreign-signature"),
    ],
    ids=[
        "line changed",
        "line removed",
        "look changed",
        "answer changed",
        "answer removed",
        "entry changed",
        "entry removed",
        "tail cut off",
        "head forged",
    ],
)
def test_whatever_is_changed_afterwards_is_found(books, statement, code):
    books.tamper(statement)
    outcome = books.verified()
    assert code in {finding.code for finding in outcome.findings}
    assert all(finding.sentence.endswith(".") for finding in outcome.findings)


def test_a_line_put_in_where_a_number_was_free_is_found(books):
    with books.database.read() as session:
        columns = [column for column in CaseEvent.__table__.columns.keys() if column != "id"]  # noqa: SIM118
    books.tamper("UPDATE case_events SET id = 1007 WHERE id = 6")
    books.seal()
    names = ", ".join(columns)
    with books.database.write() as session:
        session.execute(
            text(f"INSERT INTO case_events (id, {names}) SELECT 6, {names} FROM case_events WHERE id = 5")
        )
        session.execute(
            text(f"INSERT INTO case_events (id, {names}) SELECT 900, {names} FROM case_events WHERE id = 5")
        )
    assert "rows-inserted" in books.found()


def test_a_tail_cut_off_with_its_heads_is_found_by_those_that_lie_elsewhere(books):
    with books.database.read() as session:
        *_older, before, newest = repository.heads_from(session, 1)
    books.tamper(
        f"DELETE FROM custody_heads WHERE id = {newest.id}",
        f"DELETE FROM custody_entries WHERE number > {before.number}",
        "DELETE FROM case_events WHERE id > 4",
    )
    assert books.found() == {"chain-cut"}


def test_a_place_of_heads_that_has_none_or_stood_still_is_found(books):
    place = books.settings.custody.heads_dir
    (file,) = place.iterdir()
    lines = file.read_text().splitlines(keepends=True)
    books.clock.advance(1)
    later = books.clock.now_utc()
    assert books.found(there_by=later) == set()
    file.write_text("".join(lines[:-1]))
    assert books.found() == set(), "heads that an auditor keeps may be old"
    assert books.found(there_by=later) == {"heads-missing"}
    assert books.found(there_by=later - timedelta(hours=1)) == set(), "what was signed just now is on its way"
    file.rename(place / "heads.bak")
    outcome = books.verified()
    assert [finding.code for finding in outcome.findings] == ["heads-missing"]
    assert str(place) in outcome.findings[0].sentence


def test_a_chain_written_anew_from_end_to_end_is_found_by_the_heads(books, tmp_path):
    books.tamper("UPDATE custody_entries SET actor = 'user:somebody' WHERE number = 2")
    with books.database.write() as session:
        previous = GENESIS
        for found in list(repository.entries_from(session, 1)):
            entry = session.merge(found)
            entry.previous = previous
            entry.hash = previous = hash_of(entry)
    assert {"chain-rewritten", "unsigned"} <= books.found()
    # … also when all heads in the database are made anew, with the very key.
    with books.database.write(ordered=True) as session:
        for head in session.query(CustodyHead):
            session.delete(head)
        session.flush()
        sign_tip(session, read_key(books.settings.custody.key_file), "central", books.clock.now_utc())
    assert books.found() == {"chain-rewritten"}
    # … or with a key of one's own.
    write_key(tmp_path / "other.pem")
    other = books.settings.custody.model_copy(update={"key_file": tmp_path / "other.pem"})
    real, books.settings = books.settings, books.settings.model_copy(update={"custody": other})
    with books.database.write(ordered=True) as session:
        session.query(CustodyHead).delete()
        sign_tip(session, read_key(tmp_path / "other.pem"), "central", books.clock.now_utc())
    books.settings = real
    assert "foreign-signature" in books.found()


def test_a_key_that_was_replaced_is_accepted_because_the_new_one_signed_over_its_name(books, tmp_path):
    write_key(tmp_path / "next.pem")
    custody = books.settings.custody.model_copy(update={"key_file": tmp_path / "next.pem"})
    books.settings = books.settings.model_copy(update={"custody": custody})
    assert "foreign-signature" in books.found()
    books.more()
    assert books.found() == set()


def test_only_what_is_newer_is_looked_at_when_asked(books):
    books.clock.advance(10)
    since = books.clock.now_utc()
    books.more(1)
    outcome = books.verified(since=since)
    assert (outcome.good, outcome.rows, outcome.files) == (True, 1, 0)
    books.tamper("UPDATE case_events SET note = 'x' WHERE id = 1")
    assert books.found(since=since) == set()
    assert books.found() == {"rows-changed"}


def test_a_hold_taken_away_behind_the_chain_is_found(books):
    with books.database.read() as session:
        case_id = session.scalar(text("SELECT id FROM cases LIMIT 1"))
    books.tamper(
        "INSERT INTO legal_holds (id, case_id, reason, set_by, set_at) "
        f"VALUES ('0', '{case_id}', 'r', 'user:x', '2026-05-04 03:00:00.000000')"
    )
    assert books.found() == {"hold-changed"}


@pytest.mark.parametrize(
    "change",
    [
        "source = 'somebody'",
        "received_at = '2020-01-01 00:00:00.000000'",
        "content_type = 'image/png'",
        "size_bytes = 1",
    ],
)
def test_who_sent_a_file_when_and_what_is_compared_with_the_chain(books, change):
    books.tamper(f"UPDATE media SET {change}")
    (finding,) = books.verified(files=False).findings
    assert (finding.code, finding.where) == ("file-record-changed", f"file {SHA}")
    assert change.partition(" ")[0] in finding.sentence


def test_of_a_file_that_was_deleted_and_came_in_again_the_last_entries_count(books, monkeypatch):
    monkeypatch.setattr(verifying, "_PAGE_ENTRIES", 1)
    store, database, clock = books.store, books.database, books.clock
    with database.read() as session:
        received_at = session.get(MediaFile, SHA).received_at

    def delete():
        rules = RetentionRules(rules=(), no_case_days=1)
        Retention(database, store, rules, clock.now_utc(), ZoneInfo("UTC")).run()

    clock.advance(2 * 86400)
    delete()
    assert books.found() == set()
    books.tamper("UPDATE media SET source = 'somebody', deletion_rule = 'another'")
    told = " ".join(finding.sentence for finding in books.verified().findings)
    assert all(name in told for name in ("source 'somebody'", "deletion_rule 'another'"))
    with database.write(ordered=True) as session:
        now, source = clock.now_utc(), "report-page"
        media.add(session, SHA, content_type="image/jpeg", size_bytes=len(PICTURE), source=source, now=now)
    store.path(SHA).write_bytes(PICTURE)
    assert books.found() == set()
    with database.write() as session:
        session.get(MediaFile, SHA).received_at = received_at
    assert books.found() == {"file-record-changed"}
    clock.advance(2 * 86400)
    with database.write() as session:
        session.get(MediaFile, SHA).received_at = now
        session.get(MediaFile, SHA).deleted_at, session.get(MediaFile, SHA).deletion_rule = now, "no-case"
    store.path(SHA).unlink()
    assert "file-record-changed" in books.found(), "the deletion that the chain knows was of the time before"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE legal_holds SET reason = 'another' WHERE lifted_at IS NULL", "reason"),
        ("UPDATE legal_holds SET set_by = 'user:x' WHERE lifted_at IS NULL", "set_by"),
        ("UPDATE legal_holds SET lifted_by = 'user:x' WHERE lifted_at IS NOT NULL", "lifted_by"),
        ("UPDATE legal_holds SET lifted_at = set_at WHERE lifted_at IS NULL", "lifted_at"),
        ("DELETE FROM legal_holds WHERE lifted_at IS NULL", "never lifted"),
        ("DELETE FROM legal_holds WHERE lifted_at IS NOT NULL", "gone"),
    ],
)
def test_a_hold_says_who_set_and_lifted_it_when_and_why_as_the_chain_does(books, statement, said):
    who = Principal("user:aude", "aude", ("auditor",), permissions_of(("auditor",)))
    why, now = "the court asks for it, file 2026-17", books.clock.now_utc()
    with books.database.write(ordered=True) as session:
        row = session.scalars(select(Case).order_by(Case.id)).first()
        holds.set_hold(session, row.id, why, who=who, version=row.version, now=now)
        holds.lift_hold(session, row.id, why, who=who, version=row.version, now=now)
        holds.set_hold(session, row.id, why, who=who, version=row.version, now=now)
    books.seal()
    assert books.found() == set()
    books.tamper(statement)
    (finding,) = books.verified().findings
    assert (finding.code, said in finding.sentence) == ("hold-changed", True)


def test_a_result_can_be_read_by_programs(books):
    books.store.path(SHA).unlink()
    said = json.loads(json.dumps(books.verified().document()))
    assert (said["good"], said["findings"][0]["code"], said["files"]) == (False, "file-missing", 1)
    with books.database.read() as session:
        assert said["entries"] == repository.tip(session).number
        assert session.get(CustodyEntry, 1).previous == GENESIS
