"""`booking check-flow`, against a service that runs on a port of its own, and against none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import SHUT_RDWR
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from booking_core import Actor, BookingFilter, BookingState
from entrypoints.container import Application
from tests.integration.cli.conftest import Command

STEPS = ["health", "types", "slots", "confirm", "show", "reschedule", "cancel"]
Wsgi = Callable[..., Any]


@contextmanager
def serving(app: Wsgi) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def failing(app: Wsgi, path: str) -> Wsgi:
    """The service, broken where a path ends so."""

    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"].endswith(path):
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"broken"]
        return app(environ, start_response)

    return broken


def states(service: Application) -> list[BookingState]:
    page = service.core.list_bookings(criteria=BookingFilter(), actor=Actor.system())
    return [each.state for each in page.bookings]


def test_the_whole_flow_is_gone_through_and_cleaned_up(run: Command, service: Application) -> None:
    with serving(service.web_app()) as url:
        shown = run("check-flow", "--url", url).stdout
    lines = shown.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["✓", step] for step in STEPS]
    assert all(" ms" in line for line in lines[:-1])
    assert lines[-1] == "The whole flow works."
    assert states(service) == [BookingState.CANCELLED]


def test_every_step_is_in_the_json(run: Command, service: Application) -> None:
    with serving(service.web_app()) as url:
        answer = run.json("check-flow", "--url", url, "--builder", "ada")
    assert answer["ok"] is True
    assert [(step["name"], step["ok"]) for step in answer["steps"]] == [(s, True) for s in STEPS]


@pytest.mark.parametrize("step", ["confirm", "reschedule"])
def test_the_step_that_fails_is_named_and_nothing_is_left(
    run: Command, service: Application, step: str
) -> None:
    with serving(failing(service.web_app(), f"/{step}")) as url:
        shown = run("check-flow", "--url", url, code=1).stdout
    assert f"✗ {step}" in shown
    assert "answers 500" in " ".join(shown.split())
    assert BookingState.CONFIRMED not in states(service)


def losing_its_answer(app: Wsgi, path: str) -> Wsgi:
    """The service, whose first answer at a path never arrives, though its work is done."""
    lost = []

    def losing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        answer = app(environ, start_response)
        if environ["PATH_INFO"].endswith(path) and not lost:
            lost.append(environ["HTTP_IDEMPOTENCY_KEY"])
            environ["werkzeug.socket"].shutdown(SHUT_RDWR)
        return answer

    return losing


def test_a_booking_whose_answer_was_lost_is_found_again_and_cancelled(
    run: Command, service: Application
) -> None:
    with serving(losing_its_answer(service.web_app(), "/confirm")) as url:
        run("check-flow", "--url", url)
    assert states(service) == [BookingState.CANCELLED]


def test_an_answer_of_another_form_is_a_failed_step(run: Command) -> None:
    def other(_: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"hello": "world"}']

    with serving(other) as url:
        answer = run.json("check-flow", "--url", url, code=1)
    assert [(each["name"], each["ok"]) for each in answer["steps"]] == [
        ("health", True),
        ("types", False),
    ]


def test_an_unknown_builder_fails_the_check(run: Command, service: Application) -> None:
    with serving(service.web_app()) as url:
        assert "✗ types" in run("check-flow", "--url", url, "--builder", "nobody", code=1).stdout


def test_where_nothing_answers_the_exit_code_is_69(booking: Command) -> None:
    shown = booking("check-flow", "--url", "http://127.0.0.1:9", code=69).stdout
    assert "✗ health" in shown
    assert "does not answer" in shown
    answer = booking.json("check-flow", "--url", "http://127.0.0.1:9", code=69)
    assert answer["ok"] is False


def test_what_is_no_address_is_wrong_usage(booking: Command) -> None:
    booking("check-flow", "--url", "nonsense", code=2)
