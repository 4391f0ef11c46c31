"""The service with two of everything, and one request for each of its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from attrs import Factory, evolve, frozen
from dependency_injector import providers
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from adapters.memory import MemoryClock, MemoryStore
from booking_core import (
    Actor,
    BuilderId,
    CredentialKind,
    Health,
    Proof,
    ProofReader,
    Role,
    Schedule,
    Scope,
    SessionTypeId,
    TimeWindow,
)
from entrypoints.container import Application, Container
from entrypoints.settings import Settings
from tests.integration.forms import Browser
from tests.integration.web.conftest import BO, BOOKINGS, Caller

Json = dict[str, Any]
ISSUER = "https://id.example.org"
TYPE, PAID = "getting-started", "portfolio-review"
EMPTY_WEEK = {"timezone": "UTC"}
#: Who comes, in the order of the table; holder is nobody with the token of the booking.
CALLERS = ("nobody", "holder", "client", "other client", "builder", "other builder", "admin")
#: Those who sign in, and what they are called.
NAMES: Mapping[str, str] = {
    "client": "ana",
    "other client": "cem",
    "builder": "robin",
    "other builder": "eve",
    "admin": "root",
}
#: By a token that `booking token` prints; by one of an identity provider, which leaves the roles to
#: us, or says them.
WAYS = ("printed", "provided", "provided with the role")
#: What looks at the cookie of a session and at no header.
BY_COOKIE = (
    "/me", "/me/export", "/signout", "/bookings/<booking_id>/claim", "/builder/new",
    "/builder/profile", "/builder/schedule",
)  # fmt: skip
#: Steps of a session that is over.
AFTERWARDS = ("complete", "no-show", "no-show/undo")


class Issuer(ProofReader):
    """An identity provider that everybody is called something at: `NAME`, or `NAME:ROLE`."""

    def read(self, *, token: str) -> Proof:
        name, _, role = token.partition(":")
        return Proof(
            issuer=ISSUER,
            subject=name,
            email=f"{name}@example.org",
            name=name.title(),
            email_verified=True,
            roles=frozenset({Role(role)}) if role else None,
        )

    def health(self) -> Health:
        return Health(ok=True)


@frozen
class World:
    """Robin and Eve are builders, Ana and Cem are clients; what is asked for is Robin's and Ana's."""

    application: Application
    clock: MemoryClock
    anyone: Caller
    numbers: Iterator[int] = Factory(count)

    @contextmanager
    def undone(self) -> Iterator[World]:
        """The same with a fresh browser; what is done to it is taken back in the end."""
        now, store = self.clock.now(), self.application.schema
        assert isinstance(store, MemoryStore)
        before = store.committed
        with capture_logs():
            yield evolve(self, anyone=Caller(self.anyone.client.application.test_client()))
        after, store.committed = store.committed, before.copy()
        # Never the same version twice: by it others see whether what they have read still holds.
        store.committed.catalogue_version = after.catalogue_version + 1
        self.clock.set(now)

    # ---- callers -----------------------------------------------------------------------------

    def bearer(self, who: str, way: str = "printed") -> str | None:
        if who not in NAMES or way == "printed":
            return self._printed(who)
        name, role = NAMES[who], who.rpartition(" ")[2]
        if way == "provided":
            return f"Bearer {name}"
        return "Bearer kay:admin" if role == "admin" else f"Bearer {name}:{role}"

    def session(self, who: str) -> str:
        """The secret of one that a mailed link has opened."""
        core, store = self.application.core, self.application.schema
        assert isinstance(store, MemoryStore)
        core.ask_sign_in_link(email=f"{NAMES[who]}@example.org")
        *_, link = (
            each
            for each in store.committed.credentials.values()
            if each.kind is CredentialKind.SIGN_IN_LINK
        )
        secret = core.ask_sign_in_link.link_key.secret_of(link.id)
        return core.open_session(link_secret=secret).secret

    def _printed(self, who: str) -> str | None:
        core = self.application.core
        match who:
            case "client":
                return self._minted(Role.CLIENT, str(self.account("ana").id))
            case "other client":
                return self._minted(Role.CLIENT, str(self.account("cem").id))
            case "builder":
                return self._minted(Role.BUILDER, "demo")
            case "other builder":
                return self._minted(Role.BUILDER, core.show_builder(name="eve", actor=_SYSTEM).id)
            case "admin":
                return self._minted(Role.ADMIN, "root")
        return None

    def _minted(self, role: Role, id: str) -> str:
        return f"Bearer {self.application.mint(role=role, id=id)}"

    def key(self, who: str, scope: Scope) -> str:
        """A machine's key of that builder or admin, for that kind of call only."""
        core = self.application.core
        owner = {"builder": "demo", "other builder": "eve"}.get(who)
        builder = core.show_builder(name=owner, actor=_SYSTEM).id if owner else None
        new = core.add_api_key(
            name=f"{who} {scope}",
            scopes=[scope],
            actor=_SYSTEM if builder else Actor.admin("root"),
            builder_id=builder,
        )
        return f"Bearer {new.secret}"

    def account(self, name: str) -> Actor:
        return self.application.core.actor_of_proof(proof=Issuer().read(token=name))

    # ---- things ------------------------------------------------------------------------------

    def booking(self, kind: str = TYPE, *, owner: str = "client", **more: Any) -> Json:
        """A booking with Robin: Ana's, or with `holder` that of nobody whom we know."""
        caller = self.anyone.as_(str(self.bearer(owner))) if owner == "client" else self.anyone
        answer = caller("POST", f"{BOOKINGS}/confirm", json=self.wish(kind, **more))
        assert answer.status_code in (200, 201), answer.text
        booking: Json = answer.json["booking"]  # type: ignore[index]  # is an object
        return booking | {"checkoutUrl": answer.json.get("checkoutUrl")}  # type: ignore[union-attr]

    def wish(self, kind: str = TYPE, **more: Any) -> Json:
        answers = [{"questionId": "link", "value": "https://x.org"}] if kind == PAID else []
        return {
            "sessionTypeId": kind,
            "timeSlot": self.slot(kind),
            "clientDetails": BO,
            "answers": answers,
        } | more

    def new(self, name: str) -> str:
        """A name that nothing has yet."""
        return f"{name} {next(self.numbers)}"

    def slot(self, kind: str = TYPE) -> Json:
        """The next open one that nobody here was told of."""
        first = self.clock.now() + timedelta(days=1)
        found = self.application.core.find_slots(
            session_type_id=SessionTypeId(kind),
            window=TimeWindow(first, first + timedelta(days=40)),
            actor=_SYSTEM,
        ).slots
        slot = found[next(self.numbers) % len(found)].slot
        return {"startTime": slot.start.isoformat(), "endTime": slot.end.isoformat()}


_SYSTEM = Actor.system()


@contextmanager
def world() -> Iterator[World]:
    clock = MemoryClock(datetime.now(UTC))
    settings = {"DATABASE_URL": "memory://", "RATE_LIMITS": "off"}
    container = Container(settings=Settings.load(settings))
    container.clock.override(providers.Object(clock))
    container.proofs.override(providers.Object(Issuer()))
    application = container.application()
    application.seed()
    application.core.add_builder(
        name="Eve", slug="eve", email="eve@example.org", schedule=Schedule("UTC"), actor=_SYSTEM
    )
    app = application.web_app()
    app.test_client_class = Browser
    world = World(application, clock, Caller(app.test_client()))
    for name, role in (("robin", Role.BUILDER), ("root", Role.ADMIN)):
        application.core.grant_role(
            role=role, email=f"{name}@example.org", builder_id=BuilderId("demo"), actor=_SYSTEM
        )
    for name in NAMES.values():
        world.account(name)
    yield world
    application.close()


# ---- requests --------------------------------------------------------------------------------

Body = Callable[[World], Json]
_KEY = {"name": "Till", "scopes": ["read"]}
#: What is sent, by the name of the route; nothing where none is named.
BODIES: Mapping[str, Body] = {
    "bookings.initialize": lambda world: {"sessionTypeId": TYPE, "clientDetails": BO},
    "bookings.create": lambda world: {"calendlyEventUri": "https://example.org/events/1"},
    "bookings.confirm": lambda world: world.wish(),
    "bookings.reschedule": lambda world: {"timeSlot": world.slot()},
    "bookings.refund": lambda world: {"amount": 100},
    "provider.scheduling_link": lambda world: {"sessionTypeId": TYPE},
    "provider.sync_event_types": lambda world: {"builderId": "demo"},
    "catalogue.add_builder": lambda world: {
        "name": world.new("Kim"),
        "email": "kim@example.org",
        "timezone": "UTC",
    },
    "catalogue.change_named_builder": lambda world: {"id": "demo", "headline": "New"},
    "catalogue.change_builder": lambda world: {"headline": "New"},
    "catalogue.replace_schedule": lambda world: EMPTY_WEEK,
    "catalogue.add_session_type": lambda world: {"builderId": "demo", "title": world.new("Type")},
    "catalogue.change_session_type": lambda world: {"title": "New"},
    "catalogue.change_own_session_type": lambda world: {"title": "New"},
    "catalogue.change_named_session_type": lambda world: {"id": TYPE, "title": "New"},
    "catalogue.bind_calendar": lambda world: {"token": "of-a-calendar-account"},
    "people.add_api_key": lambda world: _KEY,
    "people.grant_by_address": lambda world: {"email": "kim@example.org", "role": "admin"},
    "people.grant_role": lambda world: {"role": "builder", "builderId": "demo"},
}
#: What is asked for, behind the question mark.
QUERIES: Mapping[str, Json] = {
    "slots.available_times": {"sessionTypeId": TYPE},
    "provider.event_types": {"builder": "demo"},
    "pages.builder_profile": {"builder": "demo"},
    "pages.builder_schedule": {"builder": "demo"},
    "pages.change_profile": {"builder": "demo"},
    "pages.change_schedule": {"builder": "demo"},
}
#: What forms send.
FORMS: Mapping[str, Json] = {
    "embedding.framed_form": {"day": "2030-01-07"},
    "pages.add_builder": {"name": "Kim", "email": "kim@example.org", "timezone": "UTC"},
    "pages.book": {"pick": "1"},
    "pages.change_profile": {"headline": "New"},
    "pages.change_schedule": {"timezone": "UTC", "do": "preview"},
    "pages.move": {"pick": "1"},
    "pages.signing": {"email": "ana@example.org"},
    "simulated_payments.move": {"move": "card"},
}
_SOME_FILES = {
    "static": "page.css",
    "simulated_payments.static": "checkout.css",
    "swagger.static": "css/swagger-ui.css",
}


@frozen
class Route:
    """One method of one rule of the service's `url_map`."""

    method: str
    rule: str
    endpoint: str

    @property
    def names_a_booking(self) -> bool:
        return "/bookings/<" in self.rule

    @property
    def by_cookie(self) -> bool:
        return self.rule in BY_COOKIE

    def place(self, world: World, who: str, id: str | None = None) -> tuple[str, str | None]:
        """The path, to Robin's or Ana's, and the token of the booking that it names."""
        if self.names_a_booking:
            booking = self._booking(world, "holder" if who == "holder" else "client")
            return self._filled(world, id or booking["id"]), booking.get("manageToken")
        return self._filled(world, id), None

    def _booking(self, world: World, owner: str) -> Json:
        step = self.rule.partition("id>/")[2]
        if step == "claim":
            owner = "holder"
        if step == "pay":
            return world.booking(PAID, owner=owner)
        booking = world.booking(owner=owner, clientDetails=BO | {"email": "ana@example.org"})
        if step in AFTERWARDS:
            world.clock.advance(timedelta(days=60))
        if step == "no-show/undo":
            robin = world.anyone.as_(str(world.bearer("builder")))
            robin.json("POST", f"{BOOKINGS}/{booking['id']}/no-show")
        return booking

    def _filled(self, world: World, id: str | None) -> str:
        path = self.rule
        for name, value in self._values(world).items():
            given = id if name in ("id", "booking_id") and id else value
            path = path.replace(f"<path:{name}>", given).replace(f"<{name}>", given)
        return path

    def _values(self, world: World) -> dict[str, str]:
        core = world.application.core
        values = {"builder": "demo", "session_type": TYPE, "slug": "not-found", "child": TYPE}
        values |= {"id": TYPE if "session-types/<id>" in self.rule else "demo"}
        values |= {"booking_id": "", "filename": _SOME_FILES.get(self.endpoint, "")}
        if "<checkout_id>" in self.rule:
            url = urlsplit(world.booking(PAID)["checkoutUrl"]).path
            values["checkout_id"] = url.rpartition("/")[2]
        if "api-keys/<child>" in self.rule:
            builder = core.show_builder(name="demo", actor=_SYSTEM).id
            new = core.add_api_key(name="Till", scopes=["read"], actor=_SYSTEM, builder_id=builder)
            values["child"] = new.credential.id
        if "/accounts/<id>" in self.rule:
            values |= {"id": str(world.account("ana").id), "child": "admin"}
        return values

    def ask(
        self, world: World, path: str, authorization: str | None, token: str = ""
    ) -> TestResponse:
        caller = world.anyone.as_(authorization) if authorization else world.anyone
        sent: Json = {}
        if self.rule.startswith("/api/webhooks/"):
            sent = {"data": b"{}"}
        elif self.rule.startswith("/api/") and self.method != "GET":
            sent = {"json": BODIES.get(self.endpoint, lambda _: {})(world)}
        elif self.method == "POST":
            sent = {"data": {"token": token} | FORMS.get(self.endpoint, {})}
        asked = QUERIES.get(self.endpoint)
        if self.method == "POST" and "data" in sent and self.endpoint.startswith("pages."):
            browser = world.anyone.client
            assert isinstance(browser, Browser)
            sent["data"] = {"csrf_token": browser.token()} | sent["data"]
        return caller(self.method, path, query_string=asked, buffered=True, **sent)

    def answer(
        self, world: World, who: str, scope: Scope | None = None, way: str = "printed"
    ) -> TestResponse:
        """The answer to one of the callers, or to a key of it that has only that scope."""
        path, token = self.place(world, who)
        if who == "holder" and token:
            return self.ask(world, path, f"Booking {token}", token)
        if scope:
            return self.ask(world, path, world.key(who, scope))
        if self.by_cookie and who in NAMES:
            return self._ask_signed_in(world, path, who)
        return self.ask(world, path, world.bearer(who, way))

    def _ask_signed_in(self, world: World, path: str, who: str) -> TestResponse:
        world.anyone.client.set_cookie("session", world.session(who))
        try:
            return self.ask(world, path, None)
        finally:
            world.anyone.client.delete_cookie("session")


def routes(world: World) -> list[Route]:
    """Every method of every rule; HEAD and OPTIONS follow GET."""
    found = [
        Route(method, rule.rule, rule.endpoint)
        for rule in world.anyone.client.application.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda route: (route.rule, route.method))
