"""A builder's own page for its hours, with a look at what they would open before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from flask import Blueprint, redirect, render_template, request, session, url_for

from booking_core import (
    Booking,
    BookingError,
    Builder,
    InvalidRequest,
    Role,
    Schedule,
    SessionType,
    SessionTypeId,
    StaleSchedule,
)
from entrypoints import problems
from entrypoints.web import which_builder, zones
from entrypoints.web.cookies import Cookies
from entrypoints.web.figures import weekday_names
from entrypoints.web.headers import let_scripts_read
from entrypoints.web.schedule_form import MOST_FIELDS, WEEK, Absence, ScheduleForm
from entrypoints.web.schedule_preview import Preview, shown_from
from entrypoints.web.words import N_, _, locale

if TYPE_CHECKING:
    from entrypoints.container import Application

#: Where builders whose calendar is Calendly keep their hours.
_AT_CALENDLY = "https://calendly.com/app/availability/schedules"
#: Whose hours were kept, until the next page has told so once.
_SAVED = "saved"
_FOR_BUILDERS = N_("On this page builders keep the hours at which they can be booked.")


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core = application.core
    elsewhere = _AT_CALENDLY if application.settings.calendar == "calendly" else None

    def own() -> Builder:
        return which_builder.found(core, cookies.viewer, _FOR_BUILDERS)

    which_builder.hold_back(pages, cookies, change_schedule=own)

    @pages.get("/builder/schedule")
    def builder_schedule() -> Any:
        first = which_builder.asked_first(
            core,
            cookies.viewer,
            title=_("Hours of the builders"),
            question=_("Whose hours do you want to see or change?"),
        )
        if first:
            return first
        builder = own()
        if elsewhere:
            return render_template("schedule_elsewhere.html", builder=builder, address=elsewhere)
        return page(builder, ScheduleForm.of(builder.schedule, core.clock.now()), builder.schedule)

    @pages.post("/builder/schedule")
    def change_schedule() -> Any:
        builder, step = own(), request.form.get("do", "")
        if elsewhere:
            return back_to(builder)
        form = ScheduleForm.read(request.form)
        if step not in ("save", "preview"):
            return page(builder, form.edited(step))
        form = form.in_order()
        try:
            schedule = form.schedule(builder.schedule, core.clock.now())
        except InvalidRequest as wrong:
            return page(builder, form, error=wrong)
        displaced = core.list_displaced(
            builder_id=builder.id, schedule=schedule, actor=cookies.viewer
        )
        if step == "preview" or not _accepted(displaced):
            return page(builder, form, schedule, displaced=displaced)
        try:
            core.change_builder(
                builder_id=builder.id,
                changes={"schedule": schedule},
                actor=cookies.viewer,
                schedule_was=request.form.get("was", ""),
            )
        except StaleSchedule as stale:
            builder = own()
            if builder.schedule != schedule:  # or the same was sent twice
                return page(builder, form, schedule, error=stale)
        session[_SAVED] = builder.id
        return back_to(builder)

    def back_to(builder: Builder) -> Any:
        named = which_builder.in_addresses(builder, cookies.viewer)
        return redirect(url_for("pages.builder_schedule", builder=named), 303)

    def page(
        builder: Builder,
        form: ScheduleForm,
        schedule: Schedule | None = None,
        *,
        displaced: Sequence[Booking] = (),
        error: BookingError | None = None,
    ) -> tuple[str, int]:
        types = {
            each.id: each
            for each in core.list_session_types(builder=builder.id, actor=cookies.viewer)
        }
        offered = [each for each in types.values() if each.active]
        asked = types.get(SessionTypeId(request.values.get("type", "")))
        shown = asked or next(iter(offered), None)
        stale = isinstance(error, StaleSchedule)
        let_scripts_read()
        was = request.form.get("was")
        text = render_template(
            "schedule.html",
            builder=builder,
            named=which_builder.in_addresses(builder, cookies.viewer),
            own=cookies.viewer.role is Role.BUILDER,
            form=form,
            most_fields=MOST_FIELDS,
            was=builder.schedule.digest if stale or was is None else was,
            wrong={each.pointer: each.detail for each in getattr(error, "errors", ())},
            error=None if stale else error,
            saved=request.method == "GET" and session.pop(_SAVED, None) == builder.id,
            there_now=_there_now(builder.schedule, schedule, core.clock.now())
            if stale and schedule
            else None,
            displaced=displaced,
            accepted=_names(displaced),
            types=types,
            offered=offered,
            shown=shown,
            preview=look(shown, schedule) if schedule and shown else None,
            zones=zones.places(),
            weekdays=weekday_names(),
            step=request.form.get("do", ""),
        )
        return text, problems.of(error).status if error else 200

    def look(session_type: SessionType, schedule: Schedule) -> Preview:
        window = shown_from(core.clock.now(), schedule.timezone)
        found = core.preview_schedule(
            session_type_id=session_type.id,
            schedule=schedule,
            window=window,
            actor=cookies.viewer,
        )
        return Preview.of(found, window, schedule.timezone)


def _there_now(kept: Schedule, typed: Schedule, now: datetime) -> list[str]:
    """Where what is kept by now is not what was typed, in words."""
    there, here = ScheduleForm.of(kept, now).says(), ScheduleForm.of(typed, now).says()
    keys = [each for each in {**there, **here} if there.get(each) != here.get(each)]
    return [_in_words(each, there.get(each)) for each in keys]


def _in_words(key: str | Absence, kept: Any) -> str:
    if isinstance(key, Absence):
        edges = ((key.first, key.begins), (key.last, key.ends))
        when = " – ".join(f"{_date(day)} {clock}".strip() for day, clock in edges)
        return _("Time off: %(when)s", when=when) if kept else _("No time off: %(when)s", when=when)
    if key == "timezone":
        return _("Time zone: %(name)s", name=kept)
    day = weekday_names()[WEEK.index(key)] if key in WEEK else _date(key)
    if kept is None:
        return _("%(day)s: as every week", day=day)
    hours = ", ".join("–".join(each) for each in kept) or _("closed")
    return f"{day}: {hours}"


def _date(text: str) -> str:
    return format_date(date.fromisoformat(text), "medium", locale())


def _accepted(displaced: Sequence[Booking]) -> bool:
    """Whether the builder has been shown that these stay booked."""
    return not displaced or request.form.get("accepted") == _names(displaced)


def _names(displaced: Sequence[Booking]) -> str:
    return sha256(" ".join(each.id for each in displaced).encode()).hexdigest()
