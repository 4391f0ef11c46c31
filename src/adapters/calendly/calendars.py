"""Calendly by every token that there is: the service's, and those of the accounts that builders bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock

from adapters.calendly.account import Account
from adapters.calendly.accounts import account_begun_for
from adapters.calendly.api import CalendlyApi
from adapters.calendly.calendar import CalendlyCalendar
from adapters.calendly.offers import one_line
from adapters.calendly.refusals import CalendlyError, NoCredentials, Refusal, told_as_failures
from adapters.calendly.side_by_side import side_by_side
from adapters.calendly.tokens import BoundToken, LostToken, Tokens, is_token
from booking_core import (
    Booking,
    BookingId,
    Builder,
    BuilderId,
    CalendarAccount,
    CalendarAccounts,
    CalendarBinding,
    CalendarEvent,
    CalendarNotice,
    CalendarNoticeReader,
    CalendarProvider,
    Clock,
    EventRecord,
    EventType,
    Explanation,
    FieldError,
    Health,
    InvalidRequest,
    NotFound,
    NoticeSubscriptions,
    OpenSlots,
    ProviderFailed,
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

_Looked = EventRecord | NotFound | ProviderFailed

_REPLACED = "The builder has another calendar account since this booking was begun."
_NO_TOKEN = (
    "Calendly does not take this token; make a personal access token there under Integrations, API"
    " and webhooks, and give it whole."
)


class CalendlyCalendars(
    CalendarProvider, CalendarNoticeReader, NoticeSubscriptions, CalendarAccounts
):
    """Asks about a builder's account with the token that it bound, else with the service's.

    To every token belongs a `CalendlyCalendar`, which has its own limits, modes and kept times.
    Which token that is, is read anew for each call: other processes bind and unbind too.
    """

    in_database = False
    needs_event_type = True

    def __init__(
        self, api: CalendlyApi, account: Account, unit_of_work: UnitOfWorkFactory, clock: Clock
    ) -> None:
        self._api, self._account = api, account
        self._unit_of_work, self._clock = unit_of_work, clock
        self._service = CalendlyCalendar(api, account, unit_of_work, clock)
        self._bound: dict[BuilderId, tuple[Tokens, CalendlyCalendar]] = {}
        self._lock = Lock()

    # ---- by whose token ----------------------------------------------------------------------------

    def _of_builder(self, builder: Builder) -> CalendlyCalendar:
        if builder.calendar_account is None:
            return self._service
        with self._unit_of_work(write=False) as uow:
            return self._of_account(uow, builder.id, builder.calendar_account)

    def _of_booking(self, booking: Booking) -> CalendlyCalendar:
        """By the account that holds its event; before there is one, by the one that it was begun for.

        Only the token of its own builder counts: what one does with its account is no matter of others.
        """
        with self._unit_of_work(write=False) as uow:
            if booking.event is not None:
                return self._of_account(uow, booking.builder_id, booking.event.account)
            if (account := account_begun_for(booking)) is not None:
                return self._of_account(uow, booking.builder_id, account)
            try:
                builder = uow.builders.get(booking.builder_id)
            except NotFound:
                return self._service
            return self._of_account(uow, builder.id, builder.calendar_account)

    def _of_account(
        self, uow: UnitOfWork, builder_id: BuilderId, account: str | None
    ) -> CalendlyCalendar:
        binding = uow.calendar_bindings.of_builder(builder_id)
        if binding is not None and binding.account == account:
            return self._by(binding)
        if binding is None:
            with self._lock:
                self._bound.pop(builder_id, None)
        return self._service

    def _by(self, binding: CalendarBinding) -> CalendlyCalendar:
        tokens = LostToken() if binding.token is None else BoundToken(binding.token)
        with self._lock:
            before, known = self._bound.get(binding.builder_id, (None, None))
            if known is None or tokens != before:
                known = self._connected(tokens)
                self._bound[binding.builder_id] = tokens, known
            return known

    def _connected(self, tokens: Tokens) -> CalendlyCalendar:
        api = self._api.with_tokens(tokens)
        return CalendlyCalendar(api, self._account, self._unit_of_work, self._clock, bound=True)

    def _all_bound(self) -> dict[BuilderId, CalendlyCalendar]:
        with self._unit_of_work(write=False) as uow:
            bindings = uow.calendar_bindings.all()
        return {each.builder_id: self._by(each) for each in bindings}

    # ---- accounts of builders ----------------------------------------------------------------------

    def account_of(self, *, token: str) -> CalendarAccount:
        if not is_token(token):
            raise _refused(_NO_TOKEN)
        with told_as_failures():
            try:
                me = self._api.with_tokens(BoundToken(token)).me()
            except Refusal as refusal:
                if refusal.status == 401:
                    raise _refused(_NO_TOKEN) from refusal
                if refusal.lacking_scopes:
                    scopes = ", ".join(refusal.lacking_scopes)
                    message = f"This token lacks the scope {scopes}; make one that has it."
                    raise _refused(message) from refusal
                raise
        return CalendarAccount(me.uri, one_line(me.name) or me.slug)

    def notices(self) -> Mapping[BuilderId, NoticeSubscriptions]:
        return {
            builder_id: calendar
            for builder_id, calendar in self._all_bound().items()
            if not self._told_of(calendar)
        }

    def notices_of(self, builder_id: BuilderId) -> NoticeSubscriptions | None:
        with self._unit_of_work(write=False) as uow:
            binding = uow.calendar_bindings.of_builder(builder_id)
        return None if binding is None else self._by(binding)

    def _told_of(self, calendar: CalendlyCalendar) -> bool:
        try:
            return self._service.tells_of(calendar)
        except CalendlyError:  # whoever asks for its subscriptions is told
            return False

    # ---- by the builder's --------------------------------------------------------------------------

    def open_slots(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None = None,
    ) -> OpenSlots:
        return self._of_builder(builder).open_slots(
            builder=builder, session_type=session_type, window=window
        )

    def next_start(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        after: datetime,
        uow: UnitOfWork | None = None,
    ) -> datetime | None:
        return self._of_builder(builder).next_start(
            builder=builder, session_type=session_type, after=after
        )

    def explain(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        start: datetime,
        ignoring: BookingId | None = None,
        uow: UnitOfWork | None = None,
    ) -> Explanation:
        return self._of_builder(builder).explain(
            builder=builder, session_type=session_type, start=start, ignoring=ignoring
        )

    def scheduling_link(
        self, *, builder: Builder, session_type: SessionType, booking: Booking | None
    ) -> SchedulingLink:
        calendar = self._of_booking(booking) if booking else self._of_builder(builder)
        return calendar.scheduling_link(builder=builder, session_type=session_type, booking=booking)

    def records(self, *, builder: Builder, window: TimeWindow) -> Sequence[EventRecord]:
        """Of a team a bound account shows the sessions of others too, who may be builders here."""
        calendar = self._of_builder(builder)
        found = calendar.records(builder=builder, window=window)
        if calendar is self._service:
            return found
        with self._unit_of_work(write=False) as uow:
            return _of_its_own(uow, builder.id, found)

    def event_types(self, *, builder: Builder) -> Sequence[EventType]:
        return self._of_builder(builder).event_types(builder=builder)

    # ---- by that of the booking's account ----------------------------------------------------------

    def ensure_booked(self, *, booking: Booking, slot: Slot) -> CalendarEvent:
        try:
            return self._of_booking(booking).ensure_booked(booking=booking, slot=slot)
        except ProviderFailed as failed:
            if self._is_out_of_reach(booking, failed):
                raise SlotUnavailable("refused", _REPLACED) from failed
            raise

    def ensure_absent(
        self, *, booking: Booking, slot: Slot, only: CalendarEvent | None = None
    ) -> None:
        self._of_booking(booking).ensure_absent(booking=booking, slot=slot, only=only)

    def events(self, *, booking: Booking) -> Sequence[StandingEvent]:
        try:
            return self._of_booking(booking).events(booking=booking)
        except ProviderFailed as failed:
            if self._is_out_of_reach(booking, failed):
                return []
            raise

    def _is_out_of_reach(self, booking: Booking, failed: ProviderFailed) -> bool:
        """Its builder has another account since, and no token of ours opens the one that it was begun
        for. Waiting would change nothing; an account that was unbound alone may be bound again."""
        account = account_begun_for(booking)
        if booking.event is not None or not account:
            return False
        if failed.retryable or _is_of_our_token(failed):
            return False
        with self._unit_of_work(write=False) as uow:
            return uow.builders.get(booking.builder_id).calendar_account != account

    def mark_no_show(self, *, booking: Booking) -> None:
        self._of_booking(booking).mark_no_show(booking=booking)

    def undo_no_show(self, *, booking: Booking) -> None:
        self._of_booking(booking).undo_no_show(booking=booking)

    # ---- by every one ------------------------------------------------------------------------------

    def find(self, *, event_uri: str, invitee_uri: str | None = None) -> EventRecord:
        """An address does not say whose it is, so the others are asked where ours knows nothing of it.

        One that cannot be asked hides no event of another. What a token shows counts for its own
        builder only: that of an admin shows the events of colleagues, who may be builders here.
        """

        def look(calendar: CalendlyCalendar) -> _Looked:
            try:
                return calendar.find(event_uri=event_uri, invitee_uri=invitee_uri)
            except (NotFound, ProviderFailed) as unknown:
                return unknown

        ours = look(self._service)
        if isinstance(ours, EventRecord):
            return ours
        bound = self._all_bound()
        others = side_by_side(look, list(bound.values()))
        return self._own(ours, dict(zip(bound, others, strict=True)))

    def _own(
        self, ours: NotFound | ProviderFailed, others: Mapping[BuilderId, _Looked]
    ) -> EventRecord:
        """The event. Without one, raises what whoever may know it later said, else what was said to us."""
        unknown = ours
        for builder_id, found in others.items():
            if isinstance(found, EventRecord):
                with self._unit_of_work(write=False) as uow:
                    if _of_its_own(uow, builder_id, [found]):
                        return found
            elif isinstance(found, ProviderFailed) and found.retryable:
                unknown = found
        raise unknown

    # ---- by the service's --------------------------------------------------------------------------

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> CalendarNotice | None:
        return self._service.read(body=body, headers=headers)

    def subscriptions(self) -> Sequence[Subscription]:
        return self._service.subscriptions()

    def subscribe(self, *, url: str) -> Subscription:
        return self._service.subscribe(url=url)

    def unsubscribe(self, *, uri: str) -> bool:
        return self._service.unsubscribe(uri=uri)

    def health(self) -> Health:
        return self._service.health()


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest(message, [FieldError("/token", message)])


def _is_of_our_token(failed: ProviderFailed) -> bool:
    """It is worth nothing now, or lacks a scope: what a good one would open is not known."""
    refused = failed.__cause__
    if isinstance(refused, Refusal):
        return refused.status == 401 or bool(refused.lacking_scopes)
    return isinstance(refused, NoCredentials)


def _of_its_own(
    uow: UnitOfWork, builder_id: BuilderId, records: Sequence[EventRecord]
) -> Sequence[EventRecord]:
    """Those of something that this builder offers, or of a booking with it."""
    offered = {
        each.calendar_ref.event_type_uri
        for each in uow.session_types.all()
        if each.calendar_ref is not None and each.builder_id == builder_id
    }
    return [
        each
        for each in records
        if each.event_type_uri in offered
        or any(booking.builder_id == builder_id for booking in _bookings(uow, each))
    ]


def _bookings(uow: UnitOfWork, record: EventRecord) -> Iterator[Booking]:
    """By our tag, and by its place or those that it was moved from."""
    found = [uow.bookings.by_tag(record.tag)] if record.tag else []
    found += [uow.bookings.by_event_place(each) for each in (record.event.place, *record.replaces)]
    return (each for each in found if each is not None)
