"""Real dash-cam clips in which nothing is thrown: no moment may be proposed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.clips.analysis import load_detector
from edge.clips.clip_file import Clip
from edge.clips.job import ClipJob
from edge.clips.moments import moments_of
from models.errors import ModelError

CLIPS = Path(__file__).resolve().parents[4] / "shared" / "data" / "clips"


@pytest.mark.parametrize(
    ("name", "to_s", "cuts"), [("d1_udacity_dashcam.mp4", 2.0, 0), ("d3_montage_dashcam.mp4", 3.0, 1)]
)
def test_nothing_is_proposed_where_nothing_is_thrown(
    name: str, to_s: float, cuts: int, require: Callable[[object, str], None]
) -> None:
    file = CLIPS / name
    if not file.is_file():
        pytest.skip(f"the shared clip {name} is not on this machine")
    job = ClipJob(file=file, shown_as=name)
    try:
        detector = load_detector(job)
    except ModelError as error:
        require(False, str(error))
    with Clip(file, job.limits) as clip:
        found, watched = moments_of(clip.play(to_s=to_s), detector, min_score=job.min_score)

    assert found == []
    assert watched.ego.cuts == cuts
    assert watched.vehicles
