"""Central is started again with its files: what time alone has changed never keeps it from starting."""

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest
import structlog

from central import setup
from central.areas.service import area_map
from central.duty.models import DutyEntry, DutyList, Unit
from central.duty.on_areas import take_in
from central.duty.service import duty_book, import_duty_list
from kerbwatch.incident import Kind
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError
from tests.unit.central.box import NOON

LAMP = "item 'street-lamp': its legal basis"
IN_YANGMING = Position(121.15, 30.05)


@pytest.fixture
def files(tmp_path, pytestconfig):
    """The example's two files in a folder of their own, to be changed: ``files(name, old, new)``."""
    for name in ("duty-list.yaml", "areas.geojson"):
        (tmp_path / name).write_text((pytestconfig.rootpath / "configs" / name).read_text())

    def change(name, old, new):
        text = (tmp_path / name).read_text()
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new))
        return tmp_path / name

    change.folder = tmp_path
    return change


@pytest.fixture
def start(files, settings, database):
    """``start(days)``: central with these files, so many days later; what was warned of."""

    def at(days):
        here = {"duty_list": files.folder / "duty-list.yaml", "areas": files.folder / "areas.geojson"}
        with structlog.testing.capture_logs() as said:
            setup.check_ready(settings.model_copy(update=here), database, NOON + timedelta(days=days))
        return [line["text"] for line in said if line["event"] == "duty_list_warning"]

    return at


def leads(database, kind, days):
    now = NOON + timedelta(days=days)
    with database.read() as session:
        return duty_book(session, now).assign(kind, IN_YANGMING).unit_id


def the_law_of_lamps_ends(files, day):
    line = "{id: street-lamp,"
    return files("duty-list.yaml", line, f"{line} basis_valid_until: {day},")


def test_the_law_of_one_item_has_expired_and_central_starts_and_says_so(files, start):
    the_law_of_lamps_ends(files, "2026-05-06")
    assert [LAMP in text and "expires on" in text for text in start(0)] == [True]
    assert [LAMP in text and "expired on 2026-05-06" in text for text in start(3)] == [True]


def test_a_changed_file_with_an_expired_law_is_refused_at_a_start(files, start):
    the_law_of_lamps_ends(files, "2026-05-06")
    start(0)
    files("duty-list.yaml", "name: Straw", "name: Dry straw")
    with pytest.raises(SettingsError, match=r"street-lamp.*expired on 2026-05-06"):
        start(3)


def test_the_configured_list_is_over_and_its_successor_stays_in_force(files, start, database):
    first = files("duty-list.yaml", "valid_from: 2026-01-01", "valid_until: 2026-05-06")
    start(0)
    text = first.read_text().replace("valid_until: 2026-05-06", "valid_from: 2026-05-07")
    (files.folder / "next.yaml").write_text(
        text.replace("yangming: traffic-police-yangming", "yangming: traffic-police")
    )
    with database.write() as session:
        assert import_duty_list(session, files.folder / "next.yaml", NOON)
    assert leads(database, Kind.ILLEGAL_PARKING, 0) == "traffic-police-yangming"
    start(4)
    assert leads(database, Kind.ILLEGAL_PARKING, 4) == "traffic-police"


def test_own_units_follow_areas_that_changed_though_the_lists_file_did_not(files, start, database):
    start(0)
    assert leads(database, Kind.STALL_ENCROACHMENT, 0) == "squad-yangming"
    document = json.loads((files.folder / "areas.geojson").read_text())
    town = next(each for each in document["features"] if each["properties"]["id"] == "yangming")
    town["properties"]["unit"] = "squad-ditang"
    (files.folder / "areas.geojson").write_text(json.dumps(document))
    start(1)
    assert leads(database, Kind.STALL_ENCROACHMENT, 1) == "squad-ditang"


def test_changed_areas_on_which_the_list_cannot_stand_are_refused_together(files, start, database):
    start(0)
    files("areas.geojson", '"id": "yangming"', '"id": "yangming-town"')
    with pytest.raises(SettingsError, match="there is no area 'yangming'"):
        start(1)
    files("duty-list.yaml", "yangming: traffic-police-yangming", "yangming-town: traffic-police-yangming")
    start(1)
    with database.read() as session:
        names = [hit.id for hit in area_map(session, NOON + timedelta(days=1)).locate(IN_YANGMING)]
    assert "yangming-town" in names


def test_areas_that_a_command_took_in_stay_at_a_restart_until_the_configured_file_changes(
    files, start, database
):
    start(0)
    text = (files.folder / "areas.geojson").read_text()
    (files.folder / "new.geojson").write_text(text.replace("Ditang (example)", "Ditang as it is now"))

    def name(days):
        with database.read() as session:
            return area_map(session, NOON + timedelta(days=days)).locate(Position(121.15, 30.1))[0].name

    with database.write(ordered=True) as session:
        take_in(session, NOON, UTC, areas=files.folder / "new.geojson", duty_list=None)
    start(1)
    assert name(1) == "Ditang as it is now"
    files("areas.geojson", "Ditang (example)", "Ditang again")
    start(2)
    assert name(2) == "Ditang again"


def test_a_new_town_with_a_unit_of_its_own_has_it_at_once(files, start, database):
    start(0)
    text = (files.folder / "areas.geojson").read_text()
    (files.folder / "new.geojson").write_text(
        text.replace('"unit": "squad-yangming"', '"unit": "squad-ditang"')
    )
    with database.write(ordered=True) as session:
        assert take_in(session, NOON, UTC, areas=files.folder / "new.geojson", duty_list=None) == (True, True)
    assert leads(database, Kind.STALL_ENCROACHMENT, 0) == "squad-ditang"
    start(1)
    assert leads(database, Kind.STALL_ENCROACHMENT, 1) == "squad-ditang"


def test_a_list_that_a_command_took_in_from_a_copy_is_the_configured_one_as_well(files, start, database):
    the_law_of_lamps_ends(files, "2026-05-06")
    (files.folder / "copy.yaml").write_text((files.folder / "duty-list.yaml").read_text())
    with database.write() as session:
        assert import_duty_list(session, files.folder / "copy.yaml", NOON)
    assert any("expired on 2026-05-06" in text for text in start(3))
    files("areas.geojson", '"unit": "squad-yangming"', '"unit": "squad-ditang"')
    start(4)
    assert leads(database, Kind.STALL_ENCROACHMENT, 4) == "squad-ditang"


def test_a_list_whose_file_has_gone_cannot_follow_and_that_is_said(files, start, database):
    files("duty-list.yaml", "name: Straw", "name: Dry straw")
    start(0)
    path = files("areas.geojson", '"unit": "squad-yangming"', '"unit": "squad-ditang"')
    (files.folder / "duty-list.yaml").unlink()
    with database.write() as session, structlog.testing.capture_logs() as said:
        assert take_in(session, NOON, UTC, areas=path, duty_list=None) == (True, False)
    assert [line["duty_list"] for line in said if line["event"] == "own_units_stay"] == ["Example 2026"]
    assert leads(database, Kind.STALL_ENCROACHMENT, 0) == "squad-yangming"


def test_a_law_that_has_expired_keeps_no_town_from_its_own_unit(files, start, database):
    the_law_of_lamps_ends(files, "2026-05-06")
    start(0)
    files("areas.geojson", '"unit": "squad-yangming"', '"unit": "squad-ditang"')
    assert any("expired on 2026-05-06" in text for text in start(3))
    assert leads(database, Kind.STALL_ENCROACHMENT, 3) == "squad-ditang"


def test_a_town_whose_own_unit_is_on_no_list_is_refused(files, start, database):
    start(0)
    path = files("areas.geojson", '"unit": "squad-yangming"', '"unit": "squad-nowhere"')
    with (
        pytest.raises(SettingsError, match="'squad-nowhere' is not among 'units'"),
        database.write() as session,
    ):
        take_in(session, NOON, UTC, areas=path, duty_list=None)


def test_areas_that_say_what_they_said_refuse_no_list_that_an_older_version_let_in(files, start, database):
    files("duty-list.yaml", "name: Straw", "name: Dry straw")
    start(0)
    with database.write() as session:
        standing = session.query(DutyList).order_by(DutyList.id.desc()).first()
        standing.unit_ids = None  # as that version left it, which read no rulings either
        session.add(Unit(id="squad-gone", name="A squad that the list dropped"))
        lamp = session.query(DutyEntry).filter_by(item_id="street-lamp").first()
        kept = {name: getattr(lamp, name) for name in set(lamp.__table__.c.keys()) - {"id"}}
        session.add(DutyEntry(**kept | {"list_id": None, "unit_id": "squad-gone", "ruling": "2026-0001"}))
    moved = files.folder / "moved"  # nothing is noted of files there
    moved.mkdir()
    for name in ("duty-list.yaml", "areas.geojson"):
        (files.folder / name).rename(moved / name)
    files.folder = moved
    assert any("'squad-gone' leads" in text for text in start(1))


def test_a_list_in_a_folder_that_is_closed_to_central_cannot_follow_and_that_is_said(
    files, start, database, monkeypatch
):
    closed = files("duty-list.yaml", "name: Straw", "name: Dry straw")
    start(0)
    here = Path.is_file

    def is_file(path):
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return here(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    path = files("areas.geojson", '"unit": "squad-yangming"', '"unit": "squad-ditang"')
    with database.write() as session, structlog.testing.capture_logs() as said:
        assert take_in(session, NOON, UTC, areas=path, duty_list=None) == (True, False)
    assert [line["file"] for line in said if line["event"] == "own_units_stay"] == [str(closed)]
