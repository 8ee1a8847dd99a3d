"""The type of the template: few sizes, two weights, one colour besides the greys."""

from functools import lru_cache
from typing import NamedTuple

from app.adapters.pdf.faces import SEMIBOLD, Style
from app.adapters.pdf.ink import GHOST, INK, PAPER, SOFT, Colour, colour, readable

BODY = Style(9, str(INK))
STRONG = Style(9, str(INK), SEMIBOLD)
REMARK = Style(8.5, str(SOFT))
LABEL = Style(7.5, str(SOFT))
SMALL = Style(7, str(SOFT))
NAME = Style(10.5, str(INK), SEMIBOLD)
ADDRESS = Style(9.5, str(INK))
TITLE = Style(19, str(INK), SEMIBOLD)
TOTAL = Style(10.5, str(INK), SEMIBOLD)
STAMP = Style(96, str(GHOST), SEMIBOLD)


class Palette(NamedTuple):
    """What takes the company's colour."""

    accent: Colour
    tint: Colour
    wordmark: Style
    reference: Style
    amount: Style


@lru_cache(maxsize=64)
def palette(code: str) -> Palette:
    wanted = colour(code)
    tint = PAPER.towards(wanted, 0.07)
    accent = readable(wanted, tint)
    return Palette(
        accent=accent,
        tint=tint,
        wordmark=Style(15, str(accent), SEMIBOLD),
        reference=Style(TITLE.size, str(accent), SEMIBOLD),
        amount=Style(16, str(accent), SEMIBOLD),
    )
