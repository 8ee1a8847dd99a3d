"""What follows the lines: taxes, totals, due dates, notes and legal mentions."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from app.adapters.pdf.faces import Style
from app.adapters.pdf.ink import LINE
from app.adapters.pdf.paper import HEIGHT, LEFT, MM, RIGHT, Box, Paper
from app.adapters.pdf.sheet import Sheet
from app.adapters.pdf.styles import BODY, LABEL, REMARK, STRONG, TOTAL, Palette
from app.adapters.pdf.text import fit, one_line, para, wrap
from app.money import euros, short, spell
from app.texts import _

TOTALS_LEFT = 122 * MM
TAXES_RIGHT = 116 * MM
DUE_COLUMNS = (LEFT, 45 * MM, 95 * MM, 160 * MM)
LEADING = 14
GAP_ABOVE = 14
PAYABLE = 34
HEAD = 16
TABULAR_ROW = 13.5
PADDING = 8


def totals_height(sheet: Sheet) -> float:
    """What taxes and totals take, standing side by side."""
    taxes = HEAD + TABULAR_ROW * len(sheet.taxes) if sheet.taxes else 0
    totals = LEADING * (len(sheet.totals) - 1) + PAYABLE if sheet.totals else 0
    return GAP_ABOVE + max(taxes, totals)


def draw_totals(paper: Paper, sheet: Sheet, palette: Palette) -> None:
    paper.need(totals_height(sheet))
    paper.y += GAP_ABOVE
    ends = (_taxes(paper, sheet), _totals(paper, sheet, palette))
    paper.y = max(ends) + 6 * MM


def draw_remarks(paper: Paper, sheet: Sheet) -> None:
    """Due dates, notes and mentions, as far down as they go and on to further pages."""
    _dues(paper, sheet)
    if sheet.notes:
        _paragraphs(paper, _("Observaciones"), [sheet.notes], BODY, 12)
    if sheet.mentions:
        _paragraphs(paper, "", sheet.mentions, REMARK, 11.5)


def _taxes(paper: Paper, sheet: Sheet) -> float:
    """A row for each tax and rate; the columns are as wide as their figures."""
    if not sheet.taxes:
        return paper.y
    rows = [
        [*map(one_line, (tax.label, spell(tax.base), f"{short(tax.rate, 4)}\u00a0%", spell(tax.amount)))]
        for tax in sheet.taxes
    ]
    heads = [*map(one_line, (_("Impuesto"), _("Base imponible"), _("Tipo"), _("Cuota")))]
    edges, edge = [TAXES_RIGHT], TAXES_RIGHT
    for column, narrowest in ((3, 52), (2, 30)):
        edge -= max(narrowest, *(BODY.width(row[column]) for row in rows)) + 10
        edges.insert(0, edge)
    room = edge - max(LABEL.width(heads[1]), *(BODY.width(row[1]) for row in rows)) - 4 - LEFT

    y = paper.y
    for style, height, cells in ((LABEL, HEAD, heads), *((BODY, TABULAR_ROW, row) for row in rows)):
        paper.write(LEFT, y + style.size, style, fit(cells[0], style, room))
        for right, figure in zip(edges, cells[1:], strict=True):
            paper.write_right(right, y + style.size, style, figure)
        y += height
    paper.rule(paper.y + HEAD - 4, LINE, right=TAXES_RIGHT)
    return y


def _totals(paper: Paper, sheet: Sheet, palette: Palette) -> float:
    """One line each, the last one big in its tinted box."""
    y = paper.y
    if not sheet.totals:
        return y
    left, right = TOTALS_LEFT + PADDING, RIGHT - PADDING
    for label, amount in sheet.totals[:-1]:
        figure = one_line(euros(amount, sheet.currency))
        paper.write(left, y + BODY.size, BODY, fit(one_line(label), BODY, right - left - BODY.width(figure) - PADDING))
        paper.write_right(right, y + BODY.size, BODY, figure)
        y += LEADING

    label, amount = sheet.totals[-1]
    title = fit(one_line(label), TOTAL, (right - left) / 2)
    payable, style = one_line(euros(amount, sheet.currency)), palette.amount
    room = right - left - TOTAL.width(title) - PADDING
    style = replace(style, size=min(style.size, style.size * room / style.width(payable)))
    paper.fill(Box(TOTALS_LEFT, HEIGHT - y - PAYABLE, RIGHT - TOTALS_LEFT, PAYABLE), palette.tint)
    paper.write(left, y + PAYABLE / 2 + 5, TOTAL, title)
    paper.write_right(right, y + PAYABLE / 2 + 5, style, payable)
    return y + PAYABLE


def _dues(paper: Paper, sheet: Sheet) -> None:
    if not sheet.dues:
        return
    paper.need(HEAD * 2 + TABULAR_ROW)
    _due(paper, LABEL, HEAD, (_("Vencimiento"), _("Forma de pago"), _("Cuenta"), _("Importe")))
    paper.rule(paper.y - 4, LINE)
    for due in sheet.dues:
        amount = euros(due.amount, sheet.currency)
        _due(paper, BODY, TABULAR_ROW, (f"{due.day:%d/%m/%Y}", due.method, due.account, amount))
    paper.y += 5 * MM


def _due(paper: Paper, style: Style, leading: float, cells: Sequence[str]) -> None:
    """A row of texts, folded where they must, with a figure at its right end."""
    *texts, figure = map(one_line, cells)
    spans = pairwise(DUE_COLUMNS)
    folded = [
        (left, wrap(text, style, end - left - PADDING, most=4)) for (left, end), text in zip(spans, texts, strict=True)
    ]
    paper.need(leading * max(len(lines) for left, lines in folded))
    ends = [paper.stack(left, paper.y, style, lines, leading) for left, lines in folded]
    paper.write_right(RIGHT, paper.y + style.size, style, figure)
    paper.y = max(ends)


def _paragraphs(paper: Paper, heading: str, texts: Sequence[str], style: Style, leading: float) -> None:
    lines = [line for text in texts for line in wrap(para(text), style, RIGHT - LEFT)]
    paper.need(leading * min(len(lines), 3) + (leading + 2 if heading else 0))
    if heading:
        paper.y = paper.stack(LEFT, paper.y, STRONG, [one_line(heading)], leading + 2)
    for line in lines:
        paper.need(leading)
        paper.y = paper.stack(LEFT, paper.y, style, [line], leading)
    paper.y += 3 * MM
