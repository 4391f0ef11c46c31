"""Where accounts differ, or where nobody has seen what Calendly does: a test chooses."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from attrs import define

PAGINATION = ("count", "next_page", "previous_page", "next_page_token", "previous_page_token")


@define
class Switches:
    #: language of `details[].message`; codes and parameters stay
    language: Literal["en", "fr"] = "en"
    #: whether a 400 carries `details` at all
    details: bool = True
    #: whether a cancellation may give a reason, or is refused with a plain 400
    cancel_reason: bool = True
    #: the widest window of available times, in days; older accounts have 7
    window_days: int = 31
    #: whether the reset of an hour's or a day's limit is told in full, or as at most 60 seconds
    long_reset: bool = False
    #: the keys that `pagination` has; older answers leave some out
    pagination: tuple[str, ...] = PAGINATION
    #: slot times with six decimals, as all others have
    slot_decimals: bool = False
    #: two of Calendly's own pages disagree on this one
    available_times_scope: str = "availability:read"
    #: the order of the last checks of a booking
    last_checks: tuple[str, ...] = ("questions", "location", "slot")
    #: the code of a start that is past, off the grid or outside the hours; not known
    not_offered_code: str = "invalid"
    #: whether types with a price can be booked by the API; not known
    paid_types_by_api: bool = False
    throw_away_domains: tuple[str, ...] = ("mailinator.com",)
    #: until the joining link of a conference is there; None: it never comes
    join_link_after: timedelta | None = timedelta(seconds=8)
    #: whether the new invitee of a reschedule has the old one's tracking; not known
    tracking_follows: bool = True
    #: the status of a second mark as no-show: 400, 403 or 409; not known
    no_show_again: int = 400
    #: what makes two webhook subscriptions the same; not known
    hooks_unique_by: Literal["url", "url and scope"] = "url"
    #: whether the payload of a message embeds the event
    scheduled_event_in_payload: bool = True
    #: in Calendly's own example the event of a cancellation still says `active`
    stale_nested_status: bool = False
