"""A sheet on paper, and the paper as a PDF file."""

import io
import math
from functools import partial
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from app.adapters.pdf.closing import draw_remarks, draw_totals, totals_height
from app.adapters.pdf.faces import INITIAL_FONT, REGULAR, Printed, Route, SingleByte, Subsetting
from app.adapters.pdf.letterhead import foot, foot_floor, letterhead, running_head
from app.adapters.pdf.paper import HEIGHT, WIDTH, Page, Paper
from app.adapters.pdf.pictures import embed_logo
from app.adapters.pdf.sheet import Sheet
from app.adapters.pdf.styles import STAMP, palette
from app.adapters.pdf.table import Table
from app.adapters.pdf.text import one_line
from app.texts import _, language

DRAFT_SLOPE = math.radians(52)


def render(sheet: Sheet) -> bytes:
    """``sheet`` as a PDF file; the same sheet gives the same bytes."""
    reading = language.set(sheet.language)
    try:
        pages = lay_out(sheet)
        try:
            return _write(sheet, pages, SingleByte, INITIAL_FONT)
        except UnicodeEncodeError:
            with Subsetting.alone:
                return _write(sheet, pages, Subsetting, REGULAR)
    finally:
        language.reset(reading)


def lay_out(sheet: Sheet) -> list[Page]:
    """The pages of ``sheet``, each text and rule in its place, before anything is written."""
    colours = palette(sheet.look.accent)
    paper = Paper(floor=foot_floor(sheet), running_head=partial(running_head, sheet=sheet))
    letterhead(paper, sheet, colours)
    Table(sheet, colours).draw(paper, totals_height(sheet))
    draw_totals(paper, sheet, colours)
    draw_remarks(paper, sheet)
    foot(paper, sheet)
    return paper.pages


def _write(sheet: Sheet, pages: list[Page], route_of: Any, font: str) -> bytes:
    canvas = Canvas(
        io.BytesIO(),
        pagesize=(round(WIDTH, 2), round(HEIGHT, 2)),
        pageCompression=1,
        invariant=1,
        initialFontName=font,
        lang="es-ES" if sheet.language == "es" else sheet.language,
    )
    _describe(canvas, sheet)
    route = route_of(canvas._doc)
    for page in pages:
        if sheet.draft:
            canvas.addLiteral(_stamp(route, one_line(_("BORRADOR"))))
        canvas.addLiteral("\n".join(page.shapes))
        if page.logo and sheet.look.logo:
            _draw_logo(canvas, page, sheet.look.logo)
        canvas.addLiteral(_texts(route, page))
        canvas.showPage()
    return bytes(canvas.getpdfdata())


def _describe(canvas: Canvas, sheet: Sheet) -> None:
    title = one_line(f"{sheet.kind_label} {sheet.reference}")
    canvas.setTitle(title)
    canvas.setAuthor(one_line(sheet.seller.name))
    canvas.setSubject(one_line(_("%(documento)s para %(cliente)s") % {"documento": title, "cliente": sheet.buyer.name}))
    canvas.setCreator(f"Ventanilla, plantilla {sheet.release}")
    canvas.setDateFormatter(lambda *now: f"D:{sheet.issued_on:%Y%m%d}000000Z")


def _texts(route: Route, page: Page) -> str:
    """All texts of a page in one text object; the style is named only when it changes."""
    operators, current = ["BT"], None
    for x, y, style, text in page.texts:
        if style is not current:
            operators.append(route.select(style))
            current = style
        operators.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm {route.show(text)}")
    operators.append("ET")
    return "\n".join(operators)


def _stamp(route: Route, word: Printed) -> str:
    """``word`` across the page, below everything else."""
    cosine, sine = math.cos(DRAFT_SLOPE), math.sin(DRAFT_SLOPE)
    half = STAMP.width(word) / 2
    x, y = WIDTH / 2 - half * cosine + 34 * sine, HEIGHT / 2 - half * sine - 34 * cosine
    matrix = f"{cosine:.4f} {sine:.4f} {-sine:.4f} {cosine:.4f} {x:.2f} {y:.2f} Tm"
    return f"BT {route.select(STAMP)} {matrix} {route.show(word)} ET"


def _draw_logo(canvas: Canvas, page: Page, logo: bytes) -> None:
    box = page.logo
    assert box is not None
    canvas.addLiteral(f"q {box.width:.2f} 0 0 {box.height:.2f} {box.x:.2f} {box.y:.2f} cm")
    canvas.doForm(embed_logo(canvas._doc, logo))
    canvas.addLiteral("Q")
