"""The words of the pages in the visitor's language (ADR 18).

English stands in the code; a catalogue in `translations/` says it in another language, and
`docs/collect_words.py` collects what it has to say.
"""

from __future__ import annotations

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.units import format_unit
from flask import Flask, Response, current_app, request

from booking_core import Language
from entrypoints.web import headers
from entrypoints.web.cookies import named, on_https

if TYPE_CHECKING:
    from entrypoints.container import Application

#: The language that the code is written in.
SOURCE = Language.ENGLISH
_REGIONS = {Language.ENGLISH: "GB", Language.GERMAN: "DE"}  # where a browser names none
_COOKIE = "LANGUAGE_COOKIE"
_YEAR = 365 * 24 * 60 * 60  # seconds
_VALUE = re.compile(r"\\\{\\\}")  # of a sentence, once it is escaped
_LENGTH = re.compile(r"(\d+) (minute|hour|day)s?")


def speak(app: Flask, application: Application) -> None:
    """Makes the templates of `app` speak."""
    app.config[_COOKIE] = named("lang", on_https(application))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    i18n: Any = app.jinja_env
    i18n.install_gettext_callables(_gettext, _ngettext, newstyle=True)
    app.jinja_env.filters["told"] = told
    app.context_processor(_spoken)
    app.after_request(_remember)


def _spoken() -> dict[str, object]:
    """The language and region of the page, and the same page in others."""
    return {
        "language": language(),
        "region": str(locale()).replace("_", "-"),
        "languages": _switch(),
    }


# ---- which language it is ------------------------------------------------------------------------


def wish() -> Language | None:
    """What the visitor asks for: in the address, else chosen before, else by its browser.

    Within another site's page no cookie is looked at (ADR 21).
    """
    remembered = None if headers.framed() else request.cookies.get(_cookie())
    chosen = _known(request.args.get("lang")) or _known(remembered)
    return chosen or _known(request.accept_languages.best_match(list(Language)))


def language() -> Language:
    """What this page is written in."""
    return wish() or SOURCE


def locale() -> Locale:
    """How this page writes days, times and money: by the region that the browser names."""
    spoken = language()
    for tag in request.accept_languages.values():
        if tag[:2].lower() == spoken and (found := _locale(tag[:20])):
            return found
    return Locale(spoken, _REGIONS[spoken])


def _known(text: str | None) -> Language | None:
    return Language(text) if text in list(Language) else None


@cache
def _locale(tag: str) -> Locale | None:
    """None where it names no region, or none that there is."""
    try:
        found = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    return found if found.territory else None


def _cookie() -> str:
    name: str = current_app.config[_COOKIE]
    return name


def _remember(answer: Response) -> Response:
    """What is chosen in the address of a page holds for the next ones."""
    chosen = _known(request.args.get("lang"))
    if chosen and answer.mimetype == "text/html" and not headers.framed():
        answer.set_cookie(
            _cookie(),
            chosen,
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _switch() -> list[dict[str, str]]:
    """This page in each language; none for what was sent by a form, which a link cannot send."""
    if request.method != "GET" or request.url_rule is None:
        return []
    kept = [each for each in request.args.items(multi=True) if each[0] != "lang"]
    return [
        {
            "code": each.value,
            "name": str(Locale(each).get_display_name()).capitalize(),
            "url": f"?{urlencode([*kept, ('lang', each.value)])}",
        }
        for each in Language
    ]


# ---- what it says in it --------------------------------------------------------------------------


def _(message: str, **values: object) -> str:
    """The words of the page's language, with values for `%(name)s`."""
    return _gettext(message) % values


def N_(message: str) -> str:  # noqa: N802  # the usual name
    """Marks words that are translated where they are shown."""
    return message


def told(sentence: str) -> str:
    """A sentence of the core, or a title, in the page's language; as it is where nothing fits.

    The catalogue has such sentences with `{}` for each value in them.
    """
    return sentence if language() is SOURCE else _told(sentence, language())


def _gettext(message: str) -> str:
    return _catalogue(language()).gettext(message)


def _ngettext(one: str, many: str, number: int) -> str:
    return _catalogue(language()).ngettext(one, many, number)


@cache
def _catalogue(spoken: Language) -> NullTranslations:
    if spoken is SOURCE:
        return NullTranslations()
    file = files("entrypoints.web").joinpath("translations", f"{spoken}.po")
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=spoken, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _told(sentence: str, spoken: Language) -> str:
    found = _catalogue(spoken).gettext(sentence)
    if found != sentence:
        return found
    for pattern, translation in _patterns(spoken):
        if match := pattern.fullmatch(sentence):
            return translation.format(*(_value(each, spoken) for each in match.groups()))
    return sentence


def _value(text: str, spoken: Language) -> str:
    """A value in a sentence: a length of time, a word of ours, or what somebody wrote."""
    if length := _LENGTH.fullmatch(text):
        return format_unit(int(length[1]), f"duration-{length[2]}", "long", locale=spoken)
    return _told(text, spoken)


@cache
def _patterns(spoken: Language) -> list[tuple[re.Pattern[str], str]]:
    """The sentences with values in them, and what they are translated to."""
    known: dict[Any, str] = getattr(_catalogue(spoken), "_catalog", {})
    return [
        (re.compile(_VALUE.sub("(.+)", re.escape(sentence)), re.DOTALL), translation)
        for sentence, translation in known.items()
        if isinstance(sentence, str) and "{}" in sentence
    ]
