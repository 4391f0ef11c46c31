"""booking-core: books people's time, on any calendar, payment provider, database and mail server.

Everything that is promised is exported here; what is only found in a submodule may change.
`BookingCore.assemble` makes the application from adapters; `booking_core.testing` has contract
suites that prove an adapter, and in-memory ones for tests.
"""

from booking_core.application.actor_of_api_key import ActorOfApiKey
from booking_core.application.actor_of_proof import ActorOfProof
from booking_core.application.actor_of_session import ActorOfSession
from booking_core.application.add_api_key import AddApiKey
from booking_core.application.add_builder import AddBuilder
from booking_core.application.add_session_type import AddSessionType
from booking_core.application.answer_once import AnswerOnce
from booking_core.application.ask_sign_in_link import AskSignInLink
from booking_core.application.bind_calendar import BindCalendar
from booking_core.application.cancel_booking import CancelBooking
from booking_core.application.catalogue import (
    Catalogue,
    Offer,
    Snapshot,
)
from booking_core.application.change_builder import ChangeBuilder
from booking_core.application.change_session_type import ChangeSessionType
from booking_core.application.check_calendars import CheckCalendars, CheckedCalendar
from booking_core.application.claim_booking import ClaimBooking
from booking_core.application.close_session import CloseSession
from booking_core.application.complete_booking import CompleteBooking
from booking_core.application.confirm_booking import ConfirmBooking
from booking_core.application.core import BookingCore
from booking_core.application.create_booking import CreateBooking, Created
from booking_core.application.erase_client import EraseClient, Erasure, LeftAtProviders
from booking_core.application.expire_overdue import ExpireOverdue
from booking_core.application.explain_slot import ExplainSlot
from booking_core.application.explain_visibility import ExplainVisibility, Visibility
from booking_core.application.export_client import ClientExport, ExportClient
from booking_core.application.failure import Failure
from booking_core.application.find_slots import FindSlots, FoundSlots
from booking_core.application.forget_answers import ForgetAnswers
from booking_core.application.forget_credentials import ForgetCredentials
from booking_core.application.grant_role import GrantRole
from booking_core.application.hear_calendar_notice import HearCalendarNotice
from booking_core.application.hear_payment_notice import HearPaymentNotice
from booking_core.application.hold_slot import HoldSlot
from booking_core.application.initialize_booking import InitializeBooking, Initialized
from booking_core.application.leasing_queue import LeasingQueue
from booking_core.application.list_accounts import AccountPage, ListAccounts
from booking_core.application.list_api_keys import ListApiKeys
from booking_core.application.list_available_sessions import ListAvailableSessions
from booking_core.application.list_bookings import BookingPage, ListBookings
from booking_core.application.list_builders import ListBuilders
from booking_core.application.list_cards import BuilderCard, ListCards
from booking_core.application.list_claimable import ListClaimable
from booking_core.application.list_displaced import ListDisplaced
from booking_core.application.list_event_types import ListedEventType, ListEventTypes
from booking_core.application.list_session_types import ListSessionTypes
from booking_core.application.list_trail import ListTrail, TrailPage
from booking_core.application.look_at_link import LookAtLink
from booking_core.application.look_at_payment import LookAtPayment
from booking_core.application.look_soon import LookSoon
from booking_core.application.mark_no_show import MarkNoShow
from booking_core.application.move_at_provider import MoveAtProvider
from booking_core.application.offer_link import OfferLink
from booking_core.application.open_session import OpenSession
from booking_core.application.pay_booking import PayBooking
from booking_core.application.preview_schedule import PreviewSchedule
from booking_core.application.record_paid_on_site import RecordPaidOnSite
from booking_core.application.record_returned_on_site import RecordReturnedOnSite
from booking_core.application.refresh_openings import RefreshOpenings
from booking_core.application.refund_booking import RefundBooking
from booking_core.application.repair_calendar import (
    Change,
    Difference,
    DifferenceKind,
    RepairCalendar,
    RepairReport,
)
from booking_core.application.repeats import IdempotencyKey
from booking_core.application.replay_booking import Replay, ReplayBooking
from booking_core.application.reschedule_booking import RescheduleBooking
from booking_core.application.retries import log_failure, retry_at, told
from booking_core.application.revoke_api_key import RevokeApiKey
from booking_core.application.revoke_role import RevokeRole
from booking_core.application.revoke_tokens import RevokeTokens
from booking_core.application.seed_catalogue import SeedCatalogue
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.application.settle_money import SettleMoney
from booking_core.application.settle_unsettled import SettleUnsettled
from booking_core.application.show_booking import ShowBooking
from booking_core.application.show_builder import ShowBuilder
from booking_core.application.show_session_type import ShowSessionType
from booking_core.application.show_timeline import ShowTimeline, Timeline
from booking_core.application.sync_event_types import SyncEventTypes, SyncReport
from booking_core.application.system import RandomIds, SystemClock
from booking_core.application.take_stock import Stock, TakeStock
from booking_core.application.unbind_calendar import UnbindCalendar
from booking_core.application.undo_no_show import UndoNoShow
from booking_core.application.work_outbox import WorkOutbox
from booking_core.application.write_calendar_file import WriteCalendarFile
from booking_core.domain import events
from booking_core.domain.account import Account, SignIn
from booking_core.domain.actor import Actor, Role, Scope
from booking_core.domain.availability import (
    Busy,
    OpenSlot,
    OpenSlots,
    SlotRules,
    next_start,
    open_slots,
)
from booking_core.domain.booking import (
    Booking,
    CalendarEvent,
    Details,
    Flow,
    OwnReason,
    Settle,
    in_english,
)
from booking_core.domain.builder import Builder, SchedulingMode
from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.calendar_steps import StandingEvent
from booking_core.domain.claims import Claim, Occupancy
from booking_core.domain.contact import Client, Contact, address_of
from booking_core.domain.credential import (
    Credential,
    CredentialKind,
    Grant,
    NewCredential,
)
from booking_core.domain.errors import (
    BookingError,
    CaptureRefused,
    CheckoutRefused,
    ClientNeeded,
    FieldError,
    HoldExpired,
    InvalidAnswers,
    InvalidCredentials,
    InvalidRequest,
    KeyInProgress,
    KeyReused,
    LinkNeeded,
    NotAllowed,
    NotFound,
    NotSetUp,
    PaymentsUnavailable,
    ProviderFailed,
    RangeTooLong,
    Refused,
    SignInRequired,
    SlotInPast,
    SlotMisaligned,
    SlotUnavailable,
    StaleAccount,
    StaleBooking,
    StaleSchedule,
    TermsForbid,
    TooManyHolds,
    UnknownTimezone,
    UntrustedNotice,
    WrongDuration,
    WrongState,
)
from booking_core.domain.event_record import EventRecord
from booking_core.domain.event_type import EventType
from booking_core.domain.events import BookingEvent
from booking_core.domain.explanation import (
    Explanation,
    Reason,
    explain,
)
from booking_core.domain.guests import MOST_GUESTS, check_guests, usable_guests
from booking_core.domain.holds import HoldLimits, OriginKey
from booking_core.domain.ids import (
    BookingId,
    BuilderId,
    CalendarTag,
    ClientId,
    CredentialId,
    PathwayId,
    SessionTypeId,
)
from booking_core.domain.language import Language
from booking_core.domain.manage_token import ManageKey
from booking_core.domain.money import Money, exponent, with_decimals
from booking_core.domain.opening import Opening
from booking_core.domain.pathways import STARTER_PATHWAYS, Pathway
from booking_core.domain.payment import (
    HANDED_OVER,
    PAYMENT_TRANSITIONS,
    UNSETTLED,
    Attempt,
    Checkout,
    CheckoutState,
    Dispute,
    Payment,
    PaymentAction,
    PaymentStatus,
    Standing,
)
from booking_core.domain.policies import (
    ALTERNATIVES,
    HOLD_LENGTH,
    LINK_LENGTH,
    LONGEST_RANGE,
    MOST_OPEN_LINKS,
    SESSION_LENGTH,
    SIGN_IN_LINK_LENGTH,
)
from booking_core.domain.questions import (
    Answer,
    AnswerValue,
    Question,
    QuestionKind,
)
from booking_core.domain.reckoning import (
    MoneyFate,
    Reckoning,
    costs_of_cancelling,
    reckoned,
    reckoned_if_cancelled,
)
from booking_core.domain.request_id import REQUEST_ID, serving
from booking_core.domain.schedule import (
    DayRange,
    Schedule,
    TimeOff,
)
from booking_core.domain.session_type import (
    CalendarRef,
    Category,
    Location,
    LocationKind,
    SessionType,
)
from booking_core.domain.terms import CancellationPolicy, RefundStep
from booking_core.domain.texts import counted, printable
from booking_core.domain.time import (
    Slot,
    TimeWindow,
    in_largest_unit,
    length_in_english,
    local_dates,
    local_day,
    midnight,
    zone,
)
from booking_core.domain.trail import Outcome, Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.domain.transitions import (
    DEAD,
    EVENTS,
    LIVE,
    SERVED,
    STEPS,
    TRANSITIONS,
    Action,
    BookingState,
    Step,
)
from booking_core.ports.accounts import AccountRepository
from booking_core.ports.calendar import (
    CalendarProvider,
    SchedulingLink,
)
from booking_core.ports.calendar_accounts import (
    CalendarAccount,
    CalendarAccounts,
    CalendarBindingRepository,
)
from booking_core.ports.calendar_files import CalendarFiles, CalendarMethod
from booking_core.ports.calendar_notices import (
    CalendarNotice,
    CalendarNoticeReader,
    NoticeSubscriptions,
    Subscription,
)
from booking_core.ports.claims import SlotClaims
from booking_core.ports.clock import Clock
from booking_core.ports.credentials import CredentialRepository
from booking_core.ports.health import Health
from booking_core.ports.identity import Identity
from booking_core.ports.ids import IdFactory
from booking_core.ports.inbox import Inbox, InboxKey
from booking_core.ports.job_queue import JobHandler, JobQueue
from booking_core.ports.mail_writer import Letter, LetterKind, MailWriter, Reader, SignInLetter
from booking_core.ports.mailer import (
    Attachment,
    Mail,
    Mailer,
)
from booking_core.ports.openings import Openings
from booking_core.ports.outbox import (
    READABLE,
    DeadJob,
    Job,
    LeasedJob,
    LeasedOutbox,
    Outbox,
    Topic,
    WaitingJob,
    stored_job,
)
from booking_core.ports.patience import (
    begin_waiting,
    end_waiting,
    seconds_left,
    waiting_at_most,
)
from booking_core.ports.payment_notices import PaymentNotice, PaymentNoticeReader
from booking_core.ports.payments import PaymentGateway
from booking_core.ports.proofs import Proof, ProofReader
from booking_core.ports.repositories import (
    MOST_BOOKINGS,
    BookingCounts,
    BookingFilter,
    BookingRepository,
    BuilderRepository,
    OpenHolds,
    SessionTypeRepository,
)
from booking_core.ports.trail import MOST_ENTRIES, Trail, TrailFilter
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

__all__ = [
    "ALTERNATIVES",
    "DEAD",
    "EVENTS",
    "HANDED_OVER",
    "HOLD_LENGTH",
    "LINK_LENGTH",
    "LIVE",
    "LONGEST_RANGE",
    "MOST_BOOKINGS",
    "MOST_ENTRIES",
    "MOST_GUESTS",
    "MOST_OPEN_LINKS",
    "PAYMENT_TRANSITIONS",
    "READABLE",
    "REQUEST_ID",
    "SERVED",
    "SESSION_LENGTH",
    "SIGN_IN_LINK_LENGTH",
    "STARTER_PATHWAYS",
    "STEPS",
    "TRANSITIONS",
    "UNSETTLED",
    "Account",
    "AccountPage",
    "AccountRepository",
    "Action",
    "Actor",
    "ActorOfApiKey",
    "ActorOfProof",
    "ActorOfSession",
    "AddApiKey",
    "AddBuilder",
    "AddSessionType",
    "Answer",
    "AnswerOnce",
    "AnswerValue",
    "AskSignInLink",
    "Attachment",
    "Attempt",
    "BindCalendar",
    "Booking",
    "BookingCore",
    "BookingCounts",
    "BookingError",
    "BookingEvent",
    "BookingFilter",
    "BookingId",
    "BookingPage",
    "BookingRepository",
    "BookingState",
    "Builder",
    "BuilderCard",
    "BuilderId",
    "BuilderRepository",
    "Busy",
    "CalendarAccount",
    "CalendarAccounts",
    "CalendarBinding",
    "CalendarBindingRepository",
    "CalendarEvent",
    "CalendarFiles",
    "CalendarMethod",
    "CalendarNotice",
    "CalendarNoticeReader",
    "CalendarProvider",
    "CalendarRef",
    "CalendarTag",
    "CancelBooking",
    "CancellationPolicy",
    "CaptureRefused",
    "Catalogue",
    "Category",
    "Change",
    "ChangeBuilder",
    "ChangeSessionType",
    "CheckCalendars",
    "CheckedCalendar",
    "Checkout",
    "CheckoutRefused",
    "CheckoutState",
    "Claim",
    "ClaimBooking",
    "Client",
    "ClientExport",
    "ClientId",
    "ClientNeeded",
    "Clock",
    "CloseSession",
    "CompleteBooking",
    "ConfirmBooking",
    "Contact",
    "CreateBooking",
    "Created",
    "Credential",
    "CredentialId",
    "CredentialKind",
    "CredentialRepository",
    "DayRange",
    "DeadJob",
    "Details",
    "Difference",
    "DifferenceKind",
    "Dispute",
    "EraseClient",
    "Erasure",
    "EventRecord",
    "EventType",
    "ExpireOverdue",
    "ExplainSlot",
    "ExplainVisibility",
    "Explanation",
    "ExportClient",
    "Failure",
    "FieldError",
    "FindSlots",
    "Flow",
    "ForgetAnswers",
    "ForgetCredentials",
    "FoundSlots",
    "Grant",
    "GrantRole",
    "Health",
    "HearCalendarNotice",
    "HearPaymentNotice",
    "HoldExpired",
    "HoldLimits",
    "HoldSlot",
    "IdFactory",
    "IdempotencyKey",
    "Identity",
    "Inbox",
    "InboxKey",
    "InitializeBooking",
    "Initialized",
    "InvalidAnswers",
    "InvalidCredentials",
    "InvalidRequest",
    "Job",
    "JobHandler",
    "JobQueue",
    "KeyInProgress",
    "KeyReused",
    "Language",
    "LeasedJob",
    "LeasedOutbox",
    "LeasingQueue",
    "LeftAtProviders",
    "Letter",
    "LetterKind",
    "LinkNeeded",
    "ListAccounts",
    "ListApiKeys",
    "ListAvailableSessions",
    "ListBookings",
    "ListBuilders",
    "ListCards",
    "ListClaimable",
    "ListDisplaced",
    "ListEventTypes",
    "ListSessionTypes",
    "ListTrail",
    "ListedEventType",
    "Location",
    "LocationKind",
    "LookAtLink",
    "LookAtPayment",
    "LookSoon",
    "Mail",
    "MailWriter",
    "Mailer",
    "ManageKey",
    "MarkNoShow",
    "Money",
    "MoneyFate",
    "MoveAtProvider",
    "NewCredential",
    "NotAllowed",
    "NotFound",
    "NotSetUp",
    "NoticeSubscriptions",
    "Occupancy",
    "Offer",
    "OfferLink",
    "OpenHolds",
    "OpenSession",
    "OpenSlot",
    "OpenSlots",
    "Opening",
    "Openings",
    "OriginKey",
    "Outbox",
    "Outcome",
    "OwnReason",
    "Pathway",
    "PathwayId",
    "PayBooking",
    "Payment",
    "PaymentAction",
    "PaymentGateway",
    "PaymentNotice",
    "PaymentNoticeReader",
    "PaymentStatus",
    "PaymentsUnavailable",
    "PreviewSchedule",
    "Proof",
    "ProofReader",
    "ProviderFailed",
    "Question",
    "QuestionKind",
    "RandomIds",
    "RangeTooLong",
    "Reader",
    "Reason",
    "Reckoning",
    "RecordPaidOnSite",
    "RecordReturnedOnSite",
    "RefreshOpenings",
    "RefundBooking",
    "RefundStep",
    "Refused",
    "RepairCalendar",
    "RepairReport",
    "Replay",
    "ReplayBooking",
    "RescheduleBooking",
    "RevokeApiKey",
    "RevokeRole",
    "RevokeTokens",
    "Role",
    "Schedule",
    "SchedulingLink",
    "SchedulingMode",
    "Scope",
    "SeedCatalogue",
    "SessionType",
    "SessionTypeId",
    "SessionTypeRepository",
    "Settle",
    "SettleCalendar",
    "SettleMoney",
    "SettleUnsettled",
    "ShowBooking",
    "ShowBuilder",
    "ShowSessionType",
    "ShowTimeline",
    "SignIn",
    "SignInLetter",
    "SignInRequired",
    "Slot",
    "SlotClaims",
    "SlotInPast",
    "SlotMisaligned",
    "SlotRules",
    "SlotUnavailable",
    "Snapshot",
    "StaleAccount",
    "StaleBooking",
    "StaleSchedule",
    "Standing",
    "StandingEvent",
    "Step",
    "Stock",
    "Subject",
    "SubjectKind",
    "Subscription",
    "SyncEventTypes",
    "SyncReport",
    "SystemClock",
    "TakeStock",
    "TermsForbid",
    "TimeOff",
    "TimeWindow",
    "Timeline",
    "TooManyHolds",
    "Topic",
    "Trail",
    "TrailEntry",
    "TrailFilter",
    "TrailKind",
    "TrailPage",
    "UnbindCalendar",
    "UndoNoShow",
    "UnitOfWork",
    "UnitOfWorkFactory",
    "UnknownTimezone",
    "UntrustedNotice",
    "Visibility",
    "WaitingJob",
    "WorkOutbox",
    "WriteCalendarFile",
    "WrongDuration",
    "WrongState",
    "address_of",
    "begin_waiting",
    "check_guests",
    "costs_of_cancelling",
    "counted",
    "end_waiting",
    "events",
    "explain",
    "exponent",
    "in_english",
    "in_largest_unit",
    "length_in_english",
    "local_dates",
    "local_day",
    "log_failure",
    "midnight",
    "next_start",
    "open_slots",
    "printable",
    "reckoned",
    "reckoned_if_cancelled",
    "retry_at",
    "seconds_left",
    "serving",
    "stored_job",
    "told",
    "usable_guests",
    "waiting_at_most",
    "with_decimals",
    "zone",
]
