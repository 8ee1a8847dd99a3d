"""Invoices in our own CSV: the file, its headings, and which rows make one invoice."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from msgspec import Struct

from app.adapters.formats.csv_columns import NUMBERS, OBLIGATORY, ONE_OF, column_named
from app.adapters.formats.csv_invoice import Row, read_invoice
from app.adapters.formats.csv_values import cell, decimal_mark
from app.adapters.formats.fields import clipped
from app.adapters.formats.figures import read_alone
from app.domain.foreign import FileRefused, ForeignInvoice, Unreadable
from app.money import short
from app.texts import _

MOST_ROWS = 20_000
MOST_COLUMNS = 1000

_DELIMITERS = ";,\t"
_HINT = re.compile(r"\s*sep=([;,\t|])\r?\n", re.IGNORECASE)


class _Table(Struct, frozen=True):
    rows: list[Row]
    unknown: tuple[str, ...]
    mark: str | None


def read_csv(content: bytes) -> list[ForeignInvoice | Unreadable]:
    table = _table(_decode(content))
    invoices: dict[tuple[str, ...], list[Row]] = {}
    issuers: dict[tuple[str, ...], str] = {}
    nameless: list[ForeignInvoice | Unreadable] = []
    for row in table.rows:
        called = (row.cells.get("serie", ""), row.cells["numero"])
        issuers[called] = row.cells.get("emisor_nif") or issuers.get(called, "")
        if row.cells["numero"]:
            invoices.setdefault((issuers[called], *called), []).append(row)
        else:
            reason = _("La fila %(line)s no tiene número de factura.") % {"line": row.line}
            nameless.append(Unreadable(number_text=None, reason=reason))
    if not table.rows:
        raise FileRefused(_("El archivo CSV no contiene ninguna factura."))
    notes = _notes(table)
    readers = (partial(read_invoice, rows, table.mark, notes) for rows in invoices.values())
    names = (partial(_name_of, rows) for rows in invoices.values())
    return [*map(read_alone, readers, names), *nameless]


def _name_of(rows: list[Row]) -> str:
    named = "-".join(part for part in (rows[0].cells.get("serie", ""), rows[0].cells["numero"]) if part)
    return clipped(named, 40)


def _notes(table: _Table) -> tuple[str, ...]:
    if not table.unknown:
        return ()
    names = clipped(", ".join(table.unknown), 300)
    return (_("Columnas que no se conocen y se omiten: %(names)s.") % {"names": names},)


def _decode(content: bytes) -> str:
    """UTF-8, with or without mark, or what Windows writes."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileRefused(_("El archivo no es de texto: no es Facturae, UBL ni CSV."))


def _table(text: str) -> _Table:
    text = text.lstrip("\ufeff")
    hint = _HINT.match(text)
    body = text[hint.end() :] if hint else text.lstrip("\r\n")
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=hint[1] if hint else _delimiter(body), strict=True)
    try:
        headings = next(reader, [])
        if len(headings) > MOST_COLUMNS:
            raise FileRefused(_("El CSV tiene demasiadas columnas."))
        columns = [(heading.strip(), column_named(heading)) for heading in headings]
        _refuse_headings(columns)
        rows = list(_rows(((reader.line_num, values) for values in reader), [name for _heading, name in columns]))
    except csv.Error as error:
        sentence = _("El CSV no se entiende a partir de la fila %(line)s: comillas sin cerrar o una celda desmesurada.")
        raise FileRefused(sentence % {"line": reader.line_num}) from error
    unknown = tuple(heading for heading, name in columns if heading and name is None)
    numbers = (row.cells[name] for row in rows for name in NUMBERS if name in row.cells)
    return _Table(rows=rows, unknown=unknown, mark=decimal_mark(numbers))


def _delimiter(text: str) -> str:
    first = text[:20_000].partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _refuse_headings(columns: list[tuple[str, str | None]]) -> None:
    names = [name for _heading, name in columns if name]
    if len(names) < 2:
        raise FileRefused(_("El archivo no es Facturae, UBL ni un CSV con las columnas que se esperan."))
    missing = [name for name in OBLIGATORY if name not in names]
    if not set(ONE_OF) & set(names):
        missing.append(" / ".join(ONE_OF))
    if missing:
        raise FileRefused(_("Al CSV le faltan columnas obligatorias: %(names)s.") % {"names": ", ".join(missing)})
    for name in names:
        if names.count(name) > 1:
            raise FileRefused(_("Al CSV le sobra una columna: «%(name)s» está más de una vez.") % {"name": name})


def _rows(numbered: Iterator[tuple[int, list[str]]], names: list[str | None]) -> Iterator[Row]:
    """Those that say something. What an invoice needs in memory is many times what it takes in the file."""
    count = 0
    for line, values in numbered:
        cells = [cell(value) for value in values]
        if not any(cells):
            continue
        count += 1
        if count > MOST_ROWS:
            sentence = _("El CSV tiene más de %(most)s filas; divídalo en varios archivos.")
            raise FileRefused(sentence % {"most": short(Decimal(MOST_ROWS))})
        known = {name: value for name, value in zip(names, cells, strict=False) if name}
        known |= {name: "" for name in names[len(cells) :] if name}
        yield Row(line=line, cells=known, has_too_many=any(cells[len(names) :]))
