"""Facturae 3.2 to 3.2.2: persons and companies, batches, discounts, surcharges, withholding, advances, attachments."""

import datetime as dt
from decimal import Decimal as D

import pytest

from app.domain.adding_up import check_figures
from app.domain.foreign import (
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

PROFESSIONAL = "facturae/professional-3.2-signed.xml"
BATCH = "facturae/batch-3.2.1.xml"
EVERYTHING = "facturae/everything-3.2.2.xml"
CORRECTIVE = "facturae/corrective-3.2.2.xml"
EXPORT = "facturae/export-usd-3.2.2.xml"
IGIC = "facturae/igic-3.2.2.xml"


def iva(rate, base, amount, **more):
    return ForeignTax(
        kind=TaxKind.VAT, category="01", label=f"IVA {rate} %", base=D(base), rate=D(rate), amount=D(amount), **more
    )


BY_TRANSFER = {"method": PaymentMethod.TRANSFER, "method_text": "Transferencia", "account": "ES9121000418450200051332"}
WHOLE = ForeignInvoice(
    format="facturae-3.2",
    series_code="2026/H",
    number_text="2026/H-000027",
    number=27,
    sort_number=27,
    issued_on=dt.date(2026, 3, 2),
    seller=ForeignParty(
        tax_id="52417386H",
        country="ES",
        name="Marina Ferrer Soler",
        is_person=True,
        address="Avenida del Puerto, 31, 4.º B",
        postcode="46023",
        city="València",
        province="Valencia",
        email="marina@ferrersoler.example",
        phone="963555010",
    ),
    buyer=ForeignParty(
        tax_id="B84120302",
        country="ES",
        name="Electricidad Tosma SL",
        trade_name="Tosma",
        address="Calle del Cobre, 14",
        postcode="28914",
        city="Leganés",
        province="Madrid",
        email="compras@tosma.example",
        phone="916555020",
    ),
    lines=(
        ForeignLine(
            code="DIR-01",
            concept="Dirección de obra",
            quantity=D(10),
            unit="h",
            unit_price=D(45),
            discount_percent=D(5),
            discount_amount=D("22.5"),
            net=D("427.50"),
            taxes=(iva(21, "427.50", "89.78"),),
            withheld_rate=D(15),
        ),
        ForeignLine(
            concept="Visado del proyecto",
            quantity=D(1),
            unit="ud.",
            unit_price=D("120.5"),
            net=D("120.50"),
            taxes=(iva(21, "120.50", "25.31"),),
            withheld_rate=D(15),
        ),
    ),
    taxes=(iva(21, 548, "115.08"),),
    withholdings=(
        ForeignTax(
            kind=TaxKind.WITHHOLDING,
            category="04",
            label="Retención IRPF 15 %",
            base=D(548),
            rate=D(15),
            amount=D("82.20"),
        ),
    ),
    lines_total=D(548),
    base_total=D(548),
    tax_total=D("115.08"),
    withheld_total=D("82.20"),
    total=D("663.08"),
    payable=D("580.88"),
    declared_total=D("580.88"),
    dues=(
        ForeignDue(day=dt.date(2026, 4, 1), amount=D("290.44"), **BY_TRANSFER),
        ForeignDue(day=dt.date(2026, 5, 1), amount=D("290.44"), **BY_TRANSFER),
    ),
    mentions=("Régimen especial del criterio de caja",),
)


def test_a_signed_invoice_of_a_professional_is_read_whole():
    invoice = read_one(PROFESSIONAL)

    assert invoice == WHOLE
    assert check_figures(invoice) == ()


@pytest.mark.parametrize("declared", ["580.88", "663.08"])
def test_the_total_carries_no_withholding_whichever_way_it_is_declared(declared):
    invoice = read_one(PROFESSIONAL, ("<InvoiceTotal>580.88", f"<InvoiceTotal>{declared}"))

    assert (invoice.total, invoice.payable, invoice.declared_total) == (D("663.08"), D("580.88"), D(declared))
    assert check_figures(invoice) == ()


def test_one_bad_invoice_of_a_batch_leaves_the_others_alone():
    first, second, third = read(BATCH)

    assert second == Unreadable(number_text="B-102", reason="La fecha de expedición no existe: «2026-02-30».")
    assert [(invoice.number_text, invoice.total) for invoice in (first, third)] == [
        ("B-101", D(121)),
        ("B-103", D("285.82")),
    ]
    assert first.lines[0].concept == "Cable de cobre 2,5 mm² <rollo> & bridas"


def test_equivalence_surcharge_is_told_apart_from_the_tax():
    *_rest, invoice = read(BATCH)

    assert invoice.taxes == (
        iva(21, 200, 42, surcharge_rate=D("5.2"), surcharge_amount=D("10.40")),
        iva(10, 30, 3, surcharge_rate=D("1.4"), surcharge_amount=D("0.42")),
    )
    assert (invoice.tax_total, invoice.surcharge_total, invoice.total) == (D(45), D("10.82"), D("285.82"))
    assert [line.surcharge_rate for line in invoice.lines] == [D("5.2"), D("1.4")]
    assert check_figures(invoice) == ()


def test_a_seller_without_tax_id_makes_the_whole_batch_unreadable():
    changed = ("<TaxIdentificationNumber>A08312456<", "<TaxIdentificationNumber><")

    assert read(BATCH, changed) == [
        Unreadable(number_text=number, reason="No consta el NIF del emisor.") for number in ("B-101", "B-102", "B-103")
    ]


def test_totals_with_discounts_charges_advances_and_expenses():
    invoice = read_one(EVERYTHING)

    assert (invoice.lines_total, invoice.discount_total, invoice.charge_total, invoice.base_total) == (
        D("545.31"),
        D("10.91"),
        D(15),
        D("549.40"),
    )
    assert (invoice.tax_total, invoice.total, invoice.payable) == (D("83.49"), D("632.89"), D("510.75"))
    assert invoice.settlements == (
        ForeignSettlement(label="Subvención: Plan Renove de alumbrado", amount=D(-20)),
        ForeignSettlement(label="Anticipo: 10/04/2026", amount=D(-100)),
        ForeignSettlement(label="Retención de garantía: Garantía de obra", amount=D("-25.64")),
        ForeignSettlement(label="Pago en especie: Luminarias retiradas", amount=D(-10)),
        ForeignSettlement(label="Suplido: TASA-7", amount=D(30)),
        ForeignSettlement(label="Gastos financieros", amount=D("3.50")),
    )
    assert invoice.dues == (
        ForeignDue(
            day=dt.date(2026, 6, 19),
            amount=D("510.75"),
            method=PaymentMethod.DIRECT_DEBIT,
            method_text="Recibo domiciliado",
            account="ES9121000418450200051332",
        ),
    )
    assert check_figures(invoice) == ()


def test_lines_with_several_discounts_charges_and_an_exemption():
    first, second, third = read_one(EVERYTHING).lines

    assert (first.code, first.discount_percent, first.discount_amount, first.charge_amount, first.net) == (
        "LED40",
        None,
        D(35),
        D(5),
        D(295),
    )
    assert first.concept == "Luminaria LED 40 W\nAlbarán ALB-310\nGarantía de cinco años"
    assert (second.unit, second.unit_price, second.net) == ("m³", D("80.123456"), D("200.31"))
    assert (third.tax_rate, third.tax.label, third.tax.exemption_reason) == (
        0,
        "IVA exento",
        "Operación exenta, art. 20.Uno.9.º de la Ley 37/1992",
    )


def test_the_tax_table_says_why_something_is_exempt():
    *_taxed, exempt = read_one(EVERYTHING).taxes

    assert (exempt.label, exempt.base, exempt.exemption_reason) == (
        "IVA exento",
        D(49),
        "Operación exenta, art. 20.Uno.9.º de la Ley 37/1992",
    )


def test_words_of_an_invoice_are_kept():
    invoice = read_one(EVERYTHING)

    assert invoice.operation_on == dt.date(2026, 5, 18)
    assert invoice.notes == (
        "Alumbrado de la plaza",
        "Gracias por su confianza.\nLuz & energía",
        "Su referencia: PED-551",
        "Contrato: C-88",
        "Expediente: EXP 2026/14",
        "Periodo de facturación: 01/05/2026 a 20/05/2026",
        "Oficina contable: L01280001 Intervención",
        "Órgano gestor: L01280002 Alcaldía",
        "Unidad tramitadora: L01280003 Contratación",
        "Pronto pago: 10,91\u00a0€",
        "Portes: 15,00\u00a0€",
        "Subvención: Plan Renove de alumbrado: −20,00\u00a0€",
        "Anticipo: 10/04/2026: −100,00\u00a0€",
        "Retención de garantía: Garantía de obra: −25,64\u00a0€",
        "Pago en especie: Luminarias retiradas: −10,00\u00a0€",
        "Suplido: TASA-7: 30,00\u00a0€",
        "Gastos financieros: 3,50\u00a0€",
    )
    assert invoice.mentions == (
        "Operación exenta por aplicación del artículo 20 de la Ley 37/1992",
        "Factura expedida por un tercero: Gestoría Levante SL (B46190872)",
        "Datos registrales: Registro Mercantil de Barcelona, tomo 12044, libro 0, sección 8, folio 77, hoja B-104233",
    )


def test_of_several_attachments_the_invoice_itself_is_taken():
    invoice = read_one(EVERYTHING)

    assert b"(Factura G-26/9)" in invoice.attachment_pdf
    assert invoice.notes_on_reading == (
        "El adjunto «Albarán ALB-310 pdf» no parece la factura y se omite.",
        "El adjunto «Anexo técnico xml» no es un PDF y se omite.",
    )


@pytest.mark.parametrize(("name", "text"), [(EXPORT, b"(Invoice X-12)"), (IGIC, b"(Factura IG-1)")])
def test_compressed_attachments_are_unpacked(name, text):
    assert text in read_one(name).attachment_pdf


def test_a_corrective_invoice_names_what_it_corrects():
    invoice = read_one(CORRECTIVE)

    assert (invoice.invoice_class, invoice.corrects_text, invoice.corrects_on, invoice.correction_method) == (
        InvoiceClass.CORRECTIVE,
        "B-101",
        dt.date(2026, 2, 26),
        "Rectificación por diferencias",
    )
    assert invoice.reason == "Base imponible modificada por descuentos y bonificaciones"
    assert invoice.notes == ("Devuelve un rollo", "Periodo rectificado: 01/02/2026 a 28/02/2026")
    assert (invoice.total, invoice.payable, check_figures(invoice)) == (D("-60.50"), D("-60.50"), ())


def test_an_export_in_dollars_to_a_foreign_company():
    invoice = read_one(EXPORT)

    assert (invoice.currency, invoice.total) == ("USD", D(1250))
    assert invoice.buyer == ForeignParty(
        tax_id="941234567",
        country="US",
        name="Blue Harbor Tiles Inc.",
        address="4557 De Silva St",
        postcode="94538",
        city="Fremont",
        province="California",
        email="orders@blueharbor.example",
        phone="+15105550142",
    )
    assert invoice.notes == ("Tipo de cambio: 1,08125", "Cuota de impuestos en euros: 0,00\u00a0€")


def test_igic_and_a_person_of_the_european_union():
    invoice = read_one(IGIC)

    assert invoice.taxes == (
        ForeignTax(kind=TaxKind.IGIC, category="03", label="IGIC 7 %", base=D(1000), rate=D(7), amount=D(70)),
    )
    assert (invoice.buyer.tax_id, invoice.buyer.name, invoice.buyer.is_person, invoice.buyer.country) == (
        "Y4821093P",
        "Lena Vogel",
        True,
        "DE",
    )
