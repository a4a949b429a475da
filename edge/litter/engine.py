"""The engine: every picture's luma in, looks at vehicles (a little late) in, decided throws out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.background import TICK_S
from edge.litter.blobs import NONE, Blobs, blobs_of
from edge.litter.bodies import Bodies
from edge.litter.company import USUAL_S
from edge.litter.evidence import LEAST_POINTS
from edge.litter.fallen import Now, judge_rest, may_be_thrown
from edge.litter.glimpses import Glimpses
from edge.litter.judge import Finding, judge_flight, settled
from edge.litter.rests import Rests, Shown
from edge.litter.throw import Homography, Throw, ThrowingVehicle, inverse
from edge.litter.told import Told
from edge.litter.tracklets import MOST_AGE_S, Tracklet, Tracklets
from edge.litter.vehicles import Traffic, Vehicle
from edge.litter.views import FixedViews, View
from edge.rules.sighting import BoxPx, PathPoint
from models.detections import Detections

FLIGHT_SCORE, REST_SCORE = 0.9, 0.62
"""Scores from which something seen to fly, and something that lies, was thrown. Vehicles show many parts
that move like something thrown for a moment; little but litter newly lies on a road."""
WAIT_LOOK_S = 0.7
"""A look later than this is not waited for."""
WAIT_REST_S = 1.1
"""How long after its flight a thing may come to lie."""
LONGEST_S = MOST_AGE_S + WAIT_REST_S + 0.2
"""What came to lie before that is the end of no flight that is judged."""
JUDGE_REST_S = 1.9
"""How long after it came to lie a thing is judged by that alone."""
SAME_LANDING_M = 1.0
"""What soon comes to lie so near to where a thing was seen to land is that thing."""
LEAST_REST_SWAYING_PX = 6.0
"""While the camera sways, what is smaller and only lies may be an edge of the road that does not fit."""
KEEP_TRAIL_S, MOST_TRAILS = 3.0, 300
"""What was in the air is remembered so long: it may have come to lie."""
WARM_S = 2.0
"""So long a camera must have looked: what stood on the road at first leaves a ghost when it goes."""
BODY_SHARE = 0.004
"""Share of the picture above which a moving part is a body, not a thing thrown."""
ABOVE_SHARE = 0.12
"""Share of the picture's height that is searched above the road: what stands on it reaches higher."""
TICK_SLACK_S = 0.03
"""A camera of ten pictures a second does not send them on time: rather a little early than a picture late."""
THROWS_ON_S = 3.0
"""So long after a throw the next thing is rather its vehicle's than another's."""
MOST_SEEN = 8
"""Looks at the thrower that are told with a throw."""
_KEEP_PLACES_S = 4.0
_MOST_PATH = 120


class LitterEngine:
    """Finds what is thrown from vehicles, in the pictures of one camera.

    Feed every picture in order through :meth:`picture`, and what the network and the tracker found in some
    of them through :meth:`vehicles`, at any time up to about half a second late. Not for several threads at
    once.

    Args:
        size_px: width and height of the pictures.
        road: polygons [K, 2] in px; the vehicle stands, or the thing falls, on one of them. None for
            everywhere.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        road: Sequence[NDArray[np.float64]] | None = None,
    ) -> None:
        self.size_px = size_px
        self._road = None if road is None else shapely.MultiPolygon([shapely.Polygon(each) for each in road])
        self._crop = (0, 0, *size_px) if road is None else _around(size_px, road)
        self._view_px = (float(self._crop[2] - self._crop[0]), float(self._crop[3] - self._crop[1]))
        self._views = FixedViews(self._crop)
        self._most_area_px = BODY_SHARE * size_px[0] * size_px[1]
        self._next_id = 1
        self._decided: list[Throw] = []
        self._ticked_s = self._began_s = -np.inf
        self._mask: NDArray[np.uint8] | None = None
        self._fresh()

    def picture(self, t_s: float, luma: Luma) -> None:
        """Take in the next picture: uint8 [height, width], as shown. ``t_s`` rises."""
        view, void = self._views.view(t_s, luma)
        if void:
            self._fresh()
            self._began_s = t_s
        to_picture = (
            np.array([[1.0, 0, self._crop[0]], [0, 1, self._crop[1]], [0, 0, 1]]) @ self._views.to_picture
        )
        self._places.append((t_s, to_picture))
        while t_s - self._places[0][0] > _KEEP_PLACES_S:
            self._places.popleft()
        blobs = NONE
        self._mask = None if view is None else view.mask
        if view is not None:
            blobs = blobs_of(view.mask, view.luma, self._most_area_px)
            self._glimpses.update(view.t_s, blobs)
            ended = self._tracklets.update(view.t_s, blobs)
            self._waiting += [each for each in ended if len(each.t_s) >= LEAST_POINTS]
            self._trails += [each for each in ended if len(each.t_s) >= 2]
            if self._views.background is not None:
                self._bodies.update(t_s, view.mask, self._views.background.age, self._traffic.vehicles)
        if t_s - self._ticked_s >= TICK_S - TICK_SLACK_S:
            self._ticked_s = t_s
            self._tick(t_s, view, blobs)

    def vehicles(self, t_s: float, detections: Detections) -> None:
        """Take in what was found in the picture of ``t_s``: tracked boxes in px of the picture as shown."""
        to_steady = inverse(self._place(t_s))
        scale = float(np.sqrt(abs(np.linalg.det(to_steady[:2, :2]))))
        boxes = detections.xyxy.astype(np.float64)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        halves = (boxes[:, 2:] - boxes[:, :2]) / 2 * scale
        middles = _mapped(to_steady, middles)
        steady = np.hstack([middles - halves, middles + halves]).astype(np.float32)
        self._traffic.add(t_s, Detections(steady, detections.score, detections.class_id, detections.track_id))
        if self._mask is not None:
            self._traffic.stand_out(self._mask)

    def throws(self) -> list[Throw]:
        """The throws decided since the last call, oldest first."""
        decided, self._decided = self._decided, []
        return decided

    def _fresh(self) -> None:
        """Forget everything that belongs to another view."""
        height = self._crop[3] - self._crop[1]
        self._tracklets = Tracklets(height)
        self._thrown: set[int] = set()
        self._traffic = Traffic()
        self._bodies = Bodies()
        self._trails: list[Tracklet] = []
        self._rests = Rests()
        self._glimpses = Glimpses()
        self._waiting: list[Tracklet] = []
        self._told = Told()
        self._threw_s: dict[int, float] = {}
        self._places: deque[tuple[float, Homography]] = deque()
        self._ticked_s = -np.inf

    def _tick(self, t_s: float, view: View | None, blobs: Blobs) -> None:
        """Some times a second: what lies, and who threw it."""
        background = self._views.background
        if background is not None and view is not None:
            covered = self._traffic.mask(t_s, (view.luma.shape[0], view.luma.shape[1]))
            background.tick(view.luma, covered)
            fine = replace(view, mask=background.differs_finely(view.luma))
            things = blobs_of(fine.mask, view.luma, self._most_area_px)
            self._rests.tick(Shown(fine, things), Shown(view, blobs), background, self._glimpses)
            self._told.look(t_s, fine.mask, covered)
        self._trails = [each for each in self._trails if t_s - each.t_s[-1] <= KEEP_TRAIL_S][-MOST_TRAILS:]
        vehicles = (*self._traffic.vehicles, *self._bodies.moving)
        self._judge_flights(t_s, vehicles)
        self._judge_rests(t_s, vehicles)

    def _judge_flights(self, t_s: float, vehicles: Sequence[Vehicle]) -> None:
        self._waiting = [
            each
            for each in self._waiting
            if t_s - each.t_s[-1] <= WAIT_REST_S and each.id not in self._thrown
        ]
        self._thrown.intersection_update(each.id for each in self._tracklets.live)  # the others come no more
        lying = settled(self._rests.since(t_s - LONGEST_S))
        if not lying:
            return
        flying = [each for each in self._tracklets.live if len(each.t_s) >= LEAST_POINTS + 2]
        others = [*self._tracklets.live, *self._waiting]
        px_per_m = max((each.px_per_m_in(box) for each in vehicles for box in each.boxes), default=1.0)
        done: set[int] = set()
        for track in (*self._waiting, *flying):
            if track.id in self._thrown or not self._seen_until(track.t_s[-1], t_s):
                continue
            found = judge_flight(
                track, self._traffic, vehicles, rests=lying, others=others, px_per_m=px_per_m
            )
            if found is None:
                continue
            if found.evidence.score >= FLIGHT_SCORE and self._on_road(found):
                self._thrown.add(track.id)
                self._say(found, t_s)
            if found.evidence.ceiling < FLIGHT_SCORE:
                done.add(track.id)
        self._waiting = [each for each in self._waiting if each.id not in done]

    def _judge_rests(self, t_s: float, vehicles: Sequence[Vehicle]) -> None:
        trails = [*self._tracklets.live, *self._trails]
        lying = self._rests.since(t_s - JUDGE_REST_S - USUAL_S)
        throwers = frozenset(key for key, at_s in self._threw_s.items() if t_s - at_s <= THROWS_ON_S)
        looked_s = max(self._traffic.newest_t_s, t_s - WAIT_LOOK_S)
        now = Now(t_s, self._view_px, self._mask, throwers, looked_s)
        for rest in lying:
            if (
                rest.judged
                or not may_be_thrown(rest, REST_SCORE)
                or t_s - rest.since_s > JUDGE_REST_S
                or not self._seen_until(rest.since_s, t_s)
            ):
                continue
            if self._views.sways and rest.size_px < LEAST_REST_SWAYING_PX:
                continue
            if self._told.has(rest):
                rest.judged = True
                continue
            found = judge_rest(
                rest,
                self._traffic,
                vehicles,
                trails=trails,
                rests=lying,
                now=now,
                known_s=self._began_s + WARM_S,
            )
            if found is not None and found.evidence.score >= REST_SCORE and self._on_road(found):
                rest.judged = True
                self._say(found, t_s)

    def _seen_until(self, moment_s: float, now_s: float) -> bool:
        return self._traffic.newest_t_s >= moment_s or now_s - moment_s > WAIT_LOOK_S

    def _on_road(self, found: Finding) -> bool:
        if self._views.background is not None and found.t_s < self._began_s + WARM_S:
            return False
        if self._road is None:
            return True
        box = found.vehicle.box_at(found.t_s)
        ends = [found.path[-1, 1:]]
        if box is not None:
            ends.append(np.array([(box[0] + box[2]) / 2, box[3]]))
        places = _mapped(self._place(found.t_s), np.array(ends))
        return bool(shapely.contains_xy(self._road, places[:, 0], places[:, 1]).any())

    def _say(self, found: Finding, now_s: float) -> None:
        reach = SAME_LANDING_M * found.vehicle.px_per_m(found.t_s)
        self._threw_s = {key: at_s for key, at_s in self._threw_s.items() if now_s - at_s <= THROWS_ON_S}
        self._threw_s[found.vehicle.id] = now_s
        self._told.add(found.landed_s, found.path[-1, 1:], reach, found.size_px)
        step = max(1, -(-len(found.path) // _MOST_PATH))
        path = []
        for t, x, y in found.path[::step]:
            shown = _mapped(self._place(t), np.array([[x, y]]))[0]
            path.append(PathPoint(float(t), float(shown[0]), float(shown[1])))
        box = found.vehicle.box_at(found.t_s)
        if box is None:
            box = found.vehicle.boxes[-1]
        corners = _mapped(self._place(found.t_s), box.reshape(2, 2)).ravel()
        half = max(found.size_px, 4.0) / 2
        xs, ys = [point.x for point in path], [point.y for point in path]
        self._decided.append(
            Throw(
                id=self._next_id,
                t_s=found.t_s,
                landed_t_s=found.landed_s,
                decided_t_s=now_s,
                path=tuple(path),
                box_xyxy=(min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half),
                vehicle=ThrowingVehicle(
                    found.vehicle.id, found.vehicle.class_id, _box(corners), self._seen(found.vehicle)
                ),
                evidence=found.evidence,
                size_px=found.size_px,
                suspects=found.suspects,
            )
        )
        self._next_id += 1

    def _seen(self, vehicle: Vehicle) -> tuple[tuple[float, BoxPx], ...]:
        """The newest looks at a vehicle, for its plate to be read in the pictures of them."""
        looks = list(zip(vehicle.t_s.tolist(), vehicle.boxes, strict=True))[-MOST_SEEN:]
        return tuple((t_s, _box(_mapped(self._place(t_s), box.reshape(2, 2)).ravel())) for t_s, box in looks)

    def _place(self, t_s: float) -> Homography:
        """From steady coordinates to the picture of about ``t_s``."""
        if not self._places:
            return np.array([[1.0, 0, self._crop[0]], [0, 1, self._crop[1]], [0, 0, 1]])
        return min(self._places, key=lambda each: abs(each[0] - t_s))[1]


def _around(size_px: tuple[int, int], road: Sequence[NDArray[np.float64]]) -> tuple[int, int, int, int]:
    """The part of the picture that is searched: the road's bounding box and what stands on it."""
    corners = np.vstack(list(road))
    width, height = size_px
    x1, y1 = np.floor(corners.min(axis=0) - np.array([0.02 * width, ABOVE_SHARE * height])).astype(int)
    x2, y2 = np.ceil(corners.max(axis=0) + np.array([0.02 * width, 0.02 * height])).astype(int)
    return max(int(x1), 0), max(int(y1), 0), min(int(x2), width), min(int(y2), height)


def _mapped(way: Homography, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    mapped = np.hstack([xy, np.ones((len(xy), 1))]) @ way.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _box(corners: NDArray[np.float64]) -> BoxPx:
    x1, y1, x2, y2 = (float(value) for value in corners)
    return x1, y1, x2, y2
