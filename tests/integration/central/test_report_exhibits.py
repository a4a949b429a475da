"""What the edge's own commands find in clips and make for people goes to the lead; they run behind limits."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from central.cases.models import Lead
from central.uploads import exhibits
from central.uploads.beside import workers_of
from central.uploads.confined import Ended
from kerbwatch.blur_report import BlurOrder
from kerbwatch.incident import Kind
from models.manifest import load_manifest
from tests.integration.central.pictures import mp4_head, photo
from tests.integration.central.test_reports_http import Phone


@pytest.fixture
def url(sqlite_url):
    return sqlite_url


def made(folder: Path, name: str, content: bytes, kind: str) -> dict:
    (folder / name).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return {"path": name, "content_type": kind, "sha256": sha256, "size_bytes": len(content)}


BOX = {"x1": 10, "y1": 20, "x2": 110, "y2": 90, "picture_width_px": 320, "picture_height_px": 180}
PLATE = {
    "text": "浙B12?45",
    "likeliest": "浙B12345",
    "confidences": [0.9] * 7,
    "colour": "blue",
    "pictures": 3,
}


def analysed(folder: Path) -> dict:
    """What ``kerbwatch clips analyse --json`` says of a clip with one throw."""
    cut = made(folder, "cut.mp4", mp4_head(8), "video/mp4")
    moment = {
        "kind": "vehicle_litter",
        "t_s": 4.0,
        "frame": 100,
        "confidence": 0.8,
        "evidence": {"falls": 0.9},
        "things": 1,
        "box": BOX,
        "path": [{"t_s": 4.0, "x": 50, "y": 60}],
        "vehicle": {"track": 3, "object_class": "car", "box": BOX},
        "plate": PLATE,
        "position": {
            "lon": 121.151,
            "lat": 30.051,
            "source": "novatek",
            "utc": "2026-05-04T02:30:00Z",
            "speed_mps": 12,
        },
        "clip": cut | {"from_s": 0, "to_s": 8, "encoded_anew": False},
        "still": made(folder, "still.jpg", photo(8), "image/jpeg"),
        "vehicle_still": None,
    }
    clip = {"file": "x", "status": "analysed", "moments": [moment]}
    return {"version": 1, "model": "yolox-nano@1", "analysed": 1, "failed": 0, "clips": [clip]}


def blurred(folder: Path, files: list[str]) -> dict:
    """What ``kerbwatch clips blur`` says; each file gets another content."""
    shown = []
    for number, file in enumerate(files):
        kind = "image/jpeg" if file.endswith(".jpg") else "video/mp4"
        content = photo(100 + number) if kind == "image/jpeg" else mp4_head(7)
        shown.append(
            {"file": file, "made": made(folder, f"shown-{number}{Path(file).suffix}", content, kind)}
        )
    return {"version": 1, "files": shown}


class Edge:
    """The edge's commands, which answer at once."""

    lies = False
    offending = ()

    def blur(self, arguments):
        files, (_, order, _, out) = arguments[2:-4], arguments[-4:]
        self.offending = BlurOrder.model_validate_json(Path(order).read_bytes()).vehicles
        return blurred(Path(out), files)

    def run(self, arguments, folder, _settings, share, *, network):
        assert not network
        share(0.5)
        found = analysed(folder) if arguments[1] == "analyse" else self.blur(arguments)
        if self.lies:
            found["files"][0]["made"]["path"] = "../../../../etc/passwd"
        return Ended(None, 0, json.dumps(found).encode(), "")


@pytest.fixture
def edge(monkeypatch):
    here = Edge()
    monkeypatch.setattr(exhibits, "_run", here.run)
    return here


def lead_of(town):
    with town.database.read() as session:
        return session.scalars(select(Lead)).one()


def test_a_throw_goes_to_the_lead_as_a_camera_would_tell_it(town, edge):
    phone = Phone(town)
    follow = phone.report(mp4_head(), kind="vehicle_litter", words="bottle out of the window")
    assert phone.workers.once()
    lead = lead_of(town)
    assert (lead.kind, lead.object_class, lead.confidence) == (Kind.VEHICLE_LITTER, "car", 0.8)
    assert (lead.plate["text"], lead.box["x2"], lead.model) == ("浙B12?45", 110, "yolox-nano@1")
    assert (lead.lon, lead.lat, lead.place_method) == (121.151, 30.051, "clip")
    assert lead.started_at.isoformat() == "2026-05-04T02:30:00+00:00"
    assert lead.words == "bottle out of the window"
    shown = sorted((each.role, each.audience) for each in lead.evidence)
    assert shown == [
        ("clip", "original"),
        ("clip", "people"),
        ("reported_clip", "original"),
        ("snapshot_path", "original"),
        ("snapshot_path", "people"),
    ]
    originals = {each.sha256 for each in lead.evidence if each.audience == "original"}
    assert all(each.original_sha256 in originals for each in lead.evidence if each.audience == "people")
    for each in lead.evidence:
        if each.audience == "people":
            answer = town.client.get(f"/api/v1/media/{each.sha256}", headers=town.bearer("olga"))
            assert answer.status_code == 200
    assert phone.look(follow)["remarks"] == []


def test_the_plate_of_who_threw_stays_legible_in_what_people_see(town, edge):
    phone = Phone(town)
    phone.report(mp4_head(), kind="vehicle_litter")
    phone.workers.once()
    spared = {Path(each.file).name: each for each in edge.offending}
    assert set(spared) == {"still.jpg", "cut.mp4"}  # and nothing else of what was sent
    assert spared["cut.mp4"].t_s == 4.0
    assert {each.box.model_dump()["x2"] for each in spared.values()} == {110}


def test_what_a_clip_shows_besides_what_was_reported_is_said_and_not_taken_for_it(town, edge):
    phone = Phone(town)
    follow = phone.report(mp4_head(), kind="illegal_parking")
    phone.workers.once()
    lead = lead_of(town)
    assert (lead.kind, lead.plate, lead.box) == (Kind.ILLEGAL_PARKING, None, None)
    assert "seems to show something else" in phone.look(follow)["remarks"][0]


def test_a_file_that_the_command_says_lies_elsewhere_is_not_taken(town, edge):
    edge.lies = True
    phone = Phone(town)
    phone.report(photo())
    phone.workers.once()
    with town.database.read() as session:
        assert session.scalars(select(Lead)).all() == []
    assert phone.central.metrics.registry.get_sample_value(
        "kerbwatch_central_jobs_total", {"kind": "look_through", "outcome": "again"}
    )


def test_the_edges_command_really_makes_a_photo_for_people_behind_limits(town, require):
    present = load_manifest().entry("yolox-nano").state() == "ok"
    require(present, "'yolox-nano' is not in the cache (kerbwatch models pull box)")
    phone = Phone(town)
    phone.report(photo(3, size=(640, 480)))
    assert workers_of(phone.central).once()
    assert sorted(each.audience for each in lead_of(town).evidence) == ["original", "people"]
