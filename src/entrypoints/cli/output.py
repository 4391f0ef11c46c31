"""Where answers go: tables and sentences on a terminal, one JSON document with `--json`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

import click
from attrs import define, frozen
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from booking_core import printable

_WIDE = 200
_UNESCAPED = re.compile(r"[\x7f-\x9f]")  # what JSON leaves as it is, and some terminals obey


@frozen
class _Printable:
    """What is drawn, without what would command the terminal: some of it was written by strangers."""

    drawn: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.drawn, options):
            text = segment.text if segment.control else printable(segment.text)
            yield Segment(text, segment.style, segment.control)


@define
class Screen:
    json: bool = False

    def answer(self, data: Any, *parts: RenderableType) -> None:
        """`data` with `--json`, else `parts`, one below the other."""
        self._tell(sys.stdout, data, parts)

    def complain(self, data: Any, *parts: RenderableType) -> None:
        """The same on stderr."""
        self._tell(sys.stderr, data, parts)

    def _tell(self, stream: TextIO, data: Any, parts: Sequence[RenderableType]) -> None:
        if self.json:
            click.echo(document(data), stream)
            return
        for part in parts:
            if isinstance(part, str):
                click.echo(printable(part), stream)  # as it is: what is copied must not be wrapped
            else:
                console(stream).print(_Printable(part))

    def working(self, what: str) -> AbstractContextManager[object]:
        """Shows that something takes a while; on terminals only."""
        terminal = console(sys.stderr)
        return terminal.status(what) if terminal.is_terminal and not self.json else nullcontext()


def document(data: Any) -> str:
    """The data as JSON, without what would command the terminal."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def console(stream: TextIO) -> Console:
    # Made when it is used, because the streams may be exchanged. What is no terminal has no edge.
    narrow = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        file=stream,
        width=None if narrow else _WIDE,
        markup=False,
        highlight=False,
        emoji=False,
    )


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str = ""
) -> Table:
    """Columns side by side, without lines; the last one wraps."""
    drawn = Table(
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="bold",
        title=f"{title}\n" if title else None,
        title_justify="left",
        title_style="",
        show_header=any(headers),
    )
    for header in headers[:-1]:
        drawn.add_column(header, no_wrap=True, overflow="ellipsis")
    drawn.add_column(headers[-1], overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return drawn


def dim(text: str) -> Text:
    return Text(text, style="dim")


def mark(ok: bool) -> Text:
    return Text("✓", style="green") if ok else Text("✗", style="red")
