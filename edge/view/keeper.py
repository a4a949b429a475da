"""Where a camera looks, look by look: the view's alignment with the one that the zones were drawn on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
import shapely
import structlog
from numpy.typing import NDArray

from edge.camera.vitals import is_dark
from edge.view.alignment import STILL, Alignment, flattened, refine
from edge.view.gallery import Gallery, KeyPicture
from edge.view.memory import ViewMemory
from edge.view.pattern import WEAKEST_EDGE, Pattern, Shift, pattern_of, shift_between
from kerbwatch.messages import ViewState

log = structlog.get_logger(__name__)

SURE_PEAK, SURE_AGREEMENT = 12.0, 0.33
"""Evidence that a view is where it was a look ago. Different views reached a peak of 9.9 and 33 % of the
blocks; the same view had 15 and 60 % at night, 14 and 37 % behind a bus over 60 % of the picture."""
LIKELY_PEAK, LIKELY_AGREEMENT = 5.0, 0.15
"""Evidence that is worth a closer look: corners must be found again as well."""
FAR_PEAK = 6.0
"""The same for a shift elsewhere, where the highest of all peaks is taken."""
UNCHANGED_PX = 0.3
"""A shift by less than this against the look before leaves the alignment as it is."""
REFINE_LOOKS = 30
"""The alignment is measured anew every so many looks, though nothing seems to move: turns and zooms."""
FOLLOW_PX, REST_PX = 1.0, 0.7
"""A corner of the thumbnail that is moved by more is followed, until it is back within the lesser."""
LOST_AFTER_S = 5.0
"""A view that is not found for this long, over two looks at least, has moved."""
BACK_LOOKS = 2
"""It is back when so many looks one after the other show it."""
MOST_TURN_DEG, MOST_ZOOM = 5.0, 1.1
"""Views that are turned or zoomed by more are not followed."""
LEAST_ZONE_IN_VIEW = 0.75
"""A view is followed as long as this share of every zone is in it."""
BLIND_CONTRAST = 0.25
"""With edges fainter than this share of the reference's (fog, a dark night) nothing is said of the view."""
COVERED_CONTRAST, USUAL_S = 0.1, 30.0
"""What has lost all but this share of its usual edges within this time is covered: dusk and fog come over
minutes, and where there were no edges, none can be lost."""
_CELLS = (48, 27)
REMEMBERED_PX = 1.0
"""An alignment that has changed by this much is worth the disk."""


@dataclass(frozen=True, slots=True)
class ViewNow:
    """What a look says about the view.

    Attributes:
        state: steady, drifting, moved or covered.
        held: this look is not to be judged: it does not show the zones.
        alignment: from the reference to this picture, px of the thumbnail; :data:`STILL` when steady.
    """

    state: ViewState
    held: bool
    alignment: Alignment


class ViewKeeper:
    """Follows the view of one camera.

    Args:
        camera_id: for the log.
        zones: corners of each zone, float64 [N, 2], as fractions of the picture.
        memory: what was known before a restart; one of other zones is not used.
    """

    def __init__(
        self, camera_id: str, zones: Sequence[NDArray[np.float64]], memory: ViewMemory | None = None
    ) -> None:
        self._log = log.bind(camera=camera_id)
        self._zones = [np.asarray(zone, dtype=np.float64) for zone in zones]
        self._gallery = Gallery()
        self._alignment = STILL
        self.state = ViewState.STEADY
        self.moved_at: datetime | None = None
        """When it was last where it belongs; None unless it has moved."""
        self.changed = False
        """Whether :meth:`memory` holds more than when it was last asked for."""
        self._lost_since: tuple[float, datetime] | None = None
        self._blind_since: tuple[float, datetime] | None = None
        self._covered_at: datetime | None = None
        self._usual: tuple[float, float] | None = None
        """When, and how strong the edges were over the last half minute; None before the first look."""
        self._back = 0
        self._measured: tuple[KeyPicture, Shift] | None = None
        self._looks_unrefined = 0
        self._remembered = STILL
        if memory is not None:
            self._recall(memory)

    def see(self, t_s: float, captured_at: datetime, thumbnail: NDArray[np.uint8]) -> ViewNow:
        """Take in one look, uint8 [h, w, 3] BGR; looks come in the order of ``t_s``."""
        grey = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        pattern = pattern_of(grey)
        dark = is_dark(cv2.resize(grey[::3, ::3], _CELLS, interpolation=cv2.INTER_AREA).astype(np.float32))
        known = self._gallery.fits(grey)
        if dark or (known and pattern.contrast < BLIND_CONTRAST * self._gallery.current.pattern.contrast):
            if self._covers(pattern.contrast, t_s):
                return self._covered(t_s, captured_at)
            return self._now(held=not self.state.on_zones)
        self._blind_since = None
        self._covers(pattern.contrast, t_s)
        if not known:
            return self._begin(t_s, grey, pattern)
        found = self._locate(grey, pattern, t_s)
        if found is None or not self._followable(found, grey):
            return self._not_there(t_s, captured_at)
        self._lost_since = None
        if not self.state.on_zones:
            self._back += 1
            self._alignment = found
            if self._back < BACK_LOOKS:
                return self._now(held=True)
            self._log.info("view_back", since=str(self.moved_at or self._covered_at))
            self.moved_at, self._covered_at, self.changed = None, None, True
            self.state = ViewState.STEADY
        self._take(found, grey)
        return self._now(held=False)

    def memory(self) -> ViewMemory:
        """What must survive a restart."""
        self.changed, self._remembered = False, self._alignment
        pictures = self._gallery.pictures
        return ViewMemory.of(self._zones, pictures, self._alignment, self.moved_at, self._covered_at)

    def forget(self) -> None:
        """Take the next picture as the view that the zones were drawn on."""
        self._gallery = Gallery()
        self._alignment, self.state, self.moved_at = STILL, ViewState.STEADY, None
        self._lost_since, self._measured, self._back = None, None, 0
        self._blind_since, self._covered_at = None, None

    def _recall(self, memory: ViewMemory) -> None:
        if not memory.of_zones(self._zones):
            self._log.info("view_begun_anew", reason="the zones were changed")
            return
        self._gallery = Gallery(memory.pictures())
        self._alignment = self._remembered = memory.aligned()
        self.moved_at = memory.moved_at
        if self.moved_at is not None:
            self.state = ViewState.MOVED
        elif memory.covered_at is not None:
            self.state, self._covered_at = ViewState.COVERED, memory.covered_at
        elif self._alignment != STILL:
            self.state = ViewState.DRIFTING

    def _covers(self, contrast: float, t_s: float) -> bool:
        """Whether a look with edges of this ``contrast`` has lost them at once; else they are taken in."""
        if self._usual is None:
            self._usual = (t_s, contrast)
            return False
        then_t_s, usual = self._usual
        if usual >= WEAKEST_EDGE and contrast < COVERED_CONTRAST * usual:
            return True
        rate = 1 - math.exp(-max(t_s - then_t_s, 0.0) / USUAL_S)
        self._usual = (t_s, usual + rate * (contrast - usual))
        return False

    def _covered(self, t_s: float, captured_at: datetime) -> ViewNow:
        self._back = 0
        if self._blind_since is None:
            self._blind_since = (t_s, captured_at)
        elif self.state.on_zones and t_s - self._blind_since[0] >= LOST_AFTER_S:
            self.state, self._covered_at, self.changed = ViewState.COVERED, self._blind_since[1], True
            self._log.warning("view_covered", note="its zones are not judged until it sees again")
        return self._now(held=True)

    def _begin(self, t_s: float, grey: NDArray[np.uint8], pattern: Pattern) -> ViewNow:
        self.forget()
        self._gallery.add(KeyPicture(grey, pattern, STILL), t_s)
        self.changed = True
        return self._now(held=False)

    def _now(self, *, held: bool) -> ViewNow:
        still = self.state is ViewState.STEADY
        return ViewNow(self.state, held, STILL if still else self._alignment)

    def _locate(self, grey: NDArray[np.uint8], pattern: Pattern, t_s: float) -> Alignment | None:
        """Where the reference lies in this picture: at the key picture used last, else at any other."""
        flat: NDArray[np.uint8] | None = None
        for key in self._gallery.by_use():
            shift = shift_between(key.pattern, pattern, self._expected(key, grey))
            if shift.peak >= LIKELY_PEAK and shift.agreement >= LIKELY_AGREEMENT:
                found = self._near(key, shift, grey, pattern, t_s)
                if found is not None:
                    return found
        for key in self._gallery.by_use():
            shift = shift_between(key.pattern, pattern)
            if shift.peak < FAR_PEAK:
                continue
            flat = flattened(grey) if flat is None else flat
            exact = refine(key.flat, key.corners, flat, Alignment(x_px=shift.x_px, y_px=shift.y_px))
            if exact is not None:
                self._used(key, shift, t_s)
                return key.alignment.then(exact)
        return None

    def _near(
        self, key: KeyPicture, shift: Shift, grey: NDArray[np.uint8], pattern: Pattern, t_s: float
    ) -> Alignment | None:
        last = self._measured
        sure = shift.peak >= SURE_PEAK and shift.agreement >= SURE_AGREEMENT
        worn = sure and self._gallery.worn(key, shift.peak, t_s)
        self._looks_unrefined += 1
        unrefined = sure and not worn and self._looks_unrefined < REFINE_LOOKS
        if last is not None and last[0] is key and unrefined:
            apart = max(abs(shift.x_px - last[1].x_px), abs(shift.y_px - last[1].y_px))
            if apart < UNCHANGED_PX:
                self._gallery.use(key, t_s)
                return self._alignment
        guess = Alignment(x_px=shift.x_px, y_px=shift.y_px)
        exact = refine(key.flat, key.corners, flattened(grey), guess)
        if exact is None and not sure:
            return None
        self._used(key, shift, t_s)
        result = key.alignment.then(guess if exact is None else exact)
        if worn and exact is not None:
            self._gallery.add(KeyPicture(grey, pattern, result), t_s)
            self.changed, self._measured = True, None
        return result

    def _used(self, key: KeyPicture, shift: Shift, t_s: float) -> None:
        self._gallery.use(key, t_s)
        self._measured, self._looks_unrefined = (key, shift), 0

    def _expected(self, key: KeyPicture, grey: NDArray[np.uint8]) -> tuple[float, float]:
        """Shift of the picture's middle from a key picture to where the view was last."""
        since = key.alignment.inverse().then(self._alignment)
        middle = np.array([[grey.shape[1] / 2, grey.shape[0] / 2]])
        x, y = (since.apply(middle) - middle)[0]
        return float(x), float(y)

    def _followable(self, found: Alignment, grey: NDArray[np.uint8]) -> bool:
        if abs(found.turn_deg) > MOST_TURN_DEG or not 1 / MOST_ZOOM <= found.zoom <= MOST_ZOOM:
            return False
        size = np.array([grey.shape[1], grey.shape[0]], dtype=np.float64)
        picture = shapely.box(0, 0, *size)
        for corners in self._zones:
            zone = shapely.Polygon(found.apply(corners * size))
            if shapely.area(shapely.intersection(zone, picture)) < LEAST_ZONE_IN_VIEW * zone.area:
                return False
        return True

    def _not_there(self, t_s: float, captured_at: datetime) -> ViewNow:
        self._back = 0
        self._measured = None
        if self._lost_since is None:
            self._lost_since = (t_s, captured_at)
        elif self.state is not ViewState.MOVED and t_s - self._lost_since[0] >= LOST_AFTER_S:
            self.state, self.moved_at, self.changed = ViewState.MOVED, self._lost_since[1], True
            self._covered_at = None
            self._log.warning("view_moved", note="its zones are not judged until the view is back")
        return self._now(held=True)

    def _take(self, found: Alignment, grey: NDArray[np.uint8]) -> None:
        size_px = (grey.shape[1], grey.shape[0])
        self._alignment, self._back = found, 0
        moved_px = found.farthest_px(size_px)
        if self.state is ViewState.STEADY and moved_px > FOLLOW_PX:
            self.state = ViewState.DRIFTING
        elif self.state is ViewState.DRIFTING and moved_px < REST_PX:
            self.state = ViewState.STEADY
        step = self._remembered.inverse().then(found)
        self.changed |= step.farthest_px(size_px) > REMEMBERED_PX
