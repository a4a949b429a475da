import pytest

from kerbwatch.secrets import (
    SecretMissingError,
    expand_environment,
    read_secret_file,
    redact,
    without_credentials,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("rtsp://admin:s3cret@10.0.0.5:554/ch1", "rtsp://***@10.0.0.5:554/ch1"),
        (
            "cannot open rtsp://admin:p@ss@10.0.0.5/ch1: refused",
            "cannot open rtsp://***@10.0.0.5/ch1: refused",
        ),
        ("two: http://a:b@x/ and https://c@y/", "two: http://***@x/ and https://***@y/"),
        ("mail me@example.org about http://host/a", "mail me@example.org about http://host/a"),
        ("http://host/users/@me", "http://host/users/@me"),
        ("postgresql+psycopg://u:p@db/kerbwatch", "postgresql+psycopg://***@db/kerbwatch"),
    ],
)
def test_a_log_line_loses_the_credentials_of_every_url(text, clean):
    assert redact(text) == clean


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("rtsp://admin:s3cret@10.0.0.5:554/ch1?auth=s3cret#s3cret", "rtsp://10.0.0.5:554/ch1"),
        ("rtsp://admin:s3cret@[fe80::1]:554/ch1", "rtsp://[fe80::1]:554/ch1"),
        ("video/street.mp4", "video/street.mp4"),
        ("rtsp://admin:s3/cret@10.0.0.5/ch1", "rtsp://***"),
        ("sqlite:////var/lib/kerbwatch/central.db", "sqlite:////var/lib/kerbwatch/central.db"),
        ("postgresql:///kerbwatch?password=s3cret", "postgresql:///kerbwatch"),
        ("rtsp://admin:s3cret@[10.0.0.5/ch1", "rtsp://***"),
    ],
)
def test_an_address_is_shown_without_credentials_whatever_its_form(url, clean):
    assert without_credentials(url) == clean


def test_references_are_filled_in_from_the_environment(monkeypatch):
    monkeypatch.setenv("CAMERA_USER", "admin")
    monkeypatch.setenv("CAMERA_PASSWORD", "a$b")
    assert expand_environment("${CAMERA_USER}:${CAMERA_PASSWORD}, $HOME") == "admin:a$b, $HOME"


def test_an_absent_variable_is_named_and_nothing_else(monkeypatch):
    monkeypatch.setenv("CAMERA_USER", "admin")
    monkeypatch.delenv("CAMERA_PASSWORD", raising=False)
    with pytest.raises(SecretMissingError, match="CAMERA_PASSWORD is not set") as caught:
        expand_environment("${CAMERA_USER}:${CAMERA_PASSWORD}")
    assert "admin" not in str(caught.value)


def test_a_secret_file_is_read_without_its_line_end(tmp_path):
    (tmp_path / "token").write_text("  t0ken\n")
    assert read_secret_file(tmp_path / "token") == "t0ken"


def test_a_secret_file_that_is_absent_empty_or_a_folder_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n")
    for name in ("absent", "empty", "."):
        with pytest.raises(SecretMissingError, match="secret file"):
            read_secret_file(tmp_path / name)


def test_a_secret_file_that_is_no_text_is_named_without_its_bytes(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SecretMissingError, match="binary"):
        read_secret_file(tmp_path / "binary")
