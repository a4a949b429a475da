"""How long the pictures of a file last, by its header."""

from __future__ import annotations

import re

import av
from av.container import InputContainer
from av.video.stream import VideoStream

_TAG = "DURATION"
"""Matroska's length of one track, which its header has for the whole file alone."""
_HOURS = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


def video_length_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds from the first picture to the end of the last; None where the header does not tell.

    A container's own length is that of its longest track, sound and positions too, and in Matroska the time
    stamp at which it ends: a recording that was cut out of a longer one begins at hundreds of seconds.

    Args:
        container: the file, opened.
        stream: its video.
    """
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    end_s = _tagged_s(stream)
    if end_s is None and container.duration:
        end_s = container.duration / av.time_base
    if end_s is None:
        return None
    begin_s = float((stream.start_time or 0) * (stream.time_base or 0))
    return end_s - begin_s if 0 < begin_s < end_s else end_s


def _tagged_s(stream: VideoStream) -> float | None:
    found = _HOURS.fullmatch(stream.metadata.get(_TAG, ""))
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds) or None
