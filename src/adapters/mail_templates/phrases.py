"""The words of each language, read once from its file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from booking_core import Language


@cache
def phrases(language: Language) -> dict[str, Any]:
    """What `phrases/<language>.toml` says."""
    text = (
        files("adapters.mail_templates").joinpath("phrases", f"{language}.toml").read_text("utf-8")
    )
    return tomllib.loads(text)
