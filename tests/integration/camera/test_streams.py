"""Real RTSP streams: cameras go away and come back, and no password is ever written down."""

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import structlog

from kerbwatch.clock import SystemClock
from kerbwatch.messages import CameraState
from tests.integration.camera.cameras import watching
from tests.waiting import wait_until


@contextmanager
def a_listener(answer: bytes | None):
    """A machine that accepts connections and answers every request so, or never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        over = threading.Event()

        def serve():
            open_ones = []
            while not over.is_set():
                try:
                    connection, _address = listener.accept()
                except TimeoutError:
                    continue
                open_ones.append(connection)
                if answer is not None:
                    request = connection.recv(4096).decode()
                    number = next(line for line in request.splitlines() if line.startswith("CSeq:"))
                    connection.sendall(answer + number.encode() + b"\r\n\r\n")
                    connection.shutdown(socket.SHUT_WR)
            for connection in open_ones:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


def test_a_stream_is_looked_at_once_an_interval(server):
    with watching(server.url("street.mp4"), look_interval_s=1) as watched:
        watched.wait_for(3)
        status = watched.camera.status()
    assert watched.times[:3] == pytest.approx([0, 1, 2], abs=0.01)
    assert (status.state, status.codec, status.size_px) == (CameraState.STREAMING, "h264", (320, 180))
    late = SystemClock().now_utc() - watched.frames[2].captured_at
    assert 0 <= late.total_seconds() < 3


def test_a_loop_of_the_stream_does_not_turn_time_back(server):
    with watching(server.url("street.mp4"), look_interval_s=1) as watched:
        watched.wait_for(7)
    gaps = [b - a for a, b in zip(watched.times, watched.times[1:], strict=False)]
    assert all(0.9 <= gap <= 1.2 for gap in gaps), gaps
    assert watched.camera.status().reconnects == 0


def test_every_picture_of_a_stream_is_seen_by_the_motion_profile(server):
    with watching(server.url("street.mp4"), profile="motion") as watched:
        watched.wait_for(50)
    gaps = [b - a for a, b in zip(watched.times, watched.times[1:], strict=False)]
    assert all(0.02 <= gap <= 0.12 for gap in gaps), gaps


def test_a_camera_with_rare_key_frames_is_looked_at_all_the_same(server):
    with watching(server.url("rare.mp4"), look_interval_s=0.4) as watched:
        watched.wait_for(4)
        assert watched.camera.status().decoding == "all"


def test_a_camera_that_goes_away_is_opened_again(mortal_server):
    with watching(mortal_server.url("street.mp4"), look_interval_s=1) as watched:
        watched.wait_for(1)
        mortal_server.kill()
        wait_until(lambda: watched.camera.status().error, "the loss is told")
        lost_at_s, seen = time.monotonic(), len(watched.frames)
        mortal_server.start()
        watched.wait_for(seen + 2)
        away_s = time.monotonic() - lost_at_s
        status = watched.camera.status()
    assert status.reconnects == 1
    assert status.error is None
    assert watched.times == sorted(watched.times)
    assert watched.times[seen] - watched.times[seen - 1] > 0.3, "time went on meanwhile"
    assert watched.times[-1] < watched.times[seen - 1] + away_s + 3


def test_a_stream_that_ends_is_opened_again(server):
    with watching(server.url("street.mp4", loop=False), look_interval_s=1) as watched:
        wait_until(lambda: watched.camera.status().reconnects >= 1, "another connection", 20)
        watched.wait_for(6)
    assert watched.times == sorted(watched.times)


def test_a_stalled_stream_is_noticed_and_opened_again(mortal_server):
    with watching(mortal_server.url("street.mp4"), look_interval_s=1, stall_timeout_s=1) as watched:
        watched.wait_for(1)
        os.kill(mortal_server.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: watched.camera.status().error, "the stall is told", 5)
            assert "no packet came for 1 s" in watched.camera.status().error
        finally:
            os.kill(mortal_server.pid, signal.SIGCONT)
        seen = len(watched.frames)
        watched.wait_for(seen + 1)
        assert watched.camera.status().reconnects == 1


def test_a_camera_that_never_answers_is_given_up_in_time():
    with a_listener(None) as port, watching(f"rtsp://127.0.0.1:{port}/1", open_timeout_s=0.6) as watched:
        wait_until(lambda: watched.camera.status().error, "an error", 5)
        assert "no answer from 127.0.0.1" in watched.camera.status().error


@pytest.mark.parametrize(
    ("status_line", "said"),
    [
        (b"RTSP/1.0 401 Unauthorized\r\n", "refuses the user name or password (401)"),
        (b"RTSP/1.0 404 Not Found\r\n", "no such stream (404)"),
        (b"RTSP/1.0 403 Forbidden\r\n", "forbids access (403)"),
    ],
    ids=["401", "404", "403"],
)
def test_a_refusal_is_told_in_words(status_line, said):
    with a_listener(status_line) as port, watching(f"rtsp://127.0.0.1:{port}/1") as watched:
        wait_until(lambda: watched.camera.status().error, "an error")
        assert said in watched.camera.status().error


def test_a_camera_that_is_switched_off_is_told_in_words(mortal_server):
    url = mortal_server.url("street.mp4")
    mortal_server.kill()
    with watching(url) as watched:
        wait_until(lambda: watched.camera.status().error, "an error")
        assert "nothing listens there" in watched.camera.status().error
        assert watched.camera.status().state in {CameraState.BACKING_OFF, CameraState.CONNECTING}


@pytest.mark.parametrize("answer", [b"RTSP/1.0 401 Unauthorized\r\n", None], ids=["refused", "silent"])
def test_a_password_never_reaches_the_log(monkeypatch, answer):
    monkeypatch.setenv("CAM_USER", "desk")
    monkeypatch.setenv("CAM_PASSWORD", "hunter/2@x")
    with structlog.testing.capture_logs() as logs, a_listener(answer) as port:
        source = f"rtsp://${{CAM_USER}}:${{CAM_PASSWORD}}@127.0.0.1:{port}/1"
        with watching(source, open_timeout_s=0.5) as watched:
            wait_until(lambda: len(logs) >= 2, "two log lines")
            said = watched.camera.status().error
    for text in [str(logs), said]:
        assert "hunter" not in text
        assert "desk" not in text


def test_a_password_of_a_working_camera_never_reaches_the_log(monkeypatch, mortal_server):
    monkeypatch.setenv("CAM_PASSWORD", "hunter2")
    source = mortal_server.url("street.mp4").replace("rtsp://", "rtsp://desk:${CAM_PASSWORD}@")
    with structlog.testing.capture_logs() as logs, watching(source) as watched:
        watched.wait_for(1)
        mortal_server.kill()
        wait_until(lambda: watched.camera.status().error, "the loss is told")
    assert any(line["event"] == "camera_streaming" for line in logs)
    assert "hunter2" not in str(logs) + watched.camera.status().error


def test_a_stopped_camera_can_be_started_again(server):
    with watching(server.url("street.mp4")) as watched:
        watched.wait_for(1)
        assert watched.camera.stop(5)
        assert watched.camera.status().state is CameraState.STOPPED
        watched.camera.start()
        watched.wait_for(2)
    assert watched.times == sorted(watched.times)
