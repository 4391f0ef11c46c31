"""Domain values as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from booking_core import (
    Account,
    Booking,
    Builder,
    BuilderId,
    Credential,
    DayRange,
    Explanation,
    Money,
    Offer,
    OpenSlot,
    Outcome,
    Payment,
    PaymentStatus,
    Schedule,
    SessionType,
    SessionTypeId,
    Slot,
    TrailEntry,
    in_english,
    zone,
)
from entrypoints import times, views
from entrypoints.cli.output import dim, mark, table
from entrypoints.invoked import command

_MINUTE = timedelta(minutes=1)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GOOD, _BAD = {"CONFIRMED", "COMPLETED"}, {"CANCELLED", "EXPIRED", "FAILED", "NO_SHOW"}


def builders(found: Sequence[Builder]) -> RenderableType:
    if not found:
        add, seed = command("builders add"), command("seed")
        return f"There are no builders yet; `{add}` adds one, `{seed}` a demo."
    rows = [
        (each.name, each.slug, each.timezone, each.headline if each.active else "(not active)")
        for each in found
    ]
    return table(("Builder", "Slug", "Time zone", "Headline"), rows)


def builder(value: Builder) -> RenderableType:
    rows = [
        ("Name", value.name),
        ("Slug", value.slug),
        ("E-mail", value.email),
        ("Headline", value.headline),
        ("Photo", value.photo_url or ""),
        ("Language", value.language.value),
        ("Reminders", ", ".join(f"{each // _MINUTE} min before" for each in value.reminders)),
        ("Client accounts", "yes" if value.client_accounts else "no"),
        ("Embedded by", ", ".join(value.embed_sites)),
        ("Calendar account", value.calendar_account or ""),
        ("Scheduling mode", value.scheduling_mode.value),
        ("Active", "yes" if value.active else "no"),
    ]
    return table(("", ""), rows)


def session_types(
    found: Sequence[SessionType], builders: Mapping[BuilderId, Builder]
) -> RenderableType:
    if not found:
        return "There are no session types here for this viewer."
    return table(
        ("Name it", "Takes", "Price", "Session type"),
        [
            (
                f"{builders[each.builder_id].slug}/{each.slug}",
                f"{each.duration // _MINUTE} min",
                str(each.price or "free"),
                _title(each),
            )
            for each in found
        ],
    )


def _title(session_type: SessionType) -> Text:
    remarks: list[str] = [*session_type.pathways]
    if session_type.requires_auth:
        remarks.append("signed-in only")
    if not session_type.active:
        remarks.append("not active")
    title = Text(session_type.title)
    return title.append(f" ({', '.join(remarks)})", style="dim") if remarks else title


# ---- schedules -----------------------------------------------------------------------------------


def schedule(builder: Builder) -> RenderableType:
    hours = builder.schedule
    week = [(name, _hours(hours.weekly.get(day, ()))) for day, name in enumerate(_WEEKDAYS)]
    parts: list[RenderableType] = [
        Text(f"{builder.name} — times in {hours.timezone}\n"),
        table(("Every week", ""), week),
    ]
    if hours.overrides:
        rows = [(f"{day:%a} {day}", _hours(ranges)) for day, ranges in hours.overrides.items()]
        parts += ["", table(("Other hours on", ""), rows)]
    if hours.time_off:
        parts += ["", table(("Time off", ""), _absences(hours))]
    return Group(*parts)


def _hours(ranges: Iterable[DayRange]) -> Text:
    return Text(", ".join("–".join(each.texts()) for each in ranges)) or dim("closed")


def _absences(hours: Schedule) -> list[tuple[str, str]]:
    return [(times.span(off.window, hours.timezone), off.reason) for off in hours.time_off]


# ---- slots ---------------------------------------------------------------------------------------


def slots(found: Sequence[OpenSlot], timezone: str, *, seats: bool) -> RenderableType:
    """The starts of each day; with the seats left, where there can be several."""
    by_day = groupby(found, key=lambda each: times.day(each.slot.start, timezone))
    rows = [
        (day, "  ".join(_start(each, timezone, seats) for each in open_)) for day, open_ in by_day
    ]
    return table(("Day", "Open starts"), rows)


def _start(found: OpenSlot, timezone: str, seats: bool) -> str:
    start = times.clock(found.slot.start, timezone)
    return f"{start}\N{NO-BREAK SPACE}({found.seats})" if seats else start


def alternatives(open_: Sequence[Slot], timezone: str) -> Table:
    rows = [(times.span(each, timezone), times.typed(each.start, timezone)) for each in open_]
    return table((f"Open instead ({timezone})", "As START"), rows)


def explanation(found: Explanation, timezone: str) -> RenderableType:
    when = f"{times.day_and_clock(found.start, timezone)} ({timezone})"
    if found.is_open:
        seats = f", {found.seats} seats" if found.seats > 1 else ""
        return Text.assemble(mark(True), f" {when} is open{seats}.")
    rows = [(f"  {reason.code}", reason.message) for reason in found.reasons]
    return Group(Text.assemble(mark(False), f" {when} is not offered:"), table(("", ""), rows))


# ---- bookings ------------------------------------------------------------------------------------


def bookings(
    found: Sequence[Booking], offers: Mapping[SessionTypeId, Offer], timezone: str
) -> RenderableType:
    if not found:
        return "There are no such bookings."
    return table(
        (f"Start ({timezone})", "State", "Booking"),
        [
            (
                times.day_and_clock(each.slot.start, timezone) if each.slot else "no time yet",
                _state(each),
                Text(
                    f"{_what(offers[each.session_type_id])} for {each.client.contact.name}"
                ).append(
                    f"\nbooked {times.day_and_clock(each.created_at, timezone)}\n{each.id}",
                    style="dim",
                ),
            )
            for each in found
        ],
    )


def booking(
    value: Booking, offer: Offer, timezone: str, *, url: str, link: str = ""
) -> RenderableType:
    contact, details = value.client.contact, value.details
    rows: list[tuple[str, str | Text]] = [
        ("Session", _what(offer)),
        (
            "Time",
            f"{times.span(value.slot, timezone)} ({timezone})" if value.slot else "not chosen",
        ),
        ("State", _state(value)),
        ("Client", f"{contact.name} <{contact.email}>, {contact.timezone}"),
        ("Where", ": ".join(filter(None, (value.location.kind.value, value.location.text)))),
    ]
    if value.pending_slot:
        rows.insert(2, ("Moves to", times.span(value.pending_slot, timezone)))
    if value.deadline and value.state.live:
        rows.insert(3, ("Ends by itself", times.day_and_clock(value.deadline, timezone)))
    if link:
        rows.append(("To choose the time", link))
    if value.payment.price is not None:
        rows.append(("Price", _paid(value.payment, ended=value.state.dead)))
    if details.pathway:
        rows.append(("Pathway", details.pathway))
    rows += [(each.prompt, _answer(each.value)) for each in details.answers]
    rows += [("Notes", details.notes)] if details.notes else []
    rows += [("Guests", ", ".join(details.guests))] if details.guests else []
    rows += [("Reason", in_english(value.cancel_reason))] if value.cancel_reason else []
    rows += [
        ("Booked on", times.day_and_clock(value.created_at, timezone)),
        ("Booking", value.id),
        ("Page", url),
    ]
    return table(("", ""), rows)


def _what(offer: Offer) -> str:
    return f"{offer.session_type.title} with {offer.builder.name}"


def _state(value: Booking) -> Text:
    style = "green" if value.state in _GOOD else "red" if value.state in _BAD else "yellow"
    return Text(value.state.value, style=style)


def _answer(value: str | bool | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ", ".join(value)


def _paid(payment: Payment, *, ended: bool) -> str:
    """How the money stands: what went back, what still has to, and what stays where that is not all."""
    told = f"{payment.price}, {payment.status.value}"
    if payment.price is None or not payment.taken:
        return told
    gone = payment.gone_back.amount if payment.gone_back else 0
    owed = payment.owed if payment.status is PaymentStatus.REFUND_DUE else 0
    figures = {"went back": gone, "still to go back": owed}
    parts = {words: amount for words, amount in figures.items() if amount}
    less = ended or payment.taken < payment.price.amount
    if (parts or less) and payment.status is not PaymentStatus.DISPUTED:
        parts["kept"] = payment.taken - gone - owed
    currency = payment.price.currency
    said = ", ".join(f"{Money(amount, currency)} {words}" for words, amount in parts.items())
    return f"{told}: {said}" if said else told


# ---- the trail -----------------------------------------------------------------------------------


def trail(found: Sequence[TrailEntry], timezone: str, *, subjects: bool) -> RenderableType:
    """What happened; with what it was about, where that is not the same everywhere."""
    if not found:
        return "There is nothing in the trail."
    rows = [
        (
            f"{each.at.astimezone(zone(timezone)):%Y-%m-%d %H:%M:%S}",
            f"{each.kind.value}: {each.name}",
            _went(each, str(each.subject) if subjects else ""),
        )
        for each in found
    ]
    return table((f"When ({timezone})", "What", "How it went"), rows)


def _went(entry: TrailEntry, subject: str) -> Text:
    """How it went, by whom, and what else there is to say; most of that is copied more than read."""
    told = Text(entry.outcome.value, style="" if entry.outcome is Outcome.DONE else "red")
    said = views.entry(entry)["detail"].items()
    detail = [f"{name} {_said(each)}" for name, each in said if each is not None]
    more = (f"by {entry.by}", subject, ", ".join(detail))
    return told.append("".join(f"\n{each}" for each in more if each), style="dim")


def _said(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


# ---- people --------------------------------------------------------------------------------------


def accounts(found: Sequence[Account]) -> RenderableType:
    if not found:
        return "There are no accounts."
    rows = [
        (
            times.day(each.created_at, "UTC"),
            Text(named(each)).append(f"\n{_standing(each)}{each.id}", style="dim"),
        )
        for each in found
    ]
    return table(("Since", "Account"), rows)


def named(account: Account) -> str:
    """By name and address, as far as they are known."""
    contact = account.contact
    if contact is None:
        return account.id
    return contact.email if contact.name == contact.email else f"{contact.name} <{contact.email}>"


def _standing(account: Account) -> str:
    parts = ["admin"] if account.is_admin else []
    parts += [f"builder {account.builder_id}"] if account.builder_id else []
    parts += [] if account.email_proved else ["address not proved"]
    return f"{', '.join(parts)}\n" if parts else ""


def api_keys(found: Sequence[Credential]) -> RenderableType:
    if not found:
        return f"There are no API keys; `{command('api-keys add')}` makes one."
    rows = [
        (
            " ".join(sorted(grant.scopes)),
            Text(f"{grant.name}{_end(each)}").append(
                f"\n{grant.role} {grant.id or ''}\n{each.id}", style="dim"
            ),
        )
        for each in found
        if (grant := each.grant)
    ]
    return table(("Scopes", "Key"), rows)


def _end(key: Credential) -> str:
    if key.spent_at:
        return f" (revoked {times.day(key.spent_at, 'UTC')})"
    return f" (until {times.day(key.expires_at, 'UTC')})" if key.expires_at else ""
