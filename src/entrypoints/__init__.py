"""Entrypoints: the thin doors, their settings and the container."""
