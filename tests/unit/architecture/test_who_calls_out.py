"""Who talks to other machines, and to which: those whom the settings name, and nobody else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "src"
#: What can open a connection to another machine.
CLIENTS = (
    "aiohttp", "asyncio", "ftplib", "http.client", "httpx", "imaplib", "jwt", "multiprocessing.connection",
    "nntplib", "opentelemetry.exporter", "paramiko", "poplib", "procrastinate", "psycopg", "redis",
    "requests", "smtplib", "socket", "ssl", "stripe", "telnetlib", "urllib.request", "urllib3",
    "webbrowser", "websockets", "xmlrpc",
)  # fmt: skip
#: By room, or by file of a door, and what says where to.
ALLOWED = {
    "adapters/calendly": {"httpx"},  # CALENDLY_API_BASE_URL
    "adapters/jwks_tokens": {"httpx"},  # JWT_JWKS_URL
    "adapters/procrastinate_jobs": {"asyncio", "procrastinate"},  # DATABASE_URL
    "adapters/smtp_mailer": {"smtplib", "ssl"},  # SMTP_URL
    "adapters/sql": {"psycopg"},  # DATABASE_URL
    "adapters/stripe_payments": {"stripe"},  # STRIPE_API_BASE
    "entrypoints/cli/check_flow.py": {"httpx"},  # PUBLIC_URL, or what an operator typed
    "entrypoints/cli/serve.py": {"socket"},  # listens, and asks nobody
    "entrypoints/settings.py": {"socket"},  # reads how an address is written, and asks nobody
    "entrypoints/traces.py": {"opentelemetry.exporter"},  # OTEL_EXPORTER_OTLP_ENDPOINT
}
#: What people write. A browser or a person may open it; we never do.
WRITTEN_BY_PEOPLE = {"photo_url", "embed_sites", "headline", "description", "notes", "answers"}


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{each.name}" for each in names)
            case ast.Call(args=[ast.Constant(value=str(name)), *_], func=function):
                if ast.unparse(function).endswith(("import_module", "__import__")):
                    yield name


def clients_in(source: str) -> set[str]:
    return {
        client
        for name in imported(source)
        for client in CLIENTS
        if f"{name}.".startswith(f"{client}.")
    }


def room_of(file: Path) -> str:
    path = file.relative_to(SOURCES)
    return str(path if path.parts[0] == "entrypoints" else Path(*path.parts[:2]))


@pytest.fixture(scope="module")
def sources() -> dict[Path, str]:
    return {each: each.read_text("utf-8") for each in sorted(SOURCES.rglob("*.py"))}


def test_only_the_rooms_of_providers_call_other_machines(sources: dict[Path, str]) -> None:
    named = re.compile("|".join(each.partition(".")[0] for each in CLIENTS))
    found: dict[str, set[str]] = {}
    for file, source in sources.items():
        if named.search(source) and (clients := clients_in(source)):
            found.setdefault(room_of(file), set()).update(clients)
    assert found == ALLOWED


@pytest.mark.parametrize(
    "line",
    [
        "import httpx",
        "import httpx as x",
        "from httpx import Client",
        "import urllib.request",
        "from urllib import request",
        "from http.client import HTTPConnection",
        "import_module('requests.api')",
        "__import__('socket')",
    ],
)
def test_this_test_sees_each_way_of_importing(line: str) -> None:
    assert clients_in(f"def later():\n    {line}\n")
    assert not clients_in("from entrypoints.web import requests\nfrom urllib.parse import urlsplit")


def test_nobody_follows_an_answer_to_another_address(sources: dict[Path, str]) -> None:
    assert not [file for file, source in sources.items() if "follow_redirects=True" in source]


@pytest.mark.parametrize("room", ["jwks_tokens", "smtp_mailer"])
def test_who_calls_out_knows_no_text_that_people_wrote(room: str) -> None:
    for file in (SOURCES / "adapters" / room).rglob("*.py"):
        names = {getattr(each, "attr", "") for each in ast.walk(ast.parse(file.read_text("utf-8")))}
        assert not names & WRITTEN_BY_PEOPLE, file
