"""The service itself: gunicorn with the web door, and the job loop beside it."""

from __future__ import annotations

import os
import signal
import socket
from importlib import import_module
from shutil import rmtree
from tempfile import mkdtemp
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from entrypoints import logs
from entrypoints.cli import check_flow
from entrypoints.cli.commands import Command
from entrypoints.cli.output import table
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command
from entrypoints.settings import COUNTED_IN, EXPOSED, Settings, SettingsError, http_url

if TYPE_CHECKING:
    from entrypoints.container import Application


_FAREWELL = 5  # seconds that the job in hand has to end


@click.command(cls=Command)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1), default=8, show_default=True, help="Of each.")
@click.option(
    "--jobs/--no-jobs", default=True, help="Work off jobs here (default), or in `worker`."
)
@pass_session
def serve(session: Session, workers: int, threads: int, jobs: bool) -> None:
    """Serve the API and the pages.

    Listens on HOST:PORT. Brings the database up to date first, and fills an empty catalogue
    with the starter one, except in production.
    """
    settings = session.settings
    if workers > 1 and settings.in_memory:
        raise SettingsError(
            "DATABASE_URL", "a store in memory is not shared by processes; serve with --workers 1."
        )
    _check_free(settings)
    together = _count_together() if workers > 1 else None
    if settings.traces_to:
        _traces()  # what is missing is said before there are processes
    _prepare(session.application)
    session.close()  # no connection crosses a fork
    _configure_logs(settings)
    if settings.exposed:
        session.screen.complain({"warning": EXPOSED}, EXPOSED)
    server = Server(settings, session, workers=workers, threads=threads, jobs=jobs)
    if together:
        server.options["on_exit"] = lambda _: rmtree(together, ignore_errors=True)
        server.load_config()
    server.run()


@click.command(cls=Command)
@pass_session
def worker(session: Session) -> None:
    """Work off jobs in the foreground.

    Sends mails and ends holds whose time is over, until it is stopped.
    """
    application = session.application
    _configure_logs(session.settings)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    session.screen.complain({"working": True}, "Working off jobs; stop with Ctrl-C.")
    _work(application, stop)


def _count_together() -> str | None:
    """Has the processes count in one directory, unless one is named; the new one is answered.

    Before the application is opened, because that imports what looks for it.
    """
    if os.environ.get(COUNTED_IN):
        return None
    os.environ[COUNTED_IN] = mkdtemp(prefix="booking-metrics-")
    return os.environ[COUNTED_IN]


def _prepare(application: Application) -> None:
    if application.schema.pending():
        application.schema.upgrade()
    if not application.settings.production and not application.core.list_builders():
        application.seed()


def _check_free(settings: Settings) -> None:
    """Raises SettingsError when somebody else listens there; gunicorn would only try for long."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                "PORT",
                f"cannot listen on {_bind(settings)}: {error.strerror}; give another PORT or HOST.",
            ) from error


def _bind(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _configure_logs(settings: Settings) -> None:
    logs.configure(level=settings.log_level, json=settings.log_format == "json")


def _work(application: Application, stop: Event) -> None:
    import_module("entrypoints.worker").run(application, stop)  # by name: doors do not import doors


def _traces() -> Any:
    """Raises SettingsError where what sends them is not installed."""
    try:
        return import_module("entrypoints.traces")
    except ImportError as missing:
        advice = f"traces need {missing.name}: install booking-service[traces]."
        raise SettingsError("OTEL_EXPORTER_OTLP_ENDPOINT", advice) from missing


class _Log(Logger):
    """gunicorn's log lines, in the form of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):
    """gunicorn, configured by our settings and by nothing else."""

    def __init__(
        self, settings: Settings, session: Session, *, workers: int, threads: int, jobs: bool
    ) -> None:
        self.settings, self.session, self.jobs = settings, session, jobs
        self.stop = Event()
        self.job_loop: Thread | None = None
        self.options = {
            "bind": _bind(settings),
            "worker_class": "gthread",
            "workers": workers,
            "threads": threads,
            "loglevel": "debug" if settings.log_level == "DEBUG" else "warning",
            "logger_class": _Log,
            "control_socket_disable": True,
            "graceful_timeout": 10,
            "when_ready": self._ready,
            "worker_exit": lambda _arbiter, _worker: self._stop_jobs(),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The web door, in a worker process: threads and connections begin after the fork."""
        from entrypoints.container import assemble

        application = assemble(self.settings)
        _prepare(application)  # what was prepared before the fork is gone when it was in memory
        if self.jobs:
            self.job_loop = Thread(target=_work, args=(application, self.stop), daemon=True)
            self.job_loop.start()
        app = application.web_app()
        if self.settings.traces_to:
            _traces().begin(application, app)
        return app

    def _stop_jobs(self) -> None:
        self.stop.set()
        if self.job_loop is not None:
            self.job_loop.join(_FAREWELL)

    def _ready(self, arbiter: Any) -> None:
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        url = http_url(host, port)
        lines = [("Serving on", url), ("API docs", f"{url}/api/docs"), ("Try", _next_step(url))]
        self.session.screen.answer({"url": url, "docs": f"{url}/api/docs"}, table(("", ""), lines))


def _next_step(url: str) -> str:
    elsewhere = "" if url == check_flow.DEFAULT_URL else f" --url {url}"
    return command(f"check-flow{elsewhere}")
