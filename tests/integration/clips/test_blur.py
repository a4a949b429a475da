"""Pictures and clips made fit to be looked at: one that is no good does not keep the others."""

import cv2
import numpy as np
from typer.testing import CliRunner

from edge.clips.cli import app
from kerbwatch.blur_report import BlurReport


def test_a_folder_and_a_text_among_the_files_are_told_and_the_picture_is_made(tmp_path):
    cv2.imwrite(str(tmp_path / "street.png"), np.full((120, 200, 3), 90, np.uint8))
    (tmp_path / "notes.mp4").write_text("not a clip")
    names = [tmp_path / name for name in ("street.png", "notes.mp4", ".", "gone.jpg")]
    done = CliRunner().invoke(app, ["blur", *map(str, names), "--out", str(tmp_path / "shown")])
    assert done.exit_code == 1
    report = BlurReport.model_validate_json(done.stdout)
    assert [each.made is not None for each in report.files] == [True, False, False, False]
    assert report.files[0].made.content_type == "image/jpeg"
    assert [each.problem for each in report.files[1:]] == [
        "it is no JPEG, PNG or MP4 that can be read",
        "it cannot be read: Is a directory",
        "it cannot be read: No such file or directory",
    ]
