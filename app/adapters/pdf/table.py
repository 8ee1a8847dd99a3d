"""The lines of a document: measured once, then drawn page after page with heads and carried sums."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from app.adapters.pdf.faces import Printed, Style
from app.adapters.pdf.ink import LINE
from app.adapters.pdf.paper import LEFT, RIGHT, Paper
from app.adapters.pdf.sheet import Sheet, SheetLine
from app.adapters.pdf.styles import BODY, LABEL, REMARK, STRONG, Palette
from app.adapters.pdf.text import one_line, para, wrap
from app.money import ZERO, short, spell
from app.texts import _

GAP = 13
LEADING = 12
ROW_PADDING = 5.5
HEAD = 18
CARRIED = 20
WIDEST_CODE = 78
NARROWEST_CONCEPT = 120
TOGETHER = 12
"""A row of up to this many text lines is not split between pages."""


class Column(NamedTuple):
    """A column of figures."""

    title: Printed
    text: Callable[[SheetLine], str]


class Row(NamedTuple):
    code: Sequence[Printed]
    concept: Sequence[Printed]
    figures: Sequence[tuple[float, Printed]]
    """Where each figure begins, and the figure."""
    amount: Decimal

    @property
    def depth(self) -> int:
        return max(len(self.code), len(self.concept), 1)


class Table:
    """The lines of ``sheet``, laid out for its columns."""

    def __init__(self, sheet: Sheet, palette: Palette) -> None:
        self._palette = palette
        self._currency = "€" if sheet.currency == "EUR" else sheet.currency
        columns = list(_columns(sheet, self._currency))
        figures = [[one_line(column.text(line), 60) for column in columns] for line in sheet.lines]
        codes = [one_line(line.code, 200) if "code" in sheet.look.columns else Printed("") for line in sheet.lines]

        self._style, widths = _column_widths(columns, figures)
        code_width = min(max(map(self._style.width, codes), default=0), WIDEST_CODE)
        self._concept_left = LEFT + (code_width + GAP if code_width else 0)
        self._heads = [(LEFT, one_line(_("Código")))] if code_width else []
        self._heads.append((self._concept_left, one_line(_("Concepto"))))

        edges = _right_edges(widths)
        self._heads += [
            (edge - LABEL.width(column.title), column.title) for edge, column in zip(edges, columns, strict=True)
        ]
        concept_width = edges[0] - widths[0] - GAP - self._concept_left
        self._rows = [
            Row(
                wrap(code, self._style, code_width) if code else (),
                wrap(para(line.concept), self._style, concept_width),
                [(edge - self._style.width(text), text) for edge, text in zip(edges, texts, strict=True) if text],
                line.amount or ZERO,
            )
            for code, line, texts in zip(codes, sheet.lines, figures, strict=True)
        ]

    def draw(self, paper: Paper, closing: float) -> None:
        """Draw all rows. The last one goes where ``closing``, what follows it, fits too."""
        paper.need(HEAD + LEADING * 3)
        self._head(paper)
        carried = ZERO
        for number, row in enumerate(self._rows, 1):
            height = min(row.depth, TOGETHER) * LEADING + ROW_PADDING
            after = closing if number == len(self._rows) else CARRIED
            if not paper.fits(height + after) and number > 1:
                self._carry(paper, carried)
            carried += row.amount
            self._row(paper, row, carried)

    def _head(self, paper: Paper) -> None:
        for x, title in self._heads:
            paper.write(x, paper.y + LABEL.size, LABEL, title)
        paper.y += HEAD - 5
        paper.rule(paper.y, self._palette.accent, 0.9)
        paper.y += 5

    def _row(self, paper: Paper, row: Row, carried: Decimal) -> None:
        """One row; the text of a very deep one goes on overleaf, its figures stay with its beginning."""
        style = self._style
        for depth in range(row.depth):
            if depth and not paper.fits(LEADING + CARRIED):
                self._carry(paper, carried)
            baseline = paper.y + style.size
            if depth < len(row.code):
                paper.write(LEFT, baseline, style, row.code[depth])
            if depth < len(row.concept):
                paper.write(self._concept_left, baseline, style, row.concept[depth])
            if not depth:
                for x, text in row.figures:
                    paper.write(x, baseline, style, text)
            paper.y += LEADING
        paper.rule(paper.y + 1, LINE, 0.4)
        paper.y += ROW_PADDING

    def _carry(self, paper: Paper, amount: Decimal) -> None:
        """Close the table on this page and open it on the next one with the sum so far."""
        self._sum(paper, one_line(_("Suma y sigue")), amount)
        paper.turn()
        self._head(paper)
        self._sum(paper, one_line(_("Suma anterior")), amount)
        paper.rule(paper.y - 4, LINE, 0.4)
        paper.y += 1

    def _sum(self, paper: Paper, label: Printed, amount: Decimal) -> None:
        text = one_line(spell(amount))
        baseline = paper.y + BODY.size
        paper.write_right(RIGHT - STRONG.width(text) - GAP, baseline, REMARK, label)
        paper.write_right(RIGHT, baseline, STRONG, text)
        paper.y += CARRIED - 2


def _columns(sheet: Sheet, currency: str) -> Iterator[Column]:
    yield Column(one_line(_("Cantidad")), lambda line: _blank(line.quantity, lambda value: short(value, 6)))
    places = max((min(_decimals(line.unit_price), 4) for line in sheet.lines if line.unit_price), default=2)
    yield Column(one_line(f"{_('Precio')} {currency}"), lambda line: _blank(line.unit_price, partial(_price, places)))
    if "discount" in sheet.look.columns and any(line.discount for line in sheet.lines):
        yield Column(one_line(_("Dto.")), lambda line: _blank(line.discount or None, _percent))
    if "tax" in sheet.look.columns and any(line.tax for line in sheet.lines):
        yield Column(one_line(sheet.tax_heading, 20), lambda line: line.tax)
    yield Column(one_line(f"{_('Importe')} {currency}"), lambda line: _blank(line.amount, spell))


def _blank(value: Decimal | None, spelt: Callable[[Decimal], str]) -> str:
    return "" if value is None else spelt(value)


def _price(places: int, price: Decimal) -> str:
    """With the decimals of the column, or with more when this price has them."""
    return spell(price, max(places, _decimals(price)))


def _decimals(price: Decimal) -> int:
    """At least cents, at most the eight a unit price may have."""
    exponent = price.normalize().as_tuple().exponent
    return min(max(-exponent, 2), 8) if isinstance(exponent, int) else 2


def _percent(rate: Decimal) -> str:
    return f"{short(rate, 4)}\u00a0%"


def _column_widths(columns: Sequence[Column], figures: Sequence[Sequence[Printed]]) -> tuple[Style, list[float]]:
    """The style of the rows and how wide each column of figures is.

    Amounts of millions with eight decimals shrink the type rather than squeeze the concept out.
    """
    natural = [max(map(BODY.width, texts), default=0.0) for texts in zip(*figures, strict=True)] or [0.0] * len(columns)
    room = RIGHT - LEFT - WIDEST_CODE - NARROWEST_CONCEPT - GAP * (len(columns) + 1)
    scale = min(1.0, room / max(sum(natural), 1))
    style = replace(BODY, size=round(BODY.size * scale, 1)) if scale < 1 else BODY
    return style, [
        max(width * scale, LABEL.width(column.title)) for width, column in zip(natural, columns, strict=True)
    ]


def _right_edges(widths: Sequence[float]) -> list[float]:
    edges, edge = [], RIGHT
    for width in reversed(widths):
        edges.append(edge)
        edge -= width + GAP
    return edges[::-1]
