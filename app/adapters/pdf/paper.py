"""Pages being filled from the top. Distances are points from the top left corner of an A4 sheet."""

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from app.adapters.pdf.faces import Printed, Style
from app.adapters.pdf.ink import Colour

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
LEFT, RIGHT = 20 * MM, 190 * MM


class Box(Struct, frozen=True):
    """A rectangle in the units of PDF: from the bottom left corner."""

    x: float
    y: float
    width: float
    height: float

    def __str__(self) -> str:
        return f"{self.x:.2f} {self.y:.2f} {self.width:.2f} {self.height:.2f}"


class Page(Struct):
    """What one page shows: ready operators, then texts; where the logo goes, if it does."""

    shapes: list[str] = field(default_factory=list)
    texts: list[tuple[float, float, Style, Printed]] = field(default_factory=list)
    logo: Box | None = None


class Paper:
    """The pages so far and how far down the last one is used: ``y``, never below ``floor``."""

    def __init__(self, *, floor: float, running_head: Callable[["Paper"], None]) -> None:
        self.pages = [Page()]
        self.y = 15 * MM
        self.floor = floor
        self._running_head = running_head

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def fits(self, height: float) -> bool:
        return self.y + height <= self.floor

    def need(self, height: float) -> None:
        """Go on on a new page unless ``height`` is left on this one."""
        if not self.fits(height):
            self.turn()

    def turn(self) -> None:
        self.pages.append(Page())
        self.y = 15 * MM
        self._running_head(self)

    def write(self, x: float, y: float, style: Style, text: Printed) -> None:
        """``text`` from ``x`` on, its baseline at ``y``."""
        self.page.texts.append((x, HEIGHT - y, style, text))

    def write_right(self, x: float, y: float, style: Style, text: Printed) -> None:
        """``text`` up to ``x``."""
        self.page.texts.append((x - style.width(text), HEIGHT - y, style, text))

    def stack(self, x: float, y: float, style: Style, lines: Iterable[Printed], leading: float) -> float:
        """Lines below each other, the first hanging from ``y``; returns where the next would hang."""
        for line in lines:
            self.write(x, y + style.size, style, line)
            y += leading
        return y

    def rule(self, y: float, colour: Colour, thickness: float = 0.5, left: float = LEFT, right: float = RIGHT) -> None:
        self.fill(Box(left, HEIGHT - y, right - left, thickness), colour)

    def fill(self, box: Box, colour: Colour) -> None:
        self.page.shapes.append(f"{colour} rg {box} re f")
