import sqlite3
import threading

import pytest
from structlog.testing import capture_logs

from edge.store import EdgeStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.db"


def test_what_was_saved_is_there_after_a_restart(path):
    store = EdgeStore(path)
    store.save_state("rules/cam-1", "open")
    store.save_state("rules/cam-1", "still open")
    store.close()
    assert EdgeStore(path).load_state("rules/cam-1") == "still open"


def test_what_was_saved_is_there_after_a_crash(path):
    EdgeStore(path).save_state("a", "1")  # never closed: the write-ahead log is all there is
    assert EdgeStore(path).load_state("a") == "1"


def test_an_absent_key_is_none_and_deleting_it_is_no_error(path):
    store = EdgeStore(path)
    store.delete_state("nothing")
    assert store.load_state("nothing") is None


def test_keys_are_found_by_prefix_even_with_wildcards_in_it(path):
    store = EdgeStore(path)
    for key in ("rules/a_1", "rules/a%1", "rules/ab1", "other"):
        store.save_state(key, "x")
    assert store.state_keys("rules/a_") == ["rules/a_1"]
    assert store.state_keys("rules/") == ["rules/a%1", "rules/a_1", "rules/ab1"]
    assert len(store.state_keys("")) == 4


def test_a_failure_undoes_the_whole_transaction_with_its_inner_ones(path):
    store = EdgeStore(path)

    def fails_late():
        with store.transaction():
            store.save_state("a", "1")
            with store.transaction():
                store.save_state("b", "1")
            raise RuntimeError("the rule failed")

    with pytest.raises(RuntimeError):
        fails_late()
    assert store.state_keys("") == []


def test_an_inner_failure_that_is_handled_undoes_only_the_inner_part(path):
    store = EdgeStore(path)

    def fails():
        with store.transaction():
            store.save_state("b", "1")
            raise RuntimeError("one camera failed")

    with store.transaction():
        store.save_state("a", "1")
        with pytest.raises(RuntimeError):
            fails()
    assert store.state_keys("") == ["a"]


def test_another_thread_never_joins_an_open_transaction(path):
    store = EdgeStore(path)
    inside, seen = threading.Event(), []

    def other():
        inside.wait(5)
        store.save_state("theirs", "1")
        seen.append("done")

    thread = threading.Thread(target=other)
    thread.start()

    def rolls_back():
        with store.transaction():
            store.save_state("ours", "1")
            inside.set()
            thread.join(0.05)
            assert seen == []
            raise RuntimeError("undo ours")

    with pytest.raises(RuntimeError):
        rolls_back()
    thread.join(5)
    assert store.state_keys("") == ["theirs"]


@pytest.mark.parametrize("damage", ["header", "inside", "not a database"])
def test_a_damaged_file_is_moved_aside_and_the_box_goes_on(path, damage):
    store = EdgeStore(path)
    with store.transaction() as connection:
        rows = [(f"key-{number}", "x" * 50) for number in range(2000)]
        connection.executemany("INSERT INTO state VALUES (?, ?)", rows)
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:40] = bytes(40)
    elif damage == "inside":
        middle = len(content) // 2
        content[middle : middle + 8192] = b"\xa5" * 8192
    else:
        content = bytearray(b"a log file that was written to the wrong place\n" * 100)
    path.write_bytes(content)

    with capture_logs() as logs:
        store = EdgeStore(path)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("store_damaged", "error")]
    assert store.state_keys("") == []
    store.save_state("a", "1")
    assert EdgeStore(path).load_state("a") == "1"
    aside = [p for p in path.parent.glob("edge.db.damaged-*") if p.name.endswith("Z")]
    assert [p.read_bytes() for p in aside] == [bytes(content)]


def test_damaged_copies_do_not_fill_the_disk(path):
    for _ in range(4):
        path.write_bytes(b"no database" * 100)
        EdgeStore(path).close()
    assert len(list(path.parent.glob("edge.db.damaged-*Z"))) == 2


def test_a_file_that_is_only_locked_is_not_called_damaged(path, monkeypatch):
    monkeypatch.setattr("edge.store._BUSY_TIMEOUT_MS", 20)
    EdgeStore(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        EdgeStore(path)
    other.close()
    assert list(path.parent.glob("edge.db.damaged-*")) == []


def test_a_file_that_breaks_while_the_box_runs_is_noticed_and_moved_aside_at_the_next_start(path):
    store = EdgeStore(path)
    with store.transaction():
        for number in range(3000):
            store.save_state(f"view/{number:05}", "x" * 1500)  # more than SQLite holds in memory
    with store._lock:
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xa5" * (path.stat().st_size - 16 * 4096))
    with capture_logs() as said, pytest.raises(sqlite3.DatabaseError):
        store.state_keys("view/")
    assert store.damaged
    assert [each["event"] for each in said] == ["store_damaged_while_running"]
    store.close()
    begun = EdgeStore(path)
    assert begun.state_keys("") == []
    assert begun.damaged is None
    assert len(list(path.parent.glob("edge.db.damaged-*Z"))) == 1
    begun.close()
    with capture_logs() as said:
        EdgeStore(path).close()
    assert said == []


def test_a_file_that_was_suspected_and_is_sound_is_kept(path):
    store = EdgeStore(path)
    store.save_state("a", "1")
    store.close()
    path.with_name("edge.db.suspect").touch()
    assert EdgeStore(path).load_state("a") == "1"
    assert not path.with_name("edge.db.suspect").exists()
