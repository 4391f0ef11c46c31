"""The token endpoint, in OAuth's shapes."""

from __future__ import annotations

from flask import Flask, Response, request

from tests.simulators.calendly.api.door import json_response, limited, served
from tests.simulators.calendly.limits import TOKEN_REQUESTS
from tests.simulators.calendly.oauth import InvalidGrant
from tests.simulators.calendly.world import World


def mount(world: World, app: Flask) -> None:
    @app.post("/oauth/token")
    def token() -> Response:
        return served(world, lambda: _token(world))


def _token(world: World) -> Response:
    form = request.form.to_dict()
    if not _is_the_app(world, form):
        denied = InvalidGrant("invalid_client", "Client authentication failed.")
        return json_response(denied.json(), 401)
    headers: dict[str, str] = {}
    if user := world.oauth.user_of(form):
        standing = world.limits.take(user.id, TOKEN_REQUESTS, world.clock.now())
        headers = standing.headers(long_reset=False)
        if standing.exceeded:
            return limited(headers)
    try:
        return json_response(world.oauth.grant(form), 200, headers)
    except InvalidGrant as invalid:
        return json_response(invalid.json(), 400, headers)


def _is_the_app(world: World, form: dict[str, str]) -> bool:
    """A web app by HTTP Basic, a native one by its id in the form."""
    login, oauth = request.authorization, world.oauth
    if login is None:
        return form.get("client_id") == oauth.client_id
    return (login.username, login.password) == (oauth.client_id, oauth.client_secret)
