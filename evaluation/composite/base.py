"""A base: a real clip, what is known of it, and how it is seen in this composite.

What recipes work with. Times are seconds of the base clip, pixels are those shown (:class:`View`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from edge.frame import Image
from edge.settings import PositionSettings
from edge.zone_settings import ZoneSettings
from evaluation.composite.clip import Clip
from evaluation.composite.ground import GroundCamera, find_camera
from evaluation.composite.motion import Motion, find_motion
from evaluation.composite.sway import Sway, find_sway
from evaluation.composite.tracks import Progress, Track, followed, say_nothing, vehicles
from evaluation.composite.view import View
from evaluation.scene import load_scene
from evaluation.scene_settings import EventSettings, SceneSettings
from kerbwatch.incident import Kind, ZoneKind
from kerbwatch.settings import SettingsError
from models.classes import ObjectClass

_PLATE_PICTURES = 25
_VIDEO_ENDINGS = {".mp4", ".avi", ".mkv", ".mov", ".ts", ".webm", ".m4v"}
_GRAIN_PX = 64
_ALIKE = 10.0
"""Mean difference, grey levels, up to which two pictures show the same."""
_BAR_LEVEL = 30
"""Grey level that a column of black bar never reaches."""
NOWHERE = PositionSettings(lon=121.1544, lat=30.0372)
"""Where a base stands that does not say: Yuyao."""


class Source:
    """A base clip with what is found out about it once, however many composites are made of it.

    Args:
        name: of the scene or the video file.
        clip: the pictures.
        settings: what the scene file says; None for a video.
        camera: on a pole or in a car.
        tracks: what moves in it, where somebody knows already; else the network is asked when needed.
        progress: told what takes time.
    """

    def __init__(
        self,
        name: str,
        clip: Clip,
        settings: SceneSettings | None = None,
        *,
        camera: Literal["fixed", "dashcam"] = "fixed",
        tracks: tuple[Track, ...] | None = None,
        progress: Progress = say_nothing,
    ) -> None:
        self.name = name
        self.clip = clip
        self.camera = settings.camera if settings else camera
        self.zones: tuple[ZoneSettings, ...] = settings.zones if settings else ()
        self.events: tuple[EventSettings, ...] = settings.events if settings else ()
        self.location = settings.location if settings else NOWHERE
        self.licence = settings.licence if settings else ""
        self._tracks = tracks
        self.progress = progress

    @classmethod
    def load(
        cls, path: Path, *, camera: Literal["fixed", "dashcam"] = "fixed", progress: Progress = say_nothing
    ) -> Source:
        """Of a scene file or a video.

        Args:
            path: ``.yaml`` or a video file.
            camera: for a video, where the camera is; a scene says so itself.
            progress: told what takes time.

        Raises:
            SettingsError: when it cannot be read, is a scene of stills, or a composite already.
        """
        if path.suffix.lower() in _VIDEO_ENDINGS:
            return cls(path.stem, Clip(path), camera=camera, progress=progress)
        scene = load_scene(path)
        if scene.settings.composite is not None:
            raise SettingsError(f"{path}: composite: is a composite already; a base is a real clip")
        if scene.settings.clip is None:
            raise SettingsError(f"{path}: stills: a composite is made of a clip, not of stills")
        clip = Clip(scene.folder / scene.settings.clip)
        if scene.settings.size not in (None, clip.size_px):
            raise SettingsError(f"{path}: size: the clip's pictures are {clip.size_px} px, not so")
        return cls(path.stem, clip, scene.settings, progress=progress)

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """What the network knows, through the whole clip. Raises ModelError."""
        if self._tracks is not None:
            return self._tracks
        return followed(self.clip, self.progress)

    @cached_property
    def ground(self) -> GroundCamera:
        """The camera over the road, in pixels of the clip. Raises ModelError."""
        dashcam = self.camera == "dashcam"
        return find_camera(vehicles(self.tracks), self.clip.size_px, dashcam=dashcam)

    @cached_property
    def motion(self) -> Motion:
        """How the camera goes: it stands still unless it is in a car. Raises ModelError."""
        if self.camera == "fixed":
            return Motion.still(self.clip.times_s)
        self.progress(f"motion of {self.name}")
        return find_motion(self.clip, self.ground, vehicles(self.tracks))

    @cached_property
    def sway(self) -> Sway | None:
        """How a camera on a pole trembles and turns; None where it stands still, or is in a car."""
        return find_sway(self.clip, self._all_over) if self.camera == "fixed" else None

    @cached_property
    def plate(self) -> Image:
        """The street without what moves: the median of pictures from all over the clip."""
        return np.asarray(np.median(np.stack(self._all_over), axis=0), dtype=np.uint8)

    @cached_property
    def parked(self) -> tuple[Track, ...]:
        """Vehicles that belong to the empty street: they stand through the whole clip. Raises ModelError.

        Those that a person noted, and those that the network saw standing at some time and the plate shows.
        """
        noted = [each.box for each in self.events if each.kind is Kind.ILLEGAL_PARKING]
        seen = []
        for track in vehicles(self.tracks):
            middle_s = sum(track.span_s) / 2
            shown = next((image for _, image in self.clip.frames(middle_s)), None)
            if not track.moves and shown is not None:
                box = np.median(track.boxes, axis=0)
                if _looks_alike(shown, self.plate, box):
                    seen.append(box)
        span_s = np.array([0.0, self.clip.duration_s])
        return tuple(
            Track(-1 - number, ObjectClass.CAR, span_s, np.tile(np.array(box, dtype=np.float64), (2, 1)))
            for number, box in enumerate((*noted, *seen))
        )

    def street(self, t_s: float) -> Image:
        """The street without what moves, as the camera's sway shows it at ``t_s``."""
        if self.sway is None:
            return self.plate
        return self.sway.shown(t_s, self._plate_at_rest)

    @cached_property
    def _plate_at_rest(self) -> Image:
        """The plate of a camera that sways: of pictures that are laid over one another first."""
        assert self.sway is not None
        times_s = np.array(self.clip.times_s)[self._wanted]
        laid = [self.sway.laid(float(t_s), each) for t_s, each in zip(times_s, self._all_over, strict=True)]
        return np.asarray(np.median(np.stack(laid), axis=0), dtype=np.uint8)

    @property
    def _wanted(self) -> NDArray[np.int_]:
        return np.unique(np.linspace(0, len(self.clip.times_s) - 1, _PLATE_PICTURES).astype(int))

    @cached_property
    def _all_over(self) -> list[Image]:
        """Pictures from all over the clip."""
        chosen = {round(self.clip.times_s[index], 4) for index in self._wanted}
        return [image for t_s, image in self.clip.frames() if round(t_s, 4) in chosen]

    @cached_property
    def content_px(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of a dash-cam's picture without an editor's black bars."""
        width, height = self.clip.size_px
        if self.camera == "fixed":
            return 0, 0, width, height
        brightest = np.stack([image.max(axis=2) for image in self._all_over]).max(axis=0)
        columns = np.flatnonzero(np.percentile(brightest, 95, axis=0) > _BAR_LEVEL)
        rows = np.flatnonzero(np.percentile(brightest, 95, axis=1) > _BAR_LEVEL)
        if not len(columns) or not len(rows):
            return 0, 0, width, height
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the clip's grain, grey levels of 255."""
        pictures = [image for _, image in self.clip.frames(0, 6 / self.clip.fps)]
        greys = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) for image in pictures]
        steps = [np.abs(after - before) for before, after in pairwise(greys)]
        return float(1.4826 * np.mean([np.percentile(step, 50) for step in steps]) / np.sqrt(2))


def _looks_alike(one: Image, other: Image, box: NDArray[np.float64]) -> bool:
    """Whether two pictures show the same in a box."""
    left, top, right, bottom = np.maximum(box, 0).astype(int)
    part = cv2.absdiff(one[top:bottom, left:right], other[top:bottom, left:right])
    return part.size > 0 and float(part.mean()) < _ALIKE


class Base:
    """A source as one composite shows it.

    Args:
        source: the clip and what is known of it.
        view: how it is shown.
        seed: of what has to do with single pictures, as grain.
    """

    def __init__(self, source: Source, view: View, seed: int = 0) -> None:
        self.source = source
        self.view = view
        self._seed = seed
        self._about_s: float | None = None

    def about(self, t_s: float) -> Base:
        """The same base for the seconds around ``t_s``: all that its camera turns then is known."""
        if self.camera == "fixed":
            return self
        base = Base(self.source, self.view, self._seed)
        base._about_s = t_s
        return base

    @cached_property
    def motion(self) -> Motion:
        """How its camera goes. Raises ModelError."""
        if self._about_s is None:
            return self.source.motion
        return self.source.motion.about(self._about_s, self.source.ground.focal_px)

    @property
    def name(self) -> str:
        """Of the scene or the video file."""
        return self.source.name

    @property
    def camera(self) -> Literal["fixed", "dashcam"]:
        """On a pole or in a car."""
        return self.source.camera

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self.view.size_px

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return self.source.clip.fps

    @property
    def duration_s(self) -> float:
        """Of the whole clip."""
        return self.source.clip.duration_s

    def rng(self, *key: int) -> np.random.Generator:
        """Chance of its own for ``key`` (a picture's number, say): the same however often it is asked."""
        return np.random.default_rng([self._seed, *key])

    def frames(self, from_s: float = 0.0, to_s: float | None = None) -> Iterator[tuple[float, Image]]:
        """Times and pictures (uint8 [h, w, 3] BGR) with ``from_s`` <= time < ``to_s``."""
        for t_s, image in self.source.clip.frames(from_s, to_s):
            yield t_s, self.view.picture(image, grain=self._grain(t_s) if self.view.dusk else None)

    @cached_property
    def _grain_sheet(self) -> NDArray[np.int16]:
        """Grain for a picture and a margin: each picture takes another part of it."""
        width, height = self.size_px
        sheet = self.rng(1).normal(0, self.view.grain, (height + _GRAIN_PX, width + _GRAIN_PX, 1))
        return np.repeat(np.rint(sheet), 3, axis=2).astype(np.int16)

    def _grain(self, t_s: float) -> NDArray[np.int16]:
        width, height = self.size_px
        x, y = self.rng(1, round(t_s * 1000)).integers(0, _GRAIN_PX, 2)
        return self._grain_sheet[y : y + height, x : x + width]

    @cached_property
    def plate(self) -> Image:
        """The street without what moves. Of use for fixed cameras only."""
        return self.view.picture(self.source.plate)

    @lru_cache(maxsize=4)  # noqa: B019 - a base lives as long as its composite
    def street(self, t_s: float) -> Image:
        """The plate where the camera's sway shows it at ``t_s``."""
        if self.source.sway is None:
            return self.plate
        return self.view.picture(self.source.street(t_s))

    @property
    def noise(self) -> float:
        """Standard deviation of the pictures' grain, grey levels of 255."""
        return float(np.hypot(self.source.noise, self.view.grain))

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What the network knows, boxes as shown by :meth:`box`. Raises ModelError."""
        return self.source.tracks

    @property
    def vehicles(self) -> tuple[Track, ...]:
        """Tracks of vehicles, standing ones too. Raises ModelError."""
        return vehicles(self.source.tracks)

    @property
    def parked(self) -> tuple[Track, ...]:
        """Vehicles of the empty street, before a fixed camera. Raises ModelError."""
        return self.source.parked if self.camera == "fixed" else ()

    @property
    def moving_vehicles(self) -> tuple[Track, ...]:
        """Tracks of vehicles that go somewhere; before a dash-cam, all. Raises ModelError."""
        return tuple(track for track in self.vehicles if track.moves or self.camera == "dashcam")

    def box(self, track: Track, t_s: float) -> NDArray[np.float64]:
        """Where a track is, px shown: float64 [4]; may leave the picture."""
        return np.asarray(self.view.boxes(track.box(t_s)[None])[0], dtype=np.float64)

    def project(self, t_s: float, xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [..., 3] of the world, m, as seen at ``t_s``: [..., 3], px x, px y, pixels a metre.

        NaN for what is behind the camera.
        """
        motion = self.motion
        seen = self.source.ground.project(xyz - motion.place(t_s))
        pixels = (seen[..., :2] + motion.shake(t_s)).reshape(-1, 2)
        if self.source.sway is not None:
            pixels = self.source.sway.seen(t_s, pixels)
        points = self.view.points(pixels).reshape(seen[..., :2].shape)
        return np.concatenate([points, seen[..., 2:] * self.view.scale], axis=-1)

    def at_height(self, t_s: float, xy: NDArray[np.float64], height_m: float = 0.0) -> NDArray[np.float64]:
        """Points of the world [N, 3] at ``height_m`` over the road, seen at ``xy`` [N, 2] px at ``t_s``."""
        motion = self.motion
        pixels = self.view.points_of_base(xy)
        if self.source.sway is not None:
            pixels = self.source.sway.at_rest(t_s, pixels)
        pixels = pixels - motion.shake(t_s)
        return self.source.ground.at_height(pixels, height_m) + motion.place(t_s)

    def inside(self, xy: tuple[float, float], margin_px: float = 0.0) -> bool:
        """Whether a point lies in the picture, so far from its edge."""
        width, height = self.size_px
        return margin_px <= xy[0] <= width - margin_px and margin_px <= xy[1] <= height - margin_px

    def road(self) -> ZoneSettings:
        """A zone of kind road: the scene's own, or where vehicles were seen to go. Raises ModelError."""
        for zone in self.source.zones:
            if zone.kind is ZoneKind.ROAD and (shown := self.view.zone(zone)) is not None:
                return shown
        width, height = self.size_px
        picture = shapely.box(0, 0, width, height)
        ways = [
            shapely.box(*self.view.boxes(track.boxes[index : index + 1])[0])
            for track in self.vehicles
            if track.moves
            for index in range(0, len(track.times_s), 4)
        ]
        margin_px = 0.04 * max(self.size_px)
        hull = shapely.convex_hull(shapely.union_all(ways)).buffer(margin_px) if ways else picture
        shape = shapely.intersection(hull.simplify(2.0), picture)
        if not isinstance(shape, shapely.Polygon) or shape.is_empty:
            shape = picture
        corners = tuple((round(float(x), 1), round(float(y), 1)) for x, y in shape.exterior.coords[:-1])
        return ZoneSettings(id="road", kind=ZoneKind.ROAD, polygon=corners)
