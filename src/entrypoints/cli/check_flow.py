"""Goes through a booking over HTTP against a running service, as an anonymous client would (K6)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from attrs import define, field, frozen
from rich.text import Text

from entrypoints import times
from entrypoints.cli.commands import Command
from entrypoints.cli.output import mark
from entrypoints.cli.session import Session, pass_session
from entrypoints.problems import EX_NO, EX_UNAVAILABLE

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "http://127.0.0.1:8000"
_CLIENT = {"name": "Check Flow", "email": "check-flow@example.org", "timezone": "UTC"}
_RANGE = timedelta(days=61)
_PATIENCE = 15.0  # seconds, for one answer and for a calendar that takes its time

Json = dict[str, Any]


def _address(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    if url is None:
        return None
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"give an address such as {DEFAULT_URL}.")
    return url.rstrip("/")


@click.command(cls=Command)
@click.option("--url", callback=_address, help="Where the service is; PUBLIC_URL when left out.")
@click.option("--builder", metavar="NAME", help="Book with this builder (id or slug).")
@pass_session
@click.pass_context
def check_flow(ctx: click.Context, session: Session, url: str | None, builder: str | None) -> None:
    """Try a whole booking over HTTP.

    Finds slots, confirms, shows, moves and cancels a booking. Takes a free session type that
    needs no sign-in, and the last open slots of the next two months. What was booked is always
    cancelled again. Answers 1 when a step fails, 69 when nothing answers.
    """
    run = Run(session, url or session.settings.public_url)
    code = run.through(builder)
    if session.screen.json:
        session.screen.answer(
            {"ok": code == 0, "url": run.url, "steps": [each.view() for each in run.steps]}
        )
    if code:
        ctx.exit(code)


class Failed(Exception):
    """A step did not do what it should; the message says what came instead."""


@frozen
class StepDone:
    name: str
    ok: bool
    milliseconds: int
    detail: str

    def view(self) -> Json:
        return {
            "name": self.name,
            "ok": self.ok,
            "milliseconds": self.milliseconds,
            "detail": self.detail,
        }


@define
class Run:
    session: Session
    url: str
    steps: list[StepDone] = field(factory=list)

    def through(self, builder: str | None) -> int:
        """Takes every step up to the first that fails; the exit code."""
        import httpx

        with httpx.Client(base_url=self.url, timeout=_PATIENCE) as http:
            try:
                Client(http, self.step).flow(builder)
            except Failed:
                return EX_NO
            except httpx.HTTPError:
                return EX_UNAVAILABLE
        self._say("The whole flow works.")
        return 0

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Times a step and tells how it went; the step may say a detail."""
        import httpx

        said: list[str] = []
        begun = time.perf_counter()
        try:
            with self.session.screen.working(f"{name} …"):
                yield said.append
        except Failed as failed:
            self._tell(name, False, begun, str(failed))
            raise
        except httpx.HTTPError as error:
            self._tell(name, False, begun, f"{self.url} does not answer: {error}")
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            self._tell(name, False, begun, f"the answer has not the promised form: {error!r}")
            raise Failed from error
        self._tell(name, True, begun, " ".join(said))

    def _tell(self, name: str, ok: bool, begun: float, detail: str) -> None:
        done = StepDone(name, ok, round((time.perf_counter() - begun) * 1000), detail)
        self.steps.append(done)
        style = "" if ok else "red"
        line = Text.assemble(mark(ok), f" {name:<10} {done.milliseconds:>5} ms")
        self._say(line.append(f"  {detail}", style) if detail else line)

    def _say(self, line: str | Text) -> None:
        if not self.session.screen.json:
            self.session.screen.answer(None, line)


@define
class Client:
    """An anonymous client of the service."""

    http: httpx.Client
    step: Callable[[str], Any]
    booking: Json = field(factory=dict)

    def flow(self, builder: str | None) -> None:
        with self.step("health"):
            self.call("GET", "/healthz")
        with self.step("types") as say:
            types = self.bookable_types(builder)
            say(f"{len(types)} free without sign-in")
        with self.step("slots") as say:
            chosen, slots = self.last_slots(types)
            say(f"{chosen['title']}, last at {slots[-1]['startTime']}")
        try:
            self.book_and_change(chosen, *slots[-2:])
        except BaseException:
            self.clean_up()
            raise
        with self.step("cancel"):
            self.cancel()

    def book_and_change(self, chosen: Json, other: Json, last: Json) -> None:
        with self.step("confirm") as say:
            self.confirm(chosen, last)
            say(self.booking["id"])
        with self.step("show"):
            self.until("CONFIRMED", last)
        with self.step("reschedule") as say:
            self.change("reschedule", {"timeSlot": _times(other)})
            self.until("CONFIRMED", other)
            say(f"to {other['startTime']}")

    def ask(self, method: str, path: str, **more: Any) -> Any:
        return self.call(method, path, **more).json()

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Json | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """The answer. Raises Failed for any that is not a success."""
        token = self.booking.get("manageToken")
        headers = {"Authorization": f"Booking {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        answer = self.http.request(method, path, json=body, params=query, headers=headers)
        if not answer.is_success:
            raise Failed(f"{method} {path} answers {answer.status_code}: {_reason(answer)}")
        return answer

    def bookable_types(self, builder: str | None) -> list[Json]:
        wanted = {"builder": builder} if builder else {}
        offered = self.ask("GET", "/api/scheduling/sessions/available", query=wanted)
        types = [each for each in offered["sessionTypes"] if _bookable(each)]
        if not types:
            raise Failed("no session type is free, without sign-in and booked directly")
        return types

    def last_slots(self, types: list[Json]) -> tuple[Json, list[Json]]:
        """The first session type with two open slots: one to book, one to move to."""
        now = datetime.now(UTC).replace(microsecond=0)
        wanted = {"from": times.rfc3339(now), "to": times.rfc3339(now + _RANGE), "timezone": "UTC"}
        for each in types:
            path = f"/api/scheduling/session-types/{each['id']}/slots"
            slots = self.ask("GET", path, query=wanted)["slots"]
            if len(slots) > 1:
                return each, slots
        raise Failed("no session type has two open slots in the next two months")

    def confirm(self, chosen: Json, slot: Json) -> None:
        """Once more under the same key when the answer is lost: what was booked has to be known."""
        import httpx

        confirm = partial(
            self.ask,
            "POST",
            "/api/scheduling/bookings/confirm",
            body={
                "sessionTypeId": chosen["id"],
                "timeSlot": _times(slot),
                "clientDetails": _CLIENT,
                "notes": "Booked by `booking check-flow`, which cancels it again.",
                "answers": [_answer(each) for each in chosen["questions"] if each["required"]],
            },
            key=f"check-flow-{secrets.token_hex(8)}",
        )
        try:
            answer = confirm()
        except httpx.TransportError:
            answer = confirm()
        self.booking = answer["booking"]

    def change(self, action: str, body: Json) -> None:
        self.ask("POST", f"/api/scheduling/bookings/{self.booking['id']}/{action}", body=body)

    def until(self, state: str, slot: Json | None = None) -> None:
        """Asks for the booking until it is as it should be; a calendar may take its time."""
        patience = time.monotonic() + _PATIENCE
        while True:
            found = self.ask("GET", f"/api/scheduling/bookings/{self.booking['id']}")
            found = found.get("booking", found)
            moved = slot is None or _same(found["startTime"], slot["startTime"])
            if found["state"] == state and moved:
                return
            if time.monotonic() > patience:
                raise Failed(f"the booking is {found['state']} at {found['startTime']}")
            time.sleep(0.2)

    def cancel(self) -> None:
        self.change("cancel", {"reason": "The check of the flow is over."})
        self.until("CANCELLED")
        self.booking = {}

    def clean_up(self) -> None:
        """After a step that failed; what comes of it is told, and hides nothing."""
        if not self.booking:
            return
        import httpx

        try:
            with self.step("clean up"):
                self.cancel()
        except (Failed, httpx.HTTPError):
            return


def _bookable(session_type: Json) -> bool:
    free = session_type["price"] is None and not session_type["requiresAuth"]
    return free and session_type.get("schedulingMode", "direct") == "direct"


def _times(slot: Json) -> Json:
    return {"startTime": slot["startTime"], "endTime": slot["endTime"]}


def _same(left: str | None, right: str) -> bool:
    return left is not None and datetime.fromisoformat(left) == datetime.fromisoformat(right)


def _answer(question: Json) -> Json:
    """Something that suits the question."""
    value: Any = "check-flow"
    match question["kind"]:
        case "boolean":
            value = True
        case "phone" | "international_phone":
            value = "+49 30 1234567"
        case "single_choice":
            value = question["choices"][0]
        case "multiple_choice":
            value = question["choices"][:1]
    return {"questionId": question["id"], "value": value}


def _reason(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        return str(said.get("detail") or said.get("error") or said.get("title"))
    except (ValueError, AttributeError):
        return answer.reason_phrase
