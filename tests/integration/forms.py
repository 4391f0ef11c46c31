"""What a browser does with the forms of our pages."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_in(page: str) -> str:
    """What the page puts into its forms."""
    found = _FIELD.search(page)
    assert found, "The page has no form."
    return found[1]


class Browser(FlaskClient):
    """Sends each form of a page with the token that it was given for it."""

    def post(self, *args: Any, **options: Any) -> TestResponse:
        data = options.get("data", {})
        path = str(args[0])
        if isinstance(data, dict) and not path.startswith(("/api/", "http", "/simulated")):
            host = {
                name: value for name, value in options.get("headers", {}).items() if name == "Host"
            }
            options["data"] = {"csrf_token": self.token(host)} | data
        return super().post(*args, **options)

    def token(self, headers: dict[str, str] | None = None) -> str:
        return token_in(self.get("/signin", headers=headers).text)
