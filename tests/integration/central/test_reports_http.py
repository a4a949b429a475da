"""A report of a photo or a clip, from the phone to the case: looked through behind limits, nothing lost."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from central.cases.models import Case, CaseEvent, Lead
from central.jobs.models import Job
from central.people.permissions import Role
from central.problems import Problem
from central.reports.forms import new_form_key
from central.reports.models import Report
from central.uploads import exhibits
from central.uploads import service as uploads
from central.uploads.beside import sweep, workers_of
from central.uploads.exhibits import AbsentError
from central.uploads.service import likeness_of
from tests.integration.central.pictures import mp4_head, photo

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
HERE = {"lon": 121.15, "lat": 30.05, "method": "gps", "accuracy_m": 8}


@pytest.fixture(autouse=True)
def no_networks(monkeypatch):
    """The edge's commands are tried apart (test_report_exhibits.py); here they are not installed."""

    def absent(*_args, **_kwargs):
        raise AbsentError("'kerbwatch clips' needs the extra 'edge'")

    monkeypatch.setattr(exhibits, "_run", absent)


class Phone:
    """Somebody on the street."""

    def __init__(self, town):
        self.town, self.central = town, town.client.app.state.central
        self.workers = workers_of(self.central)

    def upload(self, content):
        begun = self.town.client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(len(content))})
        where = begun.headers["location"]
        assert self.town.client.patch(where, content=content, headers=PIECE).status_code == 204
        return where.rpartition("/")[2]

    def hand_in(self, *files, **said):
        body = {"kind": "illegal_parking", "uploads": [self.upload(each) for each in files]} | said
        return self.town.client.post("/api/v1/reports", json=body)

    def report(self, *files, **said):
        answer = self.hand_in(*files, **said)
        assert answer.status_code == 201, answer.text
        return answer.json()["follow"]

    def look(self, follow):
        return self.town.client.get("/api/v1/reports/" + follow.rpartition("/")[2]).json()

    def counted(self, what, outcome):
        name = f"kerbwatch_central_{what}_total"
        return self.central.metrics.registry.get_sample_value(name, {"outcome": outcome}) or 0


@pytest.fixture
def phone(town):
    return Phone(town)


def rows(town, table):
    with town.database.read() as session:
        return session.scalars(select(table)).all()


def aside(town):
    return list(town.client.app.state.central.media.names_aside())


def test_a_photo_becomes_a_lead_where_and_when_it_was_taken_and_its_original_says_nothing_else(town, phone):
    follow = phone.report(photo(), words="van on the crossing", place=HERE | {"lon": 121.0})
    assert phone.look(follow)["stage"] == "waiting"
    assert phone.workers.once()
    (lead,) = rows(town, Lead)
    assert (lead.origin, lead.place_method, lead.words) == ("photo", "exif", "van on the crossing")
    assert (round(lead.lon, 5), round(lead.lat, 5)) == (121.15, 30.05)
    assert lead.started_at.isoformat() == "2026-05-04T02:59:00+00:00", "the camera's clock is the city's"
    (original,) = lead.evidence
    assert (original.audience, original.role) == ("original", "reported_photo")
    kept = phone.central.media.verified_path(original.sha256).read_bytes()
    assert b"SECRETCAM" not in kept
    assert b"Exif" not in kept
    assert Image.open(io.BytesIO(kept)).size == (320, 240)
    assert town.client.get(f"/api/v1/media/{original.sha256}", headers=town.bearer("olga")).status_code == 403
    town.add_user("dora", Role.DISPATCHER)
    shown = town.client.post(
        f"/api/v1/media/{original.sha256}/original",
        json={"reason": "is it the van or the lorry"},
        headers=town.bearer("dora"),
    )
    assert shown.content == kept
    assert "could not be blurred" in rows(town, CaseEvent)[-2].note + (rows(town, CaseEvent)[-1].note or "")
    found = phone.look(follow)
    assert (found["stage"], found["progress"]) == ("review", None)
    sweep(phone.central)
    assert not aside(town)
    assert phone.counted("reports", "lead") == 1


def test_a_report_that_is_sent_again_after_a_broken_line_comes_in_once(town, phone):
    key, form_key = phone.upload(photo()), new_form_key()
    body = {"kind": "illegal_parking", "uploads": [key], "form_key": form_key}
    first = town.client.post("/api/v1/reports", json=body)
    again = town.client.post("/api/v1/reports", json=body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert phone.look(again.json()["follow"])["stage"] == "waiting"
    assert (len(rows(town, Report)), len(rows(town, Job))) == (1, 1)
    stolen = body | {"uploads": [phone.upload(photo(2))]}
    for otherwise in (stolen, body | {"words": "it was the lorry"}, body | {"place": HERE}):
        answer = town.client.post("/api/v1/reports", json=otherwise)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:kerbwatch:problem:key-used")
    other = body | {"form_key": new_form_key()}
    assert town.client.post("/api/v1/reports", json=other).status_code == 409, "an upload is of one report"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_whatever_the_duty_list_has_is_reported_with_a_photo_and_nothing_else(town, phone):
    page = town.client.get("/report").text
    assert 'value="manhole-cover"' in page
    assert phone.hand_in(photo(), kind="flying-saucer").status_code == 422
    follow = phone.report(photo(2), kind="manhole-cover", place=HERE)
    page = town.client.get(follow).text
    assert "Manhole cover broken or gone" in page
    assert '#other"' in page, "an icon that is there"
    assert phone.workers.once()
    (lead,) = rows(town, Lead)
    assert (lead.kind, lead.origin) == ("manhole-cover", "photo")


def test_a_copy_that_dies_over_a_report_leaves_it_to_another_and_it_is_one_lead(town, phone, monkeypatch):
    phone.report(photo())
    dying, another = workers_of(phone.central), workers_of(phone.central)

    class PowerCutError(BaseException):
        pass

    def dies(*_args, **_kwargs):
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr("central.jobs.service.finish", dies)
        with pytest.raises(PowerCutError):
            dying.once()
    assert not another.once()
    town.clock.advance(61)
    assert another.once()
    assert not another.once()
    assert len(rows(town, Lead)) == 1
    assert len(rows(town, Case)) == 1


def test_a_sender_who_begins_many_uploads_at_once_gets_no_more_than_one_by_one(phone):
    def begin(_number):
        try:
            return uploads.begin(phone.central, "one sender", 1000)
        except Problem as problem:
            return problem.code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(begin, range(24)))
    assert found.count("too-many-open") == 16


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
class TestOnOneDatabase:
    """What is decided before anything is written, and so the same on both."""

    def test_what_cannot_be_taken_is_refused_in_words(self, town, phone):
        for file, said, stage, words in (
            (photo(at=(116.39, 39.9)), {}, "refused", "outside"),
            (photo(taken="2026:04:26 10:00:00"), {}, "refused", "more than 7 days ago"),
            (photo(taken="2026:05:04 12:30:00"), {}, "refused", "future"),
            (photo(at=None), {}, "refused", "does not tell where"),
            (b"\xff\xd8\xff\xe0" + bytes(500), {"place": HERE}, "refused", "no photo that can be read"),
            (photo()[:3000], {"place": HERE}, "refused", "cut off"),
            (photo(size=(40, 40)), {"place": HERE}, "refused", "too small"),
            (photo(at=None, taken=None, kind="WEBP"), {"place": HERE}, "review", None),
        ):
            follow = phone.report(file, **said)
            assert phone.workers.once()
            found = phone.look(follow)
            assert found["stage"] == stage
            assert words is None or words in found["answer"]
        assert len(rows(town, Lead)) == 1
        assert phone.counted("reports", "unreadable") == 3
        sweep(phone.central)
        assert not aside(town)

    def test_of_several_photos_a_bad_one_is_left_out_and_said(self, town, phone):
        follow = phone.report(photo(1), photo(2)[:2000], photo(3))
        phone.workers.once()
        (lead,) = rows(town, Lead)
        assert len(lead.evidence) == 2
        assert any("File 2 was left out" in remark for remark in phone.look(follow)["remarks"])
        assert phone.counted("report_files", "broken") == 1

    def test_the_same_picture_is_known_again_when_it_is_encoded_anew(self, town, phone):
        for content in (photo(5), photo(5, quality=40, size=(640, 480)), photo(6)):
            phone.report(content)
            phone.workers.once()
        with town.database.read() as session:
            first, anew, other = (
                likeness_of(session, report.id)
                for report in session.scalars(select(Report).order_by(Report.id))
            )
        assert not first.sha256 & anew.sha256
        assert _bits_apart(first, anew) <= 6
        assert _bits_apart(first, other) > 16

    def test_a_clip_goes_to_review_unanalysed_where_the_edge_is_not_installed(self, town, phone):
        clip = mp4_head(place=b"+30.0500+121.1500/")
        follow = phone.report(clip, kind="vehicle_litter")
        phone.workers.once()
        (lead,) = rows(town, Lead)
        assert (lead.origin, lead.place_method, lead.kind) == ("dashcam", "clip", "vehicle_litter")
        assert [each.role for each in lead.evidence] == ["reported_clip"]
        assert any("was not analysed" in remark for remark in phone.look(follow)["remarks"])
        assert phone.central.media.verified_path(lead.evidence[0].sha256).read_bytes() == clip

    def test_a_clip_that_is_too_long_or_has_no_video_is_refused(self, phone):
        for clip, words in ((mp4_head(75), "longer"), (mp4_head(handler=b"soun"), "no clip")):
            follow = phone.report(clip, place=HERE)
            phone.workers.once()
            assert words in phone.look(follow)["answer"]

    def test_what_cannot_be_looked_through_goes_to_review_all_the_same(self, town, phone, monkeypatch):
        def broken(*_args, **_kwargs):
            raise RuntimeError("a fault of our own")

        monkeypatch.setattr("central.uploads.looking.read_photo", broken)
        follow = phone.report(photo(), place=HERE, words="fire lane blocked")
        for _ in range(3):
            assert phone.workers.once()
            town.clock.advance(100)
        (lead,) = rows(town, Lead)
        assert lead.words == "fire lane blocked"
        assert "could not be looked through" in phone.look(follow)["remarks"][0]
        assert rows(town, Job)[0].state == "failed"

    def test_one_clip_or_a_few_photos_make_a_report(self, phone):
        assert phone.hand_in(photo(), mp4_head()).status_code == 422
        assert phone.hand_in(*[photo(seed) for seed in range(5)]).status_code == 422
        assert phone.hand_in().status_code == 422
        half = {"kind": "illegal_parking", "uploads": ["x" * 32]}
        assert phone.town.client.post("/api/v1/reports", json=half).status_code == 409

    def test_somebody_elses_page_cannot_hand_in_a_report(self, town, phone):
        body = {"kind": "illegal_parking", "uploads": [phone.upload(photo())]}
        answer = town.client.post(
            "/api/v1/reports", json=body, headers={"Origin": "https://elsewhere.example"}
        )
        assert answer.status_code == 403

    def test_a_report_is_found_by_its_address_alone(self, town, phone):
        follow = phone.report(photo(), words="my words")
        assert phone.look(follow)["words"] == "my words"
        (report,) = rows(town, Report)
        assert town.client.get(f"/api/v1/reports/{report.id}").status_code == 404
        assert town.client.get("/api/v1/reports/" + "x" * 24).status_code == 404

    def test_a_clock_that_was_never_set_is_not_asked(self, town, phone):
        phone.report(photo(1), photo(2, taken="0001:01:01 00:00:00"))
        phone.workers.once()
        assert len(rows(town, Lead)[0].evidence) == 2
        key = phone.upload(photo(3))
        body = {"kind": "illegal_parking", "uploads": [key], "seen_at": "0001-01-01T00:00:00+14:00"}
        assert town.client.post("/api/v1/reports", json=body).status_code == 422

    def test_when_it_was_seen_is_what_the_sender_says_if_the_picture_does_not(self, town, phone):
        seen_at = town.clock.now_utc() - timedelta(hours=3)
        phone.report(photo(taken=None), seen_at=seen_at.isoformat())
        phone.workers.once()
        assert rows(town, Lead)[0].started_at == seen_at


def _bits_apart(a, b):
    return (int(a.phash[0], 16) ^ int(b.phash[0], 16)).bit_count()
