"""The demo as a stranger runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from kerbwatch.ports import free_port
from tests.waiting import wait_until


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kerbwatch", "demo", "--folder", str(folder), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def listening_on(port: int) -> bool:
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in psutil.net_connections("tcp")
    )


def test_the_demo_proves_the_whole_way_and_ends(tmp_path: Path):
    port = free_port()
    demo = start(tmp_path / "demo", "--once", "--port", str(port))
    out, err = demo.communicate(timeout=200)
    last = json.loads(out.splitlines()[-1])
    assert demo.returncode == 0, err
    assert last["ok"] is True
    assert last["incidents"]["illegal_parking"] >= 1
    assert last["cases"] >= 1 and last["tickets"] >= 1
    assert 0 < last["seconds_to_first_ticket"] < 60
    assert last["looked_again"] in {"clear", "not_clear", "unable"}, "the camera checks the work"
    assert last["console"] == f"http://127.0.0.1:{port}"
    assert not listening_on(port)


def test_ctrl_c_leaves_no_process_and_no_port_behind(tmp_path: Path):
    port = free_port()
    demo = start(tmp_path / "demo", "--port", str(port))
    try:
        wait_until(lambda: listening_on(port), "the console is there")
        edge_log = tmp_path / "demo" / "edge.log"
        wait_until(lambda: edge_log.exists() and "edge_started" in edge_log.read_text(), "the box looks")
        family = psutil.Process(demo.pid).children(recursive=True)
        ports = {
            connection.laddr.port
            for process in family
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert len(family) >= 4 and port in ports
        os.killpg(demo.pid, signal.SIGINT)
        out, _ = demo.communicate(timeout=60)
    finally:
        demo.kill()
    assert demo.returncode == 0
    assert set(json.loads(out.splitlines()[-1])) >= {"ok", "incidents", "cases", "tickets", "console"}
    assert [process for process in family if process.is_running() and process.status() != "zombie"] == []
    assert not any(listening_on(each) for each in ports)


def test_a_folder_that_is_somebody_elses_is_not_touched(tmp_path: Path):
    precious = tmp_path / "mine" / "letter.txt"
    precious.parent.mkdir()
    precious.write_text("dear")
    demo = start(precious.parent, "--once")
    out, err = demo.communicate(timeout=60)
    assert demo.returncode == 1 and json.loads(out.splitlines()[-1])["ok"] is False
    assert "not empty" in err and precious.read_text() == "dear"
