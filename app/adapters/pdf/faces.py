"""The typeface: which characters it has, how wide they are, and how its text is written into a document.

Nearly all text fits in one byte per character, so each weight is subset once per process and embedded as it is in
every document. A document with any other character takes reportlab's own route, a subset made for it. Widths are the
same in both: what was laid out does not move. Everything here is made at import, once, whatever the threads.
"""

import codecs
import threading
import zlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, NewType, Protocol

from msgspec import Struct
from reportlab.lib.rl_accel import escapePDF
from reportlab.pdfbase import pdfmetrics, ttfonts
from ttf_opensans import OPENSANS_REGULAR, OPENSANS_SEMIBOLD

from app.adapters.pdf.outlines import unhinted

Printed = NewType("Printed", str)
"""Text that went through ``para``: the only text that can be measured or drawn."""

REGULAR, SEMIBOLD = OPENSANS_REGULAR.name, OPENSANS_SEMIBOLD.name

# Windows-1252 leaves five bytes free; a real minus is on every credit note.
_EXTRA = dict(zip(b"\x81\x8d\x8f\x90\x9d", "−≤≥≈Ω", strict=True))
_UNDEFINED = "\ufffe"
_SILENT = {*range(32), 0x7F, 0xAD}
_TABLE = "".join(
    _UNDEFINED if byte in _SILENT else _EXTRA.get(byte) or bytes((byte,)).decode("cp1252") for byte in range(256)
)
_ENCODING = codecs.charmap_build(_TABLE)
SINGLE_BYTE = frozenset(_TABLE) - {_UNDEFINED}


class Style(Struct, frozen=True, dict=True):
    """A size in points, a colour (``r g b``, each from 0 to 1) and a weight."""

    size: float
    ink: str
    weight: str = REGULAR

    def width(self, text: Printed) -> float:
        return sum(map(self._widths, text)) * self.size / 1000

    @cached_property
    def _widths(self) -> Callable[[str], float]:
        return WIDTHS[self.weight].__getitem__


class Route(Protocol):
    """A way of getting text into one document."""

    def select(self, style: Style) -> str: ...

    def show(self, text: Printed) -> str: ...


class SingleByte:
    """The prepared subsets. ``show`` raises ``UnicodeEncodeError`` for what they lack."""

    def __init__(self, doc: Any) -> None:
        self._names = {weight: doc.getInternalFontName(font.fontName) for weight, font in _PREPARED.items()}

    def select(self, style: Style) -> str:
        return f"{self._names[style.weight]} {style.size:g} Tf {style.ink} rg"

    def show(self, text: Printed) -> str:
        return f"({escapePDF(codecs.charmap_encode(text, 'strict', _ENCODING)[0])}) Tj"


class Subsetting:
    """Subsets of this document's own characters. Draw and save inside ``alone``: the fonts share a file cursor."""

    alone = threading.Lock()

    def __init__(self, doc: Any) -> None:
        self._doc = doc
        self._style = Style(0, "")

    def select(self, style: Style) -> str:
        self._style = style
        return f"{style.ink} rg"

    def show(self, text: Printed) -> str:
        font, size = _FONTS[self._style.weight], self._style.size
        return " ".join(
            f"{font.getSubsetInternalName(subset, self._doc)} {size:g} Tf ({escapePDF(codes)}) Tj"
            for subset, codes in font.splitString(text, self._doc)
        )


class _PreparedFont:
    """A simple TrueType font whose objects are serialised once. Its names are the ones reportlab asks for."""

    _multiByte = _dynamicFont = 0
    shapable = False

    def __init__(self, face: Any) -> None:
        codes = [0 if character == _UNDEFINED else ord(character) for character in _TABLE]
        plain_name = face.name.decode()
        name = f"VENTAN+{plain_name}"
        self.face = face
        self.fontName = f"{plain_name}-single-byte"
        self._file = _stream(face.makeSubset(codes))
        self._to_unicode = _stream(ttfonts.makeToUnicodeCMap(name, codes).encode())
        self._descriptor = (
            f"<< /Type /FontDescriptor /FontName /{name} /Flags {face.flags & ~ttfonts.FF_NONSYMBOLIC | 4}"
            f" /FontBBox [{' '.join(f'{edge:g}' for edge in face.bbox)}] /Ascent {face.ascent:g}"
            f" /Descent {face.descent:g} /CapHeight {face.capHeight:g} /ItalicAngle {face.italicAngle:g}"
            f" /StemV {face.stemV:g} /FontFile2"
        )
        self._font = (
            f"<< /Type /Font /Subtype /TrueType /BaseFont /{name} /FirstChar 32 /LastChar 255"
            f" /Widths [{' '.join(f'{face.getCharWidth(code):.4g}' for code in codes[32:])}] /ToUnicode"
        )

    def addObjects(self, doc: Any) -> None:
        """Called by reportlab the first time a document uses the font."""
        file = _reference(doc, f"file.{self.fontName}", self._file)
        to_unicode = _reference(doc, f"unicode.{self.fontName}", self._to_unicode)
        descriptor = _reference(doc, f"descriptor.{self.fontName}", f"{self._descriptor} {file} >>".encode())
        name = f"F{len(doc.fontMapping) + 1}"
        font = f"{self._font} {to_unicode} /FontDescriptor {descriptor} >>"
        doc.idToObject["BasicFonts"].dict[name] = _reference(doc, name, font.encode())
        doc.fontMapping[self.fontName] = f"/{name}"


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    head = f"<< /Length {len(packed)} /Length1 {len(content)} /Filter /FlateDecode >>\nstream\n"
    return head.encode() + packed + b"\nendstream\n"


def _reference(doc: Any, name: str, content: bytes) -> str:
    return str(doc.Reference(content, name).format(doc), "ascii")


_FONTS = {
    weight.name: ttfonts.TTFont(weight.name, unhinted(weight.path), shapable=False)
    for weight in (OPENSANS_REGULAR, OPENSANS_SEMIBOLD)
}
_PREPARED = {name: _PreparedFont(font.face) for name, font in _FONTS.items()}
for _font in (*_FONTS.values(), *_PREPARED.values()):
    pdfmetrics.registerFont(_font)

INITIAL_FONT = _PREPARED[REGULAR].fontName
"""What to open a canvas with, so that it does not declare Helvetica."""

WIDTHS = {
    name: {chr(code): font.face.getCharWidth(code) for code in font.face.charToGlyph} for name, font in _FONTS.items()
}
"""Per weight, every character of the typeface and its width in thousandths of the size."""
