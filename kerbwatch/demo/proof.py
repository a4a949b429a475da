"""What the demo must show, asked of central the way any program would: over HTTP, with a token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

import av
import httpx

from kerbwatch.incident import Audience, EvidenceRole, Kind


class ProofError(RuntimeError):
    """Evidence that is not what the incident's message says."""


@dataclass(slots=True)
class Standing:
    """How far the demo has come."""

    incidents: dict[str, int] = field(default_factory=dict)
    cases: int = 0
    tickets: int = 0
    proven_case: str | None = None
    """A case of illegal parking whose evidence was fetched, hashed and played; receipts are in."""
    missing: str = "no incident yet"


class Witness:
    """Reads central's API and checks the evidence of an illegal-parking case."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._url = url
        self._name, self._password = name, password
        self._client = httpx.Client(base_url=url, timeout=10.0, trust_env=False)
        self._signed_in = False

    def ready(self) -> bool:
        """Whether central answers and is healthy."""
        try:
            return self._client.get("/healthz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def look(self) -> Standing:
        """How things stand now. Raises ProofError (wrong evidence) or httpx.HTTPError."""
        cases = self.cases()
        standing = Standing(cases=len(cases), tickets=len(self._pages("/api/v1/tickets")))
        for case in cases:
            standing.incidents[case["kind"]] = standing.incidents.get(case["kind"], 0) + 1
        for case in cases:
            if case["kind"] == Kind.ILLEGAL_PARKING and standing.proven_case is None:
                standing.missing = self._prove(case["id"]) or self._unreceipted(case["created_at"])
                if not standing.missing:
                    standing.proven_case = case["id"]
        return standing

    def cases(self) -> list[dict[str, Any]]:
        """Every case that central has. Raises httpx.HTTPError."""
        self._sign_in()
        return self._pages("/api/v1/cases")

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _prove(self, case_id: str) -> str:
        """Fetch and check a case's evidence. Returns what is still missing, or an empty string."""
        detail = self._get(f"/api/v1/cases/{case_id}")
        if not detail["tickets"]:
            return "the case has no ticket yet"
        evidence = [item for lead in detail["leads"] for item in lead["evidence"]]
        for role in (EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT, EvidenceRole.CLIP):
            made = (item for item in evidence if item["role"] == role and item["audience"] == Audience.PEOPLE)
            found = next((item for item in made if item["here"]), None)
            if found is None:
                return f"what people see of the case's {role.value.replace('_', ' ')} has not arrived yet"
            content = self._fetch(found["url"])
            digest = hashlib.sha256(content).hexdigest()
            if digest != found["sha256"]:
                raise ProofError(f"{role.value}: SHA-256 is {digest}, the message says {found['sha256']}")
            check_playable(content, role)
            self._check_kept_apart(found["original_sha256"])
        return ""

    def _check_kept_apart(self, original_sha256: str | None) -> None:
        """An operator may not see an original. Raises ProofError."""
        answer = self._client.get(f"/api/v1/media/{original_sha256}")
        if answer.status_code != httpx.codes.FORBIDDEN:
            raise ProofError(f"an original is not kept apart: central answered {answer.status_code}")

    def _unreceipted(self, since: str) -> str:
        """Whether the box still waits for receipts: its health since the case says how full its outbox is."""
        began = datetime.fromisoformat(since)
        for box in self._get("/api/v1/cameras")["items"]:
            told = box["health_at"] and datetime.fromisoformat(box["health_at"]) >= began
            if told and box["outbox_entries"] == 0:
                return ""
        return "the box has not said yet that central's receipts have come"

    def _sign_in(self) -> None:
        if self._signed_in:
            return
        answer = self._client.post("/api/v1/token", json={"name": self._name, "password": self._password})
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._signed_in = True

    def _pages(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self._get(path, {"cursor": cursor} if cursor else None)
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return items

    def _get(self, path: str, parameters: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        answer = self._client.get(path, params=parameters)
        answer.raise_for_status()
        return answer.json()

    def _fetch(self, path: str) -> bytes:
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.content


def check_playable(content: bytes, role: EvidenceRole) -> None:
    """Decode a snapshot or a clip from its first picture to its last. Raises ProofError."""
    least = 10 if role is EvidenceRole.CLIP else 1
    try:
        with av.open(BytesIO(content), "r") as container:
            pictures = sum(1 for _ in container.decode(video=0))
    except av.FFmpegError as error:
        raise ProofError(f"{role.value}: cannot be played: {error}") from error
    if pictures < least:
        raise ProofError(f"{role.value}: holds {pictures} picture(s)")
