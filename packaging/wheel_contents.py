"""Puts files from elsewhere in the checkout into a wheel, as the project's `carries` table says.

Hatchling's own force-include copies into editable installs too, and a copy there hides the
checkout's files and goes stale; this hook leaves editable installs alone.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelContents(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update(self.config["carries"])
