"""Brings the catalogues of the pages up to date: PYTHONPATH=src python docs/collect_words.py

What is new stands in them without a translation, what is no longer said is gone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from werkzeug.exceptions import default_exceptions

from booking_core import Language
from entrypoints import problems
from entrypoints.web import errors

SOURCES = Path(__file__).parents[1] / "src"
WEB = SOURCES / "entrypoints/web"
CATALOGUES = WEB / "translations"
#: Whose sentences a page may show, because it tells what went wrong there.
TOLD = (
    "booking_core/application/add_builder.py",
    "booking_core/application/actor_of_session.py",
    "booking_core/application/ask_sign_in_link.py",
    "booking_core/application/cancel_booking.py",
    "booking_core/application/cashier.py",
    "booking_core/application/confirm_booking.py",
    "booking_core/application/create_booking.py",
    "booking_core/application/hold_judge.py",
    "booking_core/application/keep.py",
    "booking_core/application/list_bookings.py",
    "booking_core/application/move_at_provider.py",
    "booking_core/application/offer_link.py",
    "booking_core/application/open_session.py",
    "booking_core/application/place_booking.py",
    "booking_core/application/reschedule_booking.py",
    "booking_core/application/slots.py",
    "booking_core/domain/builder.py",
    "booking_core/domain/contact.py",
    "booking_core/domain/errors.py",
    "booking_core/domain/guests.py",
    "booking_core/domain/policies.py",
    "booking_core/domain/questions.py",
    "booking_core/domain/texts.py",
    "booking_core/domain/time.py",
    "entrypoints/times.py",
)
#: Those that are put together, and the values that others are filled with.
BESIDES = (
    "'{}' needs an answer: {}", "'{}': {}",
    "A site that embeds pages of https begins with https:// itself; '{}' does not.",
    "A slug is made of lower case letters, digits and single hyphens.",
    "Another builder has this slug; choose another one.", "That slug is taken; choose another one.",
    "There is no time zone '{}'; {}",
    "There are too many fields; send at most {}.",
    "This has a character that is no text (NUL, or half a surrogate); leave it out.",
    "booking", "builder", "event in the calendar", "session type", "slot",
)  # fmt: skip
#: What our own refusals are called by HTTP alone.
STATUSES = (400, 403, 404, 405, 413, 429)
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
HEADER = r"""# What the pages say; `docs/collect_words.py` keeps it in order.
msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plurals}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""
_HOLE = re.compile(r"\{\w*\}")


def messages() -> Catalog:
    """All that the pages say, each with the files that it comes from."""
    found = Catalog()
    for file, _, said, comments, context in extract_from_dir(WEB, _METHODS, _OPTIONS):
        found.add(said, locations=[(file, 0)], auto_comments=comments, context=context)
    for path in TOLD:
        for sentence in _sentences(ast.parse((SOURCES / path).read_text())):
            found.add(sentence, locations=[(path, 0)])
    refusals = [each.title for each in problems.PROBLEMS]
    for said in (
        *BESIDES,
        *refusals,
        *(errors.title(default_exceptions[each]()) for each in STATUSES),
    ):
        found.add(said)
    return found


def _sentences(module: ast.Module) -> Iterator[str]:
    """The texts of the code that read like one, with `{}` for each value."""
    nodes = list(ast.walk(module))
    skipped = {each.value for each in nodes if isinstance(each, ast.Expr)}  # docstrings
    skipped |= {part for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
    for node in nodes:
        text = "" if node in skipped else _text(node)
        if " " in text and text.endswith((".", ",", "?")):
            yield text


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return _HOLE.sub("{}", text)
        case ast.JoinedStr(values=parts):
            return "".join(
                _text(each) if isinstance(each, ast.Constant) else "{}" for each in parts
            )
    return ""


def catalogue(language: Language) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def brought_up_to_date(language: Language) -> Catalog:
    known = catalogue(language)
    known.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    return known


def written(catalogue: Catalog) -> bytes:
    """As it stands in its file: in the order of the letters, and without dates or line numbers."""
    text = BytesIO()
    write_po(
        text,
        catalogue,
        width=108,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    header = HEADER.format(language=catalogue.locale, plurals=catalogue.plural_forms)
    return header.encode() + text.getvalue()


if __name__ == "__main__":
    for path in sorted(CATALOGUES.glob("*.po")):
        changed = brought_up_to_date(Language(path.stem))
        path.write_bytes(written(changed))
        missing = [each.id for each in changed if each.id and not each.string]
        print(f"{path.name}: {len(changed)} messages, {len(missing)} without a translation")
