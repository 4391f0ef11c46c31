"""Mail as text and HTML, in the reader's language and time zone (F1).

A language is one file in `phrases/`; a test says which phrases it misses.
"""

from __future__ import annotations

from adapters.mail_templates.client_words import ClientWords
from adapters.mail_templates.writer import TemplateMailWriter

__all__ = ["ClientWords", "TemplateMailWriter"]
