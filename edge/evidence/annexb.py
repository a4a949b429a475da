"""H.264 and H.265 as a plain byte stream with start codes, whatever container the packets came from."""

from __future__ import annotations

import struct

_START = b"\x00\x00\x00\x01"


class ByteStream:
    """Rewrites packets of one stream to start codes (ITU-T H.264 / H.265 annex B).

    MP4 and its kin put a length before each unit and the parameter sets aside (ISO/IEC 14496-15); RTSP and
    MPEG-TS use start codes already, and such packets pass as they are.

    Args:
        codec: ``h264`` or ``hevc``.
        extradata: the stream's header.

    Raises:
        ValueError: when the header is cut off.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._length_bytes = 0
        self.header = extradata
        """Parameter sets, to be put before the first packet; empty when they travel in the packets."""
        if extradata[:1] == b"\x01":
            try:
                read = _avc_header if codec == "h264" else _hevc_header
                self._length_bytes, self.header = read(extradata)
            except (IndexError, struct.error) as error:
                raise ValueError(f"the header of the {codec} stream is cut off") from error

    def rewrite(self, packet: bytes) -> bytes:
        """The packet with start codes; a unit that runs beyond its end is cut there."""
        if self._length_bytes == 0:
            return packet
        parts, position = [], 0
        while position + self._length_bytes <= len(packet):
            length = int.from_bytes(packet[position : position + self._length_bytes], "big")
            position += self._length_bytes
            parts.append(packet[position : position + length])
            position += length
        return b"".join(_START + part for part in parts if part)


def _avc_header(data: bytes) -> tuple[int, bytes]:
    """Length of lengths, and parameter sets, of an AVCDecoderConfigurationRecord."""
    position, units = 5, []
    for mask in (0x1F, 0xFF):
        count = data[position] & mask
        position += 1
        for _ in range(count):
            unit, position = _unit(data, position)
            units.append(unit)
    return (data[4] & 3) + 1, b"".join(units)


def _hevc_header(data: bytes) -> tuple[int, bytes]:
    """Length of lengths, and parameter sets, of an HEVCDecoderConfigurationRecord."""
    position, units = 23, []
    for _ in range(data[22]):
        (count,) = struct.unpack_from(">H", data, position + 1)
        position += 3
        for _ in range(count):
            unit, position = _unit(data, position)
            units.append(unit)
    return (data[21] & 3) + 1, b"".join(units)


def _unit(data: bytes, position: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", data, position)
    position += 2
    if position + length > len(data):
        raise IndexError("a parameter set runs beyond the header")
    return _START + data[position : position + length], position + length
