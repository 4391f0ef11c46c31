"""A service for browsers: the real one, on a free port of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from dependency_injector import providers
from werkzeug.serving import make_server

from booking_core import Clock
from entrypoints import worker
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.integration.browser.visitor import Site

IN_MEMORY = {"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR", "BOOKING_MAILER": "memory"}


@contextmanager
def serving(
    settings: Mapping[str, str], *, clock: Clock | None = None, works: bool = True
) -> Iterator[Site]:
    """Its worker beside it, where it `works`; by another clock than the machine's, where one is given."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    own = {"PUBLIC_URL": url, "PORT": str(server.server_port)}
    container = Container(settings=Settings.load({**settings, **own}))
    if clock:
        container.clock.override(providers.Object(clock))
    application = container.application()
    application.schema.upgrade()
    server.app = application.web_app()
    stop = Event()
    threads = [Thread(target=server.serve_forever)]
    if works:
        threads.append(Thread(target=worker.run, args=(application, stop)))
    for thread in threads:
        thread.start()
    yield Site(url, application)
    stop.set()
    server.shutdown()
    for thread in threads:
        thread.join()
    server.server_close()
    application.close()
