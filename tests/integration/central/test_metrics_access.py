"""Metrics are for who watches the machines, not for everybody who reaches the console."""

import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from central.operations.settings import MetricsSettings
from central.operations.watching import serve_metrics
from central.settings import CentralSettings
from kerbwatch.settings import SettingsError

TOKEN = "5d1f0c7b9a3e48d2"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Access touches no database: once is enough."""
    return sqlite_url


@pytest.fixture
def settings(settings: CentralSettings, request: pytest.FixtureRequest, monkeypatch) -> CentralSettings:
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    changes = {"metrics": request.param}
    return CentralSettings.model_validate(settings.model_dump(exclude={"metrics"}) | changes)


@pytest.mark.parametrize("settings", [{}], indirect=True)
def test_without_a_word_nobody_reads_them_from_outside(town) -> None:
    answer = town.client.get("/metrics")
    assert answer.status_code == 403
    assert "metrics.token_file" in answer.json()["detail"]


@pytest.mark.parametrize("settings", [{"token": "${METRICS_TOKEN}"}], indirect=True)
def test_who_has_the_token_reads_them(town) -> None:
    assert town.client.get("/metrics").status_code == 401
    assert town.client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = town.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "kerbwatch_central_request_seconds_bucket" in answer.text


@pytest.mark.parametrize("settings", [{"port": 1}], indirect=True)
def test_with_a_port_of_their_own_they_are_nowhere_else(town) -> None:
    assert town.client.get("/metrics").status_code == 404


def test_the_port_of_their_own_answers_and_a_taken_one_is_told() -> None:
    class Some:
        registry = CollectorRegistry()

    Counter("things", "Things.", registry=Some.registry).inc()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.listen()
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be served"):
            serve_metrics(MetricsSettings(port=port), Some)
    own = serve_metrics(MetricsSettings(port=port), Some)
    try:
        assert "things_total 1.0" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        own.close()
