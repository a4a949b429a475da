"""A directory is not used in a way that gives secrets away."""

import pytest
from pydantic import ValidationError

from central.directory.settings import DirectorySettings, is_safe_url
from central.operations.safety import findings_of
from central.settings import CentralSettings
from kerbwatch.settings import SettingsError

GOOD = {
    "issuer": "https://login.city.example/realms/city",
    "client_id": "kerbwatch",
    "client_secret": "${KERBWATCH_OIDC}",
}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"issuer": "http://login.city.example/realms/city"}, "must be https"),
        ({"issuer": "https://user:word@login.city.example"}, "must be https"),
        ({"issuer": "https://login.city.example/?realm=city"}, "neither"),
        ({"client_secret": "b7d1f0c2a94e4f5d8c3a"}, "may not be written here"),
        ({"client_secret": None}, "give 'client_secret"),
        ({"client_secret_file": "secret"}, "give 'client_secret"),
        ({"scopes": ["profile"]}, "lacks 'openid'"),
        ({"unknown": "create"}, "needs 'groups'"),
        ({"groups": [{"group": "g"}]}, "needs 'roles'"),
        ({"groups": [{"group": "g", "roles": ["edge"]}]}, "neither 'edge'"),
    ],
)
def test_what_is_unsafe_or_unclear_is_refused(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        DirectorySettings.model_validate(GOOD | changes)


def test_the_secret_comes_from_outside_and_is_none_that_is_guessed(monkeypatch):
    settings = CentralSettings.model_validate({"people": {"directory": GOOD}})
    monkeypatch.setenv("KERBWATCH_OIDC", "short")
    with pytest.raises(SettingsError, match="needs 16 or more"):
        settings.people.directory.resolve_secret()
    monkeypatch.setenv("KERBWATCH_OIDC", "changeme12345678901")
    assert "people.directory.client_secret" in [each.where for each in findings_of(settings)]


@pytest.mark.parametrize(
    "url", [None, 7, "", "https://", "ftp://a.example", "http://a.example", "https://[", "x"]
)
def test_secrets_go_to_no_such_place(url):
    assert not is_safe_url(url)
    assert is_safe_url("http://127.0.0.1:8080/realms/city")
