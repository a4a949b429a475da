"""A backup of a central that goes on working, and the city as it was, somewhere else."""

import hashlib
import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from central import schema
from central.backup import dumps, service
from central.backup.errors import BackupError
from central.backup.manifest import is_signed_by, read_manifest, write_manifest
from central.cases.models import Case
from central.custody.keys import read_key
from central.custody.known import KnownHeads
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.database import Database
from central.intake.service import commit_batch
from central.media import repository as media
from central.media.store import MediaStore, hash_file
from central.schema import SchemaError
from central.uploads.models import Upload, UploadState
from kerbwatch.ids import new_id
from tests.integration.central.test_retention import DAY_S, keep_file
from tests.integration.central.test_upgrade import to_revision
from tests.unit.central.box import EdgeBox, report

UTC = ZoneInfo("UTC")


@pytest.fixture
def empty_url(url, tmp_path, request) -> str:
    """A database of the same kind in which there is nothing."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/restored.db"
        return
    cluster, name = request.getfixturevalue("cluster"), f"r{abs(hash(request.node.nodeid))}"
    cluster.command(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(tmp_path):
    return MediaStore(tmp_path / "media")


def back_up(settings, database, store, clock, into):
    key = read_key(settings.custody.key_file)
    clock.advance(60)
    known = KnownHeads(settings.custody, key.public, database.engine.url)
    return service.back_up(database, store, key, into, instance="central", now=clock.now_utc(), known=known)


def put_back(folder, url, tmp_path, name=None):
    there = MediaStore(tmp_path / "restored-media")
    return there, service.restore(folder, name, url, there, print)


def test_what_is_restored_is_as_it_was_while_central_went_on_writing(
    settings, database, clock, store, tmp_path, empty_url
):
    shas = [keep_file(database, store, clock, b"\xff\xd8\xff\xe0 picture %d" % k) for k in range(5)]
    stop, box, wrong = threading.Event(), EdgeBox(), []

    def go_on():
        while not stop.is_set():
            with database.write(ordered=True) as session:
                now, message = clock.now_utc(), box.message(report())
                outcome = commit_batch(session, [message], now, settings.intake, UTC)
            wrong.extend(outcome.rejected)
            stop.wait(0.01)  # SQLite gives its writers no turns

    writing = threading.Thread(target=go_on)
    writing.start()
    try:
        made = back_up(settings, database, store, clock, tmp_path / "backups")
    finally:
        stop.set()
        writing.join(20)
    assert (made.files, made.new_files, made.lost, wrong) == (5, 5, (), [])
    there, restored = put_back(tmp_path / "backups", empty_url, tmp_path)
    key = read_key(settings.custody.key_file).public
    assert is_signed_by(restored.folder, key)
    found = Database(empty_url)
    try:
        what = What([key], OutsideHeads(restored.folder / service.HEAD))
        outcome = verify(found, there, what, print)
        assert (outcome.findings, outcome.files, outcome.heads_outside) == ([], 5, 1)
        assert all(there.path(sha).exists() for sha in shas)
        with found.read() as session, database.read() as before:
            count = select(func.count()).select_from(Case)
            assert 0 <= session.scalar(count) <= before.scalar(count)
    finally:
        found.close()
    with pytest.raises(BackupError, match="restore into empty ones"):
        put_back(tmp_path / "backups", empty_url, tmp_path)


def test_a_second_backup_takes_only_what_is_new_and_old_ones_can_be_thrown_away(
    settings, database, clock, store, tmp_path
):
    into = tmp_path / "backups"
    gone = keep_file(database, store, clock, b"\xff\xd8\xff\xe0 one")
    first = back_up(settings, database, store, clock, into)
    kept = keep_file(database, store, clock, b"\xff\xd8\xff\xe0 two")
    with database.write() as session:
        row = media.find(session, gone)
        row.deleted_at, row.deletion_rule = clock.now_utc(), "rejected"
    store.path(gone).unlink()
    second = back_up(settings, database, store, clock, into)
    assert (first.new_files, second.files, second.new_files) == (1, 1, 1)
    assert service.prune(into, 1) == 1
    assert [path.name for path in (into / "media").glob("??/*")] == [kept]
    assert [path.name for path in (into / "backups").iterdir()] == [second.folder.name]


def test_a_damaged_file_is_not_taken_and_a_damaged_backup_is_not_put_back(
    settings, database, clock, store, tmp_path
):
    into = tmp_path / "backups"
    sha = keep_file(database, store, clock, b"\xff\xd8\xff\xe0 one")
    bad = keep_file(database, store, clock, b"\xff\xd8\xff\xe0 two")
    store.path(bad).write_bytes(b"\xff\xd8\xff\xe0 not two")
    made = back_up(settings, database, store, clock, into)
    assert made.lost == (bad,)
    assert read_manifest(made.folder).files[0].sha256 == sha
    copy = into / "media" / sha[:2] / sha
    copy.unlink()
    copy.write_bytes(b"something else")
    with pytest.raises(BackupError, match="is not what came in"):
        put_back(into, f"sqlite:///{tmp_path}/elsewhere.db", tmp_path)
    dump = made.folder / read_manifest(made.folder).database
    with dump.open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match="is not what was written"):
        put_back(into, f"sqlite:///{tmp_path}/elsewhere.db", tmp_path / "again")
    (made.folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupError, match="no manifest"):
        put_back(into, f"sqlite:///{tmp_path}/elsewhere.db", tmp_path / "again")
    assert hashlib.sha256(store.path(sha).read_bytes()).hexdigest() == sha
    clock.advance(DAY_S)


def test_a_backup_of_an_older_version_is_put_back_and_brought_up_to_date(
    settings, database, clock, store, tmp_path, empty_url
):
    keep_file(database, store, clock, b"\xff\xd8\xff\xe0 picture")
    made = back_up(settings, database, store, clock, tmp_path / "backups")
    before = made.folder / read_manifest(made.folder).database
    before.unlink()
    to_revision(database, "0029", down=True)
    aged(made.folder, "0029", dumps.dump(database, made.folder), settings)
    there, _ = put_back(tmp_path / "backups", empty_url, tmp_path)
    found = Database(empty_url)
    try:
        schema.check_current(found)
        what = What([read_key(settings.custody.key_file).public], OutsideHeads(made.folder / service.HEAD))
        assert verify(found, there, what, print).findings == []
    finally:
        found.close()


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_put_back(
    settings, database, clock, store, tmp_path, empty_url
):
    keep_file(database, store, clock, b"\xff\xd8\xff\xe0 picture")
    made = back_up(settings, database, store, clock, tmp_path / "backups")
    aged(made.folder, "9999", made.folder / read_manifest(made.folder).database, settings)
    with pytest.raises(SchemaError, match="at 9999, of a newer version"):
        put_back(tmp_path / "backups", empty_url, tmp_path)
    assert dumps.is_empty(empty_url)
    assert not (tmp_path / "restored-media").exists()


def aged(folder, revision, dump, settings):
    """Make a backup's manifest say that another version wrote it, with this copy of the database."""
    changed = replace(read_manifest(folder), schema=revision, database_sha256=hash_file(dump))
    write_manifest(folder, changed, read_key(settings.custody.key_file))


def test_a_photo_that_nobody_has_looked_through_yet_is_restored_where_it_waited(
    settings, database, clock, store, tmp_path, empty_url
):
    photo, upload_id, over_id = b"\xff\xd8\xff\xe0 a stall, by a citizen", new_id(), new_id()
    for name, state in ((upload_id, UploadState.WHOLE), (over_id, UploadState.OPEN)):
        store.aside(name).parent.mkdir(parents=True, exist_ok=True)
        store.aside(name).write_bytes(photo)
        with database.write() as session:
            session.add(upload(name, state, photo, clock.now_utc()))
    made = back_up(settings, database, store, clock, tmp_path / "backups")
    assert (made.files, made.lost) == (1, ())
    assert service.prune(tmp_path / "backups", keep=1) == 0
    there, _ = put_back(tmp_path / "backups", empty_url, tmp_path)
    assert there.aside(upload_id).read_bytes() == photo
    assert not there.aside(over_id).exists()


def upload(upload_id, state, content, now):
    """A row of an upload; only one that is whole has its hash yet."""
    return Upload(
        id=upload_id,
        key_hash=hashlib.sha256(upload_id.encode()).hexdigest(),
        sender_key="somebody",
        state=state.value,
        length_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest() if state is UploadState.WHOLE else None,
        created_at=now,
        expires_at=now,
    )
