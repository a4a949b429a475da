"""systemd hears that a service is ready and lives; without systemd nothing happens."""

import os
import socket

import pytest

from kerbwatch.supervision import tell_supervisor, watchdog_interval_s


def test_systemd_hears_it(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        tell_supervisor("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_nobody_who_listens_is_no_fault(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    tell_supervisor("WATCHDOG=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "absent"))
    tell_supervisor("WATCHDOG=1")


def test_the_watchdog_is_fed_twice_in_its_time_and_only_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert watchdog_interval_s() is None
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_interval_s() == 15
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert watchdog_interval_s() is None
