"""A batch on a cluster: few clips under way at a time, and one that fails ends no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from edge.clips.batch import Silence
from edge.clips.fleet import _Parcel, _shared_out
from edge.clips.job import ClipJob
from kerbwatch.clip_report import ClipResult


class Cluster:
    """Answers for a cluster of two processors; what a task gives is what the test says."""

    exceptions = SimpleNamespace(RayTaskError=KeyError, RayError=LookupError)

    def __init__(self, gives: Callable[[str], Any]) -> None:
        self._gives, self._under_way, self.most = gives, [], 0

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, **_options: object) -> Callable[[object], Any]:
        return lambda _task: SimpleNamespace(remote=self._begin)

    def _begin(self, job_json: str, _parcel: _Parcel) -> str:
        self._under_way.append(job_json)
        self.most = max(self.most, len(self._under_way))
        return job_json

    def wait(self, refs: list[str], **_options: int) -> tuple[list[str], list[str]]:
        return refs[:1], refs[1:]

    def get(self, ref: str) -> Any:
        self._under_way.remove(ref)
        return self._gives(ref)


def jobs(folder: Path, count: int) -> list[ClipJob]:
    made = []
    for number in range(count):
        clip = folder / f"{number}.mp4"
        clip.write_bytes(b"a clip")
        made.append(ClipJob(file=clip, shown_as=clip.name, out=folder / "out"))
    return made


def failed(job_json: str) -> str:
    name = ClipJob.model_validate_json(job_json).shown_as
    problem = {"code": "not_a_video", "text": "text"}
    return ClipResult.model_validate({"file": name, "status": "failed", "problem": problem}).model_dump_json()


def test_of_three_hundred_clips_no_more_travel_at_a_time_than_the_cluster_works_at(tmp_path: Path):
    cluster = Cluster(lambda ref: (failed(ref), _Parcel({})))
    results = _shared_out(cluster, jobs(tmp_path, 30), None, Silence())
    assert [result.file for result in results] == [f"{number}.mp4" for number in range(30)]
    assert cluster.most == 4


def test_whoever_wants_fewer_at_a_time_gets_fewer(tmp_path: Path):
    cluster = Cluster(lambda ref: (failed(ref), _Parcel({})))
    _shared_out(cluster, jobs(tmp_path, 5), 1, Silence())
    assert cluster.most == 1


def test_what_cannot_be_kept_here_costs_its_own_clip_and_no_other(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "taken").mkdir()

    def gives(ref: str) -> Any:
        made = {"0.mp4": {"taken": b"still"}, "1.mp4": {"../away": b"still"}, "2.mp4": {"ok.jpg": b"still"}}
        return failed(ref), _Parcel(made[ClipJob.model_validate_json(ref).shown_as])

    blocked, astray, good = _shared_out(Cluster(gives), jobs(tmp_path, 3), None, Silence())
    assert "cannot be kept here" in blocked.problem.text
    assert "does not stay in its folder" in astray.problem.text
    assert good.problem.text == "text"
    assert (tmp_path / "out" / "ok.jpg").read_bytes() == b"still"
