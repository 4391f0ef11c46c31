from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global


@cache
def locale_in(usual: str, timezone: str) -> Locale:
    """How days and clocks are written where the reader lives, by CLDR's territories of zones.

    A mail knows of its reader a language and a zone, and no region as a browser does. `usual` (such
    as `en_GB`) is taken where the zone lies in no territory, or in none that has that language.
    """
    named = get_global("zone_aliases").get(timezone, timezone)
    known = Locale.parse(usual)
    try:
        return Locale(known.language, get_global("zone_territories").get(named, known.territory))
    except UnknownLocaleError:
        return known
