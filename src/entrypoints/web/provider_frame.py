"""The calendar provider's own page within ours, and what is scheduled there joined to `create` (E6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import render_template, request

from booking_core import (
    Actor,
    BookingCore,
    BookingError,
    Created,
    NotFound,
    Offer,
    ProviderFailed,
    SchedulingMode,
)
from entrypoints import problems
from entrypoints.web import errors, headers
from entrypoints.web.session_view import Place

if TYPE_CHECKING:
    from entrypoints.container import Application

_ADDRESS = re.compile(
    r"(https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]+)?)(?=[/?#]|$)", re.IGNORECASE
)


def applies(application: Application, offer: Offer) -> bool:
    """Whether the builder has its clients schedule there."""
    embeds = offer.builder.scheduling_mode is SchedulingMode.EMBED
    return embeds and not application.calendar.in_database


def show(
    application: Application,
    offer: Offer,
    place: Place,
    viewer: Actor,
    error: BookingError | None = None,
) -> Any:
    """Raises as the core does where there is no such page, or none for the viewer."""
    shown = errors.for_visitors(error) if error else None
    if _may_come(shown):
        page = render_template("provider_late.html", offer=offer, place=place)
    else:
        page = _framing(application, offer, place, viewer, shown)
    return (page, problems.of(shown).status, errors.when_to_retry(shown)) if shown else page


def _may_come(error: BookingError | None) -> bool:
    """Whether what was scheduled there may be read a moment later."""
    away = isinstance(error, NotFound) or getattr(error, "retryable", False)
    return away and "event" in request.form


def _framing(
    application: Application, offer: Offer, place: Place, viewer: Actor, error: BookingError | None
) -> str:
    link = application.core.offer_link(session_type_id=offer.session_type.id, actor=viewer)
    host = urlsplit(application.settings.public_url).hostname or ""
    headers.show_within(_origin(link.url))
    return render_template(
        "provider_frame.html",
        offer=offer,
        place=place,
        error=error,
        link=link.url,
        framed=_embedded(link.url, host),
    )


def join(core: BookingCore, offer: Offer, actor: Actor) -> Created:
    """What the page said was scheduled there; the core reads it back and believes nothing else."""
    return core.create_booking(
        event_uri=request.form.get("event", ""),
        invitee_uri=request.form.get("invitee") or None,
        session_type_id=offer.session_type.id,
        actor=actor,
    )


def _origin(url: str) -> str:
    """It goes into a header. Raises ProviderFailed."""
    found = _ADDRESS.match(url)
    if found is None:
        raise ProviderFailed("The scheduling page has no address on the web.", retryable=False)
    return found[1].lower()


def _embedded(url: str, host: str) -> str:
    """Without a domain the page tells the one around it nothing."""
    marks = urlencode({"embed_domain": host, "embed_type": "Inline"})
    return f"{url}{'&' if urlsplit(url).query else '?'}{marks}"
