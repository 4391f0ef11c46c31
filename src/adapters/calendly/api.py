"""The calls that we make, one method each, typed. Everything raises CalendlyError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from adapters.calendly.records import (
    AvailableTime,
    BusyTime,
    Invitee,
    OfferedType,
    ScheduledEvent,
    User,
    WebhookSubscription,
)
from adapters.calendly.refusals import Unreadable
from adapters.calendly.tokens import Tokens
from adapters.calendly.transport import JSON, Transport

_PAGE = "100"
_MOST_PAGES = 200
_T = TypeVar("_T")


def text_of(moment: datetime) -> str:
    """As Calendly wants it: UTC with a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z")


class CalendlyApi:
    """`user` and `organization` are URIs; what stands under an id is asked for by the id alone."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def with_tokens(self, tokens: Tokens) -> CalendlyApi:
        return CalendlyApi(self._transport.with_tokens(tokens))

    # ---- who am I ------------------------------------------------------------------------------------

    def me(self) -> User:
        return User.read(self._one("/users/me"))

    # ---- what is offered ---------------------------------------------------------------------------

    def event_types(self, *, whose: Mapping[str, str]) -> Sequence[OfferedType]:
        return [OfferedType.read(each) for each in self._all("/event_types", whose)]

    def event_type(self, event_type_id: str) -> OfferedType:
        return OfferedType.read(self._one(f"/event_types/{event_type_id}"))

    def available_times(
        self, event_type_uri: str, start: datetime, end: datetime
    ) -> Sequence[AvailableTime]:
        params = {
            "event_type": event_type_uri,
            "start_time": text_of(start),
            "end_time": text_of(end),
        }
        found = _collection(
            self._transport.call("GET", "/event_type_available_times", params=params)
        )
        return [
            AvailableTime.read(each)
            for each in found
            if each.get("status", "available") == "available"
        ]

    def busy_times(self, user: str, start: datetime, end: datetime) -> Sequence[BusyTime]:
        """At most 7 days at once."""
        params = {"user": user, "start_time": text_of(start), "end_time": text_of(end)}
        found = _collection(self._transport.call("GET", "/user_busy_times", params=params))
        return [BusyTime.read(each) for each in found]

    # ---- meetings ----------------------------------------------------------------------------------

    def scheduled_events(
        self,
        *,
        whose: Mapping[str, str],
        after: datetime,
        before: datetime | None = None,
        invitee_email: str | None = None,
    ) -> Sequence[ScheduledEvent]:
        """Active and cancelled ones that start between the two, by their start."""
        params = {**whose, "min_start_time": text_of(after), "sort": "start_time:asc"}
        if before is not None:
            params["max_start_time"] = text_of(before)
        if invitee_email is not None:
            params["invitee_email"] = invitee_email
        return [ScheduledEvent.read(each) for each in self._all("/scheduled_events", params)]

    def scheduled_event(self, event_id: str) -> ScheduledEvent:
        return ScheduledEvent.read(self._one(f"/scheduled_events/{event_id}"))

    def invitees(self, event_id: str) -> Sequence[Invitee]:
        found = self._all(f"/scheduled_events/{event_id}/invitees", {})
        return [Invitee.read(each) for each in found]

    def invitee(self, event_id: str, invitee_id: str) -> Invitee:
        return Invitee.read(self._one(f"/scheduled_events/{event_id}/invitees/{invitee_id}"))

    def book(self, wish: JSON) -> Invitee:
        """There are no idempotency keys: this one is never sent twice by itself."""
        answer = self._transport.call("POST", "/invitees", body=wish)
        return Invitee.read(_resource(answer))

    def cancel(self, event_id: str, *, reason: str | None) -> None:
        """The whole event, for all who come."""
        body = {"reason": reason} if reason else {}
        self._transport.call("POST", f"/scheduled_events/{event_id}/cancellation", body=body)

    def mark_no_show(self, invitee_uri: str) -> None:
        self._transport.call("POST", "/invitee_no_shows", body={"invitee": invitee_uri})

    def no_show(self, no_show_id: str) -> str:
        """The URI of the invitee who did not come."""
        return str(self._one(f"/invitee_no_shows/{no_show_id}")["invitee"])

    def undo_no_show(self, no_show_id: str) -> None:
        self._transport.call("DELETE", f"/invitee_no_shows/{no_show_id}")

    def scheduling_link(self, event_type_uri: str) -> str:
        """A page that is good for one booking; one too many does no harm, so it may be repeated."""
        body = {"max_event_count": 1, "owner": event_type_uri, "owner_type": "EventType"}
        answer = self._transport.call("POST", "/scheduling_links", body=body, safe=True)
        url = _resource(answer).get("booking_url")
        if not isinstance(url, str):
            raise Unreadable("a scheduling link")
        return url

    # ---- webhooks ----------------------------------------------------------------------------------

    def subscribe(
        self, url: str, events: Sequence[str], *, whose: Mapping[str, str], signing_key: str
    ) -> WebhookSubscription:
        body = {"url": url, "events": list(events), "signing_key": signing_key, **whose}
        answer = self._transport.call("POST", "/webhook_subscriptions", body=body)
        return WebhookSubscription.read(_resource(answer))

    def subscriptions(self, *, whose: Mapping[str, str]) -> Sequence[WebhookSubscription]:
        found = self._all("/webhook_subscriptions", whose)
        return [WebhookSubscription.read(each) for each in found]

    def subscription(self, subscription_id: str) -> WebhookSubscription:
        return WebhookSubscription.read(self._one(f"/webhook_subscriptions/{subscription_id}"))

    def unsubscribe(self, subscription_id: str) -> None:
        self._transport.call("DELETE", f"/webhook_subscriptions/{subscription_id}")

    # ---- envelopes ---------------------------------------------------------------------------------

    def _one(self, path: str) -> JSON:
        return _resource(self._transport.call("GET", path))

    def _all(self, path: str, params: Mapping[str, str]) -> list[JSON]:
        """All pages, by token: what is answered must not say where we call next."""
        found: list[JSON] = []
        asked = {**params, "count": _PAGE}
        for _ in range(_MOST_PAGES):
            answer = self._transport.call("GET", path, params=asked)
            found += _collection(answer)
            token = (answer.get("pagination") or {}).get("next_page_token")
            if not token:
                return found
            asked["page_token"] = str(token)
        raise Unreadable("a list without an end")


def _resource(answer: JSON) -> JSON:
    found = answer.get("resource")
    if not isinstance(found, dict):
        raise Unreadable("an answer without a resource")
    return found


def _collection(answer: JSON) -> list[JSON]:
    found: Any = answer.get("collection")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable("an answer without a collection")
    return found
