"""Who asks too often is told when to come back; the others are answered."""

import pytest

from central.settings import CentralSettings

PROXY = ("127.0.0.1", 50000)


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Counting touches no database: once is enough."""
    return sqlite_url


@pytest.fixture
def settings(settings: CentralSettings) -> CentralSettings:
    few = {"address": {"per_minute": 6, "burst": 2}}
    limits = {"sign_in": few, "requests": {"address": {"per_minute": 60, "burst": 5}}}
    return CentralSettings.model_validate(settings.model_dump(exclude={"limits"}) | {"limits": limits})


def sign_in(town, address: str):
    return town.client.post(
        "/api/v1/token",
        json={"name": "nobody", "password": "x"},
        headers={"X-Forwarded-For": address},
    )


def test_a_third_try_at_a_password_waits_and_another_address_does_not(town) -> None:
    town.client._transport.client = PROXY
    assert [sign_in(town, "198.51.100.1").status_code for _ in range(3)] == [401, 401, 429]
    refused = sign_in(town, "198.51.100.1")
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:kerbwatch:problem:too-many-requests"
    assert sign_in(town, "198.51.100.2").status_code == 401
    counted = town.client.app.state.central.metrics.registry.get_sample_value
    assert counted("kerbwatch_central_requests_limited_total", {"limit": "sign_in"}) == 2
    town.clock.advance(10)
    assert sign_in(town, "198.51.100.1").status_code == 401


def test_a_stranger_cannot_pass_for_another_by_a_header_of_its_own(town) -> None:
    town.client._transport.client = ("203.0.113.9", 50000)
    answers = [sign_in(town, f"198.51.100.{n}").status_code for n in range(3)]
    assert answers == [401, 401, 429]


def test_a_flood_of_any_kind_is_refused_before_anything_is_done_for_it(town) -> None:
    town.client._transport.client = ("203.0.113.9", 50000)
    answers = [town.client.get("/api/v1/me").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert town.client.get("/healthz").status_code == 503, "health is always told; there is no broker here"
    town.client._transport.client = PROXY
    assert town.client.get("/api/v1/me").status_code == 401, "this machine itself is not counted"
