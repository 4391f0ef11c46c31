"""Sends what schemathesis makes of our OpenAPI document, as one role, and looks at every answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import schemathesis
from attrs import Factory, define, frozen
from schemathesis import Case
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.hooks import unregister

Json = dict[str, Any]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
#: What a caller could know, by where it is said; one of them is said in so many of all cases.
_LIKELY = 0.7


@define
class Report:
    """What was sent and answered, by phase, by operation, and by operation that a link led to.

    `failures` say what was wrong, with the commands that show it again.
    """

    cases: Counter[str] = Factory(Counter)
    answers: Counter[tuple[str, int]] = Factory(Counter)
    linked: Counter[str] = Factory(Counter)
    failures: dict[tuple[str, str], str] = Factory(dict)

    def tried(self) -> set[str]:
        return {operation for operation, _ in self.answers}

    def done(self) -> set[str]:
        """The operations that did what they were asked for at least once."""
        return {operation for operation, status in self.answers if 200 <= status < 300}

    def hear(self, recorder: ScenarioRecorder, phase: str) -> None:
        for case_id, sent in recorder.interactions.items():
            node = recorder.cases[case_id]
            case = node.value
            self.cases[phase] += 1
            if node.transition is not None and node.is_transition_applied:
                self.linked[case.operation.label] += 1
            status = sent.response.status_code if sent.response else 0
            if case.method.upper() == case.operation.method.upper():
                self.answers[case.operation.label, status] += 1
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    operation = recorder.cases[case_id].value.operation.label
                    told = f"{check.failure_info.failure}\n{_trail(recorder, case_id)}"
                    self.failures.setdefault((operation, check.name), told)


def _trail(recorder: ScenarioRecorder, case_id: str) -> str:
    """The requests that led to the case, and its own."""
    cases = list(recorder.iter_chain_cases(case_id=case_id))
    return "\n".join(case.as_curl_command() for case in cases)


@frozen
class Campaign:
    """How much is tried: so many examples of each operation, so many rounds of walks along links.

    Where `paths` are named, only those. The same seed tries the same again, as far as answers are the
    same. A round ends where an answer to the same request has become another one, so there are several.
    What fails is made as short as can be, unless nobody will read it.
    """

    phases: Sequence[str]
    examples: int
    rounds: int
    paths: Sequence[str] = ()
    shrinks: bool = True
    seed: int = 1

    def run(
        self, app: Any, known: Mapping[str, Sequence[str]], prepare: Callable[[Case], None]
    ) -> Report:
        """`known` are values that a caller could know; `prepare` has the last word on each case."""
        report = Report()
        with _before_call(prepare):
            self._go(app, self._config(known, self.phases, self.seed), report)
            for turn in range(self.rounds):
                self._go(app, self._config(known, ["stateful"], self.seed + turn), report)
        return report

    def _go(self, app: Any, config: Json, report: Report) -> None:
        schema = schemathesis.openapi.from_wsgi(
            "/api/openapi.json", app, config=schemathesis.Config.from_dict(config)
        )
        if self.paths:
            schema = schema.include(path=list(self.paths))
        for event in from_schema(schema).execute():
            match event:
                case events.ScenarioFinished():
                    report.hear(event.recorder, event.phase.value)
                case events.NonFatalError():
                    report.failures[event.label, "error"] = str(event.value)
                case events.FatalError():
                    raise event.exception

    def _config(self, known: Mapping[str, Sequence[str]], phases: Sequence[str], seed: int) -> Json:
        def say(**places: str) -> Json:
            return {
                place.replace("_", "."): {"dictionary": name, "probability": _LIKELY}
                for place, name in places.items()
            }

        of_builders = say(path_id="builders", path_child="sessionTypes", body_id="sessionTypes")
        everywhere = say(
            body_sessionTypeId="sessionTypes",
            body_builderId="builders",
            query_sessionTypeId="sessionTypes",
            query_builder="builders",
            query_builderId="builders",
            body_timezone="zones",
            body_email="emails",
            body_language="languages",
            body_clientDetails_timezone="zones",
            body_clientDetails_email="emails",
            query_timezone="zones",
            query_from="days",
            query_to="days",
            query_cursor="bookings",
        )
        return {
            "seed": seed,
            "generation": {
                "max-examples": self.examples,
                "no-shrink": not self.shrinks,
                "database": ":memory:",
            },
            "phases": {"enabled": False} | {each: {"enabled": True} for each in phases},
            "checks": {"enabled": False} | {each: {"enabled": True} for each in CHECKS},
            "output": {"sanitization": {"enabled": False}},
            "dictionaries": {name: {"values": list(values)} for name, values in known.items()},
            "parameters": everywhere,
            "operations": [
                {
                    "include-path-regex": "/api-keys",
                    "parameters": say(path_id="builders", path_child="keys"),
                },
                {
                    "include-path-regex": "/accounts",
                    "parameters": say(
                        path_id="accounts", path_child="roles", query_cursor="accounts"
                    ),
                },
                {"include-path-regex": "/builders(?!.*api-keys)", "parameters": of_builders},
                {
                    "include-path-regex": "/session-types/.id",
                    "parameters": say(path_id="sessionTypes"),
                },
                {"include-path-regex": "/bookings/.id", "parameters": say(path_id="bookings")},
            ],
        }


@contextmanager
def _before_call(prepare: Callable[[Case], None]) -> Iterator[None]:
    def before_call(_context: Any, case: Case, _kwargs: Json) -> None:
        prepare(case)

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        unregister(before_call)
