"""UBL 2.1 and EN 16931: invoices and credit notes, allowances, exemptions, advances, rounding, foreign parties."""

import datetime as dt
from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from app.domain.adding_up import check_figures
from app.domain.foreign import (
    ForeignAdjustment,
    ForeignDue,
    ForeignInvoice,
    ForeignLine,
    ForeignParty,
    ForeignSettlement,
    ForeignTax,
    InvoiceClass,
    Unreadable,
)
from models.enums import PaymentMethod, TaxKind
from tests.unit.adapters.formats.documents import read, read_one

FULL = "ubl/invoice-full.xml"
CREDIT = "ubl/credit-note.xml"
FOREIGN = "ubl/reverse-charge-foreign.xml"

EXEMPT = "Operación exenta, art. 20 de la Ley 37/1992"
BESALU = ForeignParty(
    tax_id="A08312456",
    country="ES",
    name="Suministros Besalú SA",
    trade_name="Besalú",
    address="Carrer de la Indústria, 220",
    postcode="08025",
    city="Barcelona",
    phone="932555030",
)
TOSMA = ForeignParty(
    tax_id="B84120302",
    country="ES",
    name="Electricidad Tosma SL",
    address="Calle del Cobre, 14",
    postcode="28914",
    city="Leganés",
    province="Madrid",
    email="compras@tosma.example",
)


def iva(rate, base, amount, category="S", label="", **more):
    return ForeignTax(
        kind=TaxKind.VAT,
        category=category,
        label=label or f"IVA {rate} %",
        base=D(base),
        rate=D(rate),
        amount=D(amount),
        **more,
    )


AT_21 = (TaxKind.VAT, "S", D(21))
WHOLE = ForeignInvoice(
    format="ubl-2.1",
    series_code="V/2026",
    number_text="V/2026-044",
    number=44,
    sort_number=44,
    issued_on=dt.date(2026, 4, 15),
    operation_on=dt.date(2026, 4, 14),
    seller=BESALU,
    buyer=TOSMA,
    lines=(
        ForeignLine(
            code="LED40",
            concept="Luminaria LED 40 W\nCon soporte",
            quantity=D(100),
            unit="ud.",
            unit_price=D("3.25"),
            discount_percent=D(10),
            discount_amount=D("32.50"),
            charge_amount=D("2.50"),
            net=D(295),
            is_sign_binding=False,
            taxes=(iva(21, 295, "61.95"),),
        ),
        ForeignLine(
            concept="Yeso",
            quantity=D(12),
            unit="kg",
            unit_price=D("1.50"),
            net=D(18),
            is_sign_binding=False,
            taxes=(iva(10, 18, "1.80"),),
        ),
        ForeignLine(
            concept="Formación",
            quantity=D(1),
            unit="h",
            unit_price=D(40),
            net=D(40),
            is_sign_binding=False,
            taxes=(iva(0, 40, 0, "E", "IVA exento"),),
        ),
    ),
    taxes=(
        iva(21, 290, "60.90"),
        iva(10, 18, "1.80"),
        iva(0, 40, 0, "E", "IVA exento", exemption_reason=EXEMPT),
    ),
    discounts=(ForeignAdjustment(label="Cliente habitual", amount=D(10), applies_to=AT_21),),
    charges=(ForeignAdjustment(label="Portes", amount=D(5), applies_to=AT_21),),
    settlements=(
        ForeignSettlement(label="Anticipos", amount=D(-100)),
        ForeignSettlement(label="Redondeo", amount=D("0.30")),
    ),
    lines_total=D(353),
    discount_total=D(10),
    charge_total=D(5),
    base_total=D(348),
    tax_total=D("62.70"),
    total=D("410.70"),
    payable=D(311),
    declared_total=D("410.70"),
    dues=(
        ForeignDue(
            day=dt.date(2026, 5, 15),
            amount=D(311),
            method=PaymentMethod.TRANSFER,
            method_text="Transferencia SEPA",
            account="ES9121000418450200051332",
        ),
    ),
    notes=(
        "Entregado en la obra de Getafe",
        "Su referencia: OBRA-7",
        "Pedido: PED-12",
        "Contrato: C-5",
        "Referencia de pago: V2026044",
        "Periodo de facturación: 01/04/2026 a 15/04/2026",
        "A treinta días",
        "Forma de pago: Transferencia SEPA, ES9121000418450200051332",
        "Cliente habitual: 10,00\u00a0€",
        "Portes: 5,00\u00a0€",
        "Anticipos: −100,00\u00a0€",
        "Redondeo: 0,30\u00a0€",
    ),
    mentions=("Inscrita en el Registro Mercantil de Barcelona, hoja B-104233",),
)


def test_an_invoice_is_read_whole():
    invoice = read_one(FULL)

    assert b"(Factura V/2026-044)" in invoice.attachment_pdf
    assert replace(invoice, attachment_pdf=None) == WHOLE
    assert check_figures(invoice) == ()


def test_a_credit_note_is_read_with_its_sign():
    invoice = read_one(CREDIT)

    assert (invoice.invoice_class, invoice.corrects_text, invoice.corrects_on) == (
        InvoiceClass.CORRECTIVE,
        "V/2026-044",
        dt.date(2026, 4, 15),
    )
    assert [(line.quantity, line.unit_price, line.net) for line in invoice.lines] == [(D(-10), D("2.95"), D("-29.50"))]
    assert invoice.taxes == (iva(21, "-29.50", "-6.20"),)
    assert (invoice.base_total, invoice.tax_total, invoice.total, invoice.payable, invoice.declared_total) == (
        D("-29.50"),
        D("-6.20"),
        D("-35.70"),
        D("-35.70"),
        D("-35.70"),
    )
    assert invoice.notes_on_reading == ("Es un abono: sus importes, escritos en positivo, se leen en negativo.",)
    assert check_figures(invoice) == ()


def test_a_credit_note_already_written_in_negative_keeps_its_sign():
    changes = [(f">{amount}<", f">-{amount}<") for amount in ("29.50", "6.20", "35.70")]

    invoice = read_one(CREDIT, *changes, ('C62">10<', 'C62">-10<'))

    assert (invoice.total, invoice.notes_on_reading) == (D("-35.70"), ())


@pytest.mark.parametrize(
    ("code", "expected", "total"),
    [
        ("380", InvoiceClass.ORIGINAL, D("410.70")),
        ("384", InvoiceClass.CORRECTIVE, D("410.70")),
        ("381", InvoiceClass.CORRECTIVE, D("-410.70")),
    ],
)
def test_type_codes(code, expected, total):
    invoice = read_one(FULL, ("<cbc:InvoiceTypeCode>380<", f"<cbc:InvoiceTypeCode>{code}<"))

    assert (invoice.invoice_class, invoice.total, check_figures(invoice)) == (expected, total, ())


def test_a_self_billed_invoice_says_so():
    invoice = read_one(FOREIGN, ("<cbc:InvoiceTypeCode>380<", "<cbc:InvoiceTypeCode>389<"))

    assert invoice.mentions[0] == "Facturación por el destinatario"


def test_a_foreign_seller_with_reverse_charge_in_another_currency():
    invoice = read_one(FOREIGN)

    assert (invoice.currency, invoice.total, invoice.series_code, invoice.number) == ("CHF", D(900), "", 2026000318)
    assert invoice.seller == ForeignParty(
        tax_id="CHE123456788TVA",
        country="CH",
        name="Lumière Genève SA",
        address="Rue du Rhône 14",
        postcode="1204",
        city="Genève",
    )
    assert invoice.taxes == (
        iva(
            0,
            900,
            0,
            "AE",
            "IVA, inversión del sujeto pasivo",
            exemption_reason="Inversión del sujeto pasivo",
        ),
    )
    assert invoice.notes == (
        "30 días netos",
        "Forma de pago: Transferencia, CH9300762011623852957",
        "Cuota de impuestos: 0,00\u00a0€",
    )
    assert invoice.mentions == ("Representante fiscal: Fiscal Rep GmbH (DE123456788)",)
    assert (invoice.dues, check_figures(invoice)) == ((), ())


def test_other_prefixes():
    changes = [
        ("xmlns=", "xmlns:i="),
        ("<Invoice ", "<i:Invoice "),
        ("</Invoice>", "</i:Invoice>"),
        ("cac:", "ns4:"),
        ("xmlns:cac", "xmlns:ns4"),
        ("cbc:", ""),
        ("xmlns:cbc", "xmlns"),
    ]

    assert read_one(FOREIGN, *changes) == read_one(FOREIGN)


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        (("ESA08312456", "CLAVE"), "No consta el NIF del emisor."),
        (("<cac:LegalMonetaryTotal>", "<cac:Nothing>"), "A la factura le faltan los totales."),
        (("cac:InvoiceLine>", "cac:Nothing>"), "La factura no tiene líneas."),
        (("<cbc:ID>V/2026-044<", "<cbc:ID><"), "La factura no tiene número."),
        (("<cbc:IssueDate>2026-04-15", "<cbc:IssueDate>2026-4-15"), "La fecha de expedición no existe: «2026-4-15»."),
        ((">18.00<", ">18,00<"), "El importe (línea 2) no es un número: «18,00»."),
        (
            ("Electricidad Tosma SL", "x" * 201),
            "El nombre del cliente tiene 201 caracteres, y caben 200.",
        ),
    ],
)
def test_what_makes_a_document_unreadable(removed, expected):
    closing = [("</cac:LegalMonetaryTotal>", "</cac:Nothing>")] if "LegalMonetaryTotal" in removed[0] else []

    (invoice,) = read(FULL, removed, *closing)

    assert isinstance(invoice, Unreadable)
    assert invoice.reason == expected


def test_a_foreigner_without_tax_number_is_known_by_another():
    changes = [
        ("<cbc:CompanyID>CHE123456788TVA</cbc:CompanyID>", ""),
        ("<cbc:CompanyID>CHE-123.456.788</cbc:CompanyID>", ""),
        (
            "<cac:Party>\n      <cac:PostalAddress>\n        <cbc:StreetName>Rue",
            "<cac:Party><cac:PartyIdentification><cbc:ID>55-1</cbc:ID></cac:PartyIdentification>"
            "<cac:PostalAddress><cbc:StreetName>Rue",
        ),
    ]

    invoice = read_one(FOREIGN, *changes)

    assert (invoice.seller.tax_id, invoice.notes_on_reading) == (
        "551",
        ("El emisor no da NIF: se le conoce por su número 551.",),
    )


@pytest.mark.parametrize("rate", ["-21", "100.01"])
def test_a_tax_of_less_than_nothing_or_more_than_everything_is_refused(rate):
    (invoice,) = read(FULL, ("<cbc:Percent>21<", f"<cbc:Percent>{rate}<"))

    assert isinstance(invoice, Unreadable)
    assert invoice.reason.startswith("El tipo de un impuesto debe estar entre 0 y 100")


def test_a_withholding_total_is_taken_off():
    withheld = (
        '<cac:WithholdingTaxTotal><cbc:TaxAmount currencyID="EUR">52.20</cbc:TaxAmount><cac:TaxSubtotal>'
        '<cbc:TaxableAmount currencyID="EUR">348.00</cbc:TaxableAmount>'
        '<cbc:TaxAmount currencyID="EUR">52.20</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID>'
        "<cbc:Percent>15</cbc:Percent><cac:TaxScheme><cbc:ID>IRPF</cbc:ID></cac:TaxScheme></cac:TaxCategory>"
        "</cac:TaxSubtotal></cac:WithholdingTaxTotal><cac:LegalMonetaryTotal>"
    )

    invoice = read_one(FULL, ("<cac:LegalMonetaryTotal>", withheld), (">311.00<", ">258.80<"))

    assert [(tax.kind, tax.label, tax.rate, tax.amount) for tax in invoice.withholdings] == [
        (TaxKind.WITHHOLDING, "Retención IRPF 15 %", D(15), D("52.20"))
    ]
    assert (invoice.total, invoice.withheld_total, invoice.payable) == (D("410.70"), D("52.20"), D("258.80"))
    assert check_figures(invoice) == ()


def test_a_price_is_not_needed():
    invoice = read_one(FULL, ('<cbc:PriceAmount currencyID="EUR">1.50</cbc:PriceAmount>', ""))

    assert invoice.lines[1].unit_price == D("1.5")


def test_due_dates_by_instalments():
    terms = "".join(
        f'<cac:PaymentTerms><cbc:Amount currencyID="EUR">{amount}</cbc:Amount>'
        f"<cbc:PaymentDueDate>{day}</cbc:PaymentDueDate></cac:PaymentTerms>"
        for amount, day in (("200.00", "2026-05-15"), ("111.00", "2026-06-15"))
    )

    invoice = read_one(FULL, ("<cac:PaymentTerms>", terms + "<cac:PaymentTerms>"))

    assert [(due.day, due.amount) for due in invoice.dues] == [
        (dt.date(2026, 5, 15), D(200)),
        (dt.date(2026, 6, 15), D(111)),
    ]
