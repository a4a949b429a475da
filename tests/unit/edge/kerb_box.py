"""A box with one camera over a kerb, its real store and outbox, that can be stopped and started again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from edge.frame import ArrayPicture, Frame
from edge.rechecks.desk import RecheckDesk
from edge.settings import EdgeSettings
from edge.store import EdgeStore
from edge.unit import CameraUnit
from edge.uplink.media import MediaQueue
from edge.uplink.outbox import Outbox
from edge.vision.batcher import Batcher
from edge.vision.looking import Seen
from kerbwatch.clock import ManualClock
from models.classes import ObjectClass
from models.detections import Detections
from tests.unit.edge.test_watch import CAR, kerb_camera, picture
from tests.unit.edge.view.test_view import ELSEWHERE, SIZE_PX


class Box:
    """A box with one camera, that can be started again."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        tree = {
            "site": "yuyao",
            "edge": "box-1",
            "data_dir": str(folder / "data"),
            "cameras": [kerb_camera().model_dump(mode="json")],
        }
        self.settings, self.clock = EdgeSettings.model_validate(tree), clock
        self.config = folder / "edge.yaml"
        self.config.write_text(json.dumps(tree))
        self.t_s = 0.0
        self.start()

    def start(self) -> None:
        self.store = EdgeStore(self.settings.data_dir / "edge.db")
        outbox = Outbox(
            self.store, source="kerbwatch/yuyao/box-1", settings=self.settings.outbox, clock=self.clock
        )
        self.media = media = MediaQueue(self.store, self.settings.outbox, self.clock)
        self.rechecks = RecheckDesk(self.store, outbox, media, self.settings, self.clock)
        self.rechecks.start("m")
        self.unit = CameraUnit(
            self.settings.cameras[0],
            self.settings,
            store=self.store,
            outbox=outbox,
            media=media,
            batcher=Batcher(),
            rechecks=self.rechecks,
            clock=self.clock,
            model="m",
        )

    def stop(self) -> None:
        self.unit._recorder.close(timeout_s=0)  # drawn pictures have no packets: no clip to wait for
        self.unit.stop()
        self.rechecks.close()
        self.store.close()

    def looks_for(self, seconds: float, *, at: str = "kerb", car: bool = True, bus: bool = False) -> None:
        """Looks every two seconds; a bus drives by in front of whatever stands there."""
        boxes = ([CAR] if car else []) + ([(100, 60, 330, 200)] if bus else [])
        classes = ([ObjectClass.CAR] if car and not bus else []) + ([ObjectClass.BUS] if bus else [])
        shown = np.array(boxes[-1:] if bus else boxes, np.float32).reshape(-1, 4)
        seen = Detections(shown, np.full(len(shown), 0.8, np.float32), np.array(classes, dtype=np.int64))
        for _ in range(int(seconds / 2)):
            self.t_s += 2
            self.clock.advance(2)
            image = picture(car=car) if at == "kerb" else picture(car=False, of=ELSEWHERE)
            if bus:
                image[60:200, 100:330] = np.random.default_rng(5).integers(0, 255, 3)
            frame = Frame("c1", self.t_s, self.clock.now_utc(), ArrayPicture(image))
            self.unit.look(Seen(frame, seen if at == "kerb" else Detections.empty(), SIZE_PX))

    @property
    def told(self) -> dict[str, int]:
        return {phase: count for (_, phase), count in self.unit.incidents.items()}

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What is in the outbox of events whose type holds ``kind``, in their sequence."""
        path = self.settings.data_dir / "edge.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT payload FROM outbox WHERE payload NOTNULL ORDER BY sequence").fetchall()
        events = [json.loads(payload) for (payload,) in rows]
        return [event for event in events if kind in event["type"]]
