"""The wheel's build: what the pages load in the browser goes in, or there is no wheel."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Brings the files from npm before they are packed. An editable installation goes without."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs; raises AssetsError, which ends the build."""
        if version == "editable":
            return
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("assets", root / "central/pages/assets.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError("central/pages/assets.py")
        assets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(assets)
        if assets.ensure():
            self.app.display_info("The pages' files were brought from npm")
