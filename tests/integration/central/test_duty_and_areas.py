"""Who leads where: the duty list and the areas, taken in from files."""

import json
from datetime import timedelta

import pytest

from central.areas.service import area_map, import_areas
from central.duty import repository
from central.duty.service import duty_book, import_duty_list
from kerbwatch.incident import Kind
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError
from tests.unit.central.box import NOON


@pytest.fixture
def duty_file(tmp_path, pytestconfig):
    """``duty_file(old, new)``: the example with a change."""
    text = (pytestconfig.rootpath / "configs/duty-list.yaml").read_text()

    def change(old, new):
        assert old in text
        (tmp_path / "duty.yaml").write_text(text.replace(old, new, 1))
        return tmp_path / "duty.yaml"

    return change


@pytest.fixture
def areas_file(tmp_path, pytestconfig):
    document = json.loads((pytestconfig.rootpath / "configs/areas.geojson").read_text())

    def change(edit):
        edit(document["features"])
        (tmp_path / "areas.geojson").write_text(json.dumps(document))
        return tmp_path / "areas.geojson"

    return change


@pytest.mark.parametrize(
    ("lon", "lat", "names"),
    [
        (121.15, 30.05, ["yangming-east", "yangming", "yuyao"]),
        (121.20, 30.05, ["fengshan", "yuyao"]),
        (121.16, 30.07, ["fengshan", "yangming", "yuyao"]),
        (121.05, 30.00, ["yuyao"]),
        (10.0, 50.0, []),
    ],
    ids=["in a grid", "in a town", "on a border", "in the city alone", "nowhere"],
)
def test_a_point_lies_in_areas_smallest_first(database, lon, lat, names):
    with database.read() as session:
        assert [hit.id for hit in area_map(session, NOON).locate(Position(lon, lat))] == names


@pytest.mark.parametrize(
    ("kind", "lon", "lat", "unit"),
    [
        (Kind.STALL_ENCROACHMENT, 121.15, 30.05, "squad-yangming"),
        (Kind.STALL_ENCROACHMENT, 121.15, 30.10, "squad-ditang"),
        (Kind.STALL_ENCROACHMENT, 121.05, 30.00, "urban-management"),
        (Kind.ILLEGAL_PARKING, 121.20, 30.05, "traffic-police"),
        (Kind.VEHICLE_LITTER, 121.15, 30.05, "traffic-police"),
    ],
)
def test_one_unit_leads(database, kind, lon, lat, unit):
    with database.read() as session:
        assert duty_book(session, NOON).assign(kind, Position(lon, lat)).unit_id == unit


def test_a_new_list_is_in_force_and_the_old_one_can_come_back(database, duty_file, pytestconfig):
    point = Position(121.15, 30.05)

    def leads(path, days):
        with database.write() as session:
            now = NOON + timedelta(days=days)
            changed = import_duty_list(session, path, now)
            return changed, duty_book(session, now).assign(Kind.ILLEGAL_PARKING, point).unit_id

    original = pytestconfig.rootpath / "configs/duty-list.yaml"
    changed = duty_file("yangming: traffic-police-yangming", "yangming: traffic-police")
    assert leads(original, 1) == (False, "traffic-police-yangming")
    assert leads(changed, 2) == (True, "traffic-police")
    assert leads(original, 3) == (True, "traffic-police-yangming")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("kind: vehicle_litter", "kind: illegal_parking", "twice in 'items': illegal_parking"),
        ("yangming: traffic", "yangmin: traffic", "there is no area 'yangmin'"),
        ("deadline_hours: 4", "deadline_hours: soon", "deadline_hours: expected a number"),
        ("parent: city-centre", "parent: city-center", "its parent 'city-center' is not among 'units'"),
        ("legal_basis:", "legal_bases:", "did you mean 'legal_basis'"),
    ],
)
def test_a_list_with_faults_is_refused_with_the_reason(database, duty_file, old, new, complaint):
    with pytest.raises(SettingsError, match=complaint), database.write() as session:
        import_duty_list(session, duty_file(old, new), NOON)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda f: f[1]["properties"].update(level="county"), r"features\[1\].*'level' must be one of"),
        (lambda f: f[1]["properties"].update(id="yuyao"), "two areas have the id 'yuyao'"),
        (lambda f: f[1]["properties"].pop("name"), "'name' must be a text"),
        (lambda f: f[1]["geometry"].update(type="Point"), "must be a Polygon or MultiPolygon"),
        (
            lambda f: (
                f[1]["geometry"]["coordinates"][0].reverse()
                or f[1]["geometry"]["coordinates"][0].insert(1, [0, 99])
            ),
            "degrees",
        ),
        (
            lambda f: f[1]["geometry"].update(coordinates=[[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]),
            "not a sound polygon",
        ),
        (lambda f: f.clear(), "FeatureCollection with features"),
    ],
    ids=["level", "twice", "nameless", "a point", "not degrees", "a bow tie", "empty"],
)
def test_areas_with_faults_are_refused_with_the_reason(database, areas_file, edit, complaint):
    with pytest.raises(SettingsError, match=complaint), database.write() as session:
        import_areas(session, areas_file(edit), NOON)


def test_the_same_areas_again_change_nothing(database, pytestconfig):
    with database.write() as session:
        assert not import_areas(session, pytestconfig.rootpath / "configs/areas.geojson", NOON)


def test_units_of_a_list_from_before_they_were_kept_are_noted_at_the_next_start(database, pytestconfig):
    path = pytestconfig.rootpath / "configs/duty-list.yaml"
    with database.write() as session:
        current = repository.in_force(session, NOON)
        current.unit_ids = None
    with database.write() as session:
        assert not import_duty_list(session, path, NOON, when_changed=True)
        assert "agriculture" in repository.in_force(session, NOON).unit_ids
