import pytest
from pydantic import Field

from kerbwatch.ids import Slug
from kerbwatch.mqtt import MqttSettings
from kerbwatch.settings import Settings, SettingsError, load_settings


class Zone(Settings):
    id: str
    dwell_s: float = Field(180.0, gt=0)


class Camera(Settings):
    id: str
    source: str = "x"
    zones: tuple[Zone, ...] = ()


class Box(Settings):
    site: str
    mqtt: MqttSettings | None = None
    cameras: tuple[Camera, ...] = ()
    lane: Slug | None = None
    plate: str | None = Field(None, pattern="^[A-Z0-9]+$", description="Capitals and digits.")
    hours: float = 1.0
    steps: tuple[int, ...] = (1, 2)


@pytest.fixture
def fault(tmp_path):
    """The error that a file's text gives, without the folder."""

    def read(text):
        path = tmp_path / "edge.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(SettingsError) as caught:
            load_settings(path, Box)
        return str(caught.value).replace(str(path), "edge.yaml")

    return read


def test_a_sound_file_is_read_into_typed_values(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_bytes("\ufeffsite: 余姚\ncameras:\n  - id: c1\n    zones: [{id: z, dwell_s: 60}]\n".encode())
    box = load_settings(path, Box)
    assert (box.site, box.cameras[0].zones[0].dwell_s) == ("余姚", 60.0)


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(fault):
    text = "site: yuyao\ncameras:\n  - id: c1\n    zones:\n      - id: z\n        dwel_s: 60\n"
    assert fault(text) == "edge.yaml:6: cameras.0.zones.0.dwel_s: unknown key; did you mean 'dwell_s'?"


def test_a_key_that_is_like_none_gets_the_list_of_known_ones(fault):
    assert "known keys: cameras, hours, lane, mqtt, plate, site, steps" in fault("site: yuyao\nqqqq: 1\n")


def test_every_fault_has_its_line(fault):
    lines = fault("cameras:\n  - zones:\n      - id: z\n        dwell_s: -1\n").splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["edge.yaml", "site"],
        ["edge.yaml:2", "cameras.0.id"],
        ["edge.yaml:4", "cameras.0.zones.0.dwell_s"],
    ]
    assert "given: -1" in lines[2]


def test_a_list_with_nothing_behind_its_key_is_empty(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_text("site: y\ncameras:\n  - id: c1\n    zones:\n")
    assert load_settings(path, Box).cameras[0].zones == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cameras: []\n", "site: must be given"),
        ("site: y\ncameras: one\n", "cameras: expected a list; [] for none"),
        ("site: y\ncameras: [c1]\n", "cameras.0: expected keys and values"),
        ("site: y\nlane: North Gate\n", "takes 1 to 63 lower-case letters, digits, '-' and '_'"),
        ("site: y\nplate: A B\n", "plate: is not of the form that is wanted here: Capitals and digits."),
        ("site: y\nhours: soon\n", "hours: expected a number (given: 'soon')"),
        ("site: y\nsteps:\n", "steps: expected a list; [] for none"),
        ("site: y\nnotes: many\n", "notes: unknown key; known keys"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_file(fault, text, said):
    assert said in fault(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site: [yuyao\n", "not valid YAML"),
        ("site: a\nsite: b\n", "not valid YAML"),
        ("site: \x07\n", "not valid YAML"),
        ("site: !!python/object:os.system x\n", "site"),
        (b"site: \xff\xfe\n", "not UTF-8"),
        ("- just\n- a list\n", "keys and values"),
        ("", "keys and values"),
        ("[" * 1000, "not valid YAML"),
    ],
    ids=["bracket", "twice", "control", "tag", "latin", "list", "empty", "deep"],
)
def test_what_is_no_configuration_is_a_clear_error(fault, text, said):
    assert said in fault(text)


def test_an_absent_file_or_a_folder_is_a_clear_error(tmp_path):
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_settings(path, Box)


@pytest.mark.parametrize(
    "text",
    [
        "site: y\nmqtt:\n  password: 123456789\n",
        "site: y\nmqtt:\n  password: s3cret\n",
        "site: y\nmqtt: {password: [s3cret]}\n",
        "site: y\ncameras:\n  - id: 1\n    source: {rtsp://u:s3cret@h/: 1}\n",
    ],
)
def test_no_error_repeats_a_password(fault, text):
    said = fault(text)
    assert "s3cret" not in said
    assert "123456789" not in said
