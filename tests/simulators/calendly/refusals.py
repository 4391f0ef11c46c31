"""Every no of Calendly's, in its words and its shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from tests.simulators.calendly.switches import Switches

NO_PERMISSION = "You do not have permission"
NOT_THIS_RESOURCE = "You do not have permission to access this resource."
ALSO_ORGANIZATION = (
    "Please also specify organization when requesting events for a user within your organization."
)
NOT_IN_ORGANIZATION = "This user is not in your organization"
NOT_VIEW_EVENT = "You are not allowed to view this event"
NOT_CANCEL_EVENT = "You are not allowed to cancel this event"
ALREADY_CANCELED = "Event is already canceled"
IN_THE_PAST = "Event in the past"
PAID_SCHEDULING = (
    "The Scheduling API is only available on paid Calendly plans. "
    "Upgrade your plan to access this feature."
)
PAID_WEBHOOKS = "Please upgrade your Calendly account to Professional"
IS_MISSING = "is missing"

# Our own translations: only that the words differ is known.
_FRENCH = {
    "That start time has been filled": "Cette heure de début n'est plus disponible",
    "invalid location choice": "choix de lieu non valide",
    IS_MISSING: "est manquant",
    "must be in the future": "doit être dans le futur",
}


@frozen
class Detail:
    parameter: str
    message: str
    code: str | None = None

    def json(self, switches: Switches) -> dict[str, Any]:
        words = _FRENCH.get(self.message, self.message)
        message = words if switches.language == "fr" else self.message
        found = {"parameter": self.parameter, "message": message}
        return found | ({"code": self.code} if self.code else {})


class Refused(Exception):
    """An answer other than 2xx."""

    def __init__(
        self,
        status: int,
        title: str,
        message: str,
        details: Sequence[Detail] = (),
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {title}: {message}")
        self.status, self.title, self.message = status, title, message
        self.details, self.extra = details, extra

    def json(self, switches: Switches) -> dict[str, Any]:
        body = {"title": self.title, "message": self.message} | self.extra
        if self.details and switches.details:
            body["details"] = [each.json(switches) for each in self.details]
        return body


def unauthenticated() -> Refused:
    return Refused(401, "Unauthenticated", "The access token is invalid")


def insufficient_scope(*scopes: str) -> Refused:
    message = "The access token lacks a scope that is required; see required_scopes."
    return Refused(403, "Insufficient scope", message, required_scopes=list(scopes))


def permission_denied(message: str = NO_PERMISSION) -> Refused:
    return Refused(403, "Permission Denied", message)


def not_found() -> Refused:
    message = "The server could not find the requested resource."
    return Refused(404, "Resource Not Found", message)


def invalid(*details: Detail, message: str = "The supplied parameters are invalid.") -> Refused:
    return Refused(400, "Invalid Argument", message, details)


def missing(*parameters: str) -> Refused:
    return invalid(*(Detail(each, IS_MISSING) for each in parameters))


def already_filled() -> Refused:
    return invalid(Detail("event.start_time", "That start time has been filled", "already_filled"))


def not_offered(code: str) -> Refused:
    return invalid(Detail("event.start_time", "is not available", code))


def wrong_location() -> Refused:
    parameter = "event.location_configuration.location"
    return invalid(
        Detail(parameter, "invalid location choice", "invalid_location_choice"),
        message="Specified location kind is not configured for this event type.",
    )


def blank_answers() -> Refused:
    return invalid(message="Required Questions and Answers cannot be blank.")


def already_exists(message: str) -> Refused:
    return Refused(409, "Already Exists", message)


def calendar_unreachable() -> Refused:
    return Refused(424, "External Calendar Error", "There was a problem reaching the calendar.")


def internal_error() -> Refused:
    message = "The server encountered an unexpected condition that prevented it from answering."
    return Refused(500, "Internal Server Error", message)
