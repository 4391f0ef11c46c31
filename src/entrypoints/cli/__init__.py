"""The command line: parses, makes one call to the core, and answers in words or in JSON."""

from entrypoints.cli.main import main

__all__ = ["main"]
