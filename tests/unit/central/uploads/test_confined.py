"""A file that misbehaves ends the process that reads it, and nothing else; and that process knows nothing."""

import sys
import time
from pathlib import Path

import pytest

from central.uploads import confined
from central.uploads.child.fence import Fence
from tests.waiting import wait_until

FENCE = Fence(memory_mb=400, cpu_s=1, written_mb=1, open_files=20, niceness=1, network=False)
SETUP = f"""
import sys
sys.path.insert(0, {sys.path[0]!r})
from central.uploads.child.fence import Fence, stand_behind, open_nothing_more
shut = stand_behind(Fence.of({FENCE.text()!r}))
"""


def run(code, tmp_path, *, wall_s=20.0, heard=None, waiting=lambda: None):
    command = [sys.executable, "-I", "-c", SETUP + code]
    with Path("/dev/null").open("rb") as nothing:
        return confined._run(
            command,
            confined._ENVIRONMENT,
            tmp_path,
            nothing,
            wall_s=wall_s,
            waiting=waiting,
            hear=(heard.append if heard is not None else lambda _line: None),
        )


def test_it_sees_no_environment_no_network_and_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERBWATCH_SECRET", "very secret")
    code = """
import os, socket
print(sorted(os.environ), os.listdir("."), os.nice(0) > 0)
if shut:
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    except OSError as error:
        print(error.strerror)
"""
    ended = run(code, tmp_path)
    said = ended.output.decode()
    assert "KERBWATCH_SECRET" not in said
    assert "[] True" in said
    assert ended.death is None


@pytest.mark.parametrize(
    ("code", "death"),
    [
        ("x = bytearray(900_000_000)", "memory"),
        ("while True: pass", "cpu_time"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("open('big', 'wb').write(bytes(5_000_000))", None),
    ],
)
def test_what_takes_too_much_ends(tmp_path, code, death):
    ended = run(code, tmp_path)
    assert ended.death == death
    assert ended.status != 0
    assert not (tmp_path / "big").exists() or (tmp_path / "big").stat().st_size <= 1_000_000


def test_what_takes_too_long_is_ended_with_all_that_it_began(tmp_path):
    code = """
import subprocess, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""
    began = time.monotonic()
    ended = run(code, tmp_path, wall_s=1.5)
    assert ended.death == "wall_time"
    assert time.monotonic() - began < 15
    began_by_it = Path(f"/proc/{int(ended.output)}/stat")
    wait_until(lambda: not _lives(began_by_it), "what it began is ended too")


def _lives(process):
    try:
        return process.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_opens_nothing_once_it_reads(tmp_path):
    ended = run("open_nothing_more(3)\nopen('/etc/passwd')", tmp_path)
    assert "Too many open files" in ended.said


def test_what_it_says_of_how_far_it_is_is_heard_while_it_runs(tmp_path):
    heard, seen = [], []
    code = "import time\nfor n in range(3): print(n, file=sys.stderr, flush=True); time.sleep(0.4)"
    run(code, tmp_path, heard=heard, waiting=lambda: seen.append(len(heard)))
    assert heard[:2] == ["0", "1"]
    assert any(0 < count < 3 for count in seen)


def test_whoever_waits_may_end_it(tmp_path):
    def enough():
        raise InterruptedError

    began = time.monotonic()
    with pytest.raises(InterruptedError):
        run("import time; time.sleep(60)", tmp_path, waiting=enough)
    assert time.monotonic() - began < 15
