"""Uploads by tus 1.0: whole in the end however often the line breaks; nothing a stranger sends hurts."""

import base64
import hashlib
import io
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from tusclient.client import TusClient

from central.custody.fence import no_deletions
from central.people.service import hash_token
from central.uploads import repository
from central.uploads import service as uploads
from central.uploads.beside import sweep
from tests.integration.central.running import RunningCentral
from tests.waiting import wait_until

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 2000
LENGTH = len(JPEG)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
UPLOADS = "/api/v1/uploads"


@pytest.fixture
def url(sqlite_url):
    """What differs between databases is tried with whole reports; see test_reports_http.py."""
    return sqlite_url


@pytest.fixture
def settings(settings):
    reports = settings.reports.model_copy(update={"silence_s": 1.0, "waiting_max_gb": 0.5})
    return settings.model_copy(update={"reports": reports})


@pytest.fixture
def begin(town):
    def begin_one(length=LENGTH, **headers):
        return town.client.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)} | headers)

    return begin_one


@pytest.fixture
def begun(begin):
    return begin().headers["location"]


def patch(town, where, data, offset=0, **headers):
    return town.client.patch(where, content=data, headers=PIECE | {"Upload-Offset": str(offset)} | headers)


def offset_of(town, where):
    answer = town.client.head(where, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def counted(town, outcome):
    registry = town.client.app.state.central.metrics.registry
    return registry.get_sample_value("kerbwatch_central_uploads_total", {"outcome": outcome}) or 0


def stored(town, where):
    with town.database.read() as session:
        return repository.by_key_hash(session, hash_token(where.rpartition("/")[2]))


def files(town):
    return [path for path in Path(town.settings.media.dir).rglob("*") if path.is_file()]


def test_a_photo_that_comes_in_pieces_is_whole_and_has_its_hash(town, begun):
    assert patch(town, begun, JPEG[:1000]).headers["upload-offset"] == "1000"
    assert offset_of(town, begun) == 1000
    assert patch(town, begun, JPEG[1000:], 1000).status_code == 204
    row = stored(town, begun)
    assert (row.state, row.content_type) == ("whole", "image/jpeg")
    assert row.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert town.client.app.state.central.media.aside(row.id).read_bytes() == JPEG
    assert offset_of(town, begun) == len(JPEG)
    assert counted(town, "whole") == 1


def test_what_is_spoken_is_said(town):
    answer = town.client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-extension"] == "creation,expiration,termination,checksum"
    assert answer.headers["tus-max-size"] == "200000000"


def test_another_version_of_the_protocol_is_told_which_is_spoken(town):
    answer = town.client.post(UPLOADS, headers={"Tus-Resumable": "0.2.2", "Upload-Length": "5"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


def test_a_length_that_is_none_is_refused(town):
    for length in ("-1", "0", "12x", "", "1e3", "٣", "9" * 30):
        headers = TUS | {"Upload-Length": length.encode("utf-8")}
        assert town.client.post(UPLOADS, headers=headers).status_code == 400, length


def test_one_byte_over_200_mb_is_refused_before_anything_is_sent(town, begin):
    assert begin(200_000_000).status_code == 201
    answer = begin(200_000_001)
    assert answer.status_code == 413
    assert "200 MB" in answer.json()["detail"]
    assert counted(town, "too-large") == 1


def test_a_photo_of_more_than_20_mb_is_refused_by_its_first_bytes(town, begin):
    where = begin(20_000_001).headers["location"]
    assert patch(town, where, JPEG).status_code == 413
    assert town.client.head(where, headers=TUS).status_code == 410
    assert not files(town)


def test_what_is_neither_photo_nor_clip_is_refused_whatever_it_is_called(town, begin):
    for content in (b"<html><script>alert(1)</script>", b"MZ\x90\x00" * 100, b"GIF89a" + bytes(50), b"\xff"):
        said = base64.b64encode(b"image/jpeg").decode()
        where = begin(len(content), **{"Upload-Metadata": f"filetype {said}"}).headers["location"]
        assert patch(town, where, content).status_code == 415
        assert patch(town, where, content).status_code == 410
        assert counted(town, "content-type") >= 1
        assert not files(town)


def test_a_name_that_is_a_path_leads_nowhere(town, begin):
    for name in ("../../../../etc/passwd", "/etc/passwd", "a\x00b", "..\\..\\x", "x" * 3000):
        said = base64.b64encode(name.encode()).decode()
        where = begin(**{"Upload-Metadata": f"filename {said}"}).headers["location"]
        assert patch(town, where, JPEG).status_code == 204
        folder = Path(town.settings.media.dir).resolve()
        assert {path.parent for path in files(town)} == {folder / "aside"}


def test_an_address_that_is_none_opens_nothing(town):
    for key in ("../../secret", "%2e%2e%2fsecret", "x" * 32, "x" * 500):
        assert town.client.head(f"{UPLOADS}/{key}", headers=TUS).status_code in {404, 405, 422}
        assert patch(town, f"{UPLOADS}/{key}", JPEG).status_code in {404, 405, 422}


def test_a_piece_that_does_not_go_on_where_it_stands_changes_nothing(town, begun):
    patch(town, begun, JPEG[:1000])
    answer = patch(town, begun, JPEG[500:], 500)
    assert (answer.status_code, answer.headers["upload-offset"]) == (409, "1000")
    assert patch(town, begun, b"x", offset=-1).status_code == 400
    assert patch(town, begun, b"x", offset=10**15).status_code == 409
    assert offset_of(town, begun) == 1000


def test_more_than_was_said_is_taken_back_and_the_right_rest_still_fits(town, begun):
    patch(town, begun, JPEG[:1000])
    assert patch(town, begun, JPEG[1000:] + b"more", 1000).status_code == 413
    assert offset_of(town, begun) == 1000
    assert patch(town, begun, JPEG[1000:], 1000).status_code == 204
    assert stored(town, begun).sha256 == hashlib.sha256(JPEG).hexdigest()


def test_a_piece_with_a_wrong_checksum_is_thrown_away(town, begin):
    for algorithm in ("sha256", "sha1"):
        begun = begin().headers["location"]
        right = base64.b64encode(hashlib.new(algorithm, JPEG[:1000]).digest()).decode()
        wrong = patch(town, begun, JPEG[:999] + b"!", **{"Upload-Checksum": f"{algorithm} {right}"})
        assert wrong.status_code == 460
        assert offset_of(town, begun) == 0
        assert (
            patch(town, begun, JPEG[:1000], **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204
        )
        assert patch(town, begun, b"x", 1000, **{"Upload-Checksum": "md5 AAAA"}).status_code == 400


def test_what_its_sender_gives_up_is_gone(town, begun):
    patch(town, begun, JPEG[:1000])
    assert town.client.delete(begun, headers=TUS).status_code == 204
    assert town.client.head(begun, headers=TUS).status_code == 410
    assert town.client.delete(begun, headers=TUS).status_code == 410
    assert not files(town)


def test_a_client_that_can_only_post_says_what_it_means(town, begun):
    headers = PIECE | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert town.client.post(begun, content=JPEG, headers=headers).status_code == 204
    assert stored(town, begun).state == "whole"
    headers = TUS | {"X-HTTP-Method-Override": "DELETE"}
    assert town.client.post(begun, headers=headers).status_code == 204
    assert town.client.post(begun, headers=TUS).status_code == 405


def test_one_sender_has_few_uploads_open_and_others_are_not_kept_out(town, begin):
    codes = [begin().status_code for _ in range(20)]
    assert codes == [201] * 8 + [429] * 12
    assert counted(town, "too-many-open") == 12
    elsewhere = TestClient(town.client.app, client=("203.0.113.9", 5000))
    assert elsewhere.post(UPLOADS, headers=TUS | {"Upload-Length": "5"}).status_code == 201
    town.clock.advance(25 * 3600)
    assert uploads.sweep(town.client.app.state.central) == 9
    assert begin().status_code == 201


def test_nobody_fills_the_disk_with_promises(town, begin):
    begin(200_000_000)
    assert begin(200_000_000).status_code == 201
    assert begin(200_000_000).status_code == 507


def test_what_is_not_sent_in_time_is_over(town, begun):
    patch(town, begun, JPEG[:1000])
    town.clock.advance(24 * 3600 + 1)
    assert patch(town, begun, JPEG[1000:], 1000).status_code == 410
    uploads.sweep(town.client.app.state.central)
    assert not files(town)
    assert counted(town, "expired") == 1


@pytest.fixture
def running(town):
    with RunningCentral(town.settings) as here:
        yield here


def test_an_independent_client_goes_on_after_the_line_broke(town, running, tmp_path):
    content = JPEG * 6
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    client = TusClient(running.url + UPLOADS)
    uploader = client.uploader(str(photo), chunk_size=100_000, upload_checksum=True)
    uploader.upload_chunk()
    where = uploader.url
    upload_id, media = stored(town, urlsplit(where).path).id, running.central.media
    with socket.create_connection(urlsplit(where).netloc.split(":")) as line:
        line.sendall(_patch_head(where, 100_000, len(content) - 100_000) + content[100_000:1_800_000])
        wait_until(lambda: media.part_bytes(upload_id, uploads.OWNER) > 100_000, "a part of it came")
    resumed = client.uploader(str(photo), url=where, chunk_size=2_000_000, retries=20, retry_delay=0.1)
    assert resumed.offset > 100_000
    resumed.upload()
    assert stored(town, where).sha256 == hashlib.sha256(content).hexdigest()


def _patch_head(where, offset, length):
    parts = urlsplit(where)
    return (
        f"PATCH {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def test_a_sender_that_falls_silent_is_hung_up_on_and_may_go_on(town, running):
    client = TusClient(running.url + UPLOADS)
    where = client.uploader(file_stream=io.BytesIO(JPEG)).create_url()
    with socket.create_connection(urlsplit(where).netloc.split(":")) as line:
        line.sendall(_patch_head(where, 0, LENGTH) + JPEG[:1000])
        assert b" 408 " in line.recv(4096).split(b"\r\n")[0]
    assert client.uploader(file_stream=io.BytesIO(JPEG), url=where).get_offset() == 1000


def test_the_bytes_of_what_is_given_up_stay_while_a_backup_copies_files(town, begun):
    central = town.client.app.state.central
    patch(town, begun, JPEG)
    waiting = central.media.aside(stored(town, begun).id)
    with no_deletions(central.media.folder):
        assert town.client.delete(begun, headers=TUS).status_code == 204
        sweep(central)
        assert waiting.is_file()
    sweep(central)
    assert not waiting.exists()
