"""A fresh machine gets the right file from whichever source answers, and is told why when none does."""

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

from models.fetch import FetchError, ensure_entry
from models.manifest import Entry
from models.sources import Patience
from tests.integration.models.web import closed_port, serving, silent

WEIGHTS = b"weights " * 5000
IMPATIENT = Patience(connect_s=0.5, stall_s=0.3, command_s=30)


@pytest.fixture(autouse=True)
def _this_machine_only(tmp_path, monkeypatch):
    """Its own cache, and no package index but the one that a test starts."""
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def _entry(*sources, content=WEIGHTS):
    return Entry.model_validate(
        {
            "name": "tiny",
            "kind": "clip",
            "file": "tiny.bin",
            "description": "a file",
            "licence": "CC0-1.0",
            "origin": "https://example.org",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "sources": list(sources),
        }
    )


def _url(url):
    return {"type": "url", "url": url}


PYPI = {"type": "pypi", "package": "tinyweights", "version": "1.0", "member": "tinyweights/w.bin"}
METADATA = "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n"
CONTROL = """Package: tiny-doc
Version: 1.0
Architecture: all
Maintainer: A <a@example.org>
Description: a
"""
DEBIAN = {"type": "debian", "package": "tiny-doc", "member": "usr/share/doc/tiny/clip.avi"}


def test_a_file_is_fetched_once_and_then_found_in_the_cache():
    with serving({"/w": WEIGHTS}) as base:
        entry = _entry(_url(f"{base}/w"))
        path = ensure_entry(entry, patience=IMPATIENT)
    assert path.read_bytes() == WEIGHTS
    assert ensure_entry(entry, patience=IMPATIENT) == path, "the server is gone, the cache is not"
    assert [file.name for file in path.parent.iterdir()] == ["tiny.bin"]


def test_a_damaged_file_in_the_cache_is_fetched_again():
    with serving({"/w": WEIGHTS}) as base:
        entry = _entry(_url(f"{base}/w"))
        entry.path.parent.mkdir(parents=True)
        entry.path.write_bytes(WEIGHTS[:-1])
        assert ensure_entry(entry, patience=IMPATIENT).read_bytes() == WEIGHTS


def test_progress_is_told_as_it_comes():
    told = []
    with serving({"/w": WEIGHTS}) as base:
        ensure_entry(_entry(_url(f"{base}/w")), patience=IMPATIENT, report=lambda *said: told.append(said))
    assert told[0] == (f"{base}/w", 0)
    assert told[-1] == (f"{base}/w", len(WEIGHTS))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(WEIGHTS[:-1] + b"!", "wrong SHA-256: .* was expected; deleted", id="other bytes"),
        pytest.param(WEIGHTS[:100], r"\(100 bytes\) came", id="cut off"),
        pytest.param(WEIGHTS + b"more", "sent more than the 40000 bytes", id="too long"),
    ],
)
def test_wrong_bytes_are_named_and_deleted_and_the_next_source_is_tried(content, said):
    with serving({"/bad": content, "/good": WEIGHTS}) as base:
        with pytest.raises(FetchError, match=said):
            ensure_entry(entry := _entry(_url(f"{base}/bad")), patience=IMPATIENT)
        assert list(entry.path.parent.iterdir()) == []
        both = _entry(_url(f"{base}/bad"), _url(f"{base}/good"))
        assert ensure_entry(both, patience=IMPATIENT).read_bytes() == WEIGHTS


def test_a_source_that_never_answers_is_given_up_within_seconds():
    with silent() as address, serving({"/w": WEIGHTS}) as base:
        begin = time.monotonic()
        ensure_entry(_entry(_url(f"http://{address}/w"), _url(f"{base}/w")), patience=IMPATIENT)
        assert time.monotonic() - begin < 3


def test_when_all_fail_the_message_names_each_and_why():
    port = closed_port()
    with silent() as address, serving({}) as base:
        entry = _entry(_url(f"http://{address}/w"), _url(f"{base}/w"), _url(f"http://127.0.0.1:{port}/w"))
        with pytest.raises(FetchError) as caught:
            ensure_entry(entry, patience=IMPATIENT)
    lines = str(caught.value).splitlines()
    assert f"http://{address}/w: sent nothing for 0.3 s" in lines[1]
    assert f"{base}/w: answered HTTP 404" in lines[2]
    assert f"http://127.0.0.1:{port}/w: " in lines[3]
    assert "refused" in lines[3]
    assert str(entry.path) in lines[4], "where to put the file by hand"


def _wheel(member="tinyweights/w.bin"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr(member, WEIGHTS)
        wheel.writestr("tinyweights-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("tinyweights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tinyweights-1.0.dist-info/RECORD", "")
    name = "tinyweights-1.0-py3-none-any.whl"
    page = f"<!DOCTYPE html><html><body><a href='/files/{name}'>{name}</a></body></html>".encode()
    return {"/simple/tinyweights/": page, f"/files/{name}": buffer.getvalue()}


def test_a_wheels_member_comes_from_the_index_this_machine_is_set_up_for(monkeypatch):
    with serving(_wheel()) as base:
        monkeypatch.setenv("PIP_INDEX_URL", f"{base}/simple/")
        assert ensure_entry(_entry(PYPI), patience=IMPATIENT).read_bytes() == WEIGHTS


def test_a_wheel_without_the_member_is_named(monkeypatch):
    with serving(_wheel("tinyweights/other.bin")) as base:
        monkeypatch.setenv("PIP_INDEX_URL", f"{base}/simple/")
        with pytest.raises(FetchError, match=r"PyPI tinyweights==1\.0: the wheel has no member tinyweights"):
            ensure_entry(_entry(PYPI), patience=IMPATIENT)


def test_an_index_that_never_answers_is_given_up_and_its_password_is_not_told(monkeypatch):
    with silent() as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:geheim@{address}/simple/")
        begin = time.monotonic()
        with pytest.raises(
            FetchError, match=r"PyPI tinyweights==1\.0: pip failed: .*did not answer"
        ) as caught:
            ensure_entry(_entry(PYPI), patience=IMPATIENT)
    assert time.monotonic() - begin < 10
    assert "geheim" not in str(caught.value)


@pytest.fixture
def debian_repository(tmp_path, monkeypatch, require):
    """A package repository in a folder, and an apt that knows only it and has no lists yet."""
    require(shutil.which("dpkg-deb") and shutil.which("apt-get"), "this machine has no dpkg-deb and apt-get")

    def build(files):
        root, repository = tmp_path / "package", tmp_path / "repository"
        (root / "DEBIAN").mkdir(parents=True)
        repository.mkdir()
        (root / "DEBIAN/control").write_text(CONTROL)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        deb = repository / "tiny-doc_1.0_all.deb"
        subprocess.run(
            ["dpkg-deb", "--build", "--root-owner-group", root, deb], check=True, capture_output=True
        )
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        listed = f"{CONTROL}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
        (repository / "Packages").write_text(listed)
        sources, state, configuration = tmp_path / "sources.list", tmp_path / "lists", tmp_path / "apt.conf"
        sources.write_text(f"deb [trusted=yes] file:{repository} ./\n")
        (state / "partial").mkdir(parents=True)
        configuration.write_text(
            f'Dir::Etc::SourceList "{sources}";\n'
            'Dir::Etc::SourceParts "/dev/null";\n'
            f'Dir::State::lists "{state}";\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(configuration))

    return build


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed as .gz"])
def test_a_debian_packages_member_comes_on_a_machine_that_has_no_package_lists(debian_repository, packed):
    content = gzip.compress(WEIGHTS) if packed else WEIGHTS
    debian_repository({DEBIAN["member"] + (".gz" if packed else ""): content, "usr/share/other": b"x"})
    assert ensure_entry(_entry(DEBIAN), patience=IMPATIENT).read_bytes() == WEIGHTS


def test_a_debian_package_without_the_member_is_named(debian_repository):
    debian_repository({"usr/share/other": b"x"})
    with pytest.raises(FetchError, match=f"Debian tiny-doc: the package has no member {DEBIAN['member']}"):
        ensure_entry(_entry(DEBIAN), patience=IMPATIENT)


def test_a_debian_package_that_nobody_has_is_named(debian_repository):
    debian_repository({})
    with pytest.raises(FetchError, match="Debian nobody-has-it: apt-get failed: E: Unable to locate package"):
        ensure_entry(_entry({**DEBIAN, "package": "nobody-has-it"}), patience=IMPATIENT)


def test_a_debian_mirror_that_never_answers_is_given_up_within_seconds(debian_repository, tmp_path):
    debian_repository({})
    with silent() as address:
        (tmp_path / "sources.list").write_text(f"deb [trusted=yes] http://{address} ./\n")
        begin = time.monotonic()
        with pytest.raises(FetchError, match=r"Debian tiny-doc: .*apt-get update said: .*Connection failed"):
            ensure_entry(_entry(DEBIAN), patience=IMPATIENT)
    assert time.monotonic() - begin < 8


def test_a_client_that_hangs_is_ended_with_all_it_started(tmp_path, monkeypatch):
    slow = tmp_path / "bin" / "apt-get"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import time; time.sleep(60)'\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=":")
    begin = time.monotonic()
    with pytest.raises(FetchError, match=r"apt-get was not done within 0\.3 s"):
        ensure_entry(_entry(DEBIAN), patience=Patience(command_s=0.3))
    assert time.monotonic() - begin < 5
