"""Whoever has the database and no key gets no signature under what they wrote, and it is told."""

import json
import shutil

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from central.custody import repository
from central.custody.chain import GENESIS, hash_of
from central.custody.keys import read_key
from central.custody.known import file_beside, set_aside
from central.custody.models import CustodyEntry, CustodyHead
from central.custody.sealer import Sealer
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.escalation.repository import beats
from central.media.store import MediaStore
from central.metrics import Metrics
from central.setup import initialise
from tests.integration.central.test_custody_chain import happen


class Street:
    """Central on a street where things happen, each copy with metrics of its own."""

    def __init__(self, settings, clock, database):
        self.settings, self.clock, self.database = settings, clock, database

    def copy(self, name="central", **custody):
        """A copy of central that has just started."""
        terms = self.settings.custody.model_copy(update=custody)
        settings = self.settings.model_copy(update={"instance": name, "custody": terms})
        sealer = Sealer(settings, self.clock, self.database, Metrics())
        sealer.metrics = sealer._metrics
        return sealer

    def more(self, sealer, count=2):
        happen(self.database, self.settings, self.clock, count)
        self.clock.advance(100)
        sealer.once()

    def newest(self):
        with self.database.read() as session:
            head = repository.newest_head(session)
            return head.number if head else 0, repository.tip(session).number

    def forge(self):
        """Without the key: rewrite what an entry says, and the chain from there on, without its heads."""
        with self.database.write() as session:
            for table in ("custody_entries", "custody_heads"):
                if self.database.is_sqlite:
                    session.execute(text(f"DROP TRIGGER {table}_no_update"))
                    session.execute(text(f"DROP TRIGGER {table}_no_delete"))
                else:
                    session.execute(text(f"DROP TRIGGER {table}_stay ON {table}"))
            previous = GENESIS
            for found in list(repository.entries_from(session, 1)):
                entry = session.merge(found)
                if entry.number == 2:
                    entry.actor = "user:somebody"
                entry.previous, entry.hash = previous, ""
                entry.hash = previous = hash_of(entry)
            session.query(CustodyHead).filter(CustodyHead.number >= 2).delete()

    @property
    def beside(self):
        return file_beside(self.settings.custody.key_file, self.database.engine.url)

    def verified(self, **where):
        custody = self.settings.custody
        what = What([read_key(custody.key_file).public], OutsideHeads(where.get("heads"), self.beside))
        return verify(self.database, MediaStore(self.settings.media.dir), what, print)


@pytest.fixture
def street(settings, clock, database):
    return Street(settings, clock, database)


def refuses(sealer):
    with capture_logs() as told:
        sealer.once(sign_now=True)
    said = [line for line in told if line["event"] == "chain_not_signed"]
    counted = sealer.metrics.registry.get_sample_value("kerbwatch_central_custody_signing_refused")
    assert counted == len(said)
    return bool(said)


def test_a_chain_that_somebody_wrote_anew_without_the_key_is_not_signed_and_it_is_told(street):
    running = street.copy()
    street.more(running)
    street.more(running)
    assert not refuses(running)
    signed_at = street.clock.now_utc()
    street.clock.advance(100)
    street.forge()
    assert refuses(running), "what it signed stands in its memory"
    assert refuses(street.copy()), "… and in the file beside the key, for one that has just started"
    assert street.newest()[0] < 2, "no signature under what somebody wrote"
    with street.database.read() as session:
        (beat,) = [each for each in beats(session) if each.name == "sealer"]
    assert beat.at == signed_at, "since then custody was not signed"
    outcome = street.verified()
    assert {"chain-rewritten"} <= {finding.code for finding in outcome.findings}
    assert any(str(street.beside) in finding.sentence for finding in outcome.findings)


def test_heads_on_another_machine_keep_a_chain_from_being_signed_where_the_file_is_gone(street, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    running = street.copy(heads_dir=elsewhere)
    street.more(running)
    street.forge()
    street.beside.unlink()
    assert refuses(street.copy(heads_dir=elsewhere))
    assert not refuses(street.copy()), "nobody knows of what was there"


def test_a_head_that_was_taken_away_alone_is_missed_as_well(street):
    running = street.copy()
    street.more(running)
    with street.database.write() as session:
        trigger = "no_delete" if street.database.is_sqlite else "stay ON custody_heads"
        session.execute(text(f"DROP TRIGGER custody_heads_{trigger}"))
        session.query(CustodyHead).delete()
    assert refuses(running)


def test_two_copies_go_on_side_by_side_each_knowing_what_the_other_signed(street, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    north, south = street.copy("north", heads_dir=elsewhere), street.copy("south", heads_dir=elsewhere)
    for turn in range(6):
        street.more((north, south)[turn % 2])
        assert not refuses((south, north)[turn % 2])
    assert street.newest()[0] == street.newest()[1]
    assert street.verified(heads=elsewhere).findings == []
    lines = [line for path in elsewhere.iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == len(set(lines)) >= 6, "none is written twice"
    street.forge()
    assert refuses(north)
    assert refuses(south)


def test_an_upgrade_begins_to_remember_what_is_there(street):
    street.more(street.copy())
    street.beside.unlink()
    street.copy().once()
    assert json.loads(street.beside.read_text())["number"] == street.newest()[0]


def test_another_database_under_the_same_key_is_no_chain_that_was_cut(street, tmp_path):
    there = street.database.engine.url.set(database=f"{tmp_path}/there.db")
    assert file_beside(street.settings.custody.key_file, there) != street.beside
    changed = street.database.engine.url.set(
        username="other",
        password="changed",
        query=street.database.engine.url.query | {"connect_timeout": "3"},
    )
    if not street.database.is_sqlite:
        assert file_beside(street.settings.custody.key_file, changed) == street.beside


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_emptied_database_that_is_initialised_begins_a_chain_and_the_old_head_is_kept(
    street, sqlite_template, tmp_path
):
    street.more(street.copy())
    before = street.beside.read_text()
    street.database.close()
    shutil.move(tmp_path / "central.db", tmp_path / "old.db")
    initialise(street.settings, street.clock.now_utc())
    (aside,) = tmp_path.glob("*.until-*")
    assert aside.read_text() == before
    assert not refuses(street.copy())


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_initialising_over_a_chain_that_was_written_anew_signs_nothing(street):
    street.more(street.copy())
    street.forge()
    with capture_logs() as told:
        initialise(street.settings, street.clock.now_utc())
    assert "chain_not_signed" in {line["event"] for line in told}
    assert street.newest()[0] < 2
    set_aside(street.settings.custody.key_file, street.database.engine.url, street.clock.now_utc())
    assert not refuses(street.copy()), "somebody has looked, and let it go on"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_disk_that_is_away_is_told_not_made_anew_and_gets_the_newest_head_when_it_is_back(street, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    settings = street.settings
    settings = settings.model_copy(
        update={"custody": settings.custody.model_copy(update={"heads_dir": elsewhere})}
    )
    initialise(settings, street.clock.now_utc())
    running = street.copy(heads_dir=elsewhere)
    elsewhere.rename(tmp_path / "away")
    failures = "kerbwatch_central_custody_failures_total"
    street.more(running)
    assert running.metrics.registry.get_sample_value(failures) > 0
    assert not elsewhere.exists()
    running = street.copy(heads_dir=elsewhere)
    (tmp_path / "away").rename(elsewhere)
    street.clock.advance(20)
    running.once()
    (file,) = elsewhere.iterdir()
    assert json.loads(file.read_text().splitlines()[-1])["number"] == street.newest()[0]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_beside_the_key_that_is_damaged_is_told_and_the_others_still_count(street):
    running = street.copy()
    street.more(running)
    street.beside.write_text("no head")
    street.forge()
    assert refuses(running)
    with street.database.read() as session:
        assert session.get(CustodyEntry, 1) is not None
