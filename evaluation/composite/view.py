"""How a base is seen in one composite: a part of its picture, mirrored or not, by day or at dusk.

Real base clips are few; the same clip seen otherwise is other work for whatever looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from edge.frame import Image
from edge.zone_settings import ZoneSettings

_SMALL_PX = 480
"""Pictures narrower than this are shown at twice their size: thrown things have no pixels in them else."""
_MAX_CUT = 0.3
"""Share of the width that is cut away at most."""
_DUSK_SHARE = 0.25
"""Share of composites at dusk."""
_MIN_ZONE_SHARE = 0.2
"""A zone of which less is left in the picture is dropped."""


@dataclass(frozen=True)
class View:
    """A part of the base's picture, scaled.

    Attributes:
        source_px: width and height of the base.
        left, top: corner of the part, px of the base.
        scale: pixels shown for each pixel of the base.
        size_px: width and height shown, both even.
        mirrored: left is right.
        dusk: 0 by day, 1 at night.
    """

    source_px: tuple[int, int]
    left: float
    top: float
    scale: float
    size_px: tuple[int, int]
    mirrored: bool = False
    dusk: float = 0.0

    @classmethod
    def whole(cls, source_px: tuple[int, int]) -> View:
        """The base as it is."""
        width, height = source_px
        return cls(source_px, 0.0, 0.0, 1.0, (width // 2 * 2, height // 2 * 2))

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        source_px: tuple[int, int],
        *,
        framed: bool,
        content_px: tuple[int, int, int, int] | None = None,
    ) -> View:
        """A view by chance; ``framed`` allows a part of the picture (of ``content_px``), in another size."""
        first_x, first_y, end_x, end_y = content_px if framed and content_px else (0, 0, *source_px)
        width, height = end_x - first_x, end_y - first_y
        cut = float(rng.uniform(0.0, _MAX_CUT)) if framed else 0.0
        place_x, place_y = rng.uniform(0, 1, 2)
        mirrored, late = bool(rng.random() < 0.5), float(rng.uniform(0.3, 0.9))
        dusk = late if rng.random() < _DUSK_SHARE else 0.0
        scale = (2.0 if framed and source_px[0] < _SMALL_PX else 1.0) * (1.0 / (1.0 - cut / 2))
        left, top = first_x + cut * width * place_x, first_y + cut * height * place_y
        shown = (round((1 - cut) * width * scale) // 2 * 2, round((1 - cut) * height * scale) // 2 * 2)
        return cls(source_px, left, top, scale, shown, mirrored, dusk)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """float64 [2, 3]: pixels of the base to pixels shown."""
        sign = -1.0 if self.mirrored else 1.0
        shift_x = self.size_px[0] - 1 + self.left * self.scale if self.mirrored else -self.left * self.scale
        return np.array([[sign * self.scale, 0, shift_x], [0, self.scale, -self.top * self.scale]])

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [N, 2] of the base as shown."""
        matrix = self.matrix
        result: NDArray[np.float64] = xy @ matrix[:, :2].T + matrix[:, 2]
        return result

    def points_of_base(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [N, 2] as shown, in pixels of the base."""
        matrix = self.matrix
        result: NDArray[np.float64] = (xy - matrix[:, 2]) / np.diag(matrix[:, :2])
        return result

    def boxes(self, xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes [N, 4] of the base as shown; they may leave the picture."""
        one, other = self.points(xyxy[:, :2]), self.points(xyxy[:, 2:])
        return np.hstack([np.minimum(one, other), np.maximum(one, other)])

    @property
    def grain(self) -> float:
        """Standard deviation of the grain that dim light brings, grey levels."""
        return 3 * self.dusk

    def picture(self, image: Image, *, grain: NDArray[np.int16] | None = None) -> Image:
        """The base's picture as shown; ``grain`` (int16 [h, w, 3] as shown) is added at dusk."""
        if self.matrix.tolist() != [[1, 0, 0], [0, 1, 0]] or self.size_px != image.shape[1::-1]:
            shown = cv2.warpAffine(
                image, self.matrix, self.size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        else:
            shown = image
        if self.dusk == 0:
            return np.asarray(shown, dtype=np.uint8)
        # Dim light: darker, shadows darker still, bluer, with more grain.
        levels = np.arange(256) / 255
        darker = levels ** (1 + 0.5 * self.dusk) * (1 - 0.6 * self.dusk)
        table = np.stack([darker * (1 + 0.12 * self.dusk), darker, darker * (1 - 0.08 * self.dusk)], axis=1)
        dim = cv2.LUT(shown, np.clip(table * 255, 0, 255).astype(np.uint8)[None])
        return np.asarray(dim if grain is None else cv2.add(dim, grain, dtype=cv2.CV_8U), dtype=np.uint8)

    def zone(self, zone: ZoneSettings) -> ZoneSettings | None:
        """A zone as shown, cut at the picture's edge; None where hardly anything of it is left."""
        scale = np.array(self.source_px if zone.units == "fractions" else (1, 1), dtype=np.float64)
        corners = self.points(np.asarray(zone.polygon, dtype=np.float64) * scale)
        whole = shapely.Polygon(corners)
        left = shapely.intersection(whole, shapely.box(0, 0, *self.size_px))
        parts = [part for part in getattr(left, "geoms", [left]) if isinstance(part, shapely.Polygon)]
        largest = max(parts, key=lambda part: part.area, default=shapely.Polygon())
        if largest.area < _MIN_ZONE_SHARE * whole.area:
            return None
        polygon = tuple((round(float(x), 1), round(float(y), 1)) for x, y in largest.exterior.coords[:-1])
        return zone.model_copy(update={"polygon": polygon, "units": "pixels"})
