"""Plain pages, so that no link is dead: what there is, and what all pages share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from babel import Locale
from babel.numbers import format_currency
from flask import Blueprint, g, render_template, request
from werkzeug.exceptions import abort

from booking_core import (
    Actor,
    BookingError,
    Language,
    Money,
    Reckoning,
    in_english,
    with_decimals,
    zone,
)
from entrypoints import problems, times
from entrypoints.web import account_pages, booking_pages, errors, reading, session_pages
from entrypoints.web.cookies import Cookies

if TYPE_CHECKING:
    from entrypoints.container import Application

_LOCALES = {Language.ENGLISH: "en_GB", Language.GERMAN: "de_DE"}
_MEMBER = Actor.client("anybody")
_SIGNING_IN = "pages.sign"  # what the endpoints of signing in begin with


def routes(application: Application) -> Blueprint:
    pages = Blueprint("pages", __name__, template_folder="templates")
    core, cookies = application.core, Cookies.of(application)

    pages.before_request(cookies.begin)
    pages.add_app_template_filter(in_english)
    pages.add_app_template_filter(times.rfc3339)
    pages.add_app_template_filter(_local, "local")
    pages.add_app_template_filter(_money, "money")
    pages.app_context_processor(_seen)

    @pages.app_template_filter("in_words")
    def in_words(reckoning: Reckoning) -> str:
        return application.in_words(reckoning, _money)

    @pages.errorhandler(BookingError)
    def refused(error: BookingError) -> tuple[str, int]:
        shown = errors.for_visitors(error)
        return render_template("refused.html", error=shown), problems.of(shown).status

    @pages.get("/")
    def marketplace() -> str:
        return render_template("marketplace.html", builders=core.list_builders())

    @pages.get("/b/<builder>")
    def builder_page(builder: str) -> str:
        for_members = core.list_session_types(builder=builder, actor=_MEMBER)
        for_all = core.list_session_types(builder=builder, actor=Actor.anonymous())
        return render_template(
            "builder.html",
            builder=core.show_builder(name=builder, actor=Actor.anonymous()),
            session_types=for_members if cookies.viewer.signed_in else for_all,
            for_members=for_members,
        )

    @pages.get("/problems/<slug>")
    def problem(slug: str) -> str:
        return render_template("problem.html", meaning=errors.meaning(slug) or abort(404))

    for area in (session_pages, booking_pages, account_pages):
        area.add(pages, application, cookies)
    return pages


def _seen() -> dict[str, object]:
    """Who looks, where that is known, and where to come back to after signing in."""
    here = request.full_path.rstrip("?")
    leads_back = request.method == "GET" and not (request.endpoint or "").startswith(_SIGNING_IN)
    return {"viewer": g.get("viewer"), "here": here if leads_back else None}


def _local(moment: datetime, timezone: str, form: str = "%A, %-d %B %Y, %H:%M") -> str:
    return moment.astimezone(zone(timezone)).strftime(form)


def _money(amount: Money) -> str:
    """As the reader's language writes it; the words of the pages are English so far."""
    locale = Locale.parse(_LOCALES[reading.language() or Language.ENGLISH])
    pattern = with_decimals(locale.currency_formats["standard"].pattern, amount.currency)
    return format_currency(
        amount.decimal(), amount.currency, pattern, locale, currency_digits=False
    )
