"""The HTTP side of Calendly: one file for each family of routes."""

from __future__ import annotations

from flask import Flask

from tests.simulators.calendly.api import (
    availability,
    event_types,
    invitees,
    links,
    oauth,
    pages,
    scheduled_events,
    users,
    webhooks,
)
from tests.simulators.calendly.api.door import Door, show_refusals
from tests.simulators.calendly.world import World


def calendly_app(world: World) -> Flask:
    app = Flask(__name__, template_folder="../templates")
    door = Door(world, app)
    families = (users, event_types, availability, scheduled_events, invitees, links, webhooks)
    for family in families:
        family.mount(door)
    oauth.mount(world, app)
    pages.mount(world, app)
    show_refusals(world, app)
    return app
