"""What the demo starts does not outlive it, even when it is killed."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import wait_until

_DEMO = """
import sys, time
from pathlib import Path
from kerbwatch.demo import processes
processes._command = lambda arguments: ["sleep", "60"]
started = processes.Processes(Path(sys.argv[1]))
started.start("central")
print(started._running["central"].pid, flush=True)
time.sleep(60)
"""


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_demo_that_is_killed_leaves_nothing_behind(tmp_path: Path, require) -> None:
    require(shutil.which("setpriv") and sys.platform == "linux", "needs Linux and setpriv (util-linux)")
    demo = subprocess.Popen([sys.executable, "-c", _DEMO, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with demo:
        assert demo.stdout is not None
        child = int(demo.stdout.readline())
        assert lives(child)
        demo.send_signal(signal.SIGKILL)
        wait_until(lambda: not lives(child), "the kernel ends what the demo had started")
