"""Places where a kind gathers, against their own town."""

import numpy as np

from central.insight.grid import block_of, cell_of, corner_of, number_of, place_of
from central.insight.hotspots import CellCount, hot_spots


def town(seed, cells=300, cases=400):
    """Cases spread evenly over a town's cells."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(cases, [1 / cells] * cells)
    return [
        CellCount("stall", "yangming", number_of(30_000 + k // 20, 121_000 + k % 20), int(count))
        for k, count in enumerate(counts)
    ]


def test_a_town_in_which_no_place_is_special_has_a_hot_spot_no_more_often_than_was_said():
    looks, said = 200, 0.2
    assert sum(len(hot_spots(town(seed), false_alarms=said)) for seed in range(looks)) <= looks * said


def test_a_corner_where_stalls_gather_is_one_hot_spot_with_its_cases():
    cells = town(1)
    busy = set(block_of(cells[45].cell))
    cells = [CellCount(c.kind, c.town_id, c.cell, c.lately + (9 if c.cell in busy else 0)) for c in cells]
    (spot,) = hot_spots(cells, false_alarms=1 / 30)
    assert set(block_of(spot.block)) == busy
    assert spot.count == sum(c.lately for c in cells if c.cell in busy)
    assert spot.p <= spot.p_needed
    assert 3 < spot.expected < 8


def test_few_cases_are_no_hot_spot_however_quiet_the_town():
    cells = [CellCount("litter", None, number_of(0, k), 4 if k == 0 else 0) for k in range(50)]
    assert hot_spots(cells, false_alarms=1.0) == []


def test_cells_know_their_place_on_both_sides_of_greenwich_and_the_equator():
    for lon, lat in ((121.1501, 30.0499), (-0.0001, -0.0001), (179.9999, 0.0), (-179.9999, -33.5)):
        west, south = corner_of(cell_of(lon, lat))
        assert west <= lon < west + 0.001 + 1e-9
        assert south <= lat < south + 0.001 + 1e-9
    assert place_of(number_of(-5, 7)) == (-5, 7)
