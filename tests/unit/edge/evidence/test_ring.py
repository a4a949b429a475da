"""The ring of packets: a clip can begin before the moment, and memory is bounded."""

import pytest

from edge.evidence.ring import PacketRing, StoredPacket, StreamInfo

INFO = StreamInfo("h264", 320, 180, b"", 25.0)
SUB = StreamInfo("h264", 160, 90, b"", 25.0)


def packet(t_s, *, key=False, size=100, info=INFO):
    return StoredPacket(bytes(size), t_s, 0.0, key, info)


def fill(ring, until_s, *, from_s=0, gop=4, size=100, info=INFO):
    """Two packets a second, a key frame every ``gop``."""
    for index in range(from_s * 2, until_s * 2 + 1):
        ring.add(packet(index / 2, key=index % gop == 0, size=size, info=info))


def times(packets):
    return [each.t_s for each in packets]


def test_a_clip_begins_at_the_key_frame_before_the_pre_roll():
    ring = PacketRing(10_000, 8)
    fill(ring, 20)
    cut = ring.cut(13.0, 17.0)
    assert cut[0].key
    assert times(cut) == [12 + i / 2 for i in range(11)]


def test_the_ring_begins_at_a_key_frame_and_reaches_back_the_pre_roll():
    ring = PacketRing(10_000, 8)
    fill(ring, 100)
    oldest = ring.cut(0, 100)[0]
    assert oldest.key
    assert 8 <= 100 - oldest.t_s <= 14


def test_pictures_before_the_first_key_frame_are_of_no_use():
    ring = PacketRing(10_000, 8)
    ring.add(packet(0.0))
    assert ring.cut(0, 1) == ()
    assert ring.newest_t_s == 0.0


def test_memory_is_bounded_whatever_the_camera_sends():
    ring = PacketRing(2_000, 60)
    fill(ring, 50)
    assert ring.size_bytes <= 2_000
    assert ring.overflows == 0
    assert ring.cut(0, 50)[0].key


def test_one_group_of_pictures_too_large_for_memory_is_dropped_until_the_next_key_frame():
    ring = PacketRing(1_000, 60)
    fill(ring, 20, gop=1000)
    assert ring.overflows == 1
    assert ring.size_bytes == 0
    ring.add(packet(21, key=True))
    assert times(ring.cut(0, 21)) == [21]


def test_what_is_ordered_is_kept_until_its_end_has_come():
    ring, got = PacketRing(100_000, 2), []
    fill(ring, 10)
    ring.order(8.0, 30.0, got.append)
    fill(ring, 29, from_s=11)
    assert got == []
    fill(ring, 31, from_s=30)
    assert (times(got[0])[0], times(got[0])[-1]) == (8.0, 30.0)
    fill(ring, 60, from_s=32)
    assert times(ring.cut(0, 60))[0] > 50, "and then forgotten"


def test_an_order_for_a_span_that_is_there_is_fulfilled_at_once():
    ring, got = PacketRing(10_000, 8), []
    fill(ring, 10)
    ring.order(4.0, 8.0, got.append)
    assert times(got[0])[-1] == 8.0


def test_the_end_of_a_clip_fulfils_every_order_with_what_there_is():
    ring, got = PacketRing(10_000, 8), []
    fill(ring, 10)
    ring.order(8.0, 20.0, got.append)
    ring.end()
    assert times(got[0])[-1] == 10.0
    ring.order(8.0, 20.0, got.append)
    assert len(got) == 2, "also one that comes later"


def test_an_order_is_fulfilled_once():
    ring, got = PacketRing(10_000, 8), []
    fill(ring, 10)
    order = ring.order(8.0, 11.0, got.append)
    ring.fulfil_now(order)
    ring.fulfil_now(order)
    ring.end()
    assert len(got) == 1


def test_a_clip_never_mixes_two_streams():
    ring = PacketRing(10_000, 8)
    fill(ring, 10)
    ring.interrupt()
    fill(ring, 16, from_s=11, info=SUB)
    cut = ring.cut(6, 16)
    assert {each.info for each in cut} == {SUB}
    assert cut[0].key


def test_pictures_of_a_new_connection_do_not_follow_from_the_old_one():
    ring = PacketRing(10_000, 8)
    fill(ring, 10)
    ring.interrupt()
    ring.add(packet(11.0))
    assert ring.since_key_frame() == ()
    assert times(ring.cut(0, 20))[-1] == 10.0


def test_the_group_since_the_last_key_frame_is_at_hand():
    ring = PacketRing(10_000, 8)
    fill(ring, 5)
    assert times(ring.since_key_frame()) == [4.0, 4.5, 5.0]


@pytest.mark.parametrize("span", [(30, 40), (-9, -5)], ids=["future", "past"])
def test_a_span_outside_of_what_is_kept_gives_what_is_nearest_or_nothing(span):
    ring = PacketRing(10_000, 8)
    fill(ring, 10)
    assert all(each.t_s <= span[1] for each in ring.cut(*span))
