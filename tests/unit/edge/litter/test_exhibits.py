"""Pictures of a throw."""

from __future__ import annotations

import numpy as np

from edge.litter.exhibits import vehicle_of, with_path
from edge.rules.sighting import PathPoint


def test_the_way_is_drawn_over_a_copy_and_the_picture_stays_as_it_was():
    image = np.full((120, 200, 3), 90, np.uint8)
    path = (PathPoint(1.0, 60.0, 40.0), PathPoint(1.2, 50.0, 60.0), PathPoint(1.4, 40.0, 90.0))
    drawn = with_path(image, path, (55.0, 20.0, 150.0, 80.0))
    assert (image == 90).all()
    assert all((drawn[round(point.y), round(point.x)] != 90).any() for point in path)


def test_a_vehicle_is_cut_out_with_a_margin_and_inside_the_picture():
    image = np.zeros((120, 200, 3), np.uint8)
    part = vehicle_of(image, (-20.0, 10.0, 80.0, 60.0))
    assert part is not None and part.shape == (62, 92, 3)
    assert vehicle_of(image, (300.0, 10.0, 380.0, 60.0)) is None
