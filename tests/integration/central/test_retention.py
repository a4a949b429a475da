"""What is deleted is gone, by a rule that is written down; what is held or open stays, whatever happens."""

import hashlib
import shutil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.cases.models import Case, Lead
from central.cases.reporting import LeadIn, take_report
from central.cases.rules import Origin
from central.custody import holds, repository
from central.custody.fence import FenceError, no_deletions
from central.custody.keys import read_key, write_key
from central.custody.retention import Retention
from central.custody.rules import BUILT_IN
from central.custody.sealer import Sealer
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.database import Database
from central.intake.models import StoredEvent
from central.intake.service import commit_batch
from central.media import repository as media
from central.media.models import MediaFile
from central.media.store import MediaStore
from central.merging.settings import MergingSettings
from central.metrics import Metrics
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.settings import IntakeSettings
from kerbwatch.clock import ManualClock
from kerbwatch.incident import EvidenceRole, Kind
from tests.integration.central.conftest import make_settings
from tests.unit.central.box import IN_YANGMING, EdgeBox, evidence, report

UTC = ZoneInfo("UTC")
DAY_S = 86400.0
PLATE = {
    "text": "浙B12345",
    "likeliest": "浙B12345",
    "confidences": [0.9] * 7,
    "colour": "blue",
    "pictures": 3,
}
REASON = "the court asks for it, file 2026-17"


def keep_file(database, store, clock, data):
    sha256 = hashlib.sha256(data).hexdigest()
    path = store.path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with database.write(ordered=True) as session:
        now, size = clock.now_utc(), len(data)
        media.add(session, sha256, content_type="image/jpeg", size_bytes=size, source="box", now=now)
    return sha256


def run(database, store, clock):
    return Retention(database, store, BUILT_IN, clock.now_utc(), UTC).run()


def test_others_get_their_turn_between_two_units_of_a_run(street):
    rests = []
    Retention(street.database, street.store, BUILT_IN, street.clock.now_utc(), UTC, rest=rests.append).run()
    assert rests and all(took_s > 0 for took_s in rests)


def end(database, case_id, state, now):
    with database.write(ordered=True) as session:
        row = session.get(Case, case_id)
        row.state, row.closed_at, row.updated_at, row.open_group = state, now, now, None


@pytest.fixture
def street(town, tmp_path):
    """A rejected case with a plate and a picture, and one that somebody reported by telephone."""
    store = MediaStore(tmp_path / "media")
    sha = keep_file(town.database, store, town.clock, b"\xff\xd8\xff\xe0 a car")
    with town.database.write(ordered=True) as session:
        message = EdgeBox().message(report(evidence=(evidence(sha),), plate=PLATE))
        commit_batch(session, [message], town.clock.now_utc(), town.settings.intake, UTC)
        said = LeadIn(
            origin=Origin.HOTLINE,
            source="12345",
            external_id="7",
            kind=Kind.STALL_ENCROACHMENT,
            lon=IN_YANGMING[0],
            lat=IN_YANGMING[1],
            place_method="address",
            seen_at=town.clock.now_utc(),
            words="I am Li Hua, 138 0000 0000, the stall of 浙B77345 stands before my door",
            reporter_ref="r-1",
        )
        terms = MergingSettings.model_validate({})
        take_report(session, said, actor="user:olga", now=town.clock.now_utc(), zone=UTC, merging=terms)
        cases = {row.kind: row.id for row in session.scalars(select(Case))}
    for name, role in (("aude", Role.AUDITOR), ("dora", Role.DISPATCHER)):
        town.add_user(name, role)
    town.store, town.sha = store, sha
    town.parked, town.stall = cases["illegal_parking"], cases["stall_encroachment"]
    return town


def test_after_its_time_a_rejected_case_has_neither_picture_nor_plate_nor_words(street):
    for case_id in (street.parked, street.stall):
        end(street.database, case_id, "rejected", street.clock.now_utc())
    street.clock.advance(29 * DAY_S)
    assert run(street.database, street.store, street.clock).files.total() == 0
    street.clock.advance(2 * DAY_S)
    preview = Retention(street.database, street.store, BUILT_IN, street.clock.now_utc(), UTC).preview()
    assert street.store.path(street.sha).exists(), "a preview changes nothing"
    tally = run(street.database, street.store, street.clock)
    assert (tally.files, tally.leads) == (preview.files, preview.leads)
    assert (tally.files["rejected"], tally.leads["rejected"], tally.messages) == (1, 2, 1)
    assert not street.store.path(street.sha).exists()
    street.tokens.clear()
    bearer = street.bearer("olga")
    gone = street.client.get(f"/api/v1/media/{street.sha}", headers=bearer)
    assert (gone.status_code, "rule of retention 'rejected'" in gone.json()["detail"]) == (410, True)
    for case_id in (street.parked, street.stall):
        said = street.client.get(f"/api/v1/cases/{case_id}", headers=bearer).text
        assert not any(word in said for word in ("浙B", "Li Hua", "138 0000")), said
    with street.database.read() as session:
        assert all(lead.reporter_ref is None for lead in session.scalars(select(Lead)))
        assert all(lead.plate_said is None for lead in session.scalars(select(Lead)))
        assert {event.payload for event in session.scalars(select(StoredEvent))} == {""}
    assert run(street.database, street.store, street.clock).lines() == ["nothing is due"]
    assert verified(street).good, "a file deleted by rule is no finding"


def verified(street):
    Sealer(street.settings, street.clock, street.database, Metrics()).once(sign_now=True)
    what = What([read_key(street.settings.custody.key_file).public], OutsideHeads(None))
    return verify(street.database, street.store, what, print)


def test_a_hold_is_set_and_lifted_by_those_who_may_with_a_reason_and_keeps_everything(street):
    end(street.database, street.parked, "rejected", street.clock.now_utc())

    def ask(name, move, reason=REASON):
        street.tokens.clear()
        case = street.client.get(f"/api/v1/cases/{street.parked}", headers=street.bearer("olga"))
        headers = street.bearer(name) | {"If-Match": case.headers["ETag"]}
        return street.client.post(
            f"/api/v1/cases/{street.parked}/{move}", json={"reason": reason}, headers=headers
        ).status_code

    tries = [("dora", "hold"), ("aude", "hold", "because"), ("aude", "hold"), ("aude", "hold")]
    assert [ask(*each) for each in tries] == [403, 422, 201, 409]
    street.clock.advance(400 * DAY_S)
    run(street.database, street.store, street.clock)
    assert street.store.path(street.sha).exists()
    assert verified(street).good
    assert ask("aude", "hold/lift") == 200
    said = street.client.get(f"/api/v1/cases/{street.parked}/custody", headers=street.bearer("olga")).json()
    assert [(hold["reason"], hold["lift_reason"]) for hold in said["holds"]] == [(REASON, REASON)]
    assert [entry["kind"] for entry in said["entries"]][:2] == ["hold_lifted", "hold_set"]
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    assert not street.store.path(street.sha).exists()
    assert verified(street).good


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_hold_goes_with_leads_that_go_into_another_case(street):
    hold(street.database, street.parked, True, street.clock.now_utc())
    with street.database.write(ordered=True) as session:
        here, there = (session.get(Case, case_id) for case_id in (street.parked, street.stall))
        holds.follow(session, here, there, street.clock.now_utc())
        holds.follow(session, here, there, street.clock.now_utc())
    with street.database.read() as session:
        (found,) = repository.holds_of(session, street.stall)
    assert (found.set_by, REASON in found.reason, street.parked in found.reason) == ("user:aude", True, True)
    assert verified(street).good


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_while_files_are_being_copied_none_is_deleted(street):
    with no_deletions(street.store.folder), pytest.raises(FenceError):
        run(street.database, street.store, street.clock)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_that_comes_in_again_after_it_was_deleted_is_here_again(street):
    end(street.database, street.parked, "rejected", street.clock.now_utc())
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    keep_file(street.database, street.store, street.clock, b"\xff\xd8\xff\xe0 a car")
    run(street.database, street.store, street.clock)
    assert street.store.path(street.sha).exists()
    assert verified(street).good
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    assert not street.store.path(street.sha).exists()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["close", "reject", "hold", "lift", "days", "days", "retention"]),
        st.integers(0, 2),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_whatever_happens_a_held_or_open_case_keeps_its_files_and_the_books_are_in_order(
    steps, sqlite_template, tmp_path_factory, pytestconfig
):
    folder = tmp_path_factory.mktemp("street")
    shutil.copy(sqlite_template, folder / "central.db")
    configured = make_settings(folder, pytestconfig.rootpath, f"sqlite:///{folder}/central.db")
    write_key(configured.custody.key_file)
    database, clock = Database(configured.database.url), ManualClock()
    try:
        store = MediaStore(folder / "media")
        shas = [keep_file(database, store, clock, b"\xff\xd8\xff\xe0 picture %d" % k) for k in range(4)]
        names = [(shas[k], shas[3]) for k in range(3)]  # each has its own, and one is of all
        box, roles = EdgeBox(), (EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT)
        with database.write(ordered=True) as session:
            messages = [
                box.message(
                    report(
                        camera_id=f"cam-{k}",
                        evidence=tuple(evidence(sha, role) for sha, role in zip(own, roles, strict=True)),
                    )
                )
                for k, own in enumerate(names)
            ]
            commit_batch(session, messages, clock.now_utc(), IntakeSettings.model_validate({}), UTC)
            made = {lead.camera_id: lead.case_id for lead in session.scalars(select(Lead))}
            cases = [made[f"cam-{k}"] for k in range(3)]
        for what, k in [*steps, ("retention", 0)]:
            kept = protected(database, store, cases, names)
            happen(database, store, clock, what, cases[k])
            assert all(store.path(sha).exists() for sha in kept)
            check(database, store)
        Sealer(configured, clock, database, Metrics()).once(sign_now=True)
        trusted = What([read_key(configured.custody.key_file).public], OutsideHeads(None))
        assert verify(database, store, trusted, print).findings == []
    finally:
        database.close()


def happen(database, store, clock, what, case_id):
    states = {"close": "closed", "reject": "rejected"}
    if what in states:
        end(database, case_id, states[what], clock.now_utc())
    elif what == "days":
        clock.advance(70 * DAY_S)
    elif what == "retention":
        run(database, store, clock)
    else:
        hold(database, case_id, what == "hold", clock.now_utc())


def hold(database, case_id, wanted, now):
    who = Principal("user:aude", "aude", ("auditor",), permissions_of(("auditor",)))
    with database.write(ordered=True) as session:
        standing = repository.hold_on(session, case_id) is not None
        version = session.get(Case, case_id).version
        if standing != wanted:
            decide = holds.set_hold if wanted else holds.lift_hold
            decide(session, case_id, REASON, who=who, version=version, now=now)


def protected(database, store, cases, names):
    """Files that are here, of cases that are open or held."""
    with database.read() as session:
        kept = repository.held(session, cases)
        kept |= {case_id for case_id in cases if session.get(Case, case_id).state == "reviewing"}
    own = {sha for case_id, named in zip(cases, names, strict=True) if case_id in kept for sha in named}
    return {sha for sha in own if store.path(sha).exists()}


def check(database, store):
    """What the table says is deleted is gone from the disk, and nothing else."""
    with database.read() as session:
        for row in session.scalars(select(MediaFile)):
            assert store.path(row.sha256).exists() == (row.deleted_at is None)


def call_in(street, number, words, shift_deg=0.0, kind="stall_encroachment"):
    """Somebody tells the hotline of something; returns the case that has the lead."""
    item = {
        "number": number,
        "kind": kind,
        "lon": IN_YANGMING[0] + shift_deg,
        "lat": IN_YANGMING[1],
        "at": street.clock.now_utc().isoformat(),
        "words": words,
        "road": "Bridge Lane",
    }
    told = street.client.post("/api/v1/hotline", json={"items": [item]}, headers=street.bearer("olga"))
    assert told.json()["taken"] == 1
    with street.database.read() as session:
        return session.scalars(select(Lead.case_id).where(Lead.external_id == number)).one()


def act(street, case_id, what, **body):
    seen = street.client.get(f"/api/v1/cases/{case_id}", headers=street.bearer("olga"))
    headers = street.bearer("olga") | {"If-Match": seen.headers["ETag"]}
    answer = street.client.post(f"/api/v1/cases/{case_id}/{what}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sentences(street, case_id):
    """What case and tickets say."""
    with street.database.read() as session:
        row = session.get(Case, case_id)
        return {row.sentence, *(ticket.sentence for ticket in row.tickets)}


def test_of_a_case_that_was_merged_away_the_words_go_with_those_of_its_lead(street):
    far = call_in(street, "8", "I am Wang Wu, third floor", 0.004)
    farther = call_in(street, "9", "call me, 139 1111 2222", 0.008)
    act(street, far, "merge", other=farther)
    act(street, street.stall, "merge", other=far)
    (before,) = sentences(street, farther)
    assert "139 1111 2222" in before
    end(street.database, street.stall, "closed", street.clock.now_utc())
    street.clock.advance(366 * DAY_S)
    run(street.database, street.store, street.clock)
    (after,) = sentences(street, farther)
    assert after == before.removesuffix(' "call me, 139 1111 2222"'), "what, where and when stays"
    for case_id, number in ((far, "(8)"), (street.stall, "(7)")):
        (said,) = sentences(street, case_id)
        assert number in said
        assert not any(word in said for word in ("Wang Wu", "Li Hua", "139 1111"))


def test_of_a_lead_that_was_merged_and_taken_out_again_the_words_go_from_both_its_cases(street):
    far = call_in(street, "8", "I am Wang Wu, third floor", 0.004)
    kept = act(street, street.stall, "merge", other=far)
    lead = next(each["id"] for each in kept["leads"] if each["external_id"] == "8")
    alone = act(street, street.stall, f"leads/{lead}/split")["id"]
    end(street.database, alone, "rejected", street.clock.now_utc())
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    for case_id in (far, alone):
        (said,) = sentences(street, case_id)
        assert ("(8)" in said, "Wang Wu" in said) == (True, False)
    assert any("Li Hua" in said for said in sentences(street, street.stall)), "this case is open"


def test_a_report_that_joined_a_case_changes_nothing_of_what_the_case_says_when_it_is_forgotten(street):
    """Neither of one that a camera made, nor of one that somebody else had reported."""
    later = call_in(street, "8", "it is Wang Wu again", 0.00001)
    assert later == street.stall, "it is the same stall"
    joined = call_in(street, "9", "a blue car, says Wang Wu", kind="illegal_parking")
    assert joined == street.parked, "it is the car that the camera sees"
    before = sentences(street, street.parked)
    (stall_before,) = sentences(street, street.stall)
    for case_id in (street.parked, street.stall):
        end(street.database, case_id, "rejected", street.clock.now_utc())
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    assert sentences(street, street.parked) == before
    (stall_after,) = sentences(street, street.stall)
    assert stall_before.startswith(stall_after + ' "I am Li Hua')
