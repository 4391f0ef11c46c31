"""What a client is told by mails, for the pages that tell it too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import frozen

from adapters.mail_templates import money, terms
from adapters.mail_templates.phrases import phrases
from booking_core import CancellationPolicy, Language, Money, Reckoning


@frozen
class ClientWords:
    """In one language; an amount is written as the caller writes amounts."""

    language: Language

    def money(self, reckoning: Reckoning, in_figures: Callable[[Money], str]) -> str:
        """What becomes of it."""
        return money.in_words(reckoning, language=self.language, in_figures=in_figures)

    def terms(self, policy: CancellationPolicy, *, paid_online: bool) -> str:
        """What goes back and until when; nothing where a client may cancel up to the start for nothing."""
        return terms.in_words(policy, self._words, paid_online=paid_online)

    def until(self, notice: timedelta) -> str:
        """The last moment of it, as seen from the start of the session."""
        return terms.until(notice, self._words)

    def reason(self, given: str) -> str:
        """What somebody wrote, or our own reason."""
        words: str = self._words["reasons"].get(given, given)
        return words

    @property
    def _words(self) -> dict[str, Any]:
        return phrases(self.language)
