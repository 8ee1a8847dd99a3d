"""A typeface without its hints: the programs that fit outlines to coarse screens, a third of what a PDF would carry."""

import io
import struct
from pathlib import Path

from reportlab.pdfbase import ttfonts

_KEPT = ("OS/2", "cmap", "hhea", "hmtx", "maxp", "name", "post")

# Flags of a component of a composite glyph.
_WORDS, _SCALE, _MORE, _TWO_SCALES, _MATRIX, _INSTRUCTIONS = 0x1, 0x8, 0x20, 0x40, 0x80, 0x100


def unhinted(path: Path) -> io.BytesIO:
    """The TrueType file at ``path`` with the same outlines and measures, and nothing else that PDF does not use."""
    face = ttfonts.TTFontFile(str(path))
    outlines = face.get_table("glyf")
    glyphs = [_bare(outlines[start:end]) for start, end in zip(face.glyphPos, face.glyphPos[1:], strict=False)]
    positions = [0]
    for glyph in glyphs:
        positions.append(positions[-1] + len(glyph))

    font = ttfonts.TTFontMaker()
    for tag in _KEPT:
        font.add(tag, face.get_table(tag))
    head = face.get_table("head")
    font.add("head", head[:50] + struct.pack(">h", 1) + head[52:])
    font.add("glyf", b"".join(glyphs))
    font.add("loca", struct.pack(f">{len(positions)}L", *positions))
    return io.BytesIO(font.makeStream())


def _bare(glyph: bytes) -> bytes:
    """One glyph without instructions, padded to four bytes."""
    if not glyph:
        return b""
    (contours,) = struct.unpack_from(">h", glyph)
    bare = _bare_composite(glyph) if contours < 0 else _bare_simple(glyph, 10 + 2 * contours)
    return bare + bytes(-len(bare) % 4)


def _bare_simple(glyph: bytes, at: int) -> bytes:
    (length,) = struct.unpack_from(">H", glyph, at)
    return glyph[:at] + b"\0\0" + glyph[at + 2 + length :]


def _bare_composite(glyph: bytes) -> bytes:
    bare, at, flags = bytearray(glyph), 10, _MORE
    while flags & _MORE:
        (flags,) = struct.unpack_from(">H", glyph, at)
        struct.pack_into(">H", bare, at, flags & ~_INSTRUCTIONS)
        at += 8 if flags & _WORDS else 6
        at += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
    return bytes(bare[:at])
