"""`booking serve` and `booking worker` as processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import sleep
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from booking_core import InboxKey, ProviderFailed
from booking_core.testing.contracts.threads import at_once
from entrypoints import worker
from entrypoints.container import Application
from tests.integration.cli.conftest import PRODUCTION, WHO, Command


@contextmanager
def process(*args: str) -> Iterator["subprocess.Popen[str]"]:
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.cli", *args],
        env=os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def ended(started: "subprocess.Popen[str]") -> tuple[int, str]:
    started.send_signal(signal.SIGTERM)
    said, _ = started.communicate(timeout=20)
    return started.returncode, said


def until(started: "subprocess.Popen[str]", text: str) -> None:
    """Reads what is said up to a line with that text."""
    assert started.stdout is not None
    assert any(text in line for line in started.stdout), f"it ended without saying {text}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_serve_makes_ready_says_where_and_works(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    port = str(free_port())
    environment.setenv("PORT", port)
    environment.setenv("BOOKING_MAILER", "console")
    with process("serve") as service:
        assert service.stdout is not None
        told = [service.stdout.readline().split()[-1] for _ in range(2)]
        assert told == [f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/api/docs"]
        booking("check-flow", "--url", f"http://127.0.0.1:{port}")
        until(service, "check-flow@example.org")  # a mail: the job loop runs
        code, said = ended(service)
    assert code == 0, said
    assert "Traceback" not in said


def test_serve_works_on_a_store_in_memory(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PORT", str(free_port()))
    environment.setenv("DATABASE_URL", "memory://")
    with process("serve", "--json", "--no-jobs") as service:
        assert service.stdout is not None
        told = "".join(service.stdout.readline() for _ in range(4))
        url = json.loads(told)["url"]
        assert httpx.get(f"{url}/healthz", timeout=10).is_success
        booking("check-flow", "--url", url)
        assert ended(service)[0] == 0


def test_serve_names_the_setting_when_the_port_is_taken(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment.setenv("PORT", str(taken.getsockname()[1]))
        assert booking.json("serve", code=78)["setting"] == "PORT"


def test_a_store_in_memory_is_not_shared_by_processes(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DATABASE_URL", "memory://")
    environment.setenv("PORT", str(free_port()))
    assert booking.json("serve", "--workers", "2", code=78)["setting"] == "DATABASE_URL"


def test_serve_warns_of_the_published_secret_where_others_reach_the_service(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HOST", "0.0.0.0")
    environment.setenv("PORT", str(free_port()))
    with process("serve", "--no-jobs") as service:
        until(service, "SECRET_KEY")
        until(service, "API docs")
        assert ended(service)[0] == 0


@pytest.mark.parametrize("host", ["::", "::1"])
def test_the_service_is_found_where_it_listens(
    booking: Command, environment: pytest.MonkeyPatch, host: str
) -> None:
    port = str(free_port())
    environment.setenv("HOST", host)
    environment.setenv("PORT", port)
    with process("serve", "--no-jobs") as service:
        until(service, f"http://[::1]:{port}")
        until(service, "API docs")
        assert booking.json("check-flow")["url"] == f"http://[::1]:{port}"
        assert ended(service)[0] == 0


def test_production_does_not_begin_with_a_demo(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    for name, value in PRODUCTION.items():
        environment.setenv(name, value)
    environment.setenv("PORT", str(free_port()))
    with process("serve", "--no-jobs") as service:
        until(service, "API docs")
        assert ended(service)[0] == 0
    assert booking.json("builders")["builders"] == []


def test_the_worker_sends_mails_until_it_is_told_to_stop(
    run: Command, soon: Callable[..., str]
) -> None:
    run("book", "ada/intro", soon("10:00"), *WHO)
    with process("worker") as working:
        until(working, "bo@example.org")
        code, said = ended(working)
    assert code == 0, said


def test_errors_do_not_end_the_job_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_AFTER_FAILURE", 0.001)
    stop, tries = Event(), Counter[str]()

    def failing(name: str, error: Exception) -> Callable[..., None]:
        def fail(**_: Any) -> None:
            tries[name] += 1
            if len(tries) == 8 and min(tries.values()) >= 3:
                stop.set()
            raise error

        return fail

    core: Any = SimpleNamespace(
        work_outbox=SimpleNamespace(until=failing("jobs", RuntimeError("broken"))),
        expire_overdue=failing("holds", ProviderFailed("no answer")),
        refresh_openings=failing("openings", ProviderFailed("no answer")),
        settle_unsettled=failing("repairs", ProviderFailed("no answer")),
        hear_payment_notice=SimpleNamespace(catch_up=failing("money", ProviderFailed("no answer"))),
        forget_answers=failing("answers", RuntimeError("broken")),
        forget_credentials=failing("credentials", RuntimeError("broken")),
    )
    application = SimpleNamespace(
        core=core,
        notices=SimpleNamespace(watch=failing("notices", RuntimeError("broken"))),
    )
    loop = Thread(target=worker.run, args=(application, stop))
    loop.start()
    loop.join(10)
    assert not loop.is_alive()
    assert min(tries.values()) >= 3


def test_the_worker_forgets_old_answers(booking: Command, service: Application) -> None:
    key = InboxKey("confirm:somebody", "key", "body")
    with service.schema() as uow:
        uow.inbox.open(key=key, now=datetime.now(UTC) - timedelta(days=8))
        uow.inbox.answer(key=key, answer={"booking": "bkg_1"})
        uow.commit()
    with process("worker") as working:
        for _ in range(200):
            sleep(0.1)
            with service.schema() as uow:
                if uow.inbox.open(key=key, now=datetime.now(UTC)) is None:
                    break
        else:
            pytest.fail("the answer is still known")
        assert ended(working)[0] == 0


def test_a_reader_that_goes_away_is_no_error(
    run: Command, service: Application, tmp_path: Path
) -> None:
    with process("slots", "ada/intro", "--json") as writing:
        assert writing.stdout is not None
        writing.stdout.readline()
        writing.stdout.close()
        assert writing.wait(20) in (0, 1)


def test_what_several_processes_count_is_added_up(
    booking: Command, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = str(free_port())
    environment.setenv("PORT", port)
    environment.setenv("TMPDIR", str(tmp_path))
    with process("serve", "--workers", "2", "--threads", "1") as service:
        until(service, "Serving on")
        (kept,) = tmp_path.glob("booking-metrics-*")
        asked = 0
        while len(list(kept.glob("histogram_*.db"))) < 2 and asked < 2_000:
            at_once([lambda: httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)] * 8)
            asked += 8
        told = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        code, said = ended(service)
    assert asked < 2_000, "one process answered everything"
    assert f'count{{method="GET",route="/healthz",status="200"}} {asked}.0' in told
    assert 'booking_bookings{state="CONFIRMED"} 0.0' in told
    assert code == 0, said
    assert not kept.exists()


def test_the_command_imports_nothing_that_counts_before_it_knows_where(
    environment: pytest.MonkeyPatch,
) -> None:
    program = "import sys, entrypoints.cli.main; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
