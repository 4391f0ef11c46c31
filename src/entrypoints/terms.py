"""The terms of a cancellation in words, for the pages."""

from __future__ import annotations

from datetime import timedelta

from booking_core import CancellationPolicy, RefundStep, length_in_english

_START = timedelta(0)


def in_words(terms: CancellationPolicy, *, paid_online: bool) -> str:
    """What goes back and until when; nothing where a client may cancel up to the start for nothing."""
    told = [_refunds(terms)] if paid_online else []
    if terms.change_notice > _START:
        told.append(f"You can cancel or move it until {until(terms.change_notice)}.")
    return " ".join(told)


def _refunds(terms: CancellationPolicy) -> str:
    steps = terms.promised
    if not steps:
        return "If you cancel, nothing goes back to you."
    parts = [_share(each) for each in steps]
    if steps[-1].notice > terms.change_notice:
        parts.append("nothing later")
    return f"What goes back to you if you cancel: {', '.join(parts)}."


def _share(step: RefundStep) -> str:
    share = "the whole price" if step.percent == 100 else f"{step.percent}%"
    return f"{share} until {until(step.notice)}"


def until(notice: timedelta) -> str:
    """The last moment of it, as seen from the start of the session."""
    return f"{length_in_english(notice)} before the start" if notice else "the start"
