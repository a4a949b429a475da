"""When what the rules remember is worth a write to the disk."""

from __future__ import annotations

from datetime import timedelta

from edge.frame import ArrayPicture, Frame
from edge.vision.looking import Seen
from edge.watch import Watch
from tests.unit.edge.street import CAR, KERB, NOON, SIZE_PX, Thing, camera_with, draw, look_at


def see(watch: Watch, t_s: float, *things: Thing) -> None:
    frame = Frame("c1", t_s, NOON + timedelta(seconds=t_s), ArrayPicture(draw(things)))
    watch.look(Seen(frame, look_at(things, t_s).detections, SIZE_PX))


def test_an_empty_street_is_written_down_once():
    watch = Watch(camera_with(KERB), SIZE_PX, 0.25)
    assert watch.state(changed=True) is None
    see(watch, 0)
    first = watch.state(changed=True)
    see(watch, 60)
    assert first is not None
    assert watch.state(changed=True) is None
    assert watch.state() is not None


def test_what_comes_stands_and_goes_may_not_wait_and_what_only_stays_may():
    watch = Watch(camera_with(KERB), SIZE_PX, 0.25)
    gists = []
    for t_s in range(0, 100, 2):
        see(watch, t_s, *([CAR] if 10 <= t_s < 60 else []))
        gists.append(watch.gist())
    changes = [2 * k for k in range(1, len(gists)) if gists[k] != gists[k - 1]]
    assert changes == [10, 14, 40, 64]  # comes, stands, is reported, has gone
