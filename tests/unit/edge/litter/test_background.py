"""The road is known where it was seen again, not where the first pictures showed a vehicle."""

from __future__ import annotations

import numpy as np

from edge.litter.background import Background


def test_the_road_is_known_where_it_was_seen_again_since_the_camera_began() -> None:
    first = np.full((40, 60), 100, np.uint8)
    first[:, :30] = 180  # a lorry that stood there at first
    background = Background(first)
    nobody = np.zeros_like(first)
    for _ in range(3):
        background.tick(np.full((40, 60), 100, np.uint8), nobody)
    everything = np.ones((10, 10), np.bool_)
    assert background.was_seen(np.array([40.0, 10.0, 50.0, 20.0]), everything)
    assert not background.was_seen(np.array([10.0, 10.0, 20.0, 20.0]), everything)
