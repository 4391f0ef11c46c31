"""What answers look like: for the OpenAPI document, and for tests to compare with.

Answers are built from plain values (`entrypoints.views`); no model is made of one while it is sent.
A field with a default is only in some answers.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Status(_Answer):
    status: str


class Builder(_Answer):
    """The fields from `email` on are for the builder itself and for admins."""

    id: str
    slug: str
    name: str
    headline: str
    photo_url: str | None
    timezone: str
    language: str
    email: str = ""
    reminders: list[int] = Field([], description="minutes before the start")
    client_accounts: bool = False
    scheduling_mode: str = Field("direct", description="direct, link or embed")
    embed_sites: list[str] = []
    active: bool = True


class NextSlot(_Answer):
    start_time: str
    session_type_id: str
    seen_at: str = Field(description="when the calendar was last looked at")


class BuilderCard(Builder):
    """A builder with what the caller may book of it."""

    next_slot: NextSlot | None = Field(description="of any of these session types, as last seen")
    badges: list[str] = Field(description="the categories of the session types")
    after_sign_in: int = Field(description="how many more session types signing in would show")
    call_to_action: str | None = Field(description="book, sign_in, or null where there is nothing")


class Builders(_Answer):
    builders: list[BuilderCard]


class Money(_Answer):
    amount: int = Field(description="minor units")
    currency: str


class Question(_Answer):
    id: str
    prompt: str
    kind: str
    required: bool
    choices: list[str]


class Location(_Answer):
    """A link or a number is shown once the booking is confirmed; an address always."""

    kind: str
    text: str = ""
    join_url: str = ""


class Buffers(_Answer):
    before: int
    after: int


class Refund(_Answer):
    notice: int = Field(description="minutes before the start, at least")
    percent: int = Field(description="of the price that goes back then, 0 to 100")


class CancellationPolicy(_Answer):
    """The longest notice that still holds counts; once none does, nothing goes back."""

    change_notice: int = Field(
        description="minutes before the start, until when a client may cancel or move"
    )
    refunds: list[Refund] = Field(description="with none at all everything goes back")


class SessionType(_Answer):
    """Durations are minutes. The fields from `buffers` on are for its builder and for admins."""

    id: str
    builder_id: str
    slug: str
    title: str
    description: str
    category: str = Field(description="free, pathway or specialized")
    duration_minutes: int
    price: Money | None = Field(description="null when free")
    requires_auth: bool
    pathways: list[str]
    questions: list[Question]
    location: Location
    capacity: int
    scheduling_mode: str = Field(description="direct, link or embed")
    cancellation_policy: CancellationPolicy
    buffers: Buffers = Buffers(before=0, after=0)
    minimum_notice: int = 0
    horizon: int = 0
    slot_step: int | None = None
    daily_limit: int | None = None
    display_order: int = 0
    calendly_event_type_id: str | None = None
    calendly_event_type_uri: str | None = None
    active: bool = True


class SessionTypes(_Answer):
    session_types: list[SessionType]


class Hours(_Answer):
    start: str = Field(description="HH:MM on the builder's clock")
    end: str = Field(description="HH:MM; at or before the start it is on the next day")


class TimeOff(_Answer):
    start_time: Moment
    end_time: Moment
    reason: str


class Schedule(_Answer):
    timezone: str
    weekly: dict[str, list[Hours]] = Field(description="by monday … sunday")
    overrides: dict[str, list[Hours]] = Field(description="by date; no hours close the date")
    time_off: list[TimeOff]


class OpenSlot(_Answer):
    start_time: Moment
    end_time: Moment
    scheduling_url: str
    invitees_remaining: int


class OpenSlots(_Answer):
    timezone: str
    slots: list[OpenSlot]
    next_start: Moment | None = Field(description="the first opening after the range")


class Contact(_Answer):
    name: str
    email: str
    timezone: str
    language: str | None = Field(description="en or de; null for the builder's")


class GivenAnswer(_Answer):
    question_id: str
    prompt: str
    value: bool | str | list[str]


class Booking(_Answer):
    id: str
    state: str
    step: str
    payment_status: str
    price: Money | None = Field(description="null when free")
    refunded: Money | None = Field(
        description="what went back, by refunds or by the bank after a dispute; null while nothing did"
    )
    deadline: Moment | None = Field(
        description="until when it waits for its client to confirm, pay or choose a time, or for the "
        "client's bank; null where it waits for nobody"
    )
    cancellation_policy: CancellationPolicy = Field(description="the terms that were agreed")
    builder_id: str
    session_type_id: str
    client_id: str | None = Field(description="null when anonymous")
    contact: Contact
    start_time: Moment | None
    end_time: Moment | None
    location: Location
    pathway: str | None
    answers: list[GivenAnswer]
    notes: str
    guests: list[str] = Field(description="the e-mail addresses of those who come along")
    calendly_event_id: str | None
    calendly_event_uri: str | None
    calendly_invitee_uri: str | None
    confirmation_url: str
    created_at: Moment
    manage_token: str = Field("", description="shown to an anonymous client when it books")
    scheduling_url: str | None = Field(
        None, description="of one booking that waits for its time: where the client chooses it"
    )


class Bookings(_Answer):
    bookings: list[Booking]
    next: str | None = Field(description="the cursor of the next page")


class Done(_Answer):
    success: bool
    booking: Booking


class Placed(Done):
    """Where a price is due online, `checkoutUrl` is where the client pays; null until it is known.

    Where the time has to be chosen at the calendar provider, `schedulingUrl` is where, null while the
    provider does not answer, and `message` says so.
    """

    payment_required: bool = False
    checkout_url: str | None = None
    scheduling_url: str | None = None
    message: str = ""


class Outline(_Answer):
    """What those learn of a booking who know its event and show nothing for themselves.

    So do those who repeat a request after the links that it was answered with were revoked.
    """

    id: str
    state: str
    start_time: Moment | None
    end_time: Moment | None


class Created(Placed):
    """Only the outline, unless the client's own place is named or the caller takes part.

    The first answer to a confirm has all of the booking.
    """

    booking: Booking | Outline  # type: ignore[assignment]  # one more form than elsewhere


class Tracking(_Answer):
    """The booking, and the marks of the calendar provider's page: an embed passes them on."""

    model_config = ConfigDict(extra="allow")

    booking_id: str | None


class Initialized(Done):
    """The scheduling link comes after the money, where a price is due online."""

    booking: Booking | Outline  # type: ignore[assignment]  # one more form than elsewhere
    scheduling_url: str | None
    checkout_url: str | None
    tracking: Tracking


class Received(_Answer):
    received: bool


class Link(_Answer):
    booking_url: str
    expires_at: Moment | None
    tracking: Tracking


class EventType(_Answer):
    uri: str
    id: str
    name: str
    duration_minutes: int
    active: bool
    scheduling_url: str
    session_type_id: str | None = Field(description="what stands for it in our catalogue")


class EventTypes(_Answer):
    event_types: list[EventType]


class KeptField(_Answer):
    session_type_id: str
    field: str


class SyncChange(_Answer):
    change: str = Field(description="created, updated or deactivated")
    session_type_id: str | None = Field(description="null of what would be created")
    title: str
    fields: list[str]


class SyncFailure(_Answer):
    builder_id: str
    about: str | None = Field(description="the event type, or null for all of this builder's")
    detail: str


class Synced(_Answer):
    """How many session types; `kept` are fields that differ and were edited here."""

    created: int
    updated: int
    deactivated: int
    unchanged: int
    kept: list[KeptField]
    changes: list[SyncChange]
    failed: list[SyncFailure]


class TrailEntry(_Answer):
    """`detail` says more, as far as there is more: fields by name, amounts, states, times, codes."""

    at: Moment
    subject: str = Field(description="KIND:ID, such as booking:bkg_1")
    kind: str = Field(description="event, change, mail, notice, payment or calendar")
    name: str
    by: str = Field(description="ROLE:ID, or the role alone")
    outcome: str = Field(description="done, failed (tried again) or refused (not tried again)")
    detail: dict[str, Any]


class Trail(_Answer):
    entries: list[TrailEntry]
    next: str | None = Field(description="the cursor of the next page")


class GivenUp(_Answer):
    topic: str
    subject: str
    attempts: int


class Timeline(Trail):
    given_up: list[GivenUp] = Field(description="jobs that are not tried again by themselves")


class Replayed(_Answer):
    success: bool
    restarted: int = Field(description="jobs that had been given up")
    settles: list[str] = Field(description="calendar, money")


# ---- people ------------------------------------------------------------------------------------


class Person(_Answer):
    name: str
    email: str
    timezone: str | None
    language: str | None


class Me(_Answer):
    role: str = Field(description="anonymous, client, builder or admin")
    id: str | None
    contact: Person | None = Field(description="how to reach the caller, as far as that is known")
    scopes: list[str] | None = Field(description="of an API key; null is all that the role may")


class CalendarAccount(_Answer):
    account: str = Field(description="the provider's URI of it")
    name: str = Field(description="how its owner is called there")


class Removed(_Answer):
    removed: bool = Field(description="whether there was one")


class ApiKey(_Answer):
    id: str
    name: str
    role: str
    owner_id: str | None = Field(description="the builder's or the admin's id; null for operators'")
    scopes: list[str]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class NewApiKey(ApiKey):
    secret: str | None = Field(description="shown this once; null in the answer to a repeat")


class ApiKeys(_Answer):
    api_keys: list[ApiKey]


class Account(_Answer):
    id: str
    contact: Person | None
    email_proved: bool
    issuers: list[str] = Field(description="the identity providers by which it signs in")
    roles: list[str] = Field(description="admin, builder")
    builder_id: str | None
    created_at: Moment


class Accounts(_Answer):
    accounts: list[Account]
    next: str | None = Field(description="the cursor of the next page")


# ---- what is held about one client -------------------------------------------------------------


class SignIn(_Answer):
    issuer: str
    subject: str


class HeldAccount(_Answer):
    id: str
    name: str | None
    email: str | None
    email_proved: bool
    timezone: str | None
    language: str | None
    sign_ins: list[SignIn]
    builder_id: str | None
    is_admin: bool
    created_at: Moment


class HeldCredential(_Answer):
    id: str
    kind: str = Field(description="sign in link, session or api key")
    email: str | None
    name: str | None = Field(description="what its owner calls a key")
    created_at: Moment
    expires_at: Moment | None
    spent_at: Moment | None


class Checkout(_Answer):
    id: str | None
    url: str | None
    title: str
    email: str
    language: str
    price: Money
    expires_at: Moment


class HeldPayment(_Answer):
    taken: int = Field(description="minor units")
    returned: int = Field(description="minor units")
    checkouts: list[Checkout]


class HeldBooking(Booking):
    cancel_reason: str
    flow: str
    payment: HeldPayment


class HeldMail(_Answer):
    booking_id: str
    mail: str
    reader: str


class ClientExport(_Answer):
    account: HeldAccount | None
    credentials: list[HeldCredential] = Field(description="what they are, never their secrets")
    bookings: list[HeldBooking]
    mails: list[HeldMail] = Field(description="those that were not sent yet, or were given up")
    trail: list[TrailEntry] = Field(
        description="what happened to the account, its keys and the bookings, and what the client did"
    )
