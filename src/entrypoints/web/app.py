"""The Flask application: blueprints by area, and what holds for every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect
from flask_openapi3 import Info, OpenAPI
from werkzeug.exceptions import HTTPException

from booking_core import BookingError
from entrypoints.web import (
    bookings,
    catalogue,
    errors,
    operations,
    pages,
    provider,
    requests,
    slots,
    webhooks,
)

if TYPE_CHECKING:
    from entrypoints.container import Application

_BEARER = {"type": "http", "scheme": "bearer"}
_BOOKING = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Booking …"}
_PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
_REFUSED = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": _PROBLEM},
}
_REPEATABLE = ("/api/scheduling/", "/api/admin/")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A repeat under the same key, with the same body, gets the same answer.",
    "schema": {"type": "string", "maxLength": 255},
}


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
    app.config["MAX_CONTENT_LENGTH"] = requests.LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.before_request(requests.begin)
    app.after_request(requests.end)
    app.register_error_handler(BookingError, errors.refused)
    app.register_error_handler(HTTPException, errors.http)
    app.register_error_handler(Exception, errors.unexpected)
    for area in (catalogue, slots, bookings, provider, webhooks, operations):
        app.register_api(area.routes(application))
    app.register_blueprint(pages.routes(application))
    if brought := getattr(application.payments, "pages", None):
        # A provider whose checkout is served here, and that tells us what happens there.
        app.register_blueprint(brought(application.core.hear_payment_notice))
    _document(app)
    return app


def _document(app: OpenAPI) -> None:
    """Swagger UI at `/api/docs`, from its own files and without asking its makers' validator."""
    app.config["SWAGGER_CONFIG"] = {"layout": "BaseLayout", "validatorUrl": None}
    app.add_url_rule("/api/docs", "docs", app.view_functions["swagger.swagger"])
    app.view_functions["openapi.openapi"] = lambda: redirect("/api/docs")
    for path, item in app.api_doc["paths"].items():
        for method, operation in item.items():
            done = {code: each for code, each in operation["responses"].items() if code[0] == "2"}
            operation["responses"] = done | {"default": _REFUSED}
            if method == "post" and path.startswith(_REPEATABLE):
                operation.setdefault("parameters", []).append(_KEY)
