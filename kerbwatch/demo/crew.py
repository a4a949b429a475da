"""The unit of the demo: it says that it dealt with the first case, and so the camera looks again."""

from __future__ import annotations

from typing import Any

import httpx

from kerbwatch.demo.processes import Processes
from kerbwatch.demo.town import Town

NAME = "crew"
_MOVES = ("accept", "start", "report_handled")


class Crew:
    """An officer of the unit that leads a case, and the dispatcher who sent it the ticket.

    Args:
        url: where central is.
        town: names and passwords.
        processes: by which the officer is put into central.
    """

    def __init__(self, url: str, town: Town, processes: Processes) -> None:
        self._client = httpx.Client(base_url=url, timeout=10.0, trust_env=False)
        self._town, self._processes = town, processes
        self._operator: dict[str, str] = {}
        self._case_id = ""

    def deal_with(self, case_id: str) -> bool:
        """Send the case's ticket out, and report the work as done; False where somebody was quicker.

        Raises:
            httpx.HTTPError: central did not answer, or not as it should.
            DemoError: the officer could not be put into central.
        """
        try:
            self._deal_with(case_id)
        except httpx.HTTPStatusError as error:
            if error.response.status_code in {httpx.codes.CONFLICT, httpx.codes.PRECONDITION_FAILED}:
                return False
            raise
        return True

    def _deal_with(self, case_id: str) -> None:
        self._case_id, self._operator = case_id, self._signed_in(self._town.operator)
        case = self._get(f"/api/v1/cases/{case_id}", self._operator)
        if case["state"] == "reviewing":
            path = f"/api/v1/cases/{case_id}/confirm"
            case = self._post(path, {}, self._operator, case["version"])
        ticket = case["tickets"][0]
        password = ("--password-file", str(self._town.operator_password))
        role = ("--role", "unit_officer", "--unit", ticket["unit_id"])
        config = ("--config", str(self._town.central_config))
        self._processes.run("central", "user", "add", NAME, *role, *password, *config)
        officer, path = self._signed_in(NAME), f"/api/v1/my/tickets/{ticket['id']}"
        for move in _MOVES:
            version = self._get(path, officer)["version"]
            self._post(f"{path}/{move}", {"note": "the driver was told to move on"}, officer, version)

    def verdict(self) -> str | None:
        """What the camera said, once central has acted on it: ``clear``, ``not_clear`` or ``unable``."""
        asked = self._get(f"/api/v1/cases/{self._case_id}/look-agains", self._operator)
        done = (each for each in asked if each["state"] not in {"asking", "answered"})
        return next((each["verdict"] or "unable" for each in done), None)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _signed_in(self, name: str) -> dict[str, str]:
        password = self._town.operator_password.read_text(encoding="utf-8").strip()
        answer = self._client.post("/api/v1/token", json={"name": name, "password": password})
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def _get(self, path: str, who: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        answer = self._client.get(path, headers=who)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, body: dict[str, str], who: dict[str, str], version: int) -> Any:  # noqa: ANN401 - JSON
        answer = self._client.post(path, json=body, headers=who | {"If-Match": f'"{version}"'})
        answer.raise_for_status()
        return answer.json()
