"""Wipers that go are told from what else is dark and passes; what falls then is not told as a throw."""

import cv2
import numpy as np
import pytest

from edge.clips import moments
from edge.clips.wipers import WiperWatch
from edge.litter.throw import Evidence, Throw, ThrowingVehicle

RNG = np.random.default_rng(3)
STREET = cv2.GaussianBlur(RNG.uniform(60, 200, (180, 320)).astype(np.float32), (0, 0), 12)
DUSK = STREET * np.linspace(1, 0.1, 180, dtype=np.float32)[:, None]


def watched(dark_line, street=STREET, fps=30, until_s=2.0):
    """Pictures of a street with a dark line from one point to another; when the wipers were seen to go."""
    watch = WiperWatch()
    for index in range(int(until_s * fps)):
        t_s = index / fps
        picture = np.roll(street, index // 4, axis=1).copy()
        line = dark_line(t_s)
        if line is not None:
            cv2.line(picture, line[0], line[1], 12.0, 9)
        watch.picture(t_s, picture.astype(np.uint8))
    return watch.wiped_s


def blade(t_s):
    """One wipe in 0.45 s, from 1 s on."""
    if not 1.0 <= t_s < 1.45:
        return None
    way = -1.3 + 2.6 * (t_s - 1.0) / 0.45
    return (112, 225), (round(112 + 290 * np.sin(way)), round(225 - 290 * np.cos(way)))


@pytest.mark.parametrize("fps", [30, 15])
def test_a_blade_that_crosses_the_picture_is_seen_once(fps):
    (wiped_s,) = watched(blade, fps=fps)
    assert wiped_s == pytest.approx(1.25, abs=0.1)


def test_a_blade_is_seen_before_a_bright_sky_over_a_dark_road_too():
    assert len(watched(blade, DUSK)) == 1


def test_a_lamp_post_that_streams_past_is_no_blade():
    def post(t_s):
        x = round(190 + 130 * (t_s - 1.0) / 0.4)
        return ((x, 0), (x, 180)) if 1.0 <= t_s < 1.4 else None

    assert watched(post) == []


def test_a_bridge_passed_under_is_no_blade():
    def bridge(t_s):
        y = round(80 - 200 * (t_s - 1.0))
        return ((0, y), (320, y)) if 1.0 <= t_s < 1.4 else None

    assert watched(bridge) == []


def test_what_falls_while_the_wipers_go_is_left_out_and_counted(monkeypatch):
    def throws(_pictures, _detector, seen):
        seen.wipers.wiped_s.append(20.0)
        for number, t_s in enumerate((4.0, 12.0, 29.0, 31.0)):
            vehicle = ThrowingVehicle(number, 2, (0.0, 0.0, 9.0, 9.0))
            evidence = Evidence({}, 0.9, 0.9)
            yield Throw(number, t_s, t_s, t_s, (), (0.0, 0.0, 9.0, 9.0), vehicle, evidence, 5.0)

    monkeypatch.setattr(moments, "throws_of", throws)
    found, seen = moments.moments_of((), None, min_score=0.4)
    assert [moment.throw.t_s for moment in found] == [4.0, 31.0]
    assert seen.in_rain == 2
