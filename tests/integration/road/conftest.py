"""A whole town on this machine: stream, broker, edge box and central, each a process that can be killed."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from kerbwatch.cli import app
from kerbwatch.demo.broker import Broker
from kerbwatch.demo.processes import Processes
from kerbwatch.demo.proof import Witness
from kerbwatch.demo.rtsp import RtspServer
from kerbwatch.demo.town import prepare_clip, settle
from kerbwatch.ports import free_port
from tests.waiting import wait_until

DWELL_S = 6
"""Limit of the no-parking zone in these tests."""


class RunningTown:
    """Everything that the demo starts, with a short limit, and questions to ask of the databases."""

    def __init__(self, folder: Path, media_dir: Path, rtsp: RtspServer, broker: Broker) -> None:
        self.broker, self._rtsp = broker, rtsp
        self.port = free_port()
        self.town = settle(folder, media_dir, broker_port=broker.port, central_port=self.port)
        self.processes = Processes(folder)
        self.edge_db = folder / "edge" / "edge.db"
        self._central_db = folder / "central.db"
        self._edit(DWELL_S)
        config = str(self.town.central_config)
        run_here("init", config)
        password = ("--password-file", str(self.town.operator_password))
        run_here("user", "add", "operator", "--role", "operator", *password, "--config", config)
        token = ("--token-file", str(self.town.edge_token))
        run_here("edge", "add", "demo", "box-1", *token, "--config", config)
        self.witness = Witness(
            f"http://127.0.0.1:{self.port}", "operator", self.town.operator_password.read_text().strip()
        )

    def start_central(self) -> None:
        """Start central and wait until it is healthy."""
        self.processes.start("central", "central", "serve", str(self.town.central_config))
        wait_until(self.witness.ready, "central is healthy")

    def start_edge(self) -> None:
        """Start the edge box and wait until it looks."""
        log = self.processes.log_of("edge")
        starts = log.read_text().count("edge_started") if log.exists() else 0
        address = self._rtsp.url("street.mp4").partition("/street.mp4")[0]
        self.processes.start("edge", "edge", "run", str(self.town.edge_config), env={"DEMO_RTSP": address})
        wait_until(lambda: log.read_text().count("edge_started") > starts, "the box looks")

    def told(self) -> list[tuple[int, str, str, int]]:
        """What waits in the edge's outbox: (sequence, incident, phase, revision)."""
        with closing(sqlite3.connect(f"file:{self.edge_db}?mode=ro", uri=True)) as db:
            return db.execute(
                "SELECT sequence, incident_id, phase, revision FROM outbox WHERE waiting ORDER BY sequence"
            ).fetchall()

    def committed(self) -> list[tuple[int, str, str, int]]:
        """What central has committed, event by event."""
        with closing(sqlite3.connect(f"file:{self._central_db}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT sequence, payload FROM events ORDER BY sequence").fetchall()
        return [_facts(sequence, payload) for sequence, payload in rows]

    def openings(self) -> Counter[str]:
        """How often each incident was opened, as central has it."""
        return Counter(incident for _, incident, phase, _ in self.committed() if phase == "opened")

    def assert_everything_once(self) -> None:
        """Every incident is in the database exactly once, and the sequence has no hole."""
        committed = self.committed()
        sequences = [sequence for sequence, *_ in committed]
        assert sequences == list(range(1, len(sequences) + 1))
        assert set(self.openings().values()) == {1}
        cases = self.witness.cases()
        assert len(cases) == len(self.openings())

    def _edit(self, dwell_s: int) -> None:
        yaml = YAML()
        edge = yaml.load(self.town.edge_config)
        for camera in edge["cameras"]:
            for zone in camera["zones"]:
                zone["dwell_s"] = dwell_s
        edge["cameras"] = edge["cameras"][:1]
        edge["evidence"] = {"pre_roll_s": 4, "post_roll_s": 2}
        yaml.dump(edge, self.town.edge_config)

    def close(self) -> None:
        """End everything."""
        self.witness.close()
        self.processes.stop()


def run_here(*arguments: str) -> None:
    """A command of central in this process, which has it loaded."""
    done = CliRunner().invoke(app, ["central", *arguments])
    assert done.exit_code == 0, done.output


def _facts(sequence: int, payload: bytes | str) -> tuple[int, str, str, int]:
    data = json.loads(payload)["data"]
    return sequence, data["incident_id"], data.get("phase", "skipped"), data.get("revision", 0)


@pytest.fixture(scope="session")
def street_media() -> Path:
    """The demo's clip, encoded as a camera sends it."""
    return prepare_clip()


@pytest.fixture
def town(tmp_path: Path, street_media: Path) -> Iterator[RunningTown]:
    """A town whose broker and stream run; central and the edge are started by the test."""
    with RtspServer(street_media) as rtsp, Broker(data_dir=tmp_path / "broker") as broker:
        running = RunningTown(tmp_path, street_media, rtsp, broker)
        try:
            yield running
        finally:
            running.close()
