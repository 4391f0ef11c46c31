from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from adapters.calendly.account import BASE_URL, Account
from adapters.calendly.accounts import Accounts
from adapters.calendly.api import CalendlyApi
from adapters.calendly.modes import BookingMode
from adapters.calendly.notices import read_notice
from adapters.calendly.offers import event_type_of
from adapters.calendly.records import Invitee, OfferedType, ScheduledEvent
from adapters.calendly.refusals import CalendlyError, Refusal, Unreadable, told_as_failures
from adapters.calendly.subscriptions import Subscriptions
from adapters.calendly.times import LEAD, AvailableTimes
from adapters.calendly.told import record_of
from adapters.calendly.trails import Place, Trails
from adapters.calendly.uris import host_in, id_in, place_in
from adapters.calendly.wishes import SOURCE, answers_to, tracking_of, wish_of
from booking_core import (
    Booking,
    BookingId,
    Builder,
    CalendarEvent,
    CalendarNotice,
    CalendarNoticeReader,
    CalendarProvider,
    CalendarRef,
    Clock,
    EventRecord,
    EventType,
    Explanation,
    FieldError,
    Health,
    InvalidRequest,
    LinkNeeded,
    NotFound,
    NoticeSubscriptions,
    NotSetUp,
    OpenSlots,
    ProviderFailed,
    Reason,
    SchedulingLink,
    SessionType,
    Slot,
    SlotUnavailable,
    StandingEvent,
    Subscription,
    TimeWindow,
    UnitOfWork,
    UnitOfWorkFactory,
)

_MINUTE = timedelta(minutes=1)
_STRETCH = timedelta(days=30)
_LINK_LIFE = timedelta(days=90)
_SOON = timedelta(seconds=30)
_REASON = "Changed or cancelled through the booking service."  # the client is told
_log = logging.getLogger("booking.calendly")


class CalendlyCalendar(CalendarProvider, CalendarNoticeReader, NoticeSubscriptions):
    """Calendly as one token shows it: the judge of free slots, where direct bookings and those by link
    end up alike.

    Nothing is believed but what is read back, and nothing is booked before our tag was looked for:
    Calendly knows no idempotency keys.
    """

    in_database = False
    needs_event_type = True

    def __init__(
        self,
        api: CalendlyApi,
        account: Account,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        bound: bool = False,
    ) -> None:
        self._api, self._account, self._clock = api, account, clock
        self._accounts = Accounts(api, unit_of_work, bound=bound)
        self._times = AvailableTimes(api, clock)
        self._trails = Trails(api, self._accounts)
        self._mode = BookingMode(clock)
        self._subscriptions = Subscriptions(api, self._accounts, account.signing_keys)

    # ---- open slots --------------------------------------------------------------------------------

    def open_slots(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None = None,
    ) -> OpenSlots:
        with told_as_failures():
            found = self._times.between(_event_type_uri(session_type.calendar_ref), window)
        earliest, latest = self._bounds(session_type)
        last = window.end - session_type.duration
        return OpenSlots.at(
            {
                start: min(seats, session_type.capacity)
                for start, seats in found.items()
                if earliest <= start < latest and start <= last
            },
            session_type.rules,
        )

    def next_start(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        after: datetime,
        uow: UnitOfWork | None = None,
    ) -> datetime | None:
        uri = _event_type_uri(session_type.calendar_ref)
        earliest, latest = self._bounds(session_type)
        first = max(after, earliest)
        while first < latest:
            # Whole minutes, or nothing asked for as of now were ever found to be known.
            begins = first.replace(second=0, microsecond=0)
            window = TimeWindow(begins, begins + _STRETCH)
            with told_as_failures():
                found = self._times.between(uri, window)
            if starts := [start for start in found if first <= start < latest]:
                return starts[0]
            first = window.end
        return None

    def explain(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        start: datetime,
        ignoring: BookingId | None = None,
        uow: UnitOfWork | None = None,
    ) -> Explanation:
        """A booking that gives its place up still takes it at Calendly, where the new time is booked
        before the old one is given up: only its very start is open to it, what overlaps is busy."""
        uri = _event_type_uri(session_type.calendar_ref)
        if reasons := self._against(session_type, start):
            return Explanation(start, reasons, 0)
        window = TimeWindow(start, start + session_type.duration)
        with told_as_failures():
            seats = self._times.between(uri, window, fresh=True).get(window.start, 0)
            if not seats:
                self._times.forget_start(uri, window.start)
            if not seats and ignoring is not None and self._has(ignoring, builder, window):
                seats = 1
        if not seats:
            return Explanation(start, (Reason("busy", "Calendly does not offer this time."),), 0)
        return Explanation(start, (), min(seats, session_type.capacity))

    def _has(self, booking_id: BookingId, builder: Builder, window: TimeWindow) -> bool:
        """Whether that booking stands at exactly that start."""
        return any(
            place.invitee.tracking["utm_content"] == booking_id
            for place in self._placed(self._accounts.of_builder(builder), window)
            if place.event.start == window.start and not place.canceled
        )

    def _against(self, session_type: SessionType, start: datetime) -> tuple[Reason, ...]:
        earliest, latest = self._bounds(session_type)
        if start < self._clock.now():
            return (Reason("past", "The start lies in the past."),)
        if start < max(earliest, self._clock.now() + LEAD):
            return (Reason("notice", "The start is too soon for the notice of this session."),)
        if start >= latest:
            return (Reason("horizon", "The start is too far ahead to be booked now."),)
        return ()

    def _bounds(self, session_type: SessionType) -> tuple[datetime, datetime]:
        now = self._clock.now()
        return now + session_type.minimum_notice, now + session_type.horizon

    # ---- booking -----------------------------------------------------------------------------------

    def ensure_booked(self, *, booking: Booking, slot: Slot) -> CalendarEvent:
        with told_as_failures():
            account, offered = self._accounts.of_booking(booking), self._offered(booking)
            for place in self._looked_up(booking, slot, offered):
                return self._trails.ref(place, account)
            if offered is None or not offered.active:
                raise _refused()
            if offered.minutes * _MINUTE != slot.length:
                _log.warning("event type %s lasts %d minutes now", offered.id, offered.minutes)
            wish = wish_of(booking, slot.start, offered)
            self._mode.take(account)
            try:
                invitee = self._api.book(wish)
            except CalendlyError as error:
                return self._booked_all_the_same(booking, slot, account, error)
            finally:
                self._times.forget()
            return self._read_back(booking, slot, account, invitee)

    def _looked_up(self, booking: Booking, slot: Slot, offered: OfferedType | None) -> list[Place]:
        """Raises LinkNeeded where our event may stand unseen: it would be booked twice."""
        if offered is not None:
            self._trails.learn(offered)
        try:
            return self._trails.at(booking, slot, everywhere=True)
        except Refusal as refused:
            if not (refused.forbidden and offered is not None and offered.round_robin):
                raise
            if places := self._trails.at(booking, slot):
                return places
            message = "Our token does not see the events of the whole team; use the link."
            raise LinkNeeded(message, lasting=False) from refused

    def _offered(self, booking: Booking) -> OfferedType | None:
        """The event type as it is now, if it still is: its host may change it at any time."""
        uri = _event_type_uri(booking.calendar_ref)
        try:
            return self._api.event_type(id_in(uri, "event_types") or "")
        except Refusal as refused:
            if refused.status == 404:
                return None
            raise

    def _booked_all_the_same(
        self, booking: Booking, slot: Slot, account: str, error: CalendlyError
    ) -> CalendarEvent:
        """Looks before it believes: a lost answer may hide our event, and so may a taken slot."""
        refused = isinstance(error, Refusal) and error.status in (400, 409, 422)
        if refused or error.outcome_unknown:
            for place in self._trails.at(booking, slot):
                return self._trails.ref(place, account)
        if isinstance(error, Refusal) and (link := self._mode.refused(account, error)):
            raise link from error
        if isinstance(error, Refusal) and self._is_taken(booking, slot, error):
            message = "The calendar has something else at that time."
            raise SlotUnavailable("busy", message) from error
        if isinstance(error, Refusal) and error.status in (400, 404, 422):
            _log.error("booking %s is refused by Calendly: %s", booking.id, error.reason)
            raise _refused() from error
        if error.outcome_unknown:
            message = "It is not known yet whether Calendly booked this; it is looked up again."
            raise ProviderFailed(message, retry_after=_SOON) from error
        raise error

    def _is_taken(self, booking: Booking, slot: Slot, refused: Refusal) -> bool:
        """Where the refusal does not say what it is about, the open times do."""
        if refused.slot_taken or refused.status != 400 or refused.details:
            return refused.slot_taken
        window = TimeWindow(slot.start, slot.end)
        uri = _event_type_uri(booking.calendar_ref)
        return slot.start not in self._times.between(uri, window, fresh=True)

    def _read_back(
        self, booking: Booking, slot: Slot, account: str, invitee: Invitee
    ) -> CalendarEvent:
        """Unknown fields are ignored there, so a 2xx alone does not say what was understood."""
        if invitee.tag != booking.tag:
            _log.error("Calendly did not keep the tracking of booking %s", booking.id)
        try:
            event = self._api.scheduled_event(invitee.event_id)
        except CalendlyError as error:
            _log.warning("the event of booking %s is read later: %s", booking.id, error)
            return CalendarEvent(account, invitee.event_id, invitee.event_uri, invitee.uri)
        if event.start != slot.start:
            raise ProviderFailed("Calendly booked another time than it was asked for.")
        place, asked = Place(event, invitee), len(booking.details.guests)
        if place.guests is not None and (came := len(place.guests)) < asked:
            message = "Calendly invited %d of the %d guests of booking %s"
            _log.error(message, came, asked, booking.id)
        return self._trails.ref(place, account)

    def ensure_absent(
        self, *, booking: Booking, slot: Slot, only: CalendarEvent | None = None
    ) -> None:
        with told_as_failures():
            places = [
                each
                for each in self._trails.at(booking, slot)
                if only is None or only.place in (each.invitee.uri, each.event.uri)
            ]
            try:
                for place in places:
                    self._check_nobody_else(place, places)
                    self._cancel(place)
            finally:
                self._times.forget()

    def _check_nobody_else(self, place: Place, ours: Sequence[Place]) -> None:
        """Only whole events can be cancelled by the API."""
        if not place.event.group:
            return
        known = {each.invitee.uri for each in ours}
        others = self._api.invitees(place.event.id)
        if any(not each.canceled and each.uri not in known for each in others):
            message = (
                "Other clients come to the same event, and Calendly can only cancel it for all; take"
                f" this client out of it at {place.invitee.cancel_url}"
            )
            raise ProviderFailed(message, retryable=False)

    def _cancel(self, place: Place) -> None:
        if place.event.start <= self._clock.now():
            return
        try:
            self._ask_to_cancel(place.event.id)
        except CalendlyError as error:
            if not (error.outcome_unknown or isinstance(error, Refusal)):
                raise
            # Several refusals look alike: it was cancelled before, it is over, or we may not.
            event = self._api.scheduled_event(place.event.id)
            if not event.canceled and event.start > self._clock.now():
                raise

    def _ask_to_cancel(self, event_id: str) -> None:
        try:
            self._api.cancel(event_id, reason=_REASON)
        except Refusal as refused:
            if refused.status != 400:
                raise
            self._api.cancel(event_id, reason=None)  # some accounts refuse any reason
            if not self._api.scheduled_event(event_id).canceled:
                raise Unreadable("a cancellation that cancelled nothing") from refused

    def scheduling_link(
        self, *, builder: Builder, session_type: SessionType, booking: Booking | None
    ) -> SchedulingLink:
        if booking is None:
            return self._public(session_type)
        uri = _event_type_uri(booking.calendar_ref or session_type.calendar_ref)
        marks = {name: mark for name, mark in tracking_of(booking).items() if mark}
        with told_as_failures():
            url = self._api.scheduling_link(uri)
            filled = self._filled_in(booking, uri) | marks
        return SchedulingLink(_with(url, filled), self._clock.now() + _LINK_LIFE, marks)

    def _public(self, session_type: SessionType) -> SchedulingLink:
        """What is booked there comes back with `create`, or by a notice."""
        uri = _event_type_uri(session_type.calendar_ref)
        marks = {"utm_source": SOURCE}
        with told_as_failures():
            offered = self._api.event_type(id_in(uri, "event_types") or "")
        return SchedulingLink(_with(offered.scheduling_url, marks), tracking=marks)

    def _filled_in(self, booking: Booking, event_type_uri: str) -> dict[str, str]:
        contact = booking.client.contact
        filled = {"name": contact.name, "email": contact.email}
        if booking.details.guests:
            filled["guests"] = ",".join(booking.details.guests)
        if booking.details.answers:
            offered = self._api.event_type(id_in(event_type_uri, "event_types") or "")
            for asked, text in answers_to(booking, offered):
                filled[f"a{asked.position + 1}"] = text  # the page counts from one
        return filled

    # ---- what stands -------------------------------------------------------------------------------

    def events(self, *, booking: Booking) -> Sequence[StandingEvent]:
        with told_as_failures():
            return self._trails.standing(booking)

    def find(self, *, event_uri: str, invitee_uri: str | None = None) -> EventRecord:
        self._check_host(event_uri, "/calendlyEventUri")
        self._check_host(invitee_uri, "/calendlyInviteeUri")
        event_id = id_in(event_uri, "scheduled_events")
        ids = place_in(invitee_uri)
        named = invitee_uri is not None
        if event_id is None or (named and (ids is None or ids[0] != event_id)):
            raise NotFound("event in the calendar")
        with told_as_failures():
            try:
                place = self._place(event_id, ids[1] if ids else None)
            except Refusal as refused:
                hidden = refused.forbidden and not refused.lacking_scopes
                if refused.status == 404 or hidden:
                    raise NotFound("event in the calendar") from refused
                raise
            left = self._trails.left(place, {})
            holder = self._accounts.holder(place.event, self._accounts.me().uri)
        # Only now: who names events that are not there is not to cost us what is kept.
        self._times.forget()
        try:
            return record_of(place, holder, left)
        except InvalidRequest as unusable:
            message = "Calendly knows no address of this client that could be written to."
            raise ProviderFailed(message, retryable=False) from unusable

    def _check_host(self, uri: str | None, pointer: str) -> None:
        """Raises InvalidRequest for another's address; only the id of one is ever used."""
        host = host_in(uri)
        if host not in (None, host_in(BASE_URL), host_in(self._account.base_url)):
            message = f"This is no address of Calendly's; they begin with {BASE_URL}/."
            raise InvalidRequest(message, [FieldError(pointer, message)])

    def _place(self, event_id: str, invitee_id: str | None) -> Place:
        if invitee_id is not None:
            return self._trails.place(event_id, invitee_id)
        among = self._api.invitees(event_id)
        coming = [each for each in among if not each.canceled] or among
        if len(coming) != 1:
            raise NotFound("event with one client in the calendar")
        return Place(self._api.scheduled_event(event_id), coming[0])

    def records(self, *, builder: Builder, window: TimeWindow) -> Sequence[EventRecord]:
        with told_as_failures():
            account = self._accounts.of_builder(builder)
            among = [*self._placed(account, window), *self._pooled(account, window)]
            places = {place.ids: place for place in among}
            return list(self._records(account, places))

    def _records(
        self, account: str, places: Mapping[tuple[str, str], Place]
    ) -> Iterator[EventRecord]:
        for place in places.values():
            left = self._trails.left(place, places)
            try:
                yield record_of(place, self._accounts.holder(place.event, account), left)
            except InvalidRequest:
                _log.warning("invitee %s has no usable address, left out", place.invitee.id)

    def _placed(self, account: str, window: TimeWindow) -> list[Place]:
        """Everybody in every event of the account that starts within the window."""
        return self._trails.places_in(self._events(self._accounts.whose(account), window))

    def _events(self, whose: Mapping[str, str], window: TimeWindow) -> list[ScheduledEvent]:
        found = self._api.scheduled_events(
            whose=whose,
            after=window.start - timedelta(seconds=1),  # the edges are out
            before=window.end,
        )
        return [each for each in found if window.start <= each.start < window.end]

    def _pooled(self, account: str, window: TimeWindow) -> list[Place]:
        """What other members hold of the account's round-robin types."""
        offered = self._api.event_types(whose=self._accounts.whose(account))
        pooled = {each.uri for each in offered if each.round_robin}
        if not pooled:
            return []
        try:
            events = self._events(self._accounts.all_of_us(), window)
        except Refusal as refused:
            if not refused.forbidden:
                raise
            _log.warning("the events of other members of the organization may not be seen")
            return []
        others = (each for each in events if account not in each.hosts)
        return self._trails.places_in([each for each in others if each.event_type_uri in pooled])

    def event_types(self, *, builder: Builder) -> Sequence[EventType]:
        with told_as_failures():
            whose = self._accounts.whose(self._accounts.of_builder(builder))
            found = [each for each in self._api.event_types(whose=whose) if each.lasting]
            seats = self._seats([each.uri for each in found if each.group and each.active], whose)
            return list(_offers(found, seats))

    def _seats(self, groups: Sequence[str], whose: Mapping[str, str]) -> dict[str, int]:
        """The size of groups is told by their events, and by what an open time without one has left."""
        if not groups:
            return {}
        now = self._clock.now().replace(second=0, microsecond=0)
        window = TimeWindow(now, now + _STRETCH)
        told: dict[str, list[int]] = {uri: [] for uri in groups}
        for event in self._events(whose, window):
            if event.event_type_uri in told and event.limit is not None:
                told[event.event_type_uri].append(event.limit)
        for uri, seats in told.items():
            seats += self._times.between(uri, window).values()
        return {uri: max(seats) for uri, seats in told.items() if seats}

    # ---- who did not come --------------------------------------------------------------------------

    def mark_no_show(self, *, booking: Booking) -> None:
        with told_as_failures():
            invitee = self._invitee(booking)
            if invitee.no_show_uri is not None:
                return
            try:
                self._api.mark_no_show(invitee.uri)
            except CalendlyError:  # what a second mark is answered with is not known
                if self._api.invitee(invitee.event_id, invitee.id).no_show_uri is None:
                    raise

    def undo_no_show(self, *, booking: Booking) -> None:
        with told_as_failures():
            no_show_id = id_in(self._invitee(booking).no_show_uri, "invitee_no_shows")
            if no_show_id is None:
                return
            try:
                self._api.undo_no_show(no_show_id)
            except Refusal as refused:
                if refused.status != 404:
                    raise

    def _invitee(self, booking: Booking) -> Invitee:
        ids = place_in(booking.event.invitee_uri) if booking.event else None
        if ids is not None:
            return self._api.invitee(*ids)
        for slot in booking.slots():
            for place in self._trails.at(booking, slot):
                return place.invitee
        raise ProviderFailed("This booking has no event at Calendly.", retryable=False)

    # ---- notices -----------------------------------------------------------------------------------

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> CalendarNotice | None:
        return read_notice(body, headers, self._account.signing_keys, self._clock.now())

    def subscriptions(self) -> Sequence[Subscription]:
        with told_as_failures():
            return self._subscriptions.all()

    def subscribe(self, *, url: str) -> Subscription:
        with told_as_failures():
            return self._subscriptions.subscribe(url)

    def unsubscribe(self, *, uri: str) -> bool:
        with told_as_failures():
            return self._subscriptions.unsubscribe(uri)

    def tells_of(self, other: CalendlyCalendar) -> bool:
        """Whether our subscription brings the notices of the other token's owner as well."""
        ours, theirs = self._accounts.me(), other._accounts.me()
        return ours.organization == theirs.organization and self._subscriptions.wide()

    # ---- how it is ---------------------------------------------------------------------------------

    def health(self) -> Health:
        try:
            with told_as_failures():
                me = self._api.me()
        except ProviderFailed as failed:
            return Health(False, failed.message)
        wanted = self._account.username.rstrip("/").rpartition("/")[2].casefold()
        if wanted and wanted not in (me.slug.casefold(), me.email.casefold()):
            return Health(False, f"The token is that of {me.slug}; look at CALENDLY_USERNAME.")
        return Health(True, f"Calendly answers as {me.slug}; {self._mode.described()}")


def _with(url: str, fields: Mapping[str, str]) -> str:
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}{urlencode(fields, quote_via=quote)}"


def _event_type_uri(ref: CalendarRef | None) -> str:
    if ref is None or id_in(ref.event_type_uri, "event_types") is None:
        raise NotSetUp(
            "This session type names no event type of Calendly: name one, or deactivate it."
        )
    return ref.event_type_uri


def _offers(found: Sequence[OfferedType], seats: Mapping[str, int]) -> Iterator[EventType]:
    for each in found:
        try:
            yield event_type_of(each, seats.get(each.uri) if each.group else 1)
        except InvalidRequest as unusable:
            _log.error("event type %s cannot be taken over: %s", each.id, unusable.message)


def _refused() -> SlotUnavailable:
    message = "The builder's calendar does not accept this booking; choose another session or ask."
    return SlotUnavailable("refused", message)
