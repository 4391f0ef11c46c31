"""Plain pages, so that no link is dead: what there is, and what all pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request
from werkzeug.exceptions import abort

from booking_core import BookingError, Reckoning
from entrypoints import problems
from entrypoints.web import (
    account_pages,
    booking_pages,
    errors,
    figures,
    forms,
    profile_pages,
    schedule_pages,
    session_pages,
    words,
)
from entrypoints.web.cookies import Cookies

if TYPE_CHECKING:
    from entrypoints.container import Application

_SIGNING_IN = "pages.sign"  # what the endpoints of signing in begin with


def routes(application: Application) -> Blueprint:
    pages = Blueprint("pages", __name__, template_folder="templates")
    core, cookies = application.core, Cookies.of(application)

    pages.before_request(cookies.begin)
    pages.before_request(forms.from_elsewhere(application))
    pages.app_context_processor(_seen)

    @pages.app_template_filter("in_words")
    def in_words(reckoning: Reckoning) -> str:
        return application.client_words(words.language()).money(reckoning, figures.money)

    @pages.app_template_filter("reason")
    def reason(given: str) -> str:
        return application.client_words(words.language()).reason(given)

    @pages.errorhandler(BookingError)
    def refused(error: BookingError) -> tuple[str, int]:
        shown = errors.for_visitors(error)
        return render_template("refused.html", error=shown), problems.of(shown).status

    @pages.get("/")
    def marketplace() -> str:
        return render_template(
            "marketplace.html", cards=core.list_cards(actor=cookies.shopper), now=core.clock.now()
        )

    @pages.get("/b/<builder>")
    def builder_page(builder: str) -> str:
        card = core.list_cards.of(builder=builder, actor=cookies.shopper)
        return render_template("builder.html", card=card, now=core.clock.now())

    @pages.get("/problems/<slug>")
    def problem(slug: str) -> str:
        return render_template("problem.html", meaning=errors.meaning(slug) or abort(404))

    for area in (session_pages, booking_pages, account_pages, schedule_pages, profile_pages):
        area.add(pages, application, cookies)
    return pages


def _seen() -> dict[str, object]:
    """Who looks, where that is known, and where to come back to after signing in."""
    here = request.full_path.rstrip("?")
    leads_back = request.method == "GET" and not (request.endpoint or "").startswith(_SIGNING_IN)
    return {"viewer": g.get("viewer"), "here": here if leads_back else None}
