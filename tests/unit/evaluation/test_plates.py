"""Plates are counted strictly: an open character is no error, a wrong one is, a missing one spoils all."""

import csv
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from evaluation.cli import eval_app
from evaluation.plate_figures import Confusion, PlateSample, tally
from evaluation.plates import (
    PlateSetError,
    evaluate_plates,
    is_held_out,
    laid_in_two_rows,
    shrunk,
    with_hidden_province,
)
from models.manifest import load_manifest
from models.plates import Character, PlateColour, PlateReader, PlateReading

SHARED_PLATES = Path(__file__).parents[4] / "shared" / "data" / "plates"


def _sample(truth, likeliest, open_places=()):
    places = [Character(c, 0.3 if i in open_places else 0.99) for i, c in enumerate(likeliest)]
    reading = PlateReading.of(places, colour=PlateColour.BLUE, corners=None, min_confidence=0.9)
    return PlateSample(truth, truth, reading)


def test_whole_open_wrong_and_unread_plates_are_told_apart():
    figures = tally(
        [
            _sample("浙B12345", "浙B12345"),
            _sample("浙B12345", "皖B12345", open_places={0}),
            _sample("浙B12345", "浙B12845"),
            PlateSample("浙B12345", "浙B12345", None),
        ]
    )
    assert (figures.plates, figures.exact, figures.misread, figures.unread) == (4, 1, 1, 1)
    assert (figures.characters, figures.given, figures.right) == (28, 20, 19)
    assert figures.exact_share == 0.25
    assert figures.right_of_given == 0.95
    assert figures.places[0].given == figures.places[0].right == 2
    assert figures.confusions == (Confusion("3", "8", 1, 0), Confusion("浙", "皖", 0, 1))


def test_a_reading_of_another_length_has_nothing_right():
    figures = tally([_sample("浙B12345", "浙BD12345")])
    assert (figures.given, figures.right, figures.misread) == (8, 0, 1)


def test_the_commonest_province_is_not_all_there_is():
    figures = tally([_sample("皖A12345", "皖A12345")] * 8 + [_sample("浙B12345", "皖B12345")])
    others = figures.other_provinces
    assert (others.plates, others.given, others.right) == (1, 1, 0)


def test_no_plates_have_no_shares():
    figures = tally([])
    assert figures.exact_share is figures.right_of_given is figures.given_share is None


def test_half_of_the_pictures_are_held_out_whatever_they_show():
    names = [f"浙B{number:05}" for number in range(400)]
    held_out = [name for name in names if is_held_out(name)]
    assert 150 < len(held_out) < 250
    assert is_held_out("浙B00000") == (hashlib.sha256("浙B00000".encode()).digest()[0] % 2 == 1)


def test_a_plate_is_made_smaller_covered_and_laid_in_two_rows():
    plate = np.zeros((24, 94, 3), np.uint8)
    plate[:, :16] = 255
    assert shrunk(plate, 47).shape == (12, 47, 3)
    assert shrunk(plate, 200) is plate
    assert with_hidden_province(plate)[:, 3:15].max() == 0
    rows = laid_in_two_rows(plate)
    assert rows.shape == (48, 94, 3)
    assert rows[:20].max() == 255
    assert rows[20:].max() == 0


@pytest.fixture(scope="module")
def reader(require):
    manifest = load_manifest()
    for name in ("clp-det", "clp-rec"):
        require(
            manifest.entry(name).state() == "ok", f"'{name}' is not here: run 'kerbwatch models pull plates'"
        )
    return PlateReader.load()


def _no_detector():
    raise AssertionError("without scenes no vehicle is looked for")


def test_a_folder_with_nothing_to_read_is_refused(reader, tmp_path):
    with pytest.raises(PlateSetError, match="neither a folder 'crops' nor a folder 'scenes'"):
        evaluate_plates(tmp_path, reader, _no_detector, recogniser="clp-rec")


def test_crops_alone_are_evaluated_without_looking_for_vehicles(reader, tmp_path):
    (tmp_path / "crops").mkdir()
    cv2.imwrite(str(tmp_path / "crops" / "浙B12345.png"), np.full((24, 94, 3), 128, np.uint8))
    report = evaluate_plates(tmp_path, reader, _no_detector, recogniser="clp-rec")
    assert report.scenes is None
    assert (report.crops.everything.plates, report.crops.everything.unread) == (1, 1)
    assert report.to_json()["crops"]["failures"][0]["said"] == ""


def test_an_unknown_recogniser_is_answered_with_those_there_are(tmp_path):
    done = CliRunner().invoke(eval_app, ["plates", str(tmp_path), "--recogniser", "tesseract"])
    assert done.exit_code == 2
    assert "clp-rec" in done.output


def test_real_plates_are_read_or_left_open(reader):
    if not SHARED_PLATES.is_dir():
        pytest.skip(f"the pictures of plates are not at {SHARED_PLATES}")
    crops = [path for path in sorted((SHARED_PLATES / "crops").glob("*.jpg")) if is_held_out(path.stem)][::3]
    figures = tally([PlateSample(p.stem, p.stem, reader.read_crop(cv2.imread(str(p)))) for p in crops])
    assert figures.exact_share >= 0.9
    assert figures.right_of_given >= 0.98


def test_every_plate_of_a_street_that_a_person_noted_is_read(reader):
    if not SHARED_PLATES.is_dir():
        pytest.skip(f"the pictures of plates are not at {SHARED_PLATES}")
    folder = SHARED_PLATES / "scenes"
    with (folder / "truth.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            texts = {reading.text for reading in reader.read(cv2.imread(str(folder / row["file"])))}
            green = {c.colour for c in reader.read(cv2.imread(str(folder / row["file"]))) if len(c.text) == 8}
            assert texts & set(row["plates"].split(";")), row["file"]
            assert green <= {PlateColour.GREEN}


def test_a_province_under_mud_is_seldom_given(reader):
    if not SHARED_PLATES.is_dir():
        pytest.skip(f"the pictures of plates are not at {SHARED_PLATES}")
    crops = [path for path in sorted((SHARED_PLATES / "crops").glob("*.jpg")) if is_held_out(path.stem)][::5]
    samples = [
        PlateSample(p.stem, p.stem, reader.read_crop(with_hidden_province(cv2.imread(str(p))))) for p in crops
    ]
    assert tally(samples).places[0].given <= 0.15 * len(crops)
