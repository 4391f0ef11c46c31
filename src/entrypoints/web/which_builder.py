"""Which builder a page is about: one's own, or the one that an admin names."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from booking_core import Actor, BookingCore, Builder, NotAllowed, Role
from entrypoints.web import forms


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


def asked_first(core: BookingCore, viewer: Actor, *, title: str, question: str) -> Any:
    """What is shown before the page: to sign in, or to an admin the builders; None where nothing is."""
    if not viewer.signed_in:
        return to_sign_in()
    if viewer.role is not Role.ADMIN or named():
        return None
    builders = core.list_builders(everyone_for=viewer)
    return render_template("whose.html", builders=builders, title=title, question=question)


def to_sign_in() -> Any:
    """And back to the page that was asked for."""
    return redirect(url_for("pages.sign_in", to=request.full_path.rstrip("?")), 303)


def signed_out() -> tuple[str, int]:
    """What was typed meanwhile is kept, to be sent again."""
    return render_template("signed_out.html", typed=forms.typed()), 401
