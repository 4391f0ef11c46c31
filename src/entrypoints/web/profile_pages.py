"""A builder's own page for what it says of itself, and an admin's for a new builder."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from babel import Locale
from flask import Blueprint, redirect, render_template, request, session, url_for

from booking_core import (
    BookingError,
    Builder,
    InvalidRequest,
    KeyReused,
    Language,
    NotAllowed,
    Refused,
    Role,
    Schedule,
)
from entrypoints import problems
from entrypoints.web import details, which_builder, zones
from entrypoints.web.cookies import Cookies
from entrypoints.web.profile_form import UNITS, ProfileForm
from entrypoints.web.schemas import LONGEST
from entrypoints.web.words import N_, _

if TYPE_CHECKING:
    from entrypoints.container import Application

#: Whose page was kept, until it has told so once.
_SAVED = "profile saved"
_FOR_BUILDERS = N_("On this page builders keep what clients see of them.")
_FOR_ADMINS = N_("Builders are added by an admin.")
_ADDED_BEFORE = Refused(
    N_(
        "You have added a builder with this form already. What you sent now added nothing; send it "
        "again to add one more."
    )
)


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core, public_url = application.core, application.settings.public_url

    def own() -> Builder:
        return which_builder.found(core, cookies.viewer, _FOR_BUILDERS)

    def check_admin() -> None:
        if cookies.viewer.role is not Role.ADMIN:
            raise NotAllowed(_FOR_ADMINS)

    which_builder.hold_back(pages, cookies, change_profile=own, add_builder=check_admin)

    @pages.get("/builder/profile")
    def builder_profile() -> Any:
        first = which_builder.asked_first(
            core,
            cookies.viewer,
            title=_("Pages of the builders"),
            question=_("Whose page do you want to see or change?"),
        )
        if first:
            return first
        builder = own()
        return page(builder, ProfileForm.of(builder))

    @pages.post("/builder/profile")
    def change_profile() -> Any:
        builder, form = own(), ProfileForm.read(request.form)
        shown = ProfileForm.read(request.form, "was-")
        try:
            changed = core.change_builder(
                builder_id=builder.id,
                changes=form.changes(shown, builder),
                actor=cookies.viewer,
            )
        except InvalidRequest as wrong:
            return page(builder, form, shown, wrong)
        return saved(changed)

    @pages.get("/builder/new")
    def new_builder() -> Any:
        if not cookies.viewer.signed_in:
            return which_builder.to_sign_in()
        check_admin()
        return new_page()

    @pages.post("/builder/new")
    def add_builder() -> Any:
        try:
            builder = core.add_builder(actor=cookies.viewer, key=details.key(), **_newcomer())
        except KeyReused:
            return new_page(_ADDED_BEFORE)
        except InvalidRequest as wrong:
            return new_page(wrong)
        return saved(builder)

    def saved(builder: Builder) -> Any:
        session[_SAVED] = builder.id
        named = which_builder.in_addresses(builder, cookies.viewer)
        return redirect(url_for("pages.builder_profile", builder=named), 303)

    def page(
        builder: Builder,
        form: ProfileForm,
        shown: ProfileForm | None = None,
        error: BookingError | None = None,
    ) -> tuple[str, int]:
        text = render_template(
            "profile.html",
            builder=builder,
            named=which_builder.in_addresses(builder, cookies.viewer),
            own=cookies.viewer.role is Role.BUILDER,
            form=form,
            shown=shown or form,
            wrong=details.wrong_fields(error),
            error=error,
            saved=request.method == "GET" and session.pop(_SAVED, None) == builder.id,
            spoken={each: str(Locale(each).get_display_name()).capitalize() for each in Language},
            units=UNITS,
            longest=LONGEST,
            address=public_url + url_for("pages.builder_page", builder=builder.slug),
            example="https://example.org",
            own_calendar=application.calendar.in_database,
        )
        return text, problems.of(error).status if error else 200

    def new_page(error: BookingError | None = None) -> tuple[str, int]:
        text = render_template(
            "builder_new.html",
            key=secrets.token_urlsafe(16),
            wrong=details.wrong_fields(error),
            error=error,
            zones=zones.places(),
        )
        return text, problems.of(error).status if error else 200


def _newcomer() -> dict[str, Any]:
    """The builder that the form tells of; without a slug it gets one. Raises InvalidRequest."""
    said = {name: request.form.get(name, "").strip() for name in ("name", "email", "slug")}
    if not said["slug"]:
        del said["slug"]
    return said | {"schedule": Schedule(zones.named(request.form.get("timezone", "").strip()))}
