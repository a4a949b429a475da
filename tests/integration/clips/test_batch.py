"""Citizens' clips in a batch, some of them broken or malicious: each is read in a process of its own."""

from __future__ import annotations

import builtins
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from edge.clips.batch import Silence, report_of, run_here
from edge.clips.clip_file import Clip, ClipProblemError
from edge.clips.exhibits import save_cut
from edge.clips.fleet import FleetError, run_on_fleet
from edge.clips.job import ClipJob, ClipLimits
from kerbwatch.clip_report import ClipResult, ClipsReport, ProblemCode, json_schema
from kerbwatch.ports import free_port
from tests.clips import write_clip_file


def _limits(**changed: float) -> ClipLimits:
    return ClipLimits.model_validate(changed)


def _job(file: Path, **limits: float) -> ClipJob:
    return ClipJob(file=file, shown_as=file.name, input_px=64, limits=_limits(**limits))


def _bomb(path: Path) -> Path:
    """One picture of 36 million pixels that takes some kB."""
    side = 6000
    with av.open(str(path), "w") as output:
        stream = output.add_stream("png", rate=1, width=side, height=side)
        stream.pix_fmt = "gray"
        output.mux(stream.encode(VideoFrame.from_ndarray(np.zeros((side, side), np.uint8), format="gray")))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip_file(tmp_path_factory.mktemp("clips") / "good.mp4", seconds=2.0, gop=10)


class Heard(Silence):
    """What progress is told of the clip numbered 1."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def began(self, index: int) -> None:
        self.words += ["began"] if index == 1 else []

    def played(self, index: int, share: float) -> None:
        assert 0 <= share <= 1
        self.words += ["played"] if index == 1 else []

    def ended(self, index: int, result: ClipResult) -> None:
        self.words += [result.status] if index == 1 else []


def test_a_bad_file_in_a_batch_does_not_keep_the_others(good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    rubbish = tmp_path / "rubbish.mp4"
    rubbish.write_bytes(np.random.default_rng(1).bytes(5000))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    jobs = [_job(each) for each in (rubbish, good, _bomb(tmp_path / "bomb.mov"), cut)]

    heard = Heard()
    results = run_here(jobs, workers=2, progress=heard)
    report = report_of("any@0", results)

    assert [(each.file, each.status) for each in report.clips] == [
        ("rubbish.mp4", "failed"),
        ("good.mp4", "analysed"),
        ("bomb.mov", "failed"),
        ("cut.mp4", "analysed"),
    ]
    assert (report.analysed, report.failed) == (2, 2)
    problems = [each.problem.code for each in results if each.problem]
    assert problems == [ProblemCode.NOT_A_VIDEO, ProblemCode.TOO_MANY_PIXELS]
    assert results[1].video is not None
    assert results[1].video.pictures == 50
    assert "cut off" in results[3].notes[0]
    assert (heard.words[0], heard.words[1], heard.words[-1]) == ("began", "played", "analysed")
    assert ClipsReport.model_validate_json(report.model_dump_json()) == report


def test_a_worker_that_is_killed_is_its_files_failure(good: Path, tmp_path: Path) -> None:
    def kill_first(index: int, pid: int) -> None:
        if index == 0:
            os.kill(pid, signal.SIGKILL)

    rubbish = tmp_path / "rubbish.mp4"
    rubbish.write_bytes(b"rubbish" * 100)
    results = run_here([_job(good), _job(rubbish)], workers=1, progress=Silence(), on_start=kill_first)

    problems = [each.problem for each in results if each.problem]
    assert [each.code for each in problems] == [ProblemCode.CRASHED, ProblemCode.NOT_A_VIDEO]
    assert "SIGKILL" in problems[0].text


def test_a_clip_that_needs_too_much_processor_time_is_stopped(good: Path) -> None:
    [result] = run_here([_job(good, cpu_s=1)], workers=1, progress=Silence())

    assert result.problem is not None
    assert result.problem.code is ProblemCode.CPU_TIME


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_duration_s": 0.5}, ProblemCode.TOO_LONG),
        ({"max_bytes": 100}, ProblemCode.TOO_MANY_BYTES),
        ({"max_pixels": 100}, ProblemCode.TOO_MANY_PIXELS),
    ],
)
def test_what_is_too_much_is_refused_before_anything_is_decoded(
    good: Path, limits: Mapping[str, float], code: ProblemCode
) -> None:
    with pytest.raises(ClipProblemError) as refused:
        Clip(good, _limits(**limits))

    assert refused.value.code is code


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (None, "no such file")])
def test_an_empty_or_absent_file_says_so(tmp_path: Path, content: bytes | None, word: str) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ClipProblemError, match=word):
        Clip(path, _limits())


def test_a_playlist_that_names_another_file_is_not_followed(good: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile {good}\n")

    with pytest.raises(ClipProblemError, match="not a video"):
        Clip(playlist, _limits())


def test_a_cut_clip_plays_and_begins_before_the_moment(good: Path, tmp_path: Path) -> None:
    with Clip(good, _limits()) as clip:
        list(clip.play())
        cut = save_cut(clip, tmp_path / "m.mp4", tmp_path, from_s=1.1, to_s=1.6, rotation_deg=0)

    assert cut.path == "m.mp4"
    assert not cut.encoded_anew
    assert cut.from_s <= 1.1
    with Clip(tmp_path / "m.mp4", _limits()) as clip:
        shown = list(clip.play())
    assert len(shown) == round((cut.to_s - cut.from_s) * 25) + 1


def test_a_part_is_played_from_the_key_frame_before_it(good: Path) -> None:
    with Clip(good, _limits()) as clip:
        times = [shown.t_s for shown in clip.play(from_s=1.0, to_s=1.2)]

    assert times[0] <= 1.0
    assert times[-1] == pytest.approx(1.2)


def test_an_address_where_no_cluster_listens_is_told_at_once(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    nobody = f"127.0.0.1:{free_port()}"
    with pytest.raises(FleetError, match=f"no Ray cluster answers at '{nobody}'"):
        run_on_fleet([_job(good)], address=nobody, workers=1, progress=Silence())


def test_without_ray_the_extra_is_named(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_ray(name: str, *rest: Any, **named: Any) -> Any:
        if name == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", no_ray)

    with pytest.raises(FleetError, match=r"kerbwatch\[fleet\]"):
        run_on_fleet([_job(good)], address="local", workers=1, progress=Silence())


def test_the_schema_describes_a_report(good: Path) -> None:
    schema = json_schema()

    names: Sequence[str] = schema["required"]
    assert {"model", "clips"} <= set(names)
    assert schema["properties"]["version"]["const"] == 1
