"""A box that must not start, or must not start twice, says why."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.check_box import faults_of_box
from edge.lock import DataDirInUseError, DataDirLock
from edge.settings import EdgeSettings
from edge.worker import STUCK_AFTER_S, BoxStuckError, EdgeWorker
from kerbwatch.clock import ManualClock, SystemClock
from kerbwatch.secrets import SecretMissingError


def settings(folder: Path, **more: Any) -> EdgeSettings:
    camera = {"id": "c1", "source": "a.mp4", "position": {"lon": 121.15, "lat": 30.03}}
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text("a token\n")
    tree: dict[str, Any] = {
        "site": "yuyao",
        "edge": "box-1",
        "data_dir": str(folder / "data"),
        "central": {"token_file": str(token)},
        "metrics": {"port": 0},
        "cameras": [camera],
    }
    return EdgeSettings.model_validate(tree | more)


def test_a_second_process_is_kept_out_of_a_folder_until_the_first_has_ended(tmp_path: Path):
    first = DataDirLock(tmp_path)
    with pytest.raises(DataDirInUseError, match=r"in use by another edge process \(process \d+\)"):
        DataDirLock(tmp_path)
    first.release()
    DataDirLock(tmp_path).release()


def test_a_variable_that_is_not_set_is_told_at_the_start_and_not_for_ever_after(tmp_path: Path):
    camera = {
        "id": "east",
        "source": "rtsp://${NO_SUCH_USER}:${NO_SUCH_PASSWORD}@127.0.0.1/1",
        "position": {"lon": 121.15, "lat": 30.03},
    }
    with pytest.raises(SecretMissingError, match=r"camera 'east': .*NO_SUCH_USER is not set"):
        EdgeWorker(settings(tmp_path, cameras=[camera]), ManualClock())


def test_a_sound_box_has_no_faults(tmp_path: Path):
    assert faults_of_box(settings(tmp_path)) == []


def test_a_token_that_everybody_may_read_is_told(tmp_path: Path):
    box = settings(tmp_path)
    (tmp_path / "token").chmod(0o644)
    (fault,) = faults_of_box(box)
    assert "central.token_file: everybody on this machine may read" in fault


def test_what_a_box_lacks_is_told_before_it_runs(tmp_path: Path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lacking = settings(tmp_path, central={"token_file": str(tmp_path / "absent")}, metrics={"port": port})
        folder, token, metrics = faults_of_box(lacking)
    assert "data_dir" in folder
    assert "cannot read the secret file" in token
    assert f"metrics at 127.0.0.1:{port} cannot be served" in metrics


def test_a_box_that_runs_already_is_no_fault(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as its_metrics:
        running = settings(tmp_path, metrics={"port": its_metrics.getsockname()[1]})
        lock = DataDirLock(running.data_dir)
        assert faults_of_box(running) == []
        lock.release()


def test_a_time_zone_that_does_not_exist_is_refused_with_the_name_of_its_camera(tmp_path: Path):
    camera = {"id": "east", "source": "a.mp4", "position": {"lon": 121.15, "lat": 30.03}}
    for wrong in ("Asia/Shangai", "../../etc/passwd", "Asia", ""):
        with pytest.raises(ValueError, match=r"camera 'east': 'time_zone' '.*' is no time zone"):
            settings(tmp_path, cameras=[{**camera, "time_zone": wrong}])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[EdgeWorker]:
    worker = EdgeWorker(settings(tmp_path), SystemClock())
    worker.start()
    yield worker
    worker.stop()


def test_a_file_that_is_refused_leaves_the_line_to_central_as_it_was(running: EdgeWorker, tmp_path: Path):
    config = tmp_path / "edge.yaml"
    tree = settings(tmp_path).model_dump(mode="json")
    old, line = running.settings, running._uplink
    for wrong in (
        {"mqtt": {"username": "box-1", "password_file": "/no/such/password"}},
        {"central": {"token_file": "/no/such/token"}},
        {"central": {"ca_file": "/no/such/authority"}},
    ):
        config.write_text(json.dumps({**tree, **wrong}))
        assert not running.reload_file(config)
        assert running.settings is old
        assert running._uplink is line
        assert all(thread.is_alive() for thread in line._threads)


def test_what_an_operator_watches_is_in_the_metrics(running: EdgeWorker):
    with socket.create_connection(running._metrics.server.server_address) as line:
        line.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        told = line.makefile(encoding="utf-8").read()
    for name in (
        "kerbwatch_looking_age_seconds ",
        'kerbwatch_look_failures_total{camera="c1"} 0.0',
        'kerbwatch_ring_overflows_total{camera="c1"} 0.0',
        "kerbwatch_media_unshown 0.0",
        "kerbwatch_media_not_kept_total 0.0",
        "kerbwatch_media_uploaded_bytes_total 0.0",
    ):
        assert name in told


def test_a_box_that_looks_tells_its_supervisor_that_it_lives(
    running: EdgeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert supervisor.recv(64) == b"WATCHDOG=1"


def test_a_box_whose_network_hangs_ends_itself_where_nobody_else_does(tmp_path: Path):
    clock = ManualClock()
    worker = EdgeWorker(settings(tmp_path), clock)
    clock.advance(STUCK_AFTER_S - 1)
    worker._check_itself()
    clock.advance(1)
    with pytest.raises(BoxStuckError, match="has not come round for 600 s"):
        worker._check_itself()
    worker._store.close()
    worker._lock.release()


def test_a_box_whose_file_breaks_ends_so_that_it_is_started_again(tmp_path: Path):
    worker = EdgeWorker(settings(tmp_path), SystemClock())
    worker._store.damaged = "database disk image is malformed"
    with pytest.raises(BoxStuckError, match=r"edge\.db is damaged .* moves it aside"):
        worker.run(tmp_path / "edge.yaml", threading.Event())
    DataDirLock(tmp_path / "data").release()
