import signal
import socket
import subprocess
import sys

import pytest

from kerbwatch.demo.broker import Broker, BrokerError
from tests.waiting import wait_until


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_it_listens_as_soon_as_it_is_started_and_leaves_no_port_behind(broker):
    assert accepts(broker.port)
    broker.stop()
    assert not accepts(broker.port)
    broker.stop()


def test_it_listens_on_the_loopback_address_alone(broker):
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        if not address.startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable"):
                socket.create_connection((address, broker.port), timeout=1)


def test_killed_and_started_again_it_has_the_same_port(broker):
    port = broker.port
    broker.kill()
    assert not accepts(port)
    broker.start()
    assert broker.port == port
    assert accepts(port)


def test_a_port_that_another_program_has_is_said(broker):
    second = Broker(port=broker.port, prefer=broker.kind)
    with pytest.raises(BrokerError, match=f"port {broker.port} .* taken"):
        second.start()
    second.stop()


def test_it_does_not_outlive_the_program_that_started_it(broker, tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from kerbwatch.demo.broker import Broker;"
        "b = Broker(data_dir=Path(sys.argv[1]), prefer=sys.argv[2]);"
        "b.start(); print(b.port, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "killed"), broker.kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    lines = iter(process.stdout.readline, b"")
    port = next(int(line) for line in lines if line.strip().isdigit())
    assert accepts(port)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not accepts(port), "the broker goes too")
