"""Which builder a page is about: one's own, or the one that an admin names; and who may send its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from booking_core import Actor, BookingCore, BookingError, Builder, NotAllowed, NotFound, Role
from entrypoints import problems
from entrypoints.web import forms
from entrypoints.web.cookies import Cookies


def named() -> str | None:
    """The builder that is asked for by an admin, or that a form is about."""
    return request.values.get("builder")


def in_addresses(builder: Builder, viewer: Actor) -> str | None:
    """What addresses of its pages name it by: its own need nothing, and its slug may change."""
    return None if viewer.role is Role.BUILDER else builder.id


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


def hold_back(pages: Blueprint, cookies: Cookies, **may_send: Callable[[], object]) -> None:
    """Forms for these endpoints come back, with all that was typed, to who may not send them.

    They are looked at before the token: it ended when somebody else signed in, or nobody is any more.
    """

    @pages.before_request
    def held_back() -> tuple[str, int] | None:
        check = may_send.get((request.endpoint or "").removeprefix("pages."))
        if request.method != "POST" or check is None:
            return None
        if not cookies.viewer.signed_in:
            return _waiting(), 401
        try:
            check()
        except (NotAllowed, NotFound) as refusal:
            return _waiting(refusal), problems.of(refusal).status
        return None


def _waiting(refusal: BookingError | None = None) -> str:
    """For somebody who may send it; then it counts at once."""
    forms.wait()
    return render_template("waiting.html", typed=forms.typed(), error=refusal)
