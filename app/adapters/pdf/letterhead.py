"""The top of the first page, the short head of the others, and the foot of all."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from app.adapters.pdf.faces import Printed, Style
from app.adapters.pdf.ink import LINE
from app.adapters.pdf.paper import HEIGHT, LEFT, MM, RIGHT, Box, Paper
from app.adapters.pdf.pictures import logo_size, square_code
from app.adapters.pdf.sheet import Party, Sheet
from app.adapters.pdf.styles import ADDRESS, BODY, LABEL, NAME, REMARK, SMALL, STRONG, TITLE, Palette
from app.adapters.pdf.text import fit, one_line, para, wrap
from app.texts import _

TOP = 15 * MM
LOGO_WIDTH, LOGO_HEIGHT = 60 * MM, 18 * MM
CODE_SIZE = 32 * MM
LEFT_COLUMN_END = 104 * MM
# The window of a right-window envelope shows from 100 to 190 mm across and from 34 to 79 mm down.
WINDOW_LEFT, WINDOW_TOP, WINDOW_END = 112 * MM, 41 * MM, 82 * MM
FACTS_PER_ROW = 4
FOOT = HEIGHT - 12 * MM
FOOT_LEADING = 9
NAME_LINES = 6
BLOCK_LINES = 14
MOST_FACTS = 12


def letterhead(paper: Paper, sheet: Sheet, palette: Palette) -> None:
    """Who, to whom, what and when; leaves ``paper.y`` where the lines begin."""
    top = _brand(paper, sheet, palette) + 5 * MM
    left, code_end = LEFT, 0.0
    if sheet.qr:
        left += CODE_SIZE + 6 * MM
        code_end = _square_code(paper, sheet, sheet.qr, top)
    paper.y = max(code_end, _seller(paper, sheet, left, top), _buyer(paper, sheet), WINDOW_END) + 8 * MM
    _title(paper, sheet, palette)
    _facts(paper, sheet, palette)
    _subject(paper, sheet)
    _intro(paper, sheet)


def running_head(paper: Paper, sheet: Sheet) -> None:
    """The head of every page but the first."""
    paper.write(LEFT, TOP + 8, BODY, fit(one_line(sheet.seller.name), BODY, 75 * MM))
    reference = fit(one_line(f"{sheet.kind_label} {sheet.reference}"), STRONG, 90 * MM)
    paper.write_right(RIGHT, TOP + 8, STRONG, reference)
    paper.y = TOP + 22


def foot_floor(sheet: Sheet) -> float:
    """How far down a page may be used."""
    return FOOT - FOOT_LEADING * len(_legal(sheet)) - 4 * MM


def foot(paper: Paper, sheet: Sheet) -> None:
    """The foot of every page, once it is known how many there are."""
    legal = _legal(sheet)
    count = len(paper.pages)
    for number, page in enumerate(paper.pages, 1):
        for row, line in enumerate(legal, 1 - len(legal)):
            page.texts.append((LEFT, HEIGHT - FOOT - row * FOOT_LEADING, SMALL, line))
        text = one_line(_("Página %(n)s de %(m)s") % {"n": number, "m": count})
        page.texts.append((RIGHT - SMALL.width(text), HEIGHT - FOOT, SMALL, text))


def _legal(sheet: Sheet) -> list[Printed]:
    return wrap(para(sheet.look.legal_footer, 900), SMALL, 140 * MM, most=6) if sheet.look.legal_footer else []


def _brand(paper: Paper, sheet: Sheet, palette: Palette) -> float:
    """Logo or, without one, the name in the company's colour."""
    if sheet.look.logo:
        across, down = logo_size(sheet.look.logo)
        scale = min(LOGO_WIDTH / across, LOGO_HEIGHT / down)
        width, height = across * scale, down * scale
        paper.page.logo = Box(LEFT, HEIGHT - TOP - height, width, height)
        return TOP + height
    lines = wrap(one_line(sheet.seller.name), palette.wordmark, LEFT_COLUMN_END - LEFT, NAME_LINES)
    return paper.stack(LEFT, TOP, palette.wordmark, lines, 19)


def _square_code(paper: Paper, sheet: Sheet, content: str, top: float) -> float:
    """The code between its two captions, with three clear millimetres on every side."""
    y = paper.stack(LEFT, top, BODY, [one_line(_("QR tributario:"))], BODY.size + 4 * MM)
    box = Box(LEFT, HEIGHT - y - CODE_SIZE, CODE_SIZE, CODE_SIZE)
    paper.page.shapes.append(square_code(content, box))
    caption = wrap(one_line(sheet.qr_caption), BODY, CODE_SIZE + 3 * MM, most=4)
    return paper.stack(LEFT, y + CODE_SIZE + 2 * MM, BODY, caption, 11)


def _seller(paper: Paper, sheet: Sheet, left: float, top: float) -> float:
    seller, width = sheet.seller, LEFT_COLUMN_END - left
    if sheet.look.logo:
        top = paper.stack(left, top, STRONG, wrap(one_line(seller.name), STRONG, width, NAME_LINES), 12) + 1
    texts = (*_identity(seller), *seller.lines, *seller.contact)
    return paper.stack(left, top, REMARK, _block(texts, REMARK, width), 11.5)


def _buyer(paper: Paper, sheet: Sheet) -> float:
    buyer, width = sheet.buyer, RIGHT - WINDOW_LEFT
    y = paper.stack(WINDOW_LEFT, WINDOW_TOP, LABEL, [one_line(sheet.buyer_label or _("Cliente"))], 13)
    y = paper.stack(WINDOW_LEFT, y, NAME, wrap(one_line(buyer.name), NAME, width, NAME_LINES), 14) + 1
    texts = (*buyer.lines, *_identity(buyer), *buyer.contact)
    return paper.stack(WINDOW_LEFT, y, ADDRESS, _block(texts, ADDRESS, width), 13)


def _identity(party: Party) -> tuple[str, ...]:
    return (_("NIF %(nif)s") % {"nif": party.tax_id},) if party.tax_id else ()


def _block(texts: Sequence[str], style: Style, width: float) -> list[Printed]:
    """Each text on lines of its own, as many as leave room for the document itself."""
    return [line for text in texts for line in wrap(one_line(text), style, width, most=4)][:BLOCK_LINES]


def _title(paper: Paper, sheet: Sheet, palette: Palette) -> None:
    """Kind and reference on one line; a long reference gets its own, smaller."""
    kind, reference, style = one_line(f"{sheet.kind_label} "), one_line(sheet.reference), palette.reference
    baseline = paper.y + TITLE.size
    paper.write(LEFT, baseline, TITLE, fit(kind, TITLE, RIGHT - LEFT))
    taken, wide = TITLE.width(kind), style.width(reference)
    if taken + wide <= RIGHT - LEFT:
        paper.write(LEFT + taken, baseline, style, reference)
        paper.y = baseline + 12
    else:
        style = replace(style, size=min(style.size, max(11.0, style.size * (RIGHT - LEFT) // wide)))
        lines = wrap(reference, style, RIGHT - LEFT, most=3)
        paper.y = paper.stack(LEFT, baseline + 6, style, lines, style.size + 4) + 8


def _facts(paper: Paper, sheet: Sheet, palette: Palette) -> None:
    """Pairs of a small label and its value, four to a row, between two rules."""
    paper.rule(paper.y, palette.accent, 0.9)
    facts = list(_dated(sheet))[:MOST_FACTS]
    step = (RIGHT - LEFT) / FACTS_PER_ROW
    for start in range(0, len(facts), FACTS_PER_ROW):
        top, ends = paper.y + 7, []
        for column, (label, value) in enumerate(facts[start : start + FACTS_PER_ROW]):
            x = LEFT + column * step
            y = paper.stack(x, top, LABEL, [fit(one_line(label), LABEL, step - 8)], 11.5)
            ends.append(paper.stack(x, y, STRONG, wrap(one_line(value), STRONG, step - 8, most=3), 12))
        paper.y = max(ends)
    paper.y += 7
    paper.rule(paper.y, LINE)
    paper.y += 8 * MM - 7


def _dated(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield _("Fecha"), f"{sheet.issued_on:%d/%m/%Y}"
    if sheet.operation_on and sheet.operation_on != sheet.issued_on:
        yield _("Fecha de operación"), f"{sheet.operation_on:%d/%m/%Y}"
    if len(sheet.dues) == 1:
        yield _("Vencimiento"), f"{sheet.dues[0].day:%d/%m/%Y}"
    methods = {due.method for due in sheet.dues if due.method}
    if len(methods) == 1:
        yield _("Forma de pago"), methods.pop()
    if sheet.corrects:
        yield _("Rectifica a"), sheet.corrects
    if sheet.currency != "EUR":
        yield _("Moneda"), sheet.currency
    yield from sheet.facts


def _subject(paper: Paper, sheet: Sheet) -> None:
    if sheet.subject:
        text = one_line(_("Asunto: %(asunto)s") % {"asunto": sheet.subject})
        paper.y = paper.stack(LEFT, paper.y - 4, STRONG, wrap(text, STRONG, RIGHT - LEFT, most=3), 12.5) + 10


def _intro(paper: Paper, sheet: Sheet) -> None:
    if sheet.look.intro:
        lines = wrap(para(sheet.look.intro, 1500), BODY, RIGHT - LEFT, most=12)
        paper.y = paper.stack(LEFT, paper.y - 4, BODY, lines, 12.5) + 10
