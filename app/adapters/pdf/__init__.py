"""Documents as PDF files. ``render`` is the whole interface; pictures and texts are checked on the way in.

The libraries behind it are heavy, so they are loaded on the first call.
"""

from app.adapters.pdf.sheet import LONGEST_TEXT, Look, Party, Sheet, SheetDue, SheetLine, SheetTax
from app.errors import InvalidValue
from app.texts import _

HEAVIEST_LOGO = 2 * 1024 * 1024  # bytes
MOST_NAMED = 5

__all__ = [
    "HEAVIEST_LOGO",
    "LONGEST_TEXT",
    "Look",
    "Party",
    "Sheet",
    "SheetDue",
    "SheetLine",
    "SheetTax",
    "check_printable",
    "normalise_logo",
    "render",
    "unprintable",
]


def render(sheet: Sheet) -> bytes:
    """``sheet`` as a PDF file. The same sheet gives the same bytes, in any thread."""
    from app.adapters.pdf import writer

    return writer.render(sheet)


def normalise_logo(content: bytes) -> bytes:
    """An uploaded PNG or JPEG as the PNG a ``Look`` takes. Raises ``InvalidValue`` in Spanish."""
    from app.adapters.pdf import pictures

    return pictures.normalise_logo(content)


def check_printable(text: str, field: str) -> None:
    """Raises ``InvalidValue`` for what a document could only print as "?"."""
    if lacking := unprintable(text):
        named = " ".join(f"«{character}»" for character in lacking[:MOST_NAMED])
        sentence = _("No se puede imprimir %(signos)s: quítelo o escríbalo de otro modo.")
        raise InvalidValue(sentence % {"signos": named}, field=field)


def unprintable(text: str) -> str:
    """The characters of ``text`` the typeface lacks, which would print as "?"."""
    from app.adapters.pdf import text as door

    return door.unprintable(text)
