"""Text as searched: lower case, no accents, single spaces. The same on both databases, by us."""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# What no keyboard has, as people type it.
_TYPED = str.maketrans({"\N{FRACTION SLASH}": "/", "×": "x", "–": "-", "—": "-", "’": "'"})


def fold(text: str) -> str:
    """``GÓMEZ  Peña`` as ``gomez pena``, ``3×6 mm²`` as ``3x6 mm2``."""
    if not text.isascii():
        text = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
        text = text.translate(_TYPED)
    return " ".join(text.casefold().split())


class folded(FunctionElement[str]):
    """A column as ``fold`` has it, worked out row by row: for tables of some thousands.

    Longer ones keep a folded copy, their ``search_key``. SQLite asks ``fold`` itself (see ``app.db``); PostgreSQL
    exchanges letter for letter.
    """

    type = String()
    inherit_cache = True


@compiles(folded, "sqlite")
def _by_us(element: folded, compiler: Any, **options: Any) -> str:
    return f"fold({compiler.process(element.clauses, **options)})"


@compiles(folded, "postgresql")
def _by_letters(element: folded, compiler: Any, **options: Any) -> str:
    return f"translate(lower({compiler.process(element.clauses, **options)}), '{_LETTERS}', '{fold(_LETTERS)}')"


# Every letter of Europe that folds to another one.
_EUROPE = map(chr, range(0xC0, 0x250))
_LETTERS = "".join(letter for letter in _EUROPE if fold(letter) != letter and len(fold(letter)) == 1)


def says(column: Any, text: str) -> ColumnElement[bool]:
    """The column contains the text, without regard to accents or case. See ``folded`` for what that costs."""
    return folded(column).like(contains(fold(text)), escape="\\")


def contains(folded: str) -> str:
    """A LIKE pattern (escape ``\\``) for rows whose folded key contains ``folded``."""
    return "%" + escaped(folded) + "%"


def starts_with(text: str) -> str:
    return escaped(text) + "%"


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
