"""Opening a stream or a file: with time limits, without a credential in any error, in words for people."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from edge.evidence.ring import StreamInfo
from kerbwatch.secrets import SecretMissingError, expand_environment, redact, without_credentials

_RTP_TICK = 1 / 90_000
"""Of video over RTP (RFC 6184)."""


class SourceError(Exception):
    """A source that cannot be opened or read; the text is for people and holds no credential.

    Attributes:
        silent: True when it was opened but nothing came for too long.
    """

    def __init__(self, text: str, *, silent: bool = False) -> None:
        super().__init__(redact(text))
        self.silent = silent


@dataclass(frozen=True, slots=True, eq=False)
class OpenSource:
    """An opened container and its video stream. Close the container when done."""

    container: InputContainer
    stream: VideoStream
    info: StreamInfo
    tick_s: float
    """Length of a tick of the packets' time stamps."""
    start: int | None
    """The first time stamp as the header tells it."""


def is_live(source: str) -> bool:
    """Whether a source is a stream from a network, not a file."""
    return source.startswith("${") or ("://" in source and not source.startswith("file://"))


def shown(source: str) -> str:
    """A source as it may be written down."""
    return without_credentials(source) if "://" in source and "${" not in source else redact(source)


def resolve(source: str) -> str:
    """The source with ``${NAME}`` replaced; a user name or password may hold any character.

    Raises:
        SourceError: naming a variable that is not set.
    """
    try:
        scheme, separator, rest = source.partition("://")
        if not separator:
            return expand_environment(source)
        authority, slash, path = rest.partition("/")
        user_info, at, host = authority.rpartition("@")
        user_info = ":".join(
            quote(expand_environment(part), safe="") if "${" in part else part
            for part in user_info.split(":")
        )
        return f"{scheme}://{user_info}{at}{expand_environment(host)}{slash}{expand_environment(path)}"
    except SecretMissingError as error:
        raise SourceError(str(error)) from error


def open_source(source: str, *, open_timeout_s: float, read_timeout_s: float) -> OpenSource:
    """Open a stream (RTSP over TCP, video only) or a file.

    Args:
        source: as configured, with ``${NAME}`` for credentials.
        open_timeout_s: most time until the stream is known.
        read_timeout_s: most time until the next packet, later on.

    Raises:
        SourceError: refused, not found, no answer, not a video, no decoder.
    """
    address = resolve(source)
    options: dict[str, str] = {}
    if address.startswith(("rtsp://", "rtsps://")):
        options = {
            "rtsp_transport": "tcp",
            "allowed_media_types": "video",
            "timeout": str(round(max(open_timeout_s, read_timeout_s) * 1_000_000)),
        }
    elif not is_live(address) and not Path(address.removeprefix("file://")).is_file():
        raise SourceError(f"there is no file {address}")
    began_s = time.monotonic()
    try:
        container = av.open(address, options=options, timeout=(open_timeout_s, read_timeout_s))
    except (av.FFmpegError, OSError, ValueError) as error:
        # An opening that is interrupted because its time is up comes back under one of several names.
        late = time.monotonic() - began_s >= 0.95 * open_timeout_s
        cause = TimeoutError() if late else error
        raise SourceError(explain(cause, address, open_timeout_s)) from None
    try:
        stream = _video_of(container)
    except SourceError:
        container.close()
        raise
    context = stream.codec_context
    context.thread_count = 1
    average = stream.average_rate
    info = StreamInfo(
        codec=context.name,
        width=context.width,
        height=context.height,
        extradata=context.extradata or b"",
        fps=float(average) if average else None,
    )
    return OpenSource(
        container=container,
        stream=stream,
        info=info,
        tick_s=float(stream.time_base or _RTP_TICK),
        start=None if is_live(source) else stream.start_time,
    )


def _video_of(container: InputContainer) -> VideoStream:
    videos = container.streams.video
    if not videos:
        raise SourceError("it carries no video")
    stream = videos[0]
    if stream.codec_context is None:
        raise SourceError("its video codec is not one that FFmpeg here can decode")
    return stream


def explain(error: Exception, address: str, timeout_s: float) -> str:
    """What went wrong, for people; never the address with its credentials.

    Args:
        error: what PyAV raised.
        address: the resolved source; only its host and port are named.
        timeout_s: the time limit that was in force.
    """
    parts = urlsplit(address) if is_live(address) else None
    host = f"{parts.hostname}:{parts.port or 554}" if parts else "the file"
    match error:
        case av.error.HTTPUnauthorizedError():
            text = f"{host} refuses the user name or password (401)"
        case av.error.HTTPForbiddenError():
            text = f"{host} forbids access (403)"
        case av.error.HTTPNotFoundError():
            text = f"{host} has no such stream (404): check the path"
        case ConnectionRefusedError():
            text = f"{host} refuses the connection: nothing listens there"
        case TimeoutError() | av.error.ExitError():
            text = f"no answer from {host} within {timeout_s:g} s"
        case av.error.EOFError() | ConnectionResetError() | BrokenPipeError():
            text = f"{host} closed the connection"
        case av.error.InvalidDataError():
            text = f"{host}: not a video, or cut off before its index (invalid data)"
        case _ if parts and parts.hostname and not _resolves(parts.hostname):
            text = f"the host name {parts.hostname} is not known"
        case av.FFmpegError():
            text = f"{host}: {error.strerror or type(error).__name__}"
        case OSError() if error.errno:
            text = f"{host}: {os.strerror(error.errno)}"
        case _:
            text = f"{host}: {type(error).__name__}"
    return text


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True
