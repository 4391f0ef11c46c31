"""The HTTP door: the JSON API and plain pages on it."""

from entrypoints.web.app import create_app

__all__ = ["create_app"]
