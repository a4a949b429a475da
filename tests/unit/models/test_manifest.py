"""The manifest names what kerbwatch needs, exactly, and a fault in one is explained."""

import pytest

from kerbwatch.settings import SettingsError, load_settings
from models.errors import MissingModelError, ModelError
from models.manifest import Manifest, load_manifest, locate

ENTRY = """
entries:
  - name: {name}
    kind: clip
    file: tiny.avi
    description: A clip
    licence: CC0-1.0
    origin: https://example.org
    sha256: {sha256}
    size_bytes: 3
    sources:
      - {source}
"""
SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def _load(tmp_path, source, sha256=SHA256, name="tiny"):
    path = tmp_path / "manifest.yaml"
    path.write_text(ENTRY.format(source=source, sha256=sha256, name=name), encoding="utf-8")
    return load_settings(path, Manifest)


def test_the_default_network_and_the_demos_clip_are_in_it_with_their_licences():
    by_name = {entry.name: entry for entry in load_manifest().entries}
    assert by_name["yolox-nano"].kind == "network"
    assert by_name["vtest"].kind == "clip"
    assert all(entry.licence.startswith(("Apache-2.0", "MIT")) for entry in by_name.values())
    assert {source.type for source in by_name["vtest"].sources} == {"url", "debian"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("{type: url, url: 'http://example.org/x'}", "must be https", id="no encryption"),
        pytest.param("{type: url, url: 'https://me:pw@example.org/x'}", "no credentials", id="credentials"),
        pytest.param("{type: ftp, host: example.org}", "'url', 'pypi', 'debian'", id="unknown kind"),
        pytest.param(
            "{type: pypi, package: '--evil', version: '1', member: a}",
            "not of the form that is wanted here",
            id="an option",
        ),
        pytest.param("{type: pypi, package: a, version: 1.0.0, membr: b}", "unknown key", id="misspelt key"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(tmp_path, source, said):
    with pytest.raises(SettingsError, match=said) as caught:
        _load(tmp_path, source)
    assert "pw" not in str(caught.value)


def test_a_digest_that_is_none_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="sha256"):
        _load(tmp_path, "{type: debian, package: a, member: b}", sha256="abc")


def test_a_file_that_is_missing_or_damaged_is_not_handed_out(tmp_path, monkeypatch):
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path))
    with pytest.raises(MissingModelError, match="is not on this machine: run 'kerbwatch models pull vtest'"):
        locate("vtest")
    path = load_manifest().entry("vtest").path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a clip")
    with pytest.raises(MissingModelError, match=r"is damaged.*run 'kerbwatch models pull vtest'"):
        locate("vtest")


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ModelError, match="no 'vtset'; it has yolox-nano, vtest"):
        load_manifest().entry("vtset")


def test_a_box_that_reads_no_plates_fetches_no_network_for_them():
    manifest = load_manifest()
    assert [entry.name for entry in manifest.chosen(())] == ["yolox-nano", "vtest", "centerface"]
    assert [entry.name for entry in manifest.chosen(("plates",))] == ["clp-det", "clp-rec"]
    both = manifest.chosen(("clp-rec", "plates"))
    assert [entry.name for entry in both] == ["clp-rec", "clp-det"], "each once"
    with pytest.raises(ModelError, match="no 'plate'"):
        manifest.chosen(("plate",))


def test_a_name_for_both_an_entry_and_a_group_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="box names both"):
        _load(tmp_path, "{type: debian, package: a, member: b.avi}", name="box")


def test_the_cache_lies_where_the_environment_says(monkeypatch):
    entry = load_manifest().entry("vtest")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    monkeypatch.delenv("KERBWATCH_CACHE", raising=False)
    assert str(entry.path).startswith("/somewhere/cache/kerbwatch/")
    monkeypatch.setenv("KERBWATCH_CACHE", "/elsewhere")
    assert str(entry.path).startswith("/elsewhere/")
