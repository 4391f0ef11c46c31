"""When a session type can be booked next, as far as was known when somebody looked (A8)."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from booking_core.domain.ids import SessionTypeId
from booking_core.domain.time import as_utc


@frozen(kw_only=True)
class Opening:
    """The first opening of a session type as of `seen_at`; None where the horizon has none."""

    session_type_id: SessionTypeId
    next_start: datetime | None = field(converter=optional(as_utc))
    seen_at: datetime = field(converter=as_utc)
