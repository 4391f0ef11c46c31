"""The Flask application: blueprints by area, and what holds for every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_openapi3 import Info, OpenAPI
from werkzeug.exceptions import HTTPException

from booking_core import BookingError
from entrypoints.web import (
    bookings,
    catalogue,
    document,
    embedding,
    errors,
    figures,
    forms,
    headers,
    limits,
    operations,
    pages,
    people,
    provider,
    queries,
    requests,
    slots,
    trail,
    webhooks,
    words,
)

if TYPE_CHECKING:
    from entrypoints.container import Application

_BEARER = {"type": "http", "scheme": "bearer"}
_BOOKING = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Booking …"}


def create_app(application: Application) -> OpenAPI:
    """The WSGI application that serves `application`."""
    app = OpenAPI(
        __name__,
        info=Info(
            title="booking-core", version="1", description="Book people's time. Times are RFC 3339."
        ),
        security_schemes={"bearer": _BEARER, "booking": _BOOKING},
        openapi_extensions={"security": [{}, {"bearer": []}, {"booking": []}]},
        doc_prefix="/api",
        doc_url="/openapi.json",
        validation_error_status=422,
        validation_error_model=errors.ProblemBody,
        validation_error_callback=errors.invalid_fields,
        static_folder="static",
        static_url_path="/static",
    )
    app.url_map.merge_slashes = False  # an id that is empty names nothing, and nothing else
    app.config["MAX_CONTENT_LENGTH"] = requests.LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.before_request(requests.begin)
    limits.guard(app, application)
    app.before_request(requests.check)
    app.after_request(requests.end)
    app.after_request(requests.measuring(application.metrics))
    headers.guard(app, application.settings.public_url)
    app.teardown_request(requests.leave)
    app.register_error_handler(BookingError, errors.refused)
    app.register_error_handler(HTTPException, errors.http)
    app.register_error_handler(Exception, errors.unexpected)
    for area in (people, catalogue, slots, bookings, trail, provider, webhooks, operations):
        app.register_api(area.routes(application))
    words.speak(app, application)
    figures.add(app)
    own_pages = pages.routes(application)
    forms.guard(app, application, own_pages)
    app.register_blueprint(own_pages)
    app.register_blueprint(embedding.routes(application))
    if brought := getattr(application.payments, "pages", None):
        # A provider whose checkout is served here, and that tells us what happens there.
        # Its forms are not guarded: it is another site in all but its address, and knows no cookie.
        app.register_blueprint(brought(application.core.hear_payment_notice))
    document.complete(app)
    queries.guard(app)
    return app
