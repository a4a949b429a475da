"""Pictures and clips: sent in pieces over bad links, whole only with the right hash, checked when shown."""

import hashlib
import threading
from zoneinfo import ZoneInfo

import pytest

from central.cameras import service as cameras
from central.cases import service
from central.intake.service import commit_batch
from central.people.permissions import Role
from central.sender import Sender
from kerbwatch.incident import EvidenceRole
from tests.unit.central.box import EdgeBox, evidence, report

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 200
SHA = hashlib.sha256(JPEG).hexdigest()
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 400


def put(town, data, offset=0, total=None, sha=None, content_type="image/jpeg", **headers):
    return town.client.put(
        f"/api/v1/media/{sha or hashlib.sha256(data).hexdigest()}",
        content=data,
        headers=town.edge
        | {
            "Content-Type": content_type,
            "Upload-Offset": str(offset),
            "Upload-Length": str(len(data) if total is None else total),
        }
        | headers,
    )


def named(town, *pieces):
    """A box names these files in an incident."""
    message = EdgeBox().message(report(evidence=pieces))
    with town.database.write(ordered=True) as session:
        commit_batch(session, [message], town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))


@pytest.fixture
def shown(town):
    """A picture that was made for people is named."""
    named(town, evidence(SHA, size_bytes=len(JPEG)))
    return town


def head(town, sha=SHA):
    answer = town.client.head(f"/api/v1/media/{sha}", headers=town.edge)
    return answer.status_code, answer.headers.get("Upload-Offset"), answer.headers.get("Upload-Complete")


def get(town, sha=SHA, **headers):
    return town.client.get(f"/api/v1/media/{sha}", headers=town.bearer("olga") | headers)


def metric(town, name):
    for line in town.client.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return None


@pytest.mark.usefixtures("shown")
def test_a_picture_arrives_in_one_piece_and_is_shown(town):
    answer = put(town, JPEG)
    assert (answer.status_code, answer.headers["Upload-Complete"]) == (201, "?1")
    shown = get(town)
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert head(town) == (200, str(len(JPEG)), "?1")
    assert put(town, JPEG).status_code == 200


@pytest.mark.usefixtures("shown")
def test_an_upload_goes_on_where_the_link_broke(town):
    assert head(town) == (404, None, None)
    first = put(town, JPEG[:1000], total=len(JPEG), sha=SHA)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert head(town) == (200, "1000", "?0")
    assert get(town).status_code == 404
    assert put(town, JPEG[1000:], offset=1000, total=len(JPEG), sha=SHA).status_code == 201
    assert get(town).content == JPEG


@pytest.mark.parametrize("offset", [0, 999, 1001])
def test_a_wrong_offset_is_answered_with_the_true_one(town, offset):
    put(town, JPEG[:1000], total=len(JPEG), sha=SHA)
    answer = put(town, JPEG[1000:], offset=offset, total=len(JPEG), sha=SHA)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "1000")
    assert head(town) == (200, "1000", "?0")


def test_bytes_with_another_hash_are_thrown_away_and_the_box_begins_anew(town):
    answer = put(town, JPEG[:-1] + b"!", sha=SHA)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert head(town) == (404, None, None)
    assert metric(town, 'kerbwatch_central_media_rejected_total{reason="wrong-hash"}') == 1
    assert put(town, JPEG).status_code == 201


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"<html>" + b"x" * 100, "text/html", 415),
        (b"<html>" + b"x" * 100, "image/jpeg", 415),
        (MP4, "image/jpeg", 415),
        (JPEG, "video/mp4", 415),
        (b"\xff\xd8\xff" + b"x" * 1_000_000, "image/jpeg", 413),
        (MP4, "video/mp4", 201),
    ],
    ids=[
        "a page",
        "a page that says picture",
        "a clip as picture",
        "a picture as clip",
        "too large",
        "a clip",
    ],
)
def test_only_pictures_and_clips_of_a_size_are_taken(town, data, content_type, status):
    assert put(town, data, content_type=content_type).status_code == status


def test_a_body_longer_than_it_says_is_cut_back(town):
    put(town, JPEG[:1000], total=len(JPEG), sha=SHA)
    answer = put(town, JPEG[1000:] + b"more", offset=1000, total=len(JPEG), sha=SHA)
    assert answer.status_code == 400
    assert head(town) == (200, "1000", "?0")


@pytest.mark.parametrize(
    ("name", "value"), [("Upload-Offset", "-1"), ("Upload-Offset", "x"), ("Upload-Length", "0")]
)
def test_headers_that_make_no_sense_are_named(town, name, value):
    answer = put(town, JPEG, **{name: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"header.{name.lower()}"


def test_only_an_edge_box_uploads_and_only_those_who_may_look(town):
    town.add_user("adam", Role.ADMINISTRATOR)
    put(town, JPEG)
    headers = {"Upload-Offset": "0", "Upload-Length": "1", "Content-Type": "image/jpeg"}
    path = f"/api/v1/media/{SHA}"
    assert town.client.put(path, content=b"x", headers=headers).status_code == 401
    assert town.client.put(path, content=b"x", headers=headers | town.bearer("olga")).status_code == 403
    assert town.client.get(path).status_code == 401
    assert town.client.get(path, headers=town.bearer("adam")).status_code == 403
    assert town.client.get("/api/v1/media/../secret", headers=town.bearer("olga")).status_code == 404


def test_a_clip_is_played_from_the_middle(town):
    put(town, MP4, content_type="video/mp4")
    sha = hashlib.sha256(MP4).hexdigest()
    named(town, evidence(sha, EvidenceRole.CLIP, size_bytes=len(MP4)))
    answer = get(town, sha, Range="bytes=1000-1999")
    assert (answer.status_code, answer.content) == (206, MP4[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(MP4)}"


@pytest.mark.usefixtures("shown")
def test_evidence_that_was_changed_on_the_disk_is_not_shown(town):
    put(town, JPEG)
    assert get(town).status_code == 200
    path = next(town.settings.media.dir.glob(f"*/{SHA}"))
    path.write_bytes(JPEG[:-1] + b"!")
    answer = get(town)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:kerbwatch:problem:media-damaged")
    path.unlink()
    assert get(town).status_code == 500
    assert metric(town, "kerbwatch_central_media_damaged_total") == 2


def test_a_picture_that_arrives_is_noted_in_its_case(town):
    named(town, evidence(SHA, size_bytes=len(JPEG)))
    (case,) = town.client.get("/api/v1/cases", headers=town.bearer("olga")).json()["items"]
    assert case["picture"] is None
    put(town, JPEG)
    with town.database.read() as session:
        detail, log = service.get_case(session, case["id"]), service.get_log(session, case["id"])
    assert detail.picture == SHA
    assert detail.leads[0].evidence[0].here
    assert detail.version == 1
    assert [line.rule for line in log] == ["opened", "evidence_received"]


@pytest.mark.usefixtures("shown")
def test_the_same_file_from_two_boxes_at_once_is_kept_once(town):
    with town.database.write() as session:
        other = cameras.register(session, Sender("yuyao", "box-2"), town.clock.now_utc())
    answers = []
    boxes = [{}, {"Authorization": f"Bearer {other}"}] * 3

    def send(box):
        answers.append(put(town, JPEG, **box).status_code)

    threads = [threading.Thread(target=send, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 201, 409, 503}
    assert answers.count(201) == 1
    assert get(town).content == JPEG
