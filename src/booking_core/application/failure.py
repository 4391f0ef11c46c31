from __future__ import annotations

from attrs import frozen

from booking_core.domain.ids import BuilderId


@frozen
class Failure:
    """One builder's part of a larger piece of work that failed, while the others' was done.

    `about` names what it was about, where that is less than everything of this builder's.
    """

    builder_id: BuilderId
    error: str
    about: str = ""
