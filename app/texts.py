"""Texts people read: the Spanish sentence is the message, other languages come from ``locale``."""

from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "locale"

language: ContextVar[str] = ContextVar("language", default="es")


@lru_cache
def _catalogue(code: str) -> NullTranslations:
    return NullTranslations() if code == "es" else Translations.load(LOCALES, [code])


def spoken() -> str:
    """The language that texts are really in: Spanish where there is no catalogue of the reader's."""
    code = language.get()
    return code if isinstance(_catalogue(code), Translations) else "es"


def _(sentence: str) -> str:
    """``sentence`` in the language of whoever is reading."""
    code = language.get()
    return sentence if code == "es" else _catalogue(code).gettext(sentence)


def ending(name: str) -> str:
    """``name`` as it stands before a full stop: one like *S.L.* brings its own."""
    return name.removesuffix(".")


def plural(one: str, many: str, count: int) -> str:
    """``one`` or ``many`` by ``count``; ``%(n)s`` in it becomes the count with Spanish thousands."""
    code = language.get()
    chosen = (one if count == 1 else many) if code == "es" else _catalogue(code).ngettext(one, many, count)
    return chosen % {"n": f"{count:,}".replace(",", ".")}
