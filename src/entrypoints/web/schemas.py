"""What requests look like; only the fields named here are ever read from a body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    StrictBool,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from booking_core import MOST_GUESTS
from entrypoints.schedules import by_date

Text = Annotated[str, Field(max_length=5_000)]
LONGEST, MOST_REMINDERS, MOST_SITES = 300, 20, 50  # of a builder, on its page as well

Short = Annotated[str, Field(max_length=LONGEST)]
Email = Annotated[Short, Field(json_schema_extra={"format": "email", "example": "ana@example.org"})]
Zone = Annotated[Short, Field(json_schema_extra={"example": "Europe/Berlin"})]
TypeId = Annotated[Short, Field(json_schema_extra={"example": "getting-started"})]
Moment = Annotated[Short, Field(json_schema_extra={"format": "date-time"})]
Kept = SkipJsonSchema[None]  # left out, never null
Whole = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]  # what a column holds

Length = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class _Form(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _no_body_is_an_empty_one(cls, given: Any) -> Any:
        return {} if given is None else given


class Lenient(_Form):
    """Unknown fields are passed over: older callers send more than is read."""

    model_config = ConfigDict(extra="ignore")


class Strict(_Form):
    """Unknown fields are refused: a misspelt one must not look like a success."""

    model_config = ConfigDict(extra="forbid")


class IdPath(Lenient):
    id: str  # of any length: what is no id is not found


class ChildPath(Lenient):
    id: str
    child: str


class SessionsQuery(Lenient):
    category: Short | None = None
    pathway: Short | None = None
    builder: Short | None = None


class SlotsQuery(Lenient):
    from_: Short | None = Field(None, alias="from", description="instant or date; now if left out")
    to: Short | None = Field(None, description="instant, or date inclusive; 7 days if left out")
    timezone: Zone | None = Field(None, description="IANA name; the builder's if left out")


class AvailableTimesQuery(SlotsQuery):
    sessionTypeId: TypeId | None = None
    eventTypeUri: Short | None = None


class BookingsQuery(Lenient):
    state: Short | None = None
    sessionTypeId: TypeId | None = None
    builderId: Short | None = None
    from_: Short | None = Field(None, alias="from")
    to: Short | None = None
    timezone: Zone | None = None
    cursor: Short | None = None
    limit: int = Field(50, ge=1, le=200)


class PageQuery(Lenient):
    cursor: Short | None = None
    limit: int = Field(50, ge=1, le=200)


class TrailQuery(PageQuery):
    subject: Text | None = Field(None, description="KIND:ID, such as booking:bkg_1")
    by: Short | None = Field(None, description="ROLE:ID, such as admin:root")
    from_: Short | None = Field(None, alias="from", description="instant or date")
    timezone: Zone | None = None


class TimeSlot(Lenient):
    startTime: Moment
    endTime: Moment
    schedulingUrl: Text | None = None


class ClientDetails(Lenient):
    name: Short
    email: Email
    timezone: Zone | None = Field(None, description="IANA name; the builder's if left out")
    language: Literal["en", "de"] | None = None
    guests: Annotated[list[Email], Field(max_length=MOST_GUESTS)] | None = Field(
        None, description="who else comes along; as said before, or nobody, if left out"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _nearly_named(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """What is optional would silently be missing under a misspelt name."""
        names = given if isinstance(given, dict) else {}
        meant = nearly_named(names, [name for name in cls.model_fields if name not in names])
        if not meant:
            return read(given)
        wrong = [_misspelt(name, meant[name]) for name in meant]
        try:
            read({meant.get(name, name): value for name, value in names.items()})
        except ValidationError as besides:
            wrong += [_again(each) for each in besides.errors()]
        raise ValidationError.from_exception_data(cls.__name__, wrong)


def nearly_named(names: Iterable[str], known: Iterable[str], cutoff: float = 0.8) -> dict[str, str]:
    """Which of the known names is meant by each that is nearly one of them."""
    plain = {_plain(name): name for name in known}
    near = {name: get_close_matches(_plain(name), plain, n=1, cutoff=cutoff) for name in names}
    return {name: plain[found[0]] for name, found in near.items() if found}


def _plain(name: object) -> str:
    return str(name).lower().replace("_", "").replace("-", "")


def _misspelt(name: str, meant: str) -> InitErrorDetails:
    kind = PydanticCustomError("misspelt", "", {"name": name, "meant": meant})
    return InitErrorDetails(type=kind, loc=(), input=None)


def _again(error: ErrorDetails) -> InitErrorDetails:
    kind = PydanticCustomError(error["type"], error["msg"], error.get("ctx"))
    return InitErrorDetails(type=kind, loc=error["loc"], input=None)


def _as_one_problem(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """One problem for the value, instead of one for each form that it has not."""
    try:
        return read(value)
    except ValidationError:
        message = "Answer with text, with true or false, or with a list of texts"
        raise PydanticCustomError("answer", message) from None


class AnswerBody(Lenient):
    questionId: Short
    value: Annotated[
        StrictBool | Text | Annotated[list[Short], Field(max_length=100)],
        WrapValidator(_as_one_problem),
    ]


class InitializeBody(Lenient):
    sessionTypeId: TypeId
    pathway: Short | None = None
    clientDetails: ClientDetails | None = None


class ConfirmBody(Lenient):
    sessionTypeId: TypeId
    timeSlot: TimeSlot
    clientDetails: ClientDetails | None = None
    notes: Text | None = None
    answers: Annotated[list[AnswerBody], Field(max_length=100)] = []
    pathway: Short | None = None
    bookingId: Short | None = None


def _address(text: str) -> str:
    """Told before anybody is asked: what is no address cannot be one of the provider's."""
    if not _ADDRESS.fullmatch(text):
        message = "Give the address that the provider told, such as https://…/scheduled_events/…"
        raise PydanticCustomError("address", message)
    return text


_ADDRESS = re.compile(r"https?://[!-~]+", re.ASCII)
Address = Annotated[Short, AfterValidator(_address), Field(json_schema_extra={"format": "uri"})]


class CreateBody(Lenient):
    calendlyEventUri: Address
    calendlyInviteeUri: Address | None = None
    sessionTypeId: TypeId | None = None
    bookingId: Short | None = None
    pathway: Short | None = None


class EventTypesQuery(Lenient):
    builder: Short | None = None


class LinkBody(Lenient):
    sessionTypeId: TypeId | None = None
    bookingId: Short | None = None


class SyncBody(Lenient):
    builderId: Short | None = None
    dryRun: StrictBool = False


class RescheduleBody(Lenient):
    timeSlot: TimeSlot


class CancelBody(Lenient):
    reason: Annotated[str, Field(max_length=1_000)] | None = None


class RefundRequest(Strict):
    amount: Whole = Field(ge=1, description="minor units of the price's currency")


class ApiKeyBody(Strict):
    """The scopes say which kinds of call it is good for; whose objects, its owner says."""

    name: Short
    scopes: Annotated[
        list[Literal["read", "bookings", "catalogue", "operations"]],
        Field(min_length=1, max_length=10),
    ]
    expiresAt: Moment | None = Field(None, description="never if left out")


class CalendarBody(Strict):
    token: SecretStr = Field(
        min_length=1, max_length=2_000, description="a personal access token of the account"
    )


class RoleBody(Strict):
    role: Literal["admin", "builder"]
    builderId: Short | None = Field(None, description="which builder a builder is")


class AccountBody(RoleBody):
    email: Email


class EmptyBody(Lenient):
    pass


class MoneyBody(Strict):
    amount: Whole
    currency: Short


class QuestionBody(Strict):
    id: Short
    prompt: Short
    kind: Short = "text"
    required: bool = False
    choices: Annotated[list[Short], Field(max_length=100)] = []


class LocationBody(Strict):
    kind: Short
    text: Short = ""


class BuffersBody(Strict):
    before: Whole = 0
    after: Whole = 0


class RefundBody(Strict):
    notice: Length = Field(description="minutes before the start, at least")
    percent: Annotated[int, Field(strict=True, ge=0, le=100)] = Field(
        description="of the price that goes back then"
    )


class PolicyBody(Strict):
    """Of the steps the longest notice that still holds counts; once none does, nothing goes back."""

    changeNotice: Length = Field(
        0, description="minutes before the start, until when a client may cancel or move"
    )
    refunds: Annotated[list[RefundBody], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="left out, everything goes back; one step of 0 percent gives nothing back",
    )


class SessionTypeChanges(Strict):
    """Durations in minutes; a field that is left out stays as it is."""

    title: Short | Kept = None
    slug: Short | Kept = None
    description: Text | Kept = None
    category: Short | Kept = None
    pathways: Annotated[list[Short], Field(max_length=50)] | Kept = None
    requiresAuth: bool | Kept = None
    durationMinutes: Whole | Kept = None
    slotStep: Whole | None = None
    price: MoneyBody | None = None
    capacity: Whole | Kept = None
    questions: Annotated[list[QuestionBody], Field(max_length=50)] | Kept = None
    displayOrder: Whole | Kept = None
    active: bool | Kept = None
    location: LocationBody | Kept = None
    buffers: BuffersBody | None = None
    minimumNotice: Whole | Kept = None
    horizon: Whole | Kept = None
    dailyLimit: Whole | None = None
    cancellationPolicy: PolicyBody | Kept = None


class SessionTypePatch(SessionTypeChanges):
    id: Short


class SessionTypeBody(SessionTypeChanges):
    builderId: Short
    title: Short


class HoursBody(Strict):
    start: Short
    end: Short


class TimeOffBody(Strict):
    """Instants, or dates in the schedule's zone; a date as the end is included."""

    startTime: Short = Field(validation_alias=AliasChoices("startTime", "start"))
    endTime: Short = Field(validation_alias=AliasChoices("endTime", "end"))
    reason: Short = ""


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DayHours = Annotated[list[HoursBody], Field(max_length=50)]


class ScheduleBody(Strict):
    """Weekly hours by weekday, date overrides by date (no hours close it), and time off."""

    timezone: Zone
    weekly: Annotated[dict[Weekday, DayHours], Field(max_length=7)] = {}
    overrides: Annotated[dict[date, DayHours], Field(max_length=1_000)] = {}
    timeOff: Annotated[list[TimeOffBody], Field(max_length=1_000)] = []

    @field_validator("overrides", mode="before")
    @classmethod
    def _by_date(cls, given: Any) -> Any:
        return by_date(given)


class BuilderChanges(Strict):
    name: Short | Kept = None
    slug: Short | Kept = None
    email: Email | Kept = None
    headline: Short | Kept = None
    photoUrl: Short | None = None
    language: Short | Kept = None
    reminders: Annotated[list[Whole], Field(max_length=MOST_REMINDERS)] | Kept = None
    clientAccounts: bool | Kept = None
    schedulingMode: Short | Kept = None
    embedSites: Annotated[list[Short], Field(max_length=MOST_SITES)] | Kept = None
    active: bool | Kept = None
    schedule: ScheduleBody | Kept = None


class BuilderPatch(BuilderChanges):
    id: Short


class BuilderBody(BuilderChanges):
    name: Short
    email: Email
    timezone: Zone | None = None
