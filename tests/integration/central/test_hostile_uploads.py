"""Nonsense instead of pictures stops nothing, and good pictures between it arrive whole."""

import pytest

from evaluation.bench.hostile_uploads import HostileUploads

REQUESTS = 300


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_three_hundred_hostile_uploads_are_answered_in_words(town):
    town.client._transport.client = ("127.0.0.1", 50000)
    count = HostileUploads(town.client, town.edge_token).run(REQUESTS)
    assert count.faults == []
    assert count.good_whole == count.good
    assert len(count.by_status) >= 6, "they get far enough to be refused for different reasons"
    assert {201, 204} & count.by_status.keys(), "and some of them even fit"
