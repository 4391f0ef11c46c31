from __future__ import annotations

from attrs import frozen


@frozen
class Health:
    """Whether a provider can be used right now; `detail` says what is wrong, and what to do."""

    ok: bool
    detail: str = ""
