"""Our CSV: headings, encodings, decimal signs, rows that make one invoice, and what is wrong with the others."""

import datetime as dt
from decimal import Decimal as D
from decimal import InvalidOperation

import pytest

from app.adapters.formats import csv_invoice, csv_table, read_file
from app.adapters.formats.csv_columns import COLUMNS, OBLIGATORY, column_named, folded
from app.domain.adding_up import FiguresDisagree, check_figures
from app.domain.foreign import (
    FileRefused,
    ForeignDue,
    ForeignInvoice,
    ForeignLine,
    ForeignParty,
    ForeignTax,
    InvoiceClass,
    Unreadable,
)
from models.enums import PaymentMethod, TaxKind

TABLE = """\
emisor_nif;serie;numero;fecha;vencimiento;cliente_nif;cliente_nombre;cliente_direccion;cliente_cp;cliente_ciudad;\
cliente_provincia;cliente_email;codigo;concepto;cantidad;precio;descuento;iva;recargo;irpf;total;forma_pago;iban;notas
B12345674;F26;7;21/11/2026;21/12/2026;ES-B84120302;Electricidad Tosma SL;Calle del Cobre, 14;28914;Leganés;Madrid;\
compras@tosma.example;TOR;Tornillo <M8> & tuerca;1.000;0,125;10;21;5,2;;175,40;Transferencia;\
ES91 2100 0418 4502 0005 1332;
;F26;7;;;;;;;;;;;'=SUMA(A1);2;15,00;;10;1,4;;;;;Portes incluidos
"""
TOO_LONG = "%s tiene %s caracteres, y caben %s."


def csv(*rows, heading="serie;numero;fecha;cliente_nombre;iva;concepto;cantidad;precio"):
    return "\n".join((heading, *rows)).encode()


def read(content):
    return read_file("facturas.csv", content)


def iva(rate, base, amount, **more):
    return ForeignTax(kind=TaxKind.VAT, label=f"IVA {rate} %", base=D(base), rate=D(rate), amount=D(amount), **more)


SURCHARGE = {"surcharge_rate": D("5.2"), "surcharge_amount": D("5.85")}
REDUCED = {"surcharge_rate": D("1.4"), "surcharge_amount": D("0.42")}
WHOLE = ForeignInvoice(
    format="csv",
    series_code="F26",
    number_text="F26-7",
    number=7,
    sort_number=7,
    issued_on=dt.date(2026, 11, 21),
    seller=ForeignParty(tax_id="B12345674"),
    buyer=ForeignParty(
        tax_id="B84120302",
        country="ES",
        name="Electricidad Tosma SL",
        address="Calle del Cobre, 14",
        postcode="28914",
        city="Leganés",
        province="Madrid",
        email="compras@tosma.example",
    ),
    lines=(
        ForeignLine(
            code="TOR",
            concept="Tornillo <M8> & tuerca",
            quantity=D(1000),
            unit_price=D("0.125"),
            discount_percent=D(10),
            discount_amount=D("12.5"),
            net=D("112.50"),
            taxes=(iva(21, "112.50", "23.63", **SURCHARGE),),
        ),
        ForeignLine(
            concept="=SUMA(A1)",
            quantity=D(2),
            unit_price=D(15),
            net=D(30),
            taxes=(iva(10, 30, 3, **REDUCED),),
        ),
    ),
    taxes=(iva(21, "112.50", "23.63", **SURCHARGE), iva(10, 30, 3, **REDUCED)),
    lines_total=D("142.50"),
    base_total=D("142.50"),
    tax_total=D("26.63"),
    surcharge_total=D("6.27"),
    total=D("175.40"),
    payable=D("175.40"),
    declared_total=D("175.40"),
    dues=(
        ForeignDue(
            day=dt.date(2026, 12, 21),
            amount=D("175.40"),
            method=PaymentMethod.TRANSFER,
            method_text="Transferencia",
            account="ES9121000418450200051332",
        ),
    ),
    notes=("Portes incluidos",),
)


def test_an_invoice_of_two_rows_is_read_whole():
    (invoice,) = read(TABLE.encode())

    assert invoice == WHOLE
    assert check_figures(invoice) == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_delimiters_and_line_ends(encoding, delimiter, end):
    rows = ("serie;numero;fecha;cliente_nombre;iva;concepto;precio", "A;1;31/01/2026;Peña;21;Año nuevo;10.5", "")
    content = end.join(rows).replace(";", delimiter).encode(encoding)

    (invoice,) = read(content)

    assert (invoice.buyer.name, invoice.lines[0].concept, invoice.total) == ("Peña", "Año nuevo", D("12.71"))


def test_a_separator_line_and_quoted_cells():
    heading = "sep=,\r\nserie,numero,fecha,cliente_nombre,iva,concepto,precio\r\n"

    (invoice,) = read((heading + 'A,1,2026-01-31,Ana,21,"1/2"" x 3,\nlargo","10,5"\r\n').encode())

    assert (invoice.lines[0].concept, invoice.lines[0].unit_price) == ('1/2" x 3,\nlargo', D("10.5"))


def test_headings_without_regard_to_case_accents_or_punctuation():
    heading = (
        "Serie;Nº Factura;FECHA FACTURA;Razón social;N.I.F.;% IVA;Descripción;Uds.;Precio unitario;Dto. %;Población"
    )

    (invoice,) = read(csv("A;1;31/01/2026;Ana;12345678Z;21;Tornillo;2;10;5;Ávila", heading=heading))

    assert (invoice.buyer.name, invoice.buyer.tax_id, invoice.buyer.is_person, invoice.buyer.city) == (
        "Ana",
        "12345678Z",
        True,
        "Ávila",
    )
    assert (invoice.total, invoice.notes_on_reading) == (D("22.99"), ())


def test_unknown_columns_are_told():
    heading = "serie;numero;fecha;cliente_nombre;iva;precio;comercial;zona"

    (invoice,) = read(csv("A;1;31/01/2026;Ana;21;10;Luis;Norte", heading=heading))

    assert invoice.notes_on_reading == (
        "Columnas que no se conocen y se omiten: comercial, zona.",
        "El archivo no detalla lo facturado en todas las filas.",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (csv(), "El archivo CSV no contiene ninguna factura."),
        (csv("", ";;;"), "El archivo CSV no contiene ninguna factura."),
        (b"numero;serie;base\n", "Al CSV le faltan columnas obligatorias: fecha, cliente_nombre, iva."),
        (b"numero;fecha;cliente;iva\n", "Al CSV le faltan columnas obligatorias: precio / importe / base."),
        (b"numero;num;fecha;cliente;iva;base\n", "Al CSV le sobra una columna: «numero» está más de una vez."),
        (b"a;b;c\n1;2;3", "El archivo no es Facturae, UBL ni un CSV con las columnas que se esperan."),
        (csv('A;1;31/01/2026;"Ana;21;x;1;1'), "El CSV no se entiende a partir de la fila 2"),
        (csv(f'A;1;31/01/2026;"{"x" * 1_000_000}";21;x;1;1'), "El CSV no se entiende a partir de la fila 2"),
        (csv("A;1;31/01/2026;Ana\0;21;x;1;1"), "El archivo no es de texto"),
        (csv("A;1;31/01/2026;Ana\x81;21;x;1;1").replace(b"\xc2", b""), "El archivo no es de texto"),
    ],
    ids=["headings only", "blank", "missing", "no amount", "twice", "unknown", "quotes", "1 MB", "nul", "no encoding"],
)  # fmt: skip
def test_what_refuses_the_whole_file(content, sentence):
    with pytest.raises(FileRefused) as refusal:
        read(content)

    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A;1;30/02/2026;Ana;21;x;1;1", "La fecha no existe: «30/02/2026»."),
        ("A;1;31/01/26;Ana;21;x;1;1", "La fecha no existe: «31/01/26»."),
        ("A;1;;Ana;21;x;1;1", "La factura no tiene fecha."),
        ("A;1;31/01/2026;;21;x;1;1", "No consta el nombre del cliente."),
        ("A;1;31/01/2026;Ana;;x;1;1", "La fila 2 no dice el tipo de IVA."),
        ("A;1;31/01/2026;Ana;21;x;1;", "La fila 2 no tiene precio, importe ni base."),
        ("A;1;31/01/2026;Ana;21;x;1;1e999", "La columna precio (fila 2) no es un número: «1e999»."),
        ("A;1;31/01/2026;Ana;21;x;1;NaN", "La columna precio (fila 2) no es un número: «NaN»."),
        ("A;1;31/01/2026;Ana;21;x;１;1", "La columna cantidad (fila 2) no es un número: «１»."),
        ("A;1;31/01/2026;Ana;21;x;1;=1+1", "La columna precio (fila 2) no es un número: «=1+1»."),
        ("A;1;31/01/2026;Ana;21;x;1;1.2.3", "La columna precio (fila 2) no es un número: «1.2.3»."),
        (
            "A;1;31/01/2026;Ana;21;x;999999999;9999999999",
            "Un importe de la factura es demasiado grande: 9.999.999.989.000.000.001,00\u00a0€.",
        ),
        ("A;1;31/01/2026;Ana;-21;x;1;1", "La columna iva (fila 2) debe estar entre 0 y 100, y pone −21."),
        ("A;1;31/01/2026;Ana;99999;x;1;1", "La columna iva (fila 2) debe estar entre 0 y 100, y pone 99.999."),
        ("A;1;31/01/2026;Ana;21;x;1;1;de más", "La fila 2 tiene más celdas que la cabecera."),
        (f"A;1;31/01/2026;{'x' * 201};21;x;1;1", TOO_LONG % ("El nombre del cliente", 201, 200)),
        (f"A;{'1' * 41};31/01/2026;Ana;21;x;1;1", TOO_LONG % ("El número de factura", 41, 40)),
    ],
)
def test_a_bad_invoice_leaves_the_others_alone(row, reason):
    bad, good = read(csv(row, "A;2;31/01/2026;Ana;21;x;1;1"))

    assert isinstance(bad, Unreadable)
    assert (bad.reason, good.number_text) == (reason, "A-2")


@pytest.mark.parametrize("column", ["descuento", "recargo", "irpf"])
@pytest.mark.parametrize(("rate", "is_read"), [("-0,01", False), ("0", True), ("100", True), ("100,01", False)])
def test_rates_lie_between_nothing_and_everything(column, rate, is_read):
    heading = f"numero;fecha;cliente_nombre;iva;precio;{column}"

    odd, good = read(csv(f"1;31/01/2026;Ana;21;10;{rate}", "2;31/01/2026;Ana;21;10;0", heading=heading))

    assert (isinstance(odd, ForeignInvoice), good.number_text) == (is_read, "2")


@pytest.mark.parametrize("error", [InvalidOperation, ValueError])
def test_what_nobody_foresaw_refuses_one_invoice(monkeypatch, caplog, error):
    def fold(text):
        if text == "raro":
            raise error
        return folded(text)

    monkeypatch.setattr(csv_invoice, "folded", fold)
    heading = "numero;fecha;cliente_nombre;iva;precio;impuesto"

    odd, good = read(csv("1;31/01/2026;Ana;21;10;raro", "2;31/01/2026;Ana;21;10;", heading=heading))

    reason = "No se puede leer. El porqué está en el registro de la instalación."
    assert (odd, good.number_text) == (Unreadable(number_text="1", reason=reason), "2")
    assert [record.message for record in caplog.records] == ["an invoice cannot be read"]


def test_a_row_without_number_is_told_by_its_place():
    good, bad = read(csv("A;;31/01/2026;Ana;21;x;1;1", "A;2;31/01/2026;Ana;21;x;1;1"))

    assert bad == Unreadable(number_text=None, reason="La fila 2 no tiene número de factura.")
    assert good.number_text == "A-2"


def test_rows_of_an_invoice_need_not_be_together_but_must_agree():
    rows = ("A;1;31/01/2026;Ana;21;x;1;1", "A;2;31/01/2026;Ana;21;x;1;1", "A;1;;;21;y;1;2", "A;2;;Luis;21;y;1;2")

    first, second = read(csv(*rows))

    assert [line.concept for line in first.lines] == ["x", "y"]
    assert second == Unreadable(number_text="A-2", reason="Las filas de la factura no coinciden en «cliente_nombre».")


def test_two_issuers_may_use_the_same_number():
    heading = "emisor_nif;numero;fecha;cliente_nombre;iva;precio"
    rows = ("B12345674;1;31/01/2026;Ana;21;10", ";1;;;21;5", "B84120302;1;31/01/2026;Luis;21;20")

    invoices = read(csv(*rows, heading=heading))

    assert [(invoice.seller.tax_id, invoice.base_total) for invoice in invoices] == [
        ("B12345674", 15),
        ("B84120302", 20),
    ]


def test_a_row_with_only_a_base_stands_for_its_lines():
    heading = "numero;fecha;cliente_nombre;base;iva;cuota;irpf;total"

    (invoice,) = read(csv("9;31/01/2026;Ana;1000;21;210;15;1210", "9;;;100;10;10,01;;", heading=heading))

    assert [(line.concept, line.quantity, line.net) for line in invoice.lines] == [
        ("Importe de la factura", 1, 1000),
        ("Importe de la factura", 1, 100),
    ]
    assert [(tax.base, tax.amount) for tax in invoice.taxes] == [(1000, 210), (100, D("10.01"))]
    assert (invoice.series_code, invoice.number, invoice.seller) == ("", 9, ForeignParty())


def test_a_tax_that_is_not_that_of_its_rate_does_not_add_up():
    heading = "numero;fecha;cliente_nombre;base;iva;cuota"

    (invoice,) = read(csv("9;31/01/2026;Ana;100;21;50", heading=heading))

    with pytest.raises(FiguresDisagree, match=r"Cuota de IVA 21 % \(línea 1\): el documento dice 50,00"):
        check_figures(invoice)


@pytest.mark.parametrize("declared", ["1210", "1060"])
def test_the_total_may_be_given_before_or_after_withholding(declared):
    heading = "numero;fecha;cliente_nombre;base;iva;irpf;total"

    (invoice,) = read(csv(f"9;31/01/2026;Ana;1000;21;15;{declared}", heading=heading))

    assert (invoice.total, invoice.withheld_total, invoice.payable) == (D(1210), D(150), D(1060))
    assert check_figures(invoice) == ()


def test_taxes_of_other_territories_and_exemptions():
    heading = "numero;fecha;cliente_nombre;precio;impuesto;iva;exencion"
    rows = ("1;31/01/2026;Ana;100;IGIC;7;", "1;;;10;;exento;Art. 20 LIVA", "1;;;10;;No sujeto;")

    (invoice,) = read(csv(*rows, heading=heading))

    assert [(tax.kind, tax.label, tax.base, tax.amount, tax.exemption_reason) for tax in invoice.taxes] == [
        (TaxKind.IGIC, "IGIC 7 %", D(100), D(7), ""),
        (TaxKind.VAT, "IVA exento", D(10), D(0), "Art. 20 LIVA"),
        (TaxKind.VAT, "IVA no sujeto", D(10), D(0), ""),
    ]


def test_an_invoice_that_corrects_another_in_another_country():
    heading = "numero;fecha;cliente_nombre;cliente_pais;precio;iva;rectifica;motivo;moneda"

    (invoice,) = read(csv("R1;31/01/2026;Ana;Francia;-10;0;F7;Devolución;usd", heading=heading))

    assert (invoice.invoice_class, invoice.corrects_text, invoice.reason) == (
        InvoiceClass.CORRECTIVE,
        "F7",
        "Devolución",
    )
    assert (invoice.buyer.country, invoice.currency, invoice.total) == ("FR", "USD", D(-10))


def test_more_rows_than_an_invoice_can_have():
    (invoice,) = read(csv(*["A;1;31/01/2026;Ana;21;x;1;1"] * 5001))

    assert invoice == Unreadable(number_text="A-1", reason="La factura tiene 5001 líneas, y caben 5000.")


def test_a_file_has_as_many_rows_as_can_be_read_in_seconds(monkeypatch):
    monkeypatch.setattr(csv_table, "MOST_ROWS", 2)
    rows = [f"A;{n};31/01/2026;Ana;21;Tornillo;1;10" for n in range(3)]

    read(csv(*rows[:2], ";;", "", ""))
    with pytest.raises(FileRefused, match=r"^El CSV tiene más de 2 filas; divídalo en varios archivos\.$"):
        read(csv(*rows))


def test_a_file_of_a_million_columns():
    with pytest.raises(FileRefused, match="demasiadas columnas"):
        read(csv(heading=";" * 1_000_000))


def test_every_column_is_known_by_its_own_name_only():
    aliases = [alias for column in COLUMNS for alias in (column.name, *column.aliases)]

    assert [column_named(column.name) for column in COLUMNS] == [column.name for column in COLUMNS]
    assert len(aliases) == len(set(aliases))
    assert set(OBLIGATORY) <= {column.name for column in COLUMNS}
