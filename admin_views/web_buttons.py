"""The button that leads from a company's own web to its intranet: HTML to paste, complete in itself.

Inline style is right here and nowhere else: the page it is pasted into knows none of our stylesheets.
"""

from enum import StrEnum
from typing import NamedTuple

from markupsafe import escape
from msgspec import Struct

from app.colours import ENOUGH, INK, WHITE, contrast
from models import Company
from models.enums import ButtonSize

FONT = "system-ui, sans-serif"


class Shape(StrEnum):
    FILLED = "filled"
    OUTLINED = "outlined"


class Measure(NamedTuple):
    """In pixels."""

    vertical: int
    horizontal: int
    letters: int
    line: int


MEASURES = {
    ButtonSize.SMALL: Measure(8, 14, 13, 18),
    ButtonSize.MEDIUM: Measure(12, 20, 15, 20),
    ButtonSize.LARGE: Measure(16, 28, 18, 24),
}


class WebButton(Struct, frozen=True, kw_only=True):
    address: str
    text: str
    colour: str
    size: ButtonSize = ButtonSize.MEDIUM

    @property
    def text_colour(self) -> str:
        return max((WHITE, INK), key=lambda text: contrast(self.colour, text))

    @property
    def contrast(self) -> float:
        return contrast(self.colour, self.text_colour)

    @property
    def reads_well(self) -> bool:
        return self.contrast >= ENOUGH

    def html(self, shape: Shape) -> str:
        """One link with everything it needs. It opens apart, and the page it opens cannot reach back."""
        style = "; ".join(f"{name}:{value}" for name, value in self._declarations(shape))
        opening = f'<a href="{escape(self.address)}" target="_blank" rel="noopener"\n   style="{style}">'
        return f"{opening}{escape(self.text)}</a>"

    def _declarations(self, shape: Shape) -> list[tuple[str, str]]:
        size = MEASURES[self.size]
        edge = 1 if shape is Shape.OUTLINED else 0
        painted = (
            [("border", "1px solid currentColor"), ("color", "inherit")]
            if shape is Shape.OUTLINED
            else [("background", self.colour), ("color", self.text_colour)]
        )
        return [
            ("display", "inline-block"),
            ("padding", f"{size.vertical - edge}px {size.horizontal - edge}px"),
            ("border-radius", "6px"),
            ("text-decoration", "none"),
            *painted,
            ("font", f"600 {size.letters}px/{size.line}px {FONT}"),
            ("letter-spacing", ".04em"),
        ]


def button_of(company: Company, address: str) -> WebButton:
    return WebButton(
        address=address,
        text=company.button_text,
        colour=company.button_colour or company.accent,
        size=company.button_size,
    )
