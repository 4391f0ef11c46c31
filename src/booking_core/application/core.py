"""The application object: every use case under its name, wired once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Self

from attrs import evolve, frozen

from booking_core.application.access import Access
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
from booking_core.application.cashier import Cashier
from booking_core.application.catalogue import Catalogue
from booking_core.application.change_builder import ChangeBuilder
from booking_core.application.change_session_type import ChangeSessionType
from booking_core.application.check_calendars import CheckCalendars
from booking_core.application.claim_booking import ClaimBooking
from booking_core.application.close_session import CloseSession
from booking_core.application.complete_booking import CompleteBooking
from booking_core.application.confirm_booking import ConfirmBooking
from booking_core.application.create_booking import CreateBooking
from booking_core.application.do_job import DoJob
from booking_core.application.erase_client import EraseClient
from booking_core.application.expire_overdue import ExpireOverdue
from booking_core.application.explain_slot import ExplainSlot
from booking_core.application.explain_visibility import ExplainVisibility
from booking_core.application.export_client import ExportClient
from booking_core.application.find_slots import FindSlots
from booking_core.application.forget_answers import ForgetAnswers
from booking_core.application.forget_credentials import ForgetCredentials
from booking_core.application.grant_role import GrantRole
from booking_core.application.hear_calendar_notice import HearCalendarNotice
from booking_core.application.hear_payment_notice import HearPaymentNotice
from booking_core.application.hold_judge import HoldJudge
from booking_core.application.hold_slot import HoldSlot
from booking_core.application.initialize_booking import InitializeBooking
from booking_core.application.join_event import EventJoiner
from booking_core.application.keep import Keeper
from booking_core.application.leasing_queue import LeasingQueue
from booking_core.application.list_accounts import ListAccounts
from booking_core.application.list_api_keys import ListApiKeys
from booking_core.application.list_available_sessions import ListAvailableSessions
from booking_core.application.list_bookings import ListBookings
from booking_core.application.list_builders import ListBuilders
from booking_core.application.list_cards import ListCards
from booking_core.application.list_claimable import ListClaimable
from booking_core.application.list_displaced import ListDisplaced
from booking_core.application.list_event_types import ListEventTypes
from booking_core.application.list_session_types import ListSessionTypes
from booking_core.application.list_trail import ListTrail
from booking_core.application.look_at_link import LookAtLink
from booking_core.application.look_at_payment import LookAtPayment
from booking_core.application.look_soon import LookSoon
from booking_core.application.mark_no_show import MarkNoShow
from booking_core.application.move_at_provider import MoveAtProvider
from booking_core.application.offer_link import OfferLink
from booking_core.application.open_session import OpenSession
from booking_core.application.open_times import OpenTimes
from booking_core.application.pay_booking import PayBooking
from booking_core.application.people import People
from booking_core.application.place_booking import BookingPlacer
from booking_core.application.plain_mail import PlainMailWriter
from booking_core.application.preview_schedule import PreviewSchedule
from booking_core.application.read_event import ReadEvent
from booking_core.application.record_paid_on_site import RecordPaidOnSite
from booking_core.application.record_returned_on_site import RecordReturnedOnSite
from booking_core.application.refresh_openings import RefreshOpenings
from booking_core.application.refund_booking import RefundBooking
from booking_core.application.repair_calendar import RepairCalendar
from booking_core.application.repeats import Repeats
from booking_core.application.replay_booking import ReplayBooking
from booking_core.application.reschedule_booking import RescheduleBooking
from booking_core.application.revoke_api_key import RevokeApiKey
from booking_core.application.revoke_role import RevokeRole
from booking_core.application.revoke_tokens import RevokeTokens
from booking_core.application.seed_catalogue import SeedCatalogue
from booking_core.application.send_mail import SendMail
from booking_core.application.send_sign_in_link import SendSignInLink
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.application.settle_money import SettleMoney
from booking_core.application.settle_unsettled import SettleUnsettled
from booking_core.application.show_booking import ShowBooking
from booking_core.application.show_builder import ShowBuilder
from booking_core.application.show_session_type import ShowSessionType
from booking_core.application.show_timeline import ShowTimeline
from booking_core.application.slots import SlotJudge
from booking_core.application.sync_event_types import SyncEventTypes
from booking_core.application.system import RandomIds, SystemClock
from booking_core.application.take_stock import TakeStock
from booking_core.application.unbind_calendar import UnbindCalendar
from booking_core.application.undo_no_show import UndoNoShow
from booking_core.application.witness import Witness
from booking_core.application.work_outbox import WorkOutbox
from booking_core.application.write_calendar_file import WriteCalendarFile
from booking_core.domain.credential import LinkKey
from booking_core.domain.holds import HoldLimits, OriginKey
from booking_core.domain.manage_token import ManageKey
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.calendar_accounts import CalendarAccounts
from booking_core.ports.calendar_files import CalendarFiles
from booking_core.ports.calendar_notices import CalendarNoticeReader
from booking_core.ports.clock import Clock
from booking_core.ports.ids import IdFactory
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.mail_writer import MailWriter
from booking_core.ports.mailer import Mailer
from booking_core.ports.payment_notices import PaymentNoticeReader
from booking_core.ports.payments import PaymentGateway
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_HEAD_START = timedelta(seconds=30)


@frozen(kw_only=True)
class BookingCore:
    """Everything that can be asked of booking-core. Each attribute is one use case, to be called.

    `assemble` makes one from adapters. It holds no state of its own besides the cached catalogue,
    and may be used from many threads as far as its adapters can.
    """

    list_builders: ListBuilders
    list_cards: ListCards
    refresh_openings: RefreshOpenings
    show_builder: ShowBuilder
    list_session_types: ListSessionTypes
    list_available_sessions: ListAvailableSessions
    show_session_type: ShowSessionType
    explain_visibility: ExplainVisibility
    add_builder: AddBuilder
    change_builder: ChangeBuilder
    bind_calendar: BindCalendar
    unbind_calendar: UnbindCalendar
    check_calendars: CheckCalendars
    preview_schedule: PreviewSchedule
    list_displaced: ListDisplaced
    add_session_type: AddSessionType
    change_session_type: ChangeSessionType
    seed_catalogue: SeedCatalogue
    find_slots: FindSlots
    explain_slot: ExplainSlot
    hold_slot: HoldSlot
    initialize_booking: InitializeBooking
    confirm_booking: ConfirmBooking
    pay_booking: PayBooking
    look_at_payment: LookAtPayment
    look_at_link: LookAtLink
    look_soon: LookSoon
    hear_payment_notice: HearPaymentNotice
    create_booking: CreateBooking
    hear_calendar_notice: HearCalendarNotice
    repair_calendar: RepairCalendar
    list_event_types: ListEventTypes
    sync_event_types: SyncEventTypes
    offer_link: OfferLink
    answer_once: AnswerOnce
    show_booking: ShowBooking
    write_calendar_file: WriteCalendarFile
    list_bookings: ListBookings
    show_timeline: ShowTimeline
    list_trail: ListTrail
    replay_booking: ReplayBooking
    cancel_booking: CancelBooking
    reschedule_booking: RescheduleBooking
    move_at_provider: MoveAtProvider
    revoke_tokens: RevokeTokens
    complete_booking: CompleteBooking
    mark_no_show: MarkNoShow
    undo_no_show: UndoNoShow
    record_paid_on_site: RecordPaidOnSite
    record_returned_on_site: RecordReturnedOnSite
    refund_booking: RefundBooking
    actor_of_proof: ActorOfProof
    ask_sign_in_link: AskSignInLink
    open_session: OpenSession
    actor_of_session: ActorOfSession
    close_session: CloseSession
    claim_booking: ClaimBooking
    list_claimable: ListClaimable
    add_api_key: AddApiKey
    list_api_keys: ListApiKeys
    revoke_api_key: RevokeApiKey
    actor_of_api_key: ActorOfApiKey
    grant_role: GrantRole
    revoke_role: RevokeRole
    list_accounts: ListAccounts
    export_client: ExportClient
    erase_client: EraseClient
    expire_overdue: ExpireOverdue
    forget_answers: ForgetAnswers
    forget_credentials: ForgetCredentials
    settle_calendar: SettleCalendar
    settle_money: SettleMoney
    settle_unsettled: SettleUnsettled
    work_outbox: WorkOutbox
    take_stock: TakeStock
    jobs: JobQueue
    manage_key: ManageKey
    origin_key: OriginKey
    clock: Clock

    @classmethod
    def assemble(
        cls,
        *,
        unit_of_work: UnitOfWorkFactory,
        calendar: CalendarProvider,
        mailer: Mailer,
        calendar_notices: CalendarNoticeReader | None = None,
        calendar_accounts: CalendarAccounts | None = None,
        payments: PaymentGateway | None = None,
        payment_notices: PaymentNoticeReader | None = None,
        mail_writer: MailWriter | None = None,
        calendar_files: CalendarFiles | None = None,
        jobs: JobQueue | None = None,
        clock: Clock | None = None,
        ids: IdFactory | None = None,
        secret_key: bytes | None = None,
        public_url: str = "http://127.0.0.1:8000",
        hold_limits: HoldLimits | None = None,
    ) -> Self:
        """The application on these adapters.

        `secret_key` makes the manage tokens of anonymous clients and the secrets of sign-in links:
        32 random bytes that stay the same. Left out, a new one is drawn, and both are worth nothing
        outside of this process. `hold_limits` say how much may wait for clients at once.
        """
        clock = clock or SystemClock()
        ids = ids or RandomIds()
        jobs = jobs or LeasingQueue(unit_of_work, clock)
        catalogue = Catalogue(calendar.needs_event_type)
        secret_key = secret_key or secrets.token_bytes(32)
        manage_key, link_key = ManageKey(secret_key), LinkKey(secret_key)
        origin_key = OriginKey(secret_key)
        access = Access(manage_key)
        repeats = Repeats(clock)
        people = People(unit_of_work, clock, ids)
        keeper = Keeper(unit_of_work, calendar, clock, people)
        times = OpenTimes(unit_of_work, calendar, clock)
        judge = SlotJudge(catalogue, times)
        holds = HoldJudge(hold_limits or HoldLimits(), origin_key, clock)
        placer = BookingPlacer(catalogue, judge, keeper, holds, ids)
        ahead = evolve(keeper, head_start=_HEAD_START)  # of those who settle the calendar at once
        witness = Witness(unit_of_work, clock)
        settle_calendar = SettleCalendar(unit_of_work, keeper, witness)
        settle_money = SettleMoney(unit_of_work, keeper, payments, witness)
        public_url = public_url.rstrip("/")
        cashier = Cashier(unit_of_work, payments, settle_money, keeper, public_url)
        writer = mail_writer or PlainMailWriter()
        send_mail = SendMail(
            unit_of_work,
            catalogue,
            writer,
            calendar_files,
            mailer,
            manage_key,
            public_url,
            clock,
            witness,
        )
        send_link = SendSignInLink(unit_of_work, writer, mailer, link_key, public_url, clock)
        joiner = EventJoiner(keeper, access)
        create = CreateBooking(unit_of_work, placer, cashier, joiner, settle_calendar, access)
        offer_link = OfferLink(unit_of_work, access, catalogue, calendar, clock)
        move_at_provider = MoveAtProvider(unit_of_work, calendar, clock)
        read_event = ReadEvent(calendar, create, send_mail, witness)
        return cls(
            create_booking=create,
            hear_calendar_notice=HearCalendarNotice(unit_of_work, calendar_notices, clock),
            repair_calendar=RepairCalendar(unit_of_work, calendar, joiner, create, settle_calendar),
            list_event_types=ListEventTypes(unit_of_work, calendar),
            sync_event_types=SyncEventTypes(unit_of_work, calendar, ids, clock),
            offer_link=offer_link,
            answer_once=AnswerOnce(unit_of_work, clock),
            list_builders=ListBuilders(unit_of_work, catalogue),
            list_cards=ListCards(unit_of_work, catalogue, clock),
            refresh_openings=RefreshOpenings(unit_of_work, catalogue, times, clock),
            show_builder=ShowBuilder(unit_of_work, catalogue),
            list_session_types=ListSessionTypes(unit_of_work, catalogue),
            list_available_sessions=ListAvailableSessions(unit_of_work, catalogue),
            show_session_type=ShowSessionType(unit_of_work, catalogue),
            explain_visibility=ExplainVisibility(unit_of_work, catalogue),
            add_builder=AddBuilder(people, ids, repeats, public_url),
            change_builder=ChangeBuilder(unit_of_work, clock, public_url),
            bind_calendar=BindCalendar(unit_of_work, calendar_accounts, clock),
            unbind_calendar=UnbindCalendar(unit_of_work, clock),
            check_calendars=CheckCalendars(unit_of_work, calendar_accounts),
            preview_schedule=PreviewSchedule(catalogue, times),
            list_displaced=ListDisplaced(unit_of_work, catalogue, clock),
            add_session_type=AddSessionType(unit_of_work, ids, repeats),
            change_session_type=ChangeSessionType(unit_of_work, calendar, clock),
            seed_catalogue=SeedCatalogue(people),
            find_slots=FindSlots(catalogue, times),
            explain_slot=ExplainSlot(catalogue, times),
            hold_slot=HoldSlot(placer),
            initialize_booking=InitializeBooking(placer, cashier, offer_link),
            confirm_booking=ConfirmBooking(
                evolve(placer, keeper=ahead), access, cashier, settle_calendar
            ),
            pay_booking=PayBooking(access, catalogue, cashier),
            look_at_payment=LookAtPayment(
                unit_of_work, access, evolve(settle_money, keeper=ahead), settle_calendar
            ),
            look_at_link=LookAtLink(settle_calendar),
            look_soon=LookSoon(unit_of_work, keeper),
            hear_payment_notice=HearPaymentNotice(unit_of_work, payment_notices, clock),
            show_booking=ShowBooking(unit_of_work, access),
            write_calendar_file=WriteCalendarFile(
                unit_of_work, access, catalogue, calendar_files, clock
            ),
            list_bookings=ListBookings(unit_of_work),
            show_timeline=ShowTimeline(unit_of_work, access, jobs),
            list_trail=ListTrail(unit_of_work),
            replay_booking=ReplayBooking(keeper, access, jobs),
            cancel_booking=CancelBooking(keeper, access),
            reschedule_booking=RescheduleBooking(
                unit_of_work,
                ahead,
                judge,
                access,
                catalogue,
                settle_calendar,
                move_at_provider,
            ),
            move_at_provider=move_at_provider,
            revoke_tokens=RevokeTokens(keeper, access),
            complete_booking=CompleteBooking(keeper, access),
            mark_no_show=MarkNoShow(keeper, access),
            undo_no_show=UndoNoShow(keeper, access),
            record_paid_on_site=RecordPaidOnSite(keeper, access),
            record_returned_on_site=RecordReturnedOnSite(keeper, access, jobs),
            refund_booking=RefundBooking(keeper, access),
            actor_of_proof=ActorOfProof(people),
            ask_sign_in_link=AskSignInLink(people, link_key),
            open_session=OpenSession(people),
            actor_of_session=ActorOfSession(unit_of_work, clock),
            close_session=CloseSession(people),
            claim_booking=ClaimBooking(keeper),
            list_claimable=ListClaimable(unit_of_work),
            add_api_key=AddApiKey(people, repeats),
            list_api_keys=ListApiKeys(unit_of_work),
            revoke_api_key=RevokeApiKey(people),
            actor_of_api_key=ActorOfApiKey(unit_of_work, clock),
            grant_role=GrantRole(people, repeats),
            revoke_role=RevokeRole(people),
            list_accounts=ListAccounts(unit_of_work),
            export_client=ExportClient(people, jobs),
            erase_client=EraseClient(people),
            expire_overdue=ExpireOverdue(unit_of_work, keeper),
            forget_answers=ForgetAnswers(unit_of_work, clock),
            forget_credentials=ForgetCredentials(unit_of_work, clock),
            settle_calendar=settle_calendar,
            settle_money=settle_money,
            settle_unsettled=SettleUnsettled(unit_of_work, jobs, clock),
            take_stock=TakeStock(unit_of_work, jobs, clock),
            work_outbox=WorkOutbox(
                jobs, DoJob(settle_calendar, settle_money, send_mail, read_event, send_link)
            ),
            jobs=jobs,
            manage_key=manage_key,
            origin_key=origin_key,
            clock=clock,
        )
