"""Another site that embeds our pages, at `localhost` where we are at 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from attrs import frozen

from booking_core import Actor
from tests.integration.browser.visitor import Site

#: Its page embeds ours, and writes down what it is told.
HOST = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>A school</title><body style="font: 1rem sans-serif; margin: 1rem">
<h1>A school</h1><script>
  const heard = [];
  for (const name of ["booking.ready", "slot.selected", "booking.confirmed", "booking.cancelled"])
    addEventListener(name, (event) => heard.push([name, event.detail]));
</script>{body}<p>Below it</p></html>"""


@frozen
class School:
    """Shows what it is given, each at an address of its own."""

    url: str
    pages: dict[str, str]

    def page(self, body: str) -> str:
        path = f"/{len(self.pages)}"
        self.pages[path] = HOST.replace("{body}", body)
        return self.url + path


@contextmanager
def open_school() -> Iterator[School]:
    pages: dict[str, str] = {}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield School(f"http://localhost:{server.server_port}", pages)
    server.shutdown()
    thread.join()
    server.server_close()


def tag(site: Site, **data: str) -> str:
    """What a page embeds ours with, and the link within it."""
    marks = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    link = f'<a href="{site.url}/b/{data["booking"]}">Our times</a>'
    return f'<div id="here" {marks}>{link}</div><script src="{site.url}/embed.js"></script>'


def allow(site: Site, *sites: str) -> None:
    """Lets those embed the pages of the demo builder, and no others."""
    core, system = site.application.core, Actor.system()
    builder = core.show_builder(name="demo", actor=system)
    core.change_builder(builder_id=builder.id, changes={"embed_sites": sites}, actor=system)
