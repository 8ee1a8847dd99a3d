"""Colours as PDF operands, and a company's colour made readable."""

from typing import NamedTuple

READABLE = 4.5


class Colour(NamedTuple):
    red: float
    green: float
    blue: float

    def __str__(self) -> str:
        return " ".join(f"{part:.4g}" for part in self)

    def towards(self, other: "Colour", share: float) -> "Colour":
        """A mixture with ``share`` of the other."""
        return Colour(*(mine + (theirs - mine) * share for mine, theirs in zip(self, other, strict=True)))


def colour(code: str) -> Colour:
    """``#rrggbb`` as a colour."""
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return Colour(red / 255, green / 255, blue / 255)


PAPER, BLACK = colour("#ffffff"), colour("#000000")
INK, SOFT, EDGE, LINE, GHOST = map(colour, ("#1b2230", "#566072", "#848d9b", "#d5d9e0", "#eef0f3"))


def contrast(one: Colour, other: Colour) -> float:
    """The WCAG ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(wanted: Colour, ground: Colour) -> Colour:
    """``wanted``, darkened until text in it can be read on ``ground``."""
    shades = (wanted.towards(BLACK, step / 20) for step in range(21))
    return next(shade for shade in shades if contrast(shade, ground) >= READABLE)


def _luminance(shade: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shade)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
