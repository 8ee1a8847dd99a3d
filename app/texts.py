"""Texts people read: the Spanish sentence is the message, other languages come from ``locale``."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "locale"
# What programs are told in English. Pages and mails in English need much more: this is no catalogue for them.
ENGLISH_OF_PROGRAMS = "en-programs"

language: ContextVar[str] = ContextVar("language", default="es")


@lru_cache
def _catalogue(code: str) -> NullTranslations:
    if code == ENGLISH_OF_PROGRAMS:
        return _compiled(LOCALES / f"{code}.po")
    return NullTranslations() if code == "es" else Translations.load(LOCALES, [code])


def _compiled(path: Path) -> Translations:
    """A catalogue as it is written, made ready when it is first asked for: there is no step of building."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with path.open("rb") as written:
        write_mo(compiled, read_po(written))
    compiled.seek(0)
    return Translations(compiled)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Texts inside are in this language."""
    token = language.set(code)
    try:
        yield
    finally:
        language.reset(token)


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
