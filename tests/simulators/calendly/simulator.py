"""The handle `sim`: makes the world, plays the people in it, and is asked for the books."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from attrs import define

from tests.simulators.calendly import moves
from tests.simulators.calendly.courier import Attempt
from tests.simulators.calendly.messages import tell_of_type
from tests.simulators.calendly.records import (
    NINE_TO_FIVE,
    Event,
    EventType,
    Invitee,
    NoShow,
    Organization,
    Plan,
    Role,
    Status,
    Subscription,
    Token,
    User,
    WeeklyHours,
)
from tests.simulators.calendly.uris import id_in
from tests.simulators.calendly.visits import submit, visit
from tests.simulators.calendly.world import Call, World


@define
class Simulator(World):
    """A Calendly without HTTP; `CalendlyServer` puts it on a port."""

    # ---- the world ---------------------------------------------------------------------------------

    def organization(self, name: str = "Example", plan: Plan = "standard") -> Organization:
        found = Organization(self.books.new_id(), name, plan, self.clock.now())
        self.books.organizations[found.id] = found
        return found

    def user(
        self,
        name: str,
        *,
        organization: Organization | None = None,
        role: Role = "owner",
        timezone: str = "UTC",
        locale: str = "en",
        hours: WeeklyHours = NINE_TO_FIVE,
    ) -> User:
        """Without an organization they get one of their own, on a paid plan."""
        slug = _slug(name)
        found = User(
            id=self.books.new_id(),
            membership_id=self.books.new_id(),
            schedule_id=self.books.new_id(),
            name=name,
            email=f"{slug}@example.test",
            slug=slug,
            timezone=timezone,
            organization=organization or self.organization(),
            role=role,
            locale=locale,
            hours=hours,
            created_at=self.clock.now(),
        )
        self.books.users[found.id] = found
        return found

    def token(self, user: User, scopes: Iterable[str] | None = None) -> str:
        """A personal access token; without scopes one from before there were any: it may all."""
        value = f"pat-{self.books.new_id()}"
        allowed = None if scopes is None else frozenset(scopes)
        self.books.tokens[value] = Token(value, user, allowed)
        return value

    def revoke(self, token: str) -> None:
        del self.books.tokens[token]

    def event_type(
        self, owner: User, name: str, *, hosts: Sequence[User] = (), **details: Any
    ) -> EventType:
        """`details` are the other fields of `EventType`."""
        now = self.clock.now()
        known = [each for each in self.books.event_types.values() if each.owner is owner]
        found = EventType(
            id=self.books.new_id(),
            name=name,
            slug=_slug(name),
            owner=owner,
            hosts=list(hosts) or [owner],
            created_at=now,
            updated_at=now,
            position=len(known),
            **details,
        )
        with self.lock:
            self.books.event_types[found.id] = found
            tell_of_type(self, "event_type.created", found)
        return found

    def change(self, event_type: EventType, **details: Any) -> None:
        """The host edits the event type."""
        with self.lock:
            for name, value in details.items():
                setattr(event_type, name, value)
            event_type.updated_at = self.clock.now()
            tell_of_type(self, "event_type.updated", event_type)

    def delete(self, event_type: EventType) -> None:
        """In the web app; it can still be read for the sake of old events."""
        with self.lock:
            event_type.active, event_type.deleted_at = False, self.clock.now()
            tell_of_type(self, "event_type.deleted", event_type)

    # ---- people ------------------------------------------------------------------------------------

    def book_at(
        self, url: str, start: datetime, name: str = "", email: str = "", **form: str
    ) -> Invitee:
        """Somebody opens a booking link, fills in the form (`a1`, `location`, …) and sends it."""
        filled = {"start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "name": name, "email": email}
        with self.lock:
            return submit(self, visit(self, url), filled | form)

    def cancel(
        self, invitee: Invitee, *, by: Literal["host", "invitee"], reason: str | None = None
    ) -> None:
        """At Calendly: by the host, for all who come; by an invitee, for themselves."""
        with self.lock:
            if by == "host":
                moves.cancel_by_host(self, invitee.event, invitee.event.hosts[0], reason)
            else:
                moves.cancel_by_invitee(self, invitee, reason)

    def reschedule(self, invitee: Invitee, start: datetime, reason: str | None = None) -> Invitee:
        """The invitee takes another time by their link."""
        with self.lock:
            return moves.reschedule(self, invitee, start, reason)

    def mark_no_show(self, invitee: Invitee) -> NoShow:
        """The host, in the web app."""
        with self.lock:
            return moves.mark_no_show(self, invitee)

    def undo_no_show(self, no_show: NoShow) -> None:
        with self.lock:
            moves.undo_no_show(self, no_show)

    def deliver(self) -> list[Attempt]:
        """The webhooks that are due are carried, now."""
        with self.lock:
            moves.bring_joining_links(self)
        return self.courier.deliver()

    # ---- the books ---------------------------------------------------------------------------------

    def events(self, status: Status | None = None) -> list[Event]:
        """What the provider believes, oldest first."""
        with self.lock:
            moves.bring_joining_links(self)
            known = list(self.books.events.values())
        return [each for each in known if status in (None, each.status)]

    def invitees(
        self, status: Status | None = None, *, tracked: str | None = None
    ) -> list[Invitee]:
        """`tracked`: only those with this text in one of their tracking fields."""
        with self.lock:
            known = list(self.books.invitees.values())
        return [
            each
            for each in known
            if status in (None, each.status)
            and (tracked is None or tracked in each.tracking.values())
        ]

    def event(self, uri: str) -> Event:
        return self.books.events[id_in(uri, "scheduled_events") or ""]

    def invitee(self, uri: str) -> Invitee:
        return self.books.invitees[id_in(uri, "invitees") or ""]

    def subscriptions(self) -> list[Subscription]:
        return list(self.books.subscriptions.values())

    def calls_to(self, method: str, path: str) -> list[Call]:
        return [each for each in self.calls if (each.method, each.path) == (method, path)]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
