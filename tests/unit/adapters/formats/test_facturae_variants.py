"""Facturae as programs write it: any prefix, odd or missing figures, and what makes an invoice unreadable."""

from decimal import Decimal as D

import pytest

from app.domain.adding_up import check_figures
from app.domain.foreign import FileRefused, ForeignTax, Unreadable
from models.enums import TaxKind
from tests.unit.adapters.formats.documents import read, read_one

PROFESSIONAL = "facturae/professional-3.2-signed.xml"
BATCH = "facturae/batch-3.2.1.xml"
CORRECTIVE = "facturae/corrective-3.2.2.xml"
NAMESPACE = 'xmlns:facturae="http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml"'


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("Facturae", NAMESPACE.replace(":facturae", "")),
        ("a-b.c:Facturae", NAMESPACE.replace(":facturae", ":a-b.c")),
        ("Facturae", ""),
    ],
)
def test_prefixes_do_not_matter(name, declared):
    assert read_one(CORRECTIVE, ("facturae:Facturae", name), (NAMESPACE, declared)) == read_one(CORRECTIVE)


@pytest.mark.parametrize("version", ["4.0", "", "３.2"])
def test_other_versions_are_refused(version):
    with pytest.raises(FileRefused, match=f"versión «{version}»"):
        read(CORRECTIVE, ("<SchemaVersion>3.2.2<", f"<SchemaVersion>{version}<"))


def test_a_file_without_invoices_is_refused():
    with pytest.raises(FileRefused, match="no contiene ninguna factura"):
        read(CORRECTIVE, ("<Invoice>", "<Nothing>"), ("</Invoice>", "</Nothing>"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<InvoiceNumber>4<", "<InvoiceNumber> <", "La factura no tiene número."),
        ("InvoiceTotals>", "NoTotals>", "A la factura le faltan los totales."),
        ("<IssueDate>2026-03-10<", "<IssueDate>10/03/2026<", "La fecha de expedición no existe: «10/03/2026»."),
        ("<IssueDate>2026-03-10<", "<IssueDate>２026-03-10<", "La fecha de expedición no existe: «２026-03-10»."),
        ("<IssueDate>2026-03-10<", "<IssueDate>0026-03-10<", "La fecha de expedición no existe: «0026-03-10»."),
        ("EUR</InvoiceCurrencyCode>", "eur</InvoiceCurrencyCode>", "La moneda no es un código de tres letras: «eur»."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal>NaN<", "El total de la factura no es un número: «NaN»."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal>1e999<", "El total de la factura no es un número: «1e999»."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal><", "Falta el total de la factura."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal>-60,50<", "El total de la factura no es un número: «-60,50»."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal>６0<", "El total de la factura no es un número: «６0»."),
        ("<InvoiceTotal>-60.50<", "<InvoiceTotal>6_0<", "El total de la factura no es un número: «6_0»."),
        (
            "<InvoiceTotal>-60.50<",
            "<InvoiceTotal>1000000000000<",
            "El total de la factura es demasiado grande: «1000000000000».",
        ),
        ("<TaxRate>21.00<", "<TaxRate>-21.00<", "El tipo de un impuesto debe estar entre 0 y 100, y pone −21."),
        ("<TaxRate>21.00<", "<TaxRate>101<", "El tipo de un impuesto debe estar entre 0 y 100, y pone 101."),
        ("<Quantity>-1<", "<Quantity>-1E0<", "La cantidad (línea 1) no es un número: «-1E0»."),
        (
            "Electricidad Tosma SL",
            "x" * 1_000_000,
            "El nombre del cliente tiene 1000000 caracteres, y caben 200.",
        ),
        (
            "Cable de cobre 2,5 mm², devuelto",
            "x" * 2501,
            "El concepto (línea 1) tiene 2501 caracteres, y caben 2500.",
        ),
        (">B84120302<", ">B8412\u20acX<", "El NIF del cliente no es válido: «B8412€X»."),
    ],
)  # fmt: skip
def test_what_makes_an_invoice_unreadable(old, new, reason):
    (invoice,) = read(CORRECTIVE, (old, new))

    assert isinstance(invoice, Unreadable)
    assert invoice.reason == reason


def test_more_lines_than_fit():
    line = "<InvoiceLine><ItemDescription>x</ItemDescription></InvoiceLine>"

    (invoice,) = read(CORRECTIVE, ("<Items>", "<Items>" + line * 5000))

    assert invoice == Unreadable(number_text="RB-4", reason="La factura tiene 5001 líneas, y caben 5000.")


def test_texts_come_out_clean():
    changes = [
        ("Electricidad Tosma SL", "  Electricidad\n\tTosma\u202e\u0085 <![CDATA[& Cía]]> 🔌 nu\u0303 "),
        ("<Town>Leganés", "<Town><!-- nota -->Leganés"),
    ]

    buyer = read_one(CORRECTIVE, *changes).buyer

    assert (buyer.name, buyer.city) == ("Electricidad Tosma & Cía 🔌 nũ", "Leganés")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ES-B84.120.302", "B84120302"),
        ("b 84120302", "B84120302"),
        ("ES52417386H", "52417386H"),
        ("FR 40 303265045", "FR40303265045"),
        ("ESX", "ESX"),
    ],
)
def test_tax_ids_are_normalised(raw, expected):
    assert read_one(CORRECTIVE, (">B84120302<", f">{raw}<")).buyer.tax_id == expected


def test_what_some_programs_leave_out_is_worked_out():
    invoice = read_one(
        CORRECTIVE,
        ("<TotalTaxOutputs>-10.50</TotalTaxOutputs>", "<TotalTaxOutputs/>"),
        ("<TotalExecutableAmount>-60.50</TotalExecutableAmount>", "<TotalExecutableAmount/>"),
        ("<CorporateName>Suministros Besalú SA<", "<CorporateName><"),
    )

    assert (invoice.tax_total, invoice.payable, invoice.seller.name) == (D("-10.50"), D("-60.50"), "A08312456")


def test_groups_declared_line_by_line_become_one():
    tax = "<Tax><TaxTypeCode>01</TaxTypeCode><TaxRate>21.000</TaxRate>{}{}</Tax>"
    base = "<TaxableBase><TotalAmount>-25.00</TotalAmount></TaxableBase>"
    amount = "<TaxAmount><TotalAmount>-5.25</TotalAmount></TaxAmount>"
    groups = f"<TaxesOutputs>{tax.format(base, amount) * 2}</TaxesOutputs><InvoiceTotals>"

    invoice = read_one(CORRECTIVE, ("TaxesOutputs>", "Left>"), ("<InvoiceTotals>", groups))

    group = ForeignTax(
        kind=TaxKind.VAT, category="01", label="IVA 21 %", base=D(-50), rate=D(21), amount=D("-10.50"), parts=2
    )
    assert invoice.taxes == (group,)
    assert check_figures(invoice) == ()


def test_groups_of_companies_tax_a_special_base():
    invoice = read_one(
        CORRECTIVE,
        (
            "</TaxAmount>",
            "</TaxAmount><SpecialTaxableBase><TotalAmount>-30.00</TotalAmount></SpecialTaxableBase>"
            "<SpecialTaxAmount><TotalAmount>-6.30</TotalAmount></SpecialTaxAmount>",
        ),
        ("<TotalTaxOutputs>-10.50<", "<TotalTaxOutputs>-6.30<"),
        (">-60.50<", ">-56.30<"),
    )

    assert [(tax.base, tax.amount, tax.beyond_total) for tax in invoice.taxes] == [(D(-30), D("-6.30"), D(20))]
    assert check_figures(invoice) == ()


def test_an_unknown_tax_is_called_by_its_code():
    invoice = read_one(CORRECTIVE, ("<TaxTypeCode>01<", "<TaxTypeCode>77<"))

    assert [(tax.kind, tax.label) for tax in invoice.taxes] == [(TaxKind.OTHER, "Impuesto 77 21 %")]


def test_instalments_without_amount():
    whole = ("<InstallmentAmount>285.82</InstallmentAmount>", "")
    several = ("290.44</InstallmentAmount>", "</InstallmentAmount>")

    *_others, one = read(BATCH, whole)
    two = read_one(PROFESSIONAL, several)

    assert [due.amount for due in one.dues] == [D("285.82")]
    assert (two.dues, two.notes_on_reading) == ((), ("Los vencimientos no dicen su importe y se omiten.",))


def test_an_invoice_without_taxes_charged():
    changes = [
        ("TaxesOutputs>", "Left>"),
        ("<TotalTaxOutputs>-10.50<", "<TotalTaxOutputs>0.00<"),
        (">-60.50<", ">-50.00<"),
    ]

    invoice = read_one(CORRECTIVE, *changes)

    assert (invoice.taxes, invoice.lines[0].tax, invoice.total) == ((), None, D(-50))
    assert check_figures(invoice) == ()


def test_a_person_without_name_is_called_by_the_tax_id():
    names = [(f">{name}</", "></") for name in ("Marina", "Ferrer", "Soler")]

    assert read_one(PROFESSIONAL, *names).seller.name == "52417386H"
