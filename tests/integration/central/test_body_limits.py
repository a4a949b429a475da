"""A body that is read whole is never longer than it may be, whatever its sender says of it."""

import pytest

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def pieces(count, size=250_000):
    """Sent in chunks: there is no Content-Length."""
    for _ in range(count):
        yield b"a" * size


@ON_SQLITE
def test_what_is_too_long_is_refused_before_it_is_read(town):
    for path, kind, length in (
        ("/sign-in", FORM, 1_000_001),
        ("/q/AAAA", FORM, 1_000_001),
        ("/h/found", MULTIPART, 21_000_001),
        ("/api/v1/token", "application/json", 16_000_001),
        ("/api/v1/token", "", 16_000_001),
    ):
        headers = {"content-type": kind, "content-length": str(length)}
        answer = town.client.post(path, content=b"a", headers={k: v for k, v in headers.items() if v})
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:kerbwatch:problem:too-large"), path


@ON_SQLITE
def test_what_grows_too_long_is_cut_off(town):
    for path, kind, count in (
        ("/sign-in", FORM, 5),
        ("/open311/v2/requests.json", FORM, 5),
        ("/api/v1/token", "application/json", 65),
        ("/h/found", MULTIPART, 85),
    ):
        headers = {"content-type": kind, "cookie": "kerbwatch=x"}
        answer = town.client.post(path, content=pieces(count), headers=headers)
        assert answer.status_code in {400, 413}, (path, answer.status_code)
    assert town.client.get("/sign-in").status_code == 200
