"""Which builder a page is about: one's own, or the one that an admin names."""

from __future__ import annotations

from flask import request

from booking_core import Actor, BookingCore, Builder, NotAllowed, Role


def named() -> str | None:
    """The builder that is asked for, by an admin."""
    return request.values.get("builder")


def found(core: BookingCore, viewer: Actor, refusal: str) -> Builder:
    """Its own where a builder asks, else the one that the address names.

    Clients are told `refusal`. Raises NotAllowed, NotFound.
    """
    if viewer.role is Role.CLIENT:
        raise NotAllowed(refusal)
    mine = str(viewer.id) if viewer.role is Role.BUILDER else ""
    return core.show_builder.own(name=named() or mine, actor=viewer)
