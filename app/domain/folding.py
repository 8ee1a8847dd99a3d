"""Text as searched: lower case, no accents, single spaces. The same on both databases, by us."""

import unicodedata

# What no keyboard has, as people type it.
_TYPED = str.maketrans({"\N{FRACTION SLASH}": "/", "×": "x", "–": "-", "—": "-", "’": "'"})


def fold(text: str) -> str:
    """``GÓMEZ  Peña`` as ``gomez pena``, ``3×6 mm²`` as ``3x6 mm2``."""
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return " ".join(plain.translate(_TYPED).casefold().split())


def contains(folded: str) -> str:
    """A LIKE pattern (escape ``\\``) for rows whose folded key contains ``folded``."""
    return "%" + escaped(folded) + "%"


def starts_with(text: str) -> str:
    return escaped(text) + "%"


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
