"""Where a clip was taken, by what recorders write into their files. The files are made here, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame

from edge.clips.position import Fix, PositionReader, PositionTrack
from edge.clips.position.gpmf import fixes as gpmf_fixes
from edge.clips.position.nmea import sentences
from kerbwatch.place import Position


def _mp4(
    path: Path,
    *,
    data: Sequence[bytes] = (),
    text: Sequence[bytes] = (),
    metadata: dict[str, str] | None = None,
) -> Path:
    """A small clip of 3 s with a data track and a text track of one packet a second each."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as output:
        output.metadata.update({"creation_time": "2026-05-04T03:00:00Z"} | (metadata or {}))
        video = output.add_stream("libx264", rate=10, width=64, height=64, options={"preset": "ultrafast"})
        video.pix_fmt = "yuv420p"
        tracks = [(output.add_data_stream("bin_data"), data)] if data else []
        tracks += [(output.add_mux_stream("mov_text"), text)] if text else []
        for _ in range(30):
            output.mux(video.encode(VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="bgr24")))
        output.mux(video.encode(None))
        for stream, payloads in tracks:
            for second, payload in enumerate(payloads):
                packet = Packet(payload)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = second * 1000
                packet.duration = 1000
                output.mux(packet)
    return path


def _track(path: Path) -> tuple[PositionTrack | None, list[str]]:
    reader = PositionReader(path)
    with av.open(str(path)) as clip:
        metadata, duration_s = dict(clip.metadata), float((clip.duration or 0) / av.time_base)
        for packet in clip.demux():
            if packet.stream.type != "video" and packet.pts is not None:
                tick = float(packet.time_base)
                reader.packet(bytes(packet), packet.pts * tick, (packet.duration or 0) * tick)
    return reader.track(metadata, duration_s), reader.notes


def _rmc(minute_lat: float, second: int, *, status: str = "A") -> bytes:
    body = f"GPRMC,0300{second:02d}.00,{status},30{minute_lat:07.4f},N,12109.2640,E,19.44,090.0,040526,,,A"
    checksum = 0
    for character in body.encode():
        checksum ^= character
    return f"${body}*{checksum:02X}\r\n".encode()


def _klv(key: str, kind: str, sample_bytes: int, payload: bytes) -> bytes:
    repeat = len(payload) // sample_bytes
    return (
        struct.pack(">4sBBH", key.encode(), ord(kind) if kind else 0, sample_bytes, repeat)
        + payload
        + bytes(-len(payload) % 4)
    )


def _gps5(lat_e7: int, *, fix: int = 3) -> bytes:
    scale = struct.pack(">5i", 10_000_000, 10_000_000, 1000, 1000, 100)
    rows = b"".join(
        struct.pack(">5i", lat_e7 + 1000 * i, 1_211_544_000, 5000, 10_000, 1000) for i in range(2)
    )
    stream = _klv("GPSF", "L", 4, struct.pack(">I", fix)) + _klv("GPSU", "U", 16, b"260504030000.000")
    stream += _klv("GPSP", "S", 2, struct.pack(">H", 150))
    stream += _klv("SCAL", "l", 4, scale) + _klv("GPS5", "l", 20, rows)
    return _klv("DEVC", "", 1, _klv("STRM", "", 1, stream))


def test_a_gopro_says_where_it_was_at_each_moment_and_when_by_its_receiver(tmp_path: Path) -> None:
    track, _ = _track(_mp4(tmp_path / "a.mp4", data=[_gps5(300_372_000 + 10_000 * s) for s in range(3)]))

    assert track is not None
    assert track.source == "gpmf"
    here = track.at(1.0)
    assert here is not None
    assert here.position.lat == pytest.approx(30.0382, abs=1e-6)
    assert here.position.lon == pytest.approx(121.1544, abs=1e-6)
    assert here.speed_mps == pytest.approx(10.0)


def test_a_newer_gopro_has_time_and_fix_in_every_sample() -> None:
    scale = struct.pack(">9i", 10_000_000, 10_000_000, 1000, 1000, 100, 1, 1000, 100, 1)
    good = struct.pack(">7i2H", 300_372_000, 1_211_544_000, 0, 5000, 0, 9620, 10_800_000, 120, 3)
    lost = struct.pack(">7i2H", 0, 0, 0, 0, 0, 9620, 10_800_500, 9999, 0)
    stream = _klv("SCAL", "l", 4, scale) + _klv("GPS9", "?", 32, good + lost)

    found = gpmf_fixes(_klv("DEVC", "", 1, _klv("STRM", "", 1, stream)), 4.0, 1.0)

    assert [(fix.t_s, fix.utc) for fix in found] == [(4.0, datetime(2026, 5, 4, 3, 0, tzinfo=UTC))]


def test_a_receiver_without_a_fix_says_nothing(tmp_path: Path) -> None:
    track, _ = _track(_mp4(tmp_path / "a.mp4", data=[_gps5(0, fix=0)], text=[_rmc(2.0, 0, status="V")]))

    assert track is None


def test_nmea_in_a_text_track_is_read_and_interpolated(tmp_path: Path) -> None:
    lines = [_rmc(2.0 + 0.06 * second, second) for second in range(3)]
    clip = _mp4(tmp_path / "a.mp4", text=[struct.pack(">H", len(line)) + line for line in lines])

    track, _ = _track(clip)

    assert track is not None
    assert track.source == "nmea_track"
    here = track.at(1.5)
    assert here is not None
    assert here.position.lat == pytest.approx(30 + 2.09 / 60, abs=1e-6)
    assert here.utc == datetime(2026, 5, 4, 3, 0, 1, 500_000, tzinfo=UTC)
    assert here.speed_mps == pytest.approx(10.0, abs=0.01)


def test_a_sentence_with_a_wrong_checksum_is_left_out() -> None:
    whole = _rmc(2.0, 0)

    assert len(list(sentences(whole + whole.replace(b"3002", b"3052")))) == 1


def _novatek_block(second: int, begin: int) -> bytes:
    block = bytearray(begin + 60)
    block[:12] = struct.pack(">I8s", 32768, b"freeGPS ")
    struct.pack_into("<6I", block, begin, 3, 0, second, 26, 5, 4)
    block[begin + 24 : begin + 28] = b"ANE\0"
    struct.pack_into("<4f", block, begin + 28, 3002.232, 12109.264, 19.44, 90.0)
    return bytes(block)


@pytest.mark.parametrize("begin", [48, 16])
def test_a_novatek_recorder_lists_a_block_a_second(tmp_path: Path, begin: int) -> None:
    path = tmp_path / "a.mp4"
    blocks = [_novatek_block(second, begin) for second in range(3)]
    ftyp = struct.pack(">I4s8s", 16, b"ftyp", b"isom\0\0\0\0")
    mdat = struct.pack(">I4s", 8 + sum(map(len, blocks)), b"mdat") + b"".join(blocks)
    starts = [len(ftyp) + 8 + sum(map(len, blocks[:index])) for index in range(3)]
    entries = b"".join(struct.pack(">II", at, len(blocks[0])) for at in starts)
    index = struct.pack(">I4sII", 16 + len(entries), b"gps ", 257, 3) + entries
    path.write_bytes(ftyp + mdat + struct.pack(">I4s", 8 + len(index), b"moov") + index)

    track = PositionReader(path).track({}, 3.0)

    assert track is not None
    assert track.source == "novatek"
    assert [fix.t_s for fix in track.fixes] == [0.0, 1.0, 2.0]
    assert track.fixes[2].utc == datetime(2026, 5, 4, 3, 0, 2, tzinfo=UTC)
    assert track.fixes[0].position.lat == pytest.approx(30.0372, abs=1e-5)
    assert track.fixes[0].position.lon == pytest.approx(121.1544, abs=1e-5)


def test_a_70mai_recorder_writes_a_record_a_second(tmp_path: Path) -> None:
    records = b"".join(
        struct.pack("<IIIIcIcI10x", 1, 1, second, 36_000, b"N", 3_002_232, b"E", 12_109_264)
        for second in range(2)
    )
    path = tmp_path / "a.mp4"
    path.write_bytes(struct.pack(">I4s", 8 + len(records), b"GPS ") + records)

    track = PositionReader(path).track({}, 2.0)

    assert track is not None
    assert track.source == "70mai"
    assert track.fixes[1].speed_mps == pytest.approx(10.0)
    assert track.fixes[1].position.lat == pytest.approx(30.0372, abs=1e-6)


def test_a_blackvue_recorder_stamps_its_sentences(tmp_path: Path) -> None:
    text = b"".join(f"[{1_777_863_600_000 + 1000 * s}]".encode() + _rmc(2.0 + s, s) for s in range(2))
    inner = struct.pack(">I4s", 8 + len(text), b"gps ") + text
    path = tmp_path / "a.mp4"
    path.write_bytes(struct.pack(">I4s", 8 + len(inner), b"free") + inner)

    track = PositionReader(path).track({}, 2.0)

    assert track is not None
    assert track.source == "blackvue"
    assert [fix.t_s for fix in track.fixes] == [0.0, 1.0]


def test_a_phone_gives_one_position_for_the_whole_clip(tmp_path: Path) -> None:
    track, _ = _track(_mp4(tmp_path / "a.mp4", metadata={"location": "+30.0372+121.1544+005.0/"}))

    assert track is not None
    assert (track.source, track.fixed) == ("location_atom", True)
    assert track.at(2.5) == Fix(0.0, Position(121.1544, 30.0372))


def _gpx(minute: int) -> str:
    points = "".join(
        f'<trkpt lat="{30.0 + second / 1000}" lon="121.5">'
        f"<time>2026-05-04T03:{minute:02d}:{second:02d}Z</time></trkpt>"
        for second in range(4)
    )
    return f'<gpx version="1.1" creator="t"><trk><trkseg>{points}</trkseg></trk></gpx>'


def test_a_gpx_file_beside_the_clip_is_matched_by_the_time_of_recording(tmp_path: Path) -> None:
    clip = _mp4(tmp_path / "a.mp4")
    (tmp_path / "a.gpx").write_text(_gpx(0))

    track, _ = _track(clip)

    assert track is not None
    assert track.source == "gpx_sidecar"
    here = track.at(1.5)
    assert here is not None
    assert here.position.lat == pytest.approx(30.0015)


def test_a_track_of_another_hour_is_not_used_and_that_is_said(tmp_path: Path) -> None:
    clip = _mp4(tmp_path / "a.mp4")
    (tmp_path / "a.gpx").write_text(_gpx(30))

    track, notes = _track(clip)

    assert track is None
    assert notes == ["a.gpx: has no position of the clip's time"]


def test_a_file_beside_the_clip_that_is_no_gpx_is_said_to_be_unreadable(tmp_path: Path) -> None:
    clip = _mp4(tmp_path / "a.mp4")
    (tmp_path / "a.gpx").write_text("not xml")

    track, notes = _track(clip)

    assert track is None
    assert "a.gpx: cannot be read" in notes[0]


def test_nothing_is_said_in_a_tunnel() -> None:
    track = PositionTrack.of("gpmf", [Fix(0.0, Position(121.0, 30.0)), Fix(30.0, Position(121.1, 30.0))])

    assert track is not None
    assert track.at(15.0) is None
    assert track.at(29.0) is not None


def test_between_two_fixes_the_date_line_is_crossed_the_short_way() -> None:
    track = PositionTrack.of("gpmf", [Fix(0.0, Position(179.999, 0.0)), Fix(2.0, Position(-179.999, 0.0))])

    assert track is not None
    here = track.at(1.0)
    assert here is not None
    assert abs(here.position.lon) == pytest.approx(180.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_boxes_and_packets_of_rubbish_do_no_harm(tmp_path: Path, seed: int) -> None:
    rubbish = np.random.default_rng(seed).bytes(4000)
    path = tmp_path / "a.mp4"
    path.write_bytes(struct.pack(">I4s", 8 + len(rubbish), b"moov") + rubbish)
    reader = PositionReader(path)
    reader.packet(b"DEVC" + rubbish, 0.0, 1.0)

    assert reader.track({"location": "+99.9+999.9/"}, 1.0) is None
