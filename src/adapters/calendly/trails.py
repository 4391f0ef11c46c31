"""Finds the places of a booking in Calendly's events, however they were moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from adapters.calendly.accounts import Accounts
from adapters.calendly.api import CalendlyApi
from adapters.calendly.records import Invitee, OfferedType, ScheduledEvent
from adapters.calendly.refusals import Refusal
from adapters.calendly.side_by_side import side_by_side
from adapters.calendly.uris import id_in, place_in
from booking_core import (
    Booking,
    CalendarEvent,
    ProviderFailed,
    Role,
    Slot,
    StandingEvent,
    usable_guests,
)

_MARGIN = timedelta(days=1)  # between our clock and Calendly's
_MOST_MOVES = 40
_SOON = timedelta(seconds=20)

_Ids = tuple[str, str]


@frozen
class Place:
    """One client in one event."""

    event: ScheduledEvent
    invitee: Invitee

    @property
    def ids(self) -> _Ids:
        return self.event.id, self.invitee.id

    @property
    def canceled(self) -> bool:
        return self.invitee.canceled or self.event.canceled

    @property
    def canceled_at(self) -> datetime | None:
        return self.invitee.canceled_at or self.event.canceled_at

    @property
    def canceler(self) -> str:
        return self.invitee.canceler or self.event.canceler

    @property
    def guests(self) -> tuple[str, ...] | None:
        """None in a group: they are the event's, and nothing says who of the clients brings them."""
        return None if self.event.group else usable_guests(self.event.guests, self.invitee.email)

    def ref(self, holder: str) -> CalendarEvent:
        event = self.event
        return CalendarEvent(holder, event.id, event.uri, self.invitee.uri, event.join_url)


class Trails:
    """What `CalendarProvider.events` tells, and what booking and removing look at first."""

    def __init__(self, api: CalendlyApi, accounts: Accounts) -> None:
        self._api, self._accounts = api, accounts
        self._round_robin: dict[str, bool] = {}

    def standing(self, booking: Booking) -> list[StandingEvent]:
        """Raises CalendlyError, ProviderFailed."""
        account = self._accounts.of_booking(booking)
        places = self._places(booking, account)
        before = _moves(places)
        _check_moves_are_told_whole(places, before)
        last = [place for place in places.values() if place.ids not in before.values()]
        return [
            StandingEvent(
                event=self.ref(place, account),
                slot=_slot(place.event, booking),
                cancelled=place.canceled,
                moved_from=_slot(was.event, booking) if was else None,
                tag=booking.tag,
                no_show=place.invitee.no_show_uri is not None,
                link_pending=place.event.link_pending,
                cancelled_at=place.canceled_at,
                moved_at=was.canceled_at if was else None,
                by=_by(place if place.canceled else was),
                replaces=tuple(each.invitee.uri for each in _walk_back(place, places, before)),
                move_url=place.invitee.reschedule_url,
                guests=place.guests,
            )
            for place in sorted(last, key=_oldest_first)
            for was in _earlier(place, places, before) or [None]
        ]

    def at(self, booking: Booking, slot: Slot, *, everywhere: bool = False) -> list[Place]:
        """Where the booking stands at `slot` now; more than one only after a mishap.

        With `everywhere`, raises Refusal where only a part of what may be its event can be seen.
        """
        account = self._accounts.of_booking(booking)
        places = self._places(booking, account, everywhere).values()
        there = [each for each in places if each.event.start == slot.start and not each.canceled]
        return sorted(there, key=_oldest_first)

    def ref(self, place: Place, account: str) -> CalendarEvent:
        return place.ref(self._accounts.holder(place.event, account))

    def learn(self, offered: OfferedType) -> None:
        """What has just been read of an event type: its host may make a team of it at any time."""
        self._round_robin[offered.id] = offered.round_robin

    def place(self, event_id: str, invitee_id: str) -> Place:
        return Place(self._api.scheduled_event(event_id), self._api.invitee(event_id, invitee_id))

    def places_in(self, events: Sequence[ScheduledEvent]) -> list[Place]:
        """Everybody in these events."""
        invitees = side_by_side(lambda event: self._api.invitees(event.id), events)
        return [
            Place(event, invitee)
            for event, among in zip(events, invitees, strict=True)
            for invitee in among
        ]

    def left(self, place: Place, known: Mapping[_Ids, Place]) -> tuple[str, ...]:
        """The URIs of the places that it was moved from, the latest first."""
        found: list[str] = []
        uri = place.invitee.old
        while uri is not None and uri not in found and len(found) < _MOST_MOVES:
            found.append(uri)
            ids = place_in(uri)
            earlier = known.get(ids) or self._linked(ids, must_be=False) if ids else None
            uri = earlier.invitee.old if earlier else None
        return tuple(found)

    # ---- finding -----------------------------------------------------------------------------------

    def _places(
        self, booking: Booking, account: str, everywhere: bool = False
    ) -> dict[_Ids, Place]:
        found = {place.ids: place for place in self._tagged(booking, account, everywhere)}
        if (own := self._own(booking, found)) is not None:
            found[own.ids] = own
        self._follow_moves(found)
        return found

    def _tagged(self, booking: Booking, account: str, everywhere: bool) -> list[Place]:
        earliest = booking.created_at - _MARGIN
        events = [
            event
            for event in self._events(booking, account, everywhere)
            if (event.group or event.created_at >= earliest) and _of_its_type(event, booking)
        ]
        return [each for each in self.places_in(events) if each.invitee.tag == booking.tag]

    def _events(self, booking: Booking, account: str, everywhere: bool) -> Sequence[ScheduledEvent]:
        after, email = booking.created_at - _MARGIN, booking.client.contact.email
        if self._is_round_robin(booking):  # any member may be its host
            try:
                return self._api.scheduled_events(
                    whose=self._accounts.all_of_us(), after=after, invitee_email=email
                )
            except Refusal as refused:
                if everywhere or not refused.forbidden:
                    raise
        return self._api.scheduled_events(
            whose=self._accounts.whose(account), after=after, invitee_email=email
        )

    def _is_round_robin(self, booking: Booking) -> bool:
        ref = booking.calendar_ref
        type_id = id_in(ref.event_type_uri, "event_types") if ref else None
        if type_id is None:
            return False
        if type_id not in self._round_robin:
            try:
                self._round_robin[type_id] = self._api.event_type(type_id).round_robin
            except Refusal as refused:
                if refused.status != 404:
                    raise
                return False
        return self._round_robin[type_id]

    def _own(self, booking: Booking, found: dict[_Ids, Place]) -> Place | None:
        """Where the booking says that it stands, if that is not among those already.

        One that is not there raises: with another account's token everything would seem to be
        gone, and would be booked again.
        """
        if booking.event is None:
            return None
        event_id = id_in(booking.event.event_uri, "scheduled_events")
        ids = place_in(booking.event.invitee_uri)
        if ids in found or event_id is None:
            return None
        if ids is not None:
            return self.place(*ids)
        if any(known == event_id for known, _ in found):
            return None
        invitees = self._api.invitees(event_id)
        return (
            Place(self._api.scheduled_event(event_id), invitees[0]) if len(invitees) == 1 else None
        )

    def _follow_moves(self, found: dict[_Ids, Place]) -> None:
        """An invitee who takes another time gets a new place, which need not have our tag."""
        waiting = list(found.values())
        while waiting and len(found) < _MOST_MOVES:
            invitee = waiting.pop().invitee
            for uri, must_be in ((invitee.new, True), (invitee.old, False)):
                ids = place_in(uri)
                if ids is None or ids in found:
                    continue
                place = self._linked(ids, must_be=must_be)
                if place is not None:
                    found[ids] = place
                    waiting.append(place)

    def _linked(self, ids: _Ids, *, must_be: bool) -> Place | None:
        try:
            return self.place(*ids)
        except Refusal as refused:
            if must_be or refused.status != 404:
                raise
            return None


def _of_its_type(event: ScheduledEvent, booking: Booking) -> bool:
    """Our tag can be put into any page's address; it says nothing about events of other types."""
    ref = booking.calendar_ref
    return ref is not None and event.event_type_uri == ref.event_type_uri


# ---- telling -------------------------------------------------------------------------------------


def _moves(places: dict[_Ids, Place]) -> dict[_Ids, _Ids]:
    """Each place that was moved to, with the one that it was moved from."""
    before: dict[_Ids, _Ids] = {}
    for place in places.values():
        old, new = place_in(place.invitee.old), place_in(place.invitee.new)
        if old in places:
            before[place.ids] = old
        if new in places:
            before[new] = place.ids
    return before


def _check_moves_are_told_whole(places: dict[_Ids, Place], before: dict[_Ids, _Ids]) -> None:
    """A place that was left for another one which is not there yet is neither standing nor cancelled."""
    for place in places.values():
        if place.invitee.rescheduled and place.ids not in before.values():
            raise ProviderFailed("Calendly is still moving the event.", retry_after=_SOON)


def _earlier(
    place: Place, places: dict[_Ids, Place], before: dict[_Ids, _Ids]
) -> Sequence[Place | None]:
    return list(_walk_back(place, places, before))[::-1]


def _walk_back(
    place: Place, places: dict[_Ids, Place], before: dict[_Ids, _Ids]
) -> Iterator[Place]:
    seen = {place.ids}
    ids = before.get(place.ids)
    while ids is not None and ids not in seen:
        seen.add(ids)
        yield places[ids]
        ids = before.get(ids)


def _oldest_first(place: Place) -> tuple[datetime, datetime, _Ids]:
    """By their starts, and every worker sees the same one first."""
    return place.event.start, place.event.created_at, place.ids


def _by(left: Place | None) -> Role | None:
    """Who left the place; older answers do not say it."""
    return {"host": Role.BUILDER, "invitee": Role.CLIENT}.get(left.canceler) if left else None


def _slot(event: ScheduledEvent, booking: Booking) -> Slot:
    """Where it stands. A slot of the booking's is known by its start: the length may have been
    changed at Calendly since it was agreed."""
    for slot in booking.slots():
        if slot.start == event.start:
            return slot
    return Slot(event.start, event.end)
