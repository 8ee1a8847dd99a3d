"""A sheet drawn the way reportlab's manual teaches: paragraphs, tables, its QR widget, a canvas that counts pages."""

import io
from functools import cache, partial
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from ttf_opensans import OPENSANS_REGULAR, OPENSANS_SEMIBOLD

from app.adapters.pdf import Party, Sheet
from app.money import euros, short, spell

REGULAR, SEMIBOLD = "Platypus", "Platypus-SemiBold"
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12)
STRONG = ParagraphStyle("strong", parent=BODY, fontName=SEMIBOLD)
TITLE = ParagraphStyle("title", parent=STRONG, fontSize=19, leading=26, spaceBefore=12)
GRID = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), REGULAR, 9, 12),
        ("FONT", (0, 0), (-1, 0), REGULAR, 7.5, 10),
        ("ALIGN", (-4, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d5d9e0")),
    ]
)
PLAIN = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])


def render(sheet: Sheet) -> bytes:
    _register_fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=15 * mm,
        bottomMargin=20 * mm,
        title=f"{sheet.kind_label} {sheet.reference}",
        author=sheet.seller.name,
        initialFontName=REGULAR,
        lang="es-ES",
    )
    document.build([*_head(sheet), _lines(sheet), *_closing(sheet)], canvasmaker=partial(_Numbered, sheet=sheet))
    return out.getvalue()


@cache
def _register_fonts() -> None:
    for name, weight in ((REGULAR, OPENSANS_REGULAR), (SEMIBOLD, OPENSANS_SEMIBOLD)):
        pdfmetrics.registerFont(TTFont(name, str(weight.path)))


class _Numbered(Canvas):  # type: ignore[misc]
    """Keeps each page until it knows how many there are."""

    def __init__(self, *args: Any, sheet: Sheet, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sheet = sheet
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, 1):
            self.__dict__.update(state)
            self.setFont(REGULAR, 7)
            self.drawString(20 * mm, 12 * mm, self._sheet.look.legal_footer)
            self.drawRightString(190 * mm, 12 * mm, f"Página {number} de {len(self._kept)}")
            super().showPage()
        super().save()


def _head(sheet: Sheet) -> list[Any]:
    facts = [
        ["Fecha", "Vencimiento", "Forma de pago"],
        [f"{sheet.issued_on:%d/%m/%Y}", f"{sheet.dues[0].day:%d/%m/%Y}", sheet.dues[0].method],
    ]
    logo = Image(io.BytesIO(sheet.look.logo or b""), width=54 * mm, height=18 * mm, hAlign="LEFT")
    return [
        logo,
        Spacer(1, 5 * mm),
        Table(
            [[_code(sheet.qr or ""), _party(sheet.seller), _party(sheet.buyer)]],
            colWidths=[40 * mm, 52 * mm, 78 * mm],
            style=PLAIN,
        ),
        Paragraph("QR tributario: " + escape(sheet.qr_caption), BODY),
        Paragraph(escape(f"{sheet.kind_label} {sheet.reference}"), TITLE),
        Table(facts, colWidths=[56 * mm] * 3, style=GRID),
        Spacer(1, 6 * mm),
    ]


def _code(content: str) -> Drawing:
    widget = QrCodeWidget(content, barLevel="M", barWidth=32 * mm, barHeight=32 * mm, barBorder=0)
    drawing = Drawing(32 * mm, 32 * mm)
    drawing.add(widget)
    return drawing


def _party(party: Party) -> list[Paragraph]:
    lines = [Paragraph(escape(line), BODY) for line in (f"NIF {party.tax_id}", *party.lines, *party.contact)]
    return [Paragraph(escape(party.name), STRONG), *lines]


def _lines(sheet: Sheet) -> Table:
    rows: list[list[Any]] = [["Código", "Concepto", "Cantidad", "Precio €", "IVA", "Importe €"]]
    for line in sheet.lines:
        assert line.quantity is not None
        assert line.unit_price is not None
        assert line.amount is not None
        figures = (short(line.quantity, 6), spell(line.unit_price), line.tax, spell(line.amount))
        rows.append([line.code, Paragraph(escape(line.concept), BODY), *figures])
    return Table(rows, colWidths=[22 * mm, 78 * mm, 18 * mm, 20 * mm, 12 * mm, 20 * mm], repeatRows=1, style=GRID)


def _closing(sheet: Sheet) -> list[Any]:
    taxes = [["Impuesto", "Base imponible", "Tipo", "Cuota"]]
    taxes += [[tax.label, spell(tax.base), f"{short(tax.rate)} %", spell(tax.amount)] for tax in sheet.taxes]
    totals = [[label, euros(amount)] for label, amount in sheet.totals]
    dues = [["Vencimiento", "Forma de pago", "Cuenta", "Importe"]]
    dues += [[f"{due.day:%d/%m/%Y}", due.method, due.account, euros(due.amount)] for due in sheet.dues]
    return [
        Spacer(1, 5 * mm),
        Table([[Table(taxes, style=GRID), Table(totals, style=GRID)]], colWidths=[100 * mm, 70 * mm], style=PLAIN),
        Spacer(1, 5 * mm),
        Table(dues, colWidths=[25 * mm, 50 * mm, 65 * mm, 30 * mm], style=GRID),
        Paragraph("Observaciones", STRONG),
        Paragraph(escape(sheet.notes), BODY),
    ]
