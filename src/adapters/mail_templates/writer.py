from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen
from babel import Locale
from babel.dates import format_date, format_time, get_timezone, get_timezone_gmt
from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from adapters.mail_templates import terms
from adapters.mail_templates.money import told
from adapters.mail_templates.phrases import phrases
from adapters.mail_templates.region import locale_in
from booking_core import (
    Letter,
    LetterKind,
    Mail,
    MailWriter,
    Money,
    Reader,
    SignInLetter,
    Slot,
    with_decimals,
)

_TEMPLATES = Environment(
    loader=PackageLoader("adapters.mail_templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TELLS_TERMS = (
    LetterKind.BOOKED,
    LetterKind.CHOOSE_TIME,
    LetterKind.PAY,
    LetterKind.PAYMENT_ON_ITS_WAY,
)
_WAITS = {LetterKind.CHOOSE_TIME: "until", LetterKind.PAYMENT_ON_ITS_WAY: "awaited"}
_CHANGEABLE = (LetterKind.BOOKED, LetterKind.MOVED, LetterKind.MOVE_REFUSED, LetterKind.REMINDER)


@frozen
class TemplateMailWriter(MailWriter):
    """One layout for all mails; what differs is in the phrases."""

    def write_sign_in(self, *, letter: SignInLetter) -> Mail:
        words = phrases(letter.language)
        own = words["sign_in"]
        content = {
            "language": letter.language.value,
            "subject": own["subject"],
            "greeting": own["greeting"],
            "paragraphs": [own["text"].format(minutes=letter.minutes)],
            "facts": [],
            "button": own["button"],
            "url": letter.url,
            "footer": own["footer"],
        }
        return _mail(content, key=letter.key, to=letter.to)

    def write(self, *, letter: Letter) -> Mail:
        if letter.reader is Reader.GUEST:
            return _to_guest(letter)
        page = _Page(letter)
        contact, builder = letter.booking.client.contact, letter.builder
        for_client = letter.reader is Reader.CLIENT
        content = {
            "language": letter.language.value,
            "subject": page.subject,
            "greeting": page.say("greeting", name=(contact if for_client else builder).name),
            "paragraphs": page.paragraphs,
            "facts": page.facts,
            "button": page.say(page.button),
            # The builder's own pages ask for a sign-in; what it has to know is in the mail.
            "url": letter.manage_url if for_client else None,
            "footer": page.say(f"footer_{letter.reader}"),
        }
        return _mail(
            content,
            key=letter.key,
            to=contact.email if for_client else builder.email,
            reply_to=builder.email if for_client else contact.email,
        )


def _to_guest(letter: Letter) -> Mail:
    """Anybody may have named that address, so the mail says no more than it has to."""
    page, client = _Page(letter), letter.booking.client.contact.name
    content = {
        "language": letter.language.value,
        "subject": page.subject,
        "greeting": page.say("greeting_guest"),
        "paragraphs": [page.news],
        "facts": page.outline,
        "url": None,
        "footer": page.say("footer_guest", client=client),
    }
    return _mail(content, key=letter.key, to=letter.guest, reply_to=letter.builder.email)


def _mail(content: dict[str, Any], *, key: str, to: str, reply_to: str | None = None) -> Mail:
    return Mail(
        key=key,
        to=to,
        subject=content["subject"],
        text=_TEMPLATES.get_template("mail.txt").render(content),
        html=_TEMPLATES.get_template("mail.html").render(content),
        reply_to=reply_to,
    )


class _Page:
    """The words of one letter."""

    def __init__(self, letter: Letter) -> None:
        self._letter, self._booking = letter, letter.booking
        self._words = phrases(letter.language)
        self._kind = letter.kind.value.replace(" ", "_")
        self._own = self._words[letter.reader.value][self._kind]
        self._for_client = letter.reader is not Reader.BUILDER

    def say(self, phrase: str, **values: str) -> str:
        words: str = self._words[phrase]
        return words.format(**values)

    @property
    def subject(self) -> str:
        return " ".join(self._filled("subject").split())

    @property
    def paragraphs(self) -> list[str]:
        phrases, amounts = told(self._letter)
        figures, words = self._in_figures(amounts), self._words["money"]
        sentences = " ".join(words[phrase].format(**figures) for phrase in phrases)
        return list(filter(None, [self.news, sentences, self._terms()]))

    @property
    def news(self) -> str:
        return self._filled("text")

    @property
    def button(self) -> str:
        if self._for_client and self._letter.changeable and self._letter.kind in _CHANGEABLE:
            return "manage_client"
        return "see_client"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is said about the session, each with its label; what is empty is left out."""
        booking, labels = self._booking, self._words["labels"]
        contact, details = booking.client.contact, booking.details
        found = [
            (labels["what"], self._letter.session_type.title),
            (labels["who"], self._letter.builder.name if self._for_client else ""),
            (labels["client"], "" if self._for_client else f"{contact.name} <{contact.email}>"),
            (labels["when"], self._when(booking.slot)),
            (labels["was"], self._moment(self._letter.was)),
            *self._deadline(labels),
            (labels["where"], booking.location.text if booking.state.served else ""),
            (labels["price"], self._price()),
            (labels["pathway"], details.pathway or ""),
            (labels["reason"], self._reason()),
        ]
        if not self._for_client:
            found += [(each.prompt, self._answer(each.value)) for each in details.answers]
            found.append((labels["notes"], details.notes))
            found.append((labels["guests"], ", ".join(details.guests)))
        return [(label, value) for label, value in found if value]

    @property
    def outline(self) -> list[tuple[str, str]]:
        """The session alone, without what is the client's own business."""
        booking, labels = self._booking, self._words["labels"]
        found = [
            (labels["what"], self._letter.session_type.title),
            (labels["who"], self._letter.builder.name),
            (labels["when"], self._when(booking.slot)),
            (labels["was"], self._moment(self._letter.was)),
            (labels["where"], booking.location.text if booking.state.served else ""),
        ]
        return [(label, value) for label, value in found if value]

    # ---- figures -----------------------------------------------------------------------------------

    def _filled(self, name: str) -> str:
        contact, builder = self._booking.client.contact, self._letter.builder
        amount = self._amount()
        words: str = self._own[name]
        return words.format(
            title=self._letter.session_type.title,
            other=builder.name if self._for_client else contact.name,
            client=contact.name,
            amount=self._money(amount) if amount else "",
        )

    def _amount(self) -> Money | None:
        """What went back, what was refused on its way, or what is disputed."""
        payment = self._booking.payment
        if payment.price is None or self._letter.refund is not None:
            return self._letter.refund
        other = {
            LetterKind.REFUND_SENT_BACK: payment.owed,
            LetterKind.DISPUTED: min(payment.paid_in, payment.price.amount),
        }
        amount = other.get(self._letter.kind, payment.returned)
        return Money(amount, payment.price.currency)

    def _deadline(self, labels: dict[str, str]) -> list[tuple[str, str]]:
        """Until when the booking waits, where the mail is about that."""
        label = _WAITS.get(self._letter.kind)
        return [(labels[label], self._moment(self._booking.deadline))] if label else []

    def _terms(self) -> str:
        """What a cancellation brings the client, where that is the first mail to tell of the booking."""
        if not self._for_client or self._letter.kind not in _TELLS_TERMS:
            return ""
        booking = self._booking
        return terms.in_words(
            booking.terms, self._words, paid_online=bool(booking.payment.attempts)
        )

    def _reason(self) -> str:
        """What somebody wrote, or our own reason in the reader's words."""
        given = self._booking.cancel_reason
        own = self._words["reasons"] | self._words.get(f"reasons_{self._letter.reader}", {})
        words: str = own.get(given, given)
        return words

    def _in_figures(self, amounts: dict[str, Money]) -> dict[str, str]:
        return {name: self._money(amount) for name, amount in amounts.items()}

    def _money(self, money: Money) -> str:
        locale = Locale.parse(self._words["locale"])
        pattern = with_decimals(locale.currency_formats["standard"].pattern, money.currency)
        return format_currency(
            money.decimal(), money.currency, pattern, locale, currency_digits=False
        )

    def _price(self) -> str:
        payment = self._booking.payment
        phrase = {"PAID": "paid", "AUTHORISED": "paid", "DUE": "on_site"}.get(payment.status)
        if payment.price is None or phrase is None or not self._booking.state.served:
            return ""
        words: str = self._words["money"][phrase]
        return words.format(price=self._money(payment.price))

    def _when(self, slot: Slot | None) -> str:
        if slot is None:
            return ""
        return self.say("time_range", **self._at(slot.start), end=self._at(slot.end)["time"])

    def _moment(self, moment: datetime | None) -> str:
        return "" if moment is None else self.say("moment", **self._at(moment))

    def _at(self, moment: datetime) -> dict[str, str]:
        """The day, time and zone of a moment, as its reader counts and writes them."""
        here = moment.astimezone(get_timezone(self._letter.timezone))
        locale = locale_in(self._words["locale"], self._letter.timezone)
        return {
            "day": format_date(here, "full", locale=locale),
            "time": format_time(here, "short", locale=locale),
            "zone": f"{self._letter.timezone}, {get_timezone_gmt(here, 'long', locale)}",
        }

    def _answer(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        return ", ".join(value) if isinstance(value, tuple) else str(value)
