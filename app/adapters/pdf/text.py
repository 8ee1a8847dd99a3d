"""The one door for text: whatever a person typed becomes characters the typeface has, in lines that fit."""

import re
import unicodedata
from collections.abc import Iterator

from app.adapters.pdf.faces import REGULAR, SINGLE_BYTE, WIDTHS, Printed, Style
from app.adapters.pdf.sheet import LONGEST_TEXT

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_PLAIN = SINGLE_BYTE | {"\n"}
_SHOWN = WIDTHS[REGULAR].keys() | {"\n"}
_UNBREAKABLE_SPACES = "\u2007\u202f"


def para(text: str, longest: int = LONGEST_TEXT) -> Printed:
    """``text`` as it can be printed: composed, without controls or direction marks, "?" for what has no glyph.

    Nothing in it is markup. Line breaks stay.
    """
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    if _PLAIN.issuperset(text):
        return Printed(text)
    return Printed("".join(character if character in _SHOWN else "?" for character in _visible(text)))


def one_line(text: str, longest: int = LONGEST_TEXT) -> Printed:
    """``para`` for what has no line breaks: a name, a number, a label."""
    return Printed(para(text, longest).replace("\n", " "))


def unprintable(text: str) -> str:
    """The characters of ``text`` that would print as "?", each once, in order."""
    return "".join(dict.fromkeys(character for character in _visible(text) if character not in _SHOWN))


def wrap(text: Printed, style: Style, width: float, most: int | None = None) -> list[Printed]:
    """``text`` in lines no wider than ``width``; after ``most`` lines, an ellipsis."""
    if "\n" not in text and style.width(text) <= width:
        return [text]
    lines = [line for row in text.split("\n") for line in _fold(row, style, width)]
    if most and len(lines) > most:
        lines[most - 1 :] = [fit(Printed(lines[most - 1] + "…"), style, width)]
    return lines


def fit(text: Printed, style: Style, width: float) -> Printed:
    """As much of ``text`` as one line holds, with an ellipsis when something is missing."""
    if style.width(text) <= width:
        return text
    room = width - style.width(Printed("…"))
    return Printed(text[: _reach(text, 0, style, room)].rstrip("… ") + "…")


def _visible(text: str) -> Iterator[str]:
    """The characters left after composing and dropping what cannot be seen."""
    for character in _LINE_BREAKS.sub("\n", unicodedata.normalize("NFC", text)):
        kind = unicodedata.category(character)
        if character == "\n":
            yield character
        elif character in _UNBREAKABLE_SPACES:
            yield "\u00a0"
        elif (kind == "Zs" and character != "\u00a0") or character == "\t":
            yield " "
        elif kind not in {"Cc", "Cf"} and not _is_selector(character):
            yield character


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f"


def _fold(row: str, style: Style, width: float) -> Iterator[Printed]:
    """Greedy lines of one paragraph; a word wider than a line is cut where the line ends."""
    space = style.width(Printed(" "))
    line: list[str] = []
    taken = 0.0
    for word in row.split(" "):
        *whole, rest = _chop(word, style, width)
        wide = style.width(rest)
        if line and (whole or taken + space + wide > width):
            yield Printed(" ".join(line))
            line, taken = [], 0.0
        yield from whole
        taken += wide + (space if line else 0)
        line.append(rest)
    yield Printed(" ".join(line))


def _chop(word: str, style: Style, width: float) -> list[Printed]:
    """``word`` in pieces no wider than ``width``; nearly always one."""
    if style.width(Printed(word)) <= width:
        return [Printed(word)]
    pieces, start = [], 0
    while start < len(word):
        end = max(_reach(word, start, style, width), start + 1)
        pieces.append(Printed(word[start:end]))
        start = end
    return pieces


def _reach(text: str, start: int, style: Style, width: float) -> int:
    """The position up to which ``text`` fits in ``width``, from ``start``."""
    taken = 0.0
    for position in range(start, len(text)):
        taken += style.width(Printed(text[position]))
        if taken > width:
            return position
    return len(text)
