from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.language import Language
from booking_core.domain.money import Money
from booking_core.domain.session_type import SessionType
from booking_core.ports.mailer import Mail


class LetterKind(StrEnum):
    """What a mail is about (F1)."""

    BOOKED = "booked"
    CHOOSE_TIME = "choose time"  # the client has to place the session at the provider itself
    PAY = "pay"  # it stands at the provider already, and its price is still due
    PAYMENT_ON_ITS_WAY = "payment on its way"  # the client has paid, and its bank takes days
    REMOVED = "removed"  # placed at the provider after the booking had ended, and taken away there
    JOIN_LINK = "join link"  # it came after the session was announced
    MOVED = "moved"
    MOVE_REFUSED = "move refused"  # the calendar took no other slot, the old one stays
    CANCELLED = "cancelled"
    CALLED_OFF = "called off"  # cancelled before it was booked
    FAILED = "failed"  # the calendar refused; money, if any, goes back
    UNMATCHED = "unmatched"  # placed at the provider by a client who may not book it
    REMINDER = "reminder"
    NEW_LINK = "new link"  # the links of all mails before open nothing any more
    PAYMENT_FAILED = "payment failed"  # the bank said no for good
    PAYMENT_TAKEN_BACK = "payment taken back"  # refunded or disputed before anything was booked
    EXPIRED = "expired"  # the checkout was not completed in time
    AUTHORISED_TOO_LATE = "authorised too late"  # the money was reserved and is released
    PAID_TOO_LATE = "paid too late"  # all of it goes back
    LINK_UNUSED = "link unused"  # it was paid, and no time was chosen
    REFUNDED = "refunded"
    HANDED_BACK = "handed back"  # by the builder itself, and not by the payment provider
    REFUND_SENT_BACK = "refund sent back"  # the client's bank did not take it
    DISPUTED = "disputed"
    DISPUTE_ENDED = "dispute ended"


class Reader(StrEnum):
    """Whom a mail is for."""

    CLIENT = "client"
    BUILDER = "builder"
    GUEST = "guest"  # one whom the client brings


@frozen(kw_only=True)
class Letter:
    """The facts of one mail; its words are the writer's.

    Times are told in `timezone`. `manage_url` opens the booking for the client; the builder gets
    the page's plain address, a guest none. `guest` is the address of the guest who reads it. `refund`
    is what went back this time, when it tells of that, and `back_before` what had gone back already
    when the booking, or a dispute, ended; `was` is when the session was to start, when it tells of a
    move. `changeable` says that the client may cancel or move it still.
    """

    key: str
    kind: LetterKind
    reader: Reader
    booking: Booking
    session_type: SessionType
    builder: Builder
    language: Language
    timezone: str
    manage_url: str
    guest: str = ""
    refund: Money | None = None
    back_before: Money | None = None
    was: datetime | None = None
    changeable: bool = True


@frozen(kw_only=True)
class SignInLetter:
    """The facts of a mail that lets its reader sign in: once, within so many `minutes`."""

    key: str
    to: str
    language: Language
    url: str = field(repr=False)
    minutes: int


class MailWriter(Protocol):
    """Puts a letter into words, in its reader's language and time zone."""

    @abstractmethod
    def write_sign_in(self, *, letter: SignInLetter) -> Mail:
        """The mail with the link; it names nobody, because anybody can have it sent."""

    @abstractmethod
    def write(self, *, letter: Letter) -> Mail:
        """The mail to its reader, under the letter's key, answered to the other one of the two.

        A guest reads what takes place, when, where, with whom, and who brings it, and answers the
        builder: no link to the booking, no price, and of what the client wrote only its name.
        The same letter always gives the same mail.
        """
