"""A believable invoice to print, and the words found on paper."""

import datetime as dt
import io
from decimal import Decimal

from pypdf import PdfReader

from app.adapters.pdf import Look, Party, Sheet, SheetDue, SheetLine, SheetTax

TAX_ADDRESS = (
    "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
    "?nif=B12345674&numserie=2026%2FA-000123&fecha=27-10-2026&importe=1234.50"
)


def make_line(number: int = 1, **changes) -> SheetLine:
    values = {
        "code": f"ART-{number:03d}",
        "concept": "Interruptor diferencial 40 A",
        "quantity": Decimal(4),
        "unit_price": Decimal("45"),
        "discount": Decimal(0),
        "tax": "21 %",
        "amount": Decimal("180.00"),
    }
    return SheetLine(**values | changes)


def make_sheet(count: int = 1, /, **changes) -> Sheet:
    values = {
        "kind_label": "Factura",
        "reference": "2026/A-000123",
        "issued_on": dt.date(2026, 10, 27),
        "seller": Party(name="Electricidad Tosma, S.L.", tax_id="B12345674", lines=("Calle del Telar, 8",)),
        "buyer": Party(name="C. P. Plaza del Olmo, 14", tax_id="H12345674", lines=("46003 Valencia",)),
        "lines": tuple(make_line(number) for number in range(1, count + 1)),
        "taxes": (SheetTax(label="IVA", base=Decimal("180"), rate=Decimal(21), amount=Decimal("37.80")),),
        "totals": (("Base imponible", Decimal("180")), ("Total a pagar", Decimal("217.80"))),
        "dues": (SheetDue(day=dt.date(2026, 11, 26), method="Transferencia", amount=Decimal("217.80")),),
        "look": Look(legal_footer="Registro Mercantil de Valencia, hoja V-78910"),
    }
    return Sheet(**values | changes)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in read(pdf).pages]
