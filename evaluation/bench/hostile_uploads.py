"""Uploads that nobody should send, by a box's protocol and by tus, with good ones between."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

GOOD_EVERY = 20
"""One upload in so many is good."""
SENDERS = 4
"""So many send at the same time, now and then into each other's uploads."""
_MEANT = {503, 507}
"""Busy, and no room on the disk: answers, not faults."""
_NUMBERS = (
    "0",
    "1",
    "100",
    "-1",
    "1e3",
    "9" * 30,
    "0x10",
    "",
    "+1",
    "0, 0",
    "NaN",
    "\u0663",
    "18446744073709551616",
)
_PIECE = "application/offset+octet-stream"
_TYPES = ("image/jpeg", "video/mp4", "text/html", "", "x" * 4000, "multipart/form-data; boundary=x", _PIECE)
_JPEG, _MP4 = b"\xff\xd8\xff\xe0", b"\x00\x00\x00\x18ftypisom"


@dataclass(slots=True)
class UploadCount:
    """What came of the uploads.

    Attributes:
        sent: hostile requests.
        by_status: answers to them; 0: the connection was closed on it.
        faults: requests that central answered with a fault of its own.
        good: good uploads.
        good_whole: those of them that central has whole.
        answered: requests that got an answer, those of good uploads included.
    """

    sent: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    good: int = 0
    good_whole: int = 0
    answered: int = 0

    def add(self, other: UploadCount) -> None:
        """Take another's in."""
        self.sent += other.sent
        self.by_status += other.by_status
        self.faults += other.faults
        self.good += other.good
        self.good_whole += other.good_whole
        self.answered += other.answered

    @property
    def clean(self) -> bool:
        """Whether nothing failed and no good upload was lost."""
        return not self.faults and self.good == self.good_whole


@dataclass(frozen=True, slots=True)
class Known:
    """What senders know of each other's uploads: where they go on, and what they are to hold."""

    begun: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)


def send_all(client: httpx.Client, token: str, requests: int, seed: int = 1) -> UploadCount:
    """Send so many hostile requests from several senders at once; what came of them."""
    known, count = Known(), UploadCount()
    senders = [HostileUploads(client, token, seed * SENDERS + number, known) for number in range(SENDERS)]
    shares = [requests // SENDERS + (number < requests % SENDERS) for number in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        for each in pool.map(HostileUploads.run, senders, shares):
            count.add(each)
    return count


class HostileUploads:
    """Sends them. ``client`` speaks to central from a proxy that it trusts; ``token`` is a box's."""

    def __init__(self, client: httpx.Client, token: str, seed: int = 1, known: Known | None = None) -> None:
        self._client, self._box = client, {"Authorization": f"Bearer {token}"}
        self._rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._answered = 0
        known = known or Known()
        self._begun, self._hashes = known.begun, known.hashes

    def run(self, requests: int) -> UploadCount:
        """Send so many hostile requests, good uploads between."""
        count = UploadCount()
        for number in range(requests):
            method, url, headers, body = self._rng.choice((self._media, self._media, self._tus))()
            count.sent += 1
            try:
                answer = self._send(method, url, headers, body)
            except httpx.TransportError:
                count.by_status[0] += 1
                continue
            count.by_status[answer.status_code] += 1
            if answer.status_code >= 500 and answer.status_code not in _MEANT:
                count.faults.append(f"{method} {url} {headers} -> {answer.status_code}"[:1000])
            if number % GOOD_EVERY == 0:
                count.good += 1
                count.good_whole += self._good()
        count.answered = self._answered
        return count

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        # Each from an address of its own: what is tried is what lies behind the rate limits.
        address = f"198.51.{self._rng.randrange(256)}.{self._rng.randrange(256)}"
        raw = {"X-Forwarded-For": address, **headers}
        encoded: Any = {name: value.encode("utf-8") for name, value in raw.items()}
        answer = self._client.request(method, url, headers=encoded, content=body)
        self._answered += 1
        return answer

    def _good(self) -> bool:
        picture = _JPEG + self._rng.randbytes(3000)
        url = f"/api/v1/media/{hashlib.sha256(picture).hexdigest()}"
        half = self._rng.randrange(1, len(picture))
        for offset, piece in ((0, picture[:half]), (half, picture[half:])):
            sizes = {"Upload-Offset": str(offset), "Upload-Length": str(len(picture))}
            self._send("PUT", url, {**self._box, "Content-Type": "image/jpeg", **sizes}, piece)
        return bool(self._send("HEAD", url, self._box, b"").headers.get("Upload-Complete") == "?1")

    def _media(self) -> tuple[str, str, dict[str, str], bytes]:
        pick, body = self._rng.choice, self._body()
        true = hashlib.sha256(body).hexdigest()
        self._hashes.append(true)
        sha256 = pick(
            (true, true, f"{self._rng.getrandbits(256):064x}", true.upper(), true[:10], pick(self._hashes))
        )
        headers = {
            "Upload-Offset": pick(("0", "0", "0", *_NUMBERS)),
            "Upload-Length": pick((str(len(body)), str(len(body)), str(len(body) + 10), *_NUMBERS)),
            "Content-Type": pick(_TYPES[:2] * 3 + _TYPES),
        }
        for name in list(headers):
            if self._rng.random() < 0.1:
                del headers[name]
        if self._rng.random() < 0.9:
            headers |= self._box
        return pick(("PUT", "PUT", "PUT", "HEAD", "GET", "PATCH")), f"/api/v1/media/{sha256}", headers, body

    def _tus(self) -> tuple[str, str, dict[str, str], bytes]:
        pick, body = self._rng.choice, self._body()
        headers = {"Tus-Resumable": pick(("1.0.0", "1.0.0", "1.0.0", "9", ""))}
        if not self._begun or self._rng.random() < 0.3:
            good = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(body) or 1)}
            begun = self._send("POST", "/api/v1/uploads", good, b"")
            if "location" in begun.headers:
                self._begun.append(begun.headers["location"])
            strange = {
                "Upload-Length": pick(_NUMBERS),
                "Upload-Metadata": pick(("filename", "a b c, ,", "x" * 4000)),
            }
            return "POST", "/api/v1/uploads", headers | strange, b""
        headers |= {
            "Upload-Offset": pick(("0", "0", *_NUMBERS)),
            "Content-Type": pick((_PIECE, _PIECE, *_TYPES)),
            "Upload-Checksum": pick(("sha1 AAAA", "sha1", "md5 x", "sha1 " + "A" * 27 + "=", "", "☃ ☃")),
        }
        if self._rng.random() < 0.6:
            del headers["Upload-Checksum"]
        method = pick(("PATCH", "PATCH", "PATCH", "HEAD", "DELETE", "POST", "GET"))
        if method == "POST":
            headers["X-HTTP-Method-Override"] = pick(("PATCH", "DELETE", "GET", ""))
        return method, pick(self._begun), headers, body

    def _body(self) -> bytes:
        head = self._rng.choice((b"", b"", _JPEG, _MP4, b"<html>", b"GIF89a"))
        return head + self._rng.randbytes(self._rng.choice((0, 1, 100, 5000)))
