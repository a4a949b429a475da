"""The dwell profile decodes as little as the looks need, and never looks too rarely."""

import itertools

from edge.camera.looks import DwellPlan, Step


def stream(plan, *, seconds, key_every_s, fps=25, begin_s=0.0):
    """Feed a stream; returns (t, step) of every packet that is not passed over."""
    steps, per_gop = [], round(key_every_s * fps)
    for index in range(round(seconds * fps)):
        t_s = begin_s + index / fps
        step = plan.step(t_s, key=index % per_gop == 0)
        if step is not Step.PASS:
            steps.append((t_s, step))
        if step is not Step.PASS and plan.due(t_s):
            plan.looked(t_s)
    return steps


def test_a_camera_with_a_key_frame_every_two_seconds_decodes_these_alone():
    steps = stream(DwellPlan(2.0), seconds=20, key_every_s=2.0)
    assert steps == [(t, Step.KEY_FRAME) for t in range(0, 20, 2)]


def test_key_frames_that_come_more_often_than_looks_are_passed_over():
    steps = stream(DwellPlan(2.0), seconds=20, key_every_s=0.48)
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(steps)]
    assert {step for _t, step in steps} == {Step.KEY_FRAME}
    assert min(gaps) >= 1.8


def test_slightly_early_key_frames_are_all_looked_at():
    assert len(stream(DwellPlan(2.0), seconds=19.2, key_every_s=1.92)) == 10


def test_a_camera_with_rare_key_frames_falls_back_to_decoding_and_stays_there():
    plan = DwellPlan(2.0)
    steps = stream(plan, seconds=60, key_every_s=10.0)
    assert [t for t, step in steps if step is Step.CATCH_UP] == [3.04]
    assert plan.decoding_all
    assert all(step is Step.DECODE for t, step in steps if t > 3.04)


def test_a_camera_whose_key_frames_become_prompt_returns_to_them():
    plan = DwellPlan(2.0)
    stream(plan, seconds=20, key_every_s=10.0)
    steps = stream(plan, seconds=20, key_every_s=2.0, begin_s=20.0)
    assert not plan.decoding_all
    assert steps[-1] == (38.0, Step.KEY_FRAME)


def test_one_prompt_key_frame_is_not_yet_a_reason_to_return():
    plan = DwellPlan(2.0)
    stream(plan, seconds=20, key_every_s=10.0)
    stream(plan, seconds=4.0, key_every_s=2.0, begin_s=20.0)
    assert plan.decoding_all


def test_a_stream_without_any_key_frame_is_decoded_all_the_same():
    plan = DwellPlan(2.0)
    steps = [plan.step(index / 25, key=False) for index in range(100)]
    assert steps.count(Step.CATCH_UP) == 1
    assert steps[-1] is Step.DECODE


def test_a_new_connection_begins_with_key_frames_again():
    plan = DwellPlan(2.0)
    stream(plan, seconds=20, key_every_s=10.0)
    plan.new_stream()
    assert plan.step(25.0, key=False) is Step.PASS
    assert plan.step(25.1, key=True) is Step.KEY_FRAME


def test_the_interval_of_key_frames_is_known():
    plan = DwellPlan(2.0)
    stream(plan, seconds=20, key_every_s=2.0)
    assert plan.key_interval_s == 2.0
