"""Mail as text and HTML, in the reader's language and time zone (F1).

A language is one file in `phrases/`; a test says which phrases it misses.
"""

from __future__ import annotations

from adapters.mail_templates.money import in_words
from adapters.mail_templates.writer import TemplateMailWriter

__all__ = ["TemplateMailWriter", "in_words"]
