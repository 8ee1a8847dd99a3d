"""What the import screen tells about our CSV: its columns, and a file to begin with."""

import csv
import io
from typing import NamedTuple

from app.adapters.formats.csv_columns import COLUMNS, OBLIGATORY, ONE_OF


class ColumnHelp(NamedTuple):
    name: str
    meaning: str
    is_obligatory: bool
    is_one_of: bool
    others: str


COLUMN_HELP = tuple(
    ColumnHelp(
        column.name, column.meaning, column.name in OBLIGATORY, column.name in ONE_OF, ", ".join(column.aliases[:3])
    )
    for column in COLUMNS
)

# Two invoices: one of two lines at different rates, one of a single line with withholding.
_SAMPLE = (
    {
        "serie": "FV26", "numero": "101", "fecha": "02/11/2026", "vencimiento": "02/12/2026",
        "cliente_nif": "B87654323", "cliente_nombre": "Instalaciones Merino, S.L.",
        "cliente_direccion": "C/ Tejedores, 8", "cliente_cp": "28045", "cliente_ciudad": "Madrid",
        "cliente_email": "compras@merino.example", "codigo": "CB-306", "concepto": "Cable RZ1-K 3×6 mm²",
        "cantidad": "100", "precio": "4,20", "iva": "21",
    },
    {"serie": "FV26", "numero": "101", "concepto": "Libro de instrucciones", "cantidad": "2", "precio": "12,00",
     "iva": "4"},
    {
        "serie": "FV26", "numero": "102", "fecha": "03/11/2026", "cliente_nif": "12345678Z",
        "cliente_nombre": "Begoña Iturbe Landa", "cliente_cp": "48001", "cliente_ciudad": "Bilbao",
        "concepto": "Proyecto eléctrico", "cantidad": "1", "precio": "600,00", "iva": "21", "irpf": "15",
    },
)  # fmt: skip


def template_csv() -> bytes:
    """Every column, with two invoices to write over. As a Spanish spreadsheet opens it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.name for column in COLUMNS], delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(_SAMPLE)
    return text.getvalue().encode("utf-8-sig")
