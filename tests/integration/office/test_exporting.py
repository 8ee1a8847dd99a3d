"""CSV of a list: what the search finds, as a Spanish spreadsheet reads it, written as it is read."""

import csv
import io
from decimal import Decimal

import pytest

from app import clock
from models.enums import DocumentStatus
from tests.rig.desk import text_of

HEADINGS = [
    "Número", "Fecha", "Cliente", "Estado", "Intranet", "Vencimiento", "Base imponible", "Total factura", "Por cobrar",
    "Moneda",
]  # fmt: skip


def rows(answer):
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.fixture
def invoices(make, db):
    series = make.series(label="FV26")
    paid = make.invoice(contact=make.contact(name="Óptica Peña"), series=series, status=DocumentStatus.PAID)
    make.publication(paid)
    make.invoice(contact=make.contact(name="=cmd|'/c calc'!A1"), series=series)
    make.draft(contact=make.contact(name='+34 Comas; y "comillas"'), series=series)
    db.commit()


def test_every_row_as_a_spreadsheet_reads_it(desk, invoices):
    answer = desk.get("invoice/export/csv", orden="numero")
    today = clock.today().strftime("%d/%m/%Y")

    head, draft, paid, pending = rows(answer)

    assert head == HEADINGS
    assert draft[:5] == ["Borrador", today, '\'+34 Comas; y "comillas"', "Borrador", ""]
    assert paid[:5] + paid[6:] == [
        "FV26-0001", today, "Óptica Peña", "Cobrada", "Publicada", "100,00", "121,00", "0,00", "EUR",
    ]  # fmt: skip
    assert pending[2:5] + pending[8:] == ["'=cmd|'/c calc'!A1", "Pendiente", "Sin publicar", "121,00", "EUR"]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="facturas-de-venta-{clock.today().isoformat()}.csv"'
    )
    assert answer.headers["cache-control"] == "no-store, private"


def test_each_amount_says_its_currency(desk, make, db):
    make.invoice(currency="USD")
    make.product(code="CB-0625", unit_price=Decimal("4.2"))
    db.commit()

    _head, row = rows(desk.get("invoice/export/csv"))

    assert row[6:] == ["100,00", "121,00", "121,00", "USD"]
    assert "Precio €" in rows(desk.get("product/export/csv"))[0]


def test_the_file_follows_the_search_and_its_order(desk, invoices):
    page = desk.get("invoice/list", buscar="optica")
    link = page.text.partition('href="/admin/invoice/export/csv?')[2].partition('"')[0]

    found = rows(desk.client.get(f"/admin/invoice/export/csv?{link}"))

    assert [row[0] for row in found] == ["Número", "FV26-0001"]
    assert "Exportar" in text_of(page)


def test_a_search_that_makes_no_sense_exports_nothing(desk, invoices):
    assert rows(desk.get("invoice/export/csv", estado="nada")) == [HEADINGS]


def test_more_rows_than_are_written_at_once(desk, make, db):
    for number in range(1100):
        make.product(code=f"A{number:04d}")
    db.commit()

    found = rows(desk.get("product/export/csv"))

    assert [row[0] for row in found[1:]] == [f"A{number:04d}" for number in range(1100)]


@pytest.mark.parametrize("kind", ["json", "xlsx", "CSV"])
def test_only_csv_is_offered(desk, kind):
    assert desk.get(f"invoice/export/{kind}").status_code == 404
