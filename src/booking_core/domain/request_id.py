"""The id of the request that is being served.

Whoever serves one says so with `serving`; jobs that are written meanwhile carry the id on, and are
done under it. So one id joins what the web, a job and the call to a provider have logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Of this thread or task; empty where no request is served. Threads that serve it too need a copy
#: of the context (`contextvars.copy_context`).
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")


@contextmanager
def serving(request_id: str) -> Iterator[None]:
    """The request with that id is being served until the block ends."""
    before = REQUEST_ID.set(request_id)
    try:
        yield
    finally:
        REQUEST_ID.reset(before)
