"""Pathways: learning routes that session types can belong to."""

from __future__ import annotations

from attrs import frozen

from booking_core.domain.ids import PathwayId


@frozen
class Pathway:
    """A learning route. The service starts with three; more are data, not code (G1)."""

    id: PathwayId
    title: str
    description: str = ""


STARTER_PATHWAYS = (
    Pathway(PathwayId("accelerate"), "Accelerate", "Grow faster in the role you have."),
    Pathway(PathwayId("pivot"), "Pivot", "Move into another field with a plan."),
    Pathway(PathwayId("play"), "Play", "Explore, experiment, and find out what suits you."),
)
