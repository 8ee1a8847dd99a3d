"""What of a document goes onto paper, and how its figures are called."""

import datetime as dt
from decimal import Decimal

import pytest

from app.adapters.pdf.from_document import document_file_name, sheet_of, tax_words
from models import Document, DocumentTax, TemplateVersion
from models.enums import DocumentKind, DocumentStatus, Origin, TaxKind

VERSION = TemplateVersion(number=1, accent="#1f5f8b", columns="code", legal_footer="", intro="")
AMOUNTS = (
    "discount_total", "base_total", "tax_total", "surcharge_total", "total", "withheld_total", "payable", "lines_total",
)  # fmt: skip


def document(**values):
    texts = ("notes", "mentions", "corrects_text", "buyer_name", "buyer_tax_id", "buyer_address", "subject")
    plain = dict.fromkeys(texts, "") | dict.fromkeys(AMOUNTS, Decimal("0.00"))
    seller = {
        "seller_name": "Electricidad Tosma, S.L.",
        "seller_tax_id": "B12345674",
        "seller_address": "Calle del Telar, 8\n46015 Valencia",
        "seller_contact": "960 000 000\ntosma.example",
        "seller_registration": "R. M. de Valencia, hoja V-1",
    }
    head = {
        "kind": DocumentKind.INVOICE,
        "status": DocumentStatus.PENDING,
        "origin": Origin.OWN,
        "number_text": "FV26-1",
        "issued_on": dt.date(2026, 11, 21),
        "currency": "EUR",
    }
    return Document(**plain | seller | head | values)


def test_the_seller_is_printed_as_it_was_frozen():
    sheet = sheet_of(document(), VERSION, None)

    seller = (sheet.seller.name, sheet.seller.tax_id, sheet.seller.lines, sheet.seller.contact)
    assert seller == (
        "Electricidad Tosma, S.L.",
        "B12345674",
        ("Calle del Telar, 8", "46015 Valencia"),
        ("960 000 000", "tosma.example"),
    )
    assert sheet.look.legal_footer == "R. M. de Valencia, hoja V-1"


def test_a_template_s_own_foot_goes_before_the_registration():
    version = TemplateVersion(number=1, accent="#1f5f8b", columns="", legal_footer="Inscrita en…", intro="")

    assert sheet_of(document(), version, None).look.legal_footer == "Inscrita en…"


@pytest.mark.parametrize(("origin", "printed"), [(Origin.OWN, "Obra"), (Origin.IMPORTED, ""), (None, "Obra")])
def test_a_subject_is_printed_if_somebody_wrote_it(origin, printed):
    assert sheet_of(document(subject="Obra", origin=origin), VERSION, None).subject == printed


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], ("IVA", "Cuota IVA")),
        ([TaxKind.VAT, TaxKind.VAT], ("IVA", "Cuota IVA")),
        ([TaxKind.IGIC], ("IGIC", "Cuota IGIC")),
        ([TaxKind.IPSI], ("IPSI", "Cuota IPSI")),
        ([TaxKind.OTHER], ("Impuesto", "Impuestos")),
        ([TaxKind.VAT, TaxKind.OTHER], ("Impuesto", "Impuestos")),
    ],
)
def test_taxes_are_called_by_their_kind(kinds, words):
    taxes = [
        DocumentTax(
            kind=kind, label="x", base=Decimal(1), rate=Decimal(7), amount=Decimal(0), surcharge_amount=Decimal(0)
        )
        for kind in kinds
    ]

    sheet = sheet_of(document(taxes=taxes), VERSION, None)

    assert tax_words(taxes) == words
    assert (sheet.tax_heading, sheet.totals[1][0]) == words


def figures(**values):
    """What a document of 100,00 at 21 % comes to, as printed."""
    plain = {"base_total": Decimal(100), "tax_total": Decimal(21), "total": Decimal(121), "payable": Decimal(121)}
    sheet = sheet_of(document(**plain | {"withholding_rate": Decimal(0)} | values), VERSION, None)
    return [(label, str(amount)) for label, amount in sheet.totals]


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ({"kind": DocumentKind.QUOTE}, [("Total", "121")]),
        ({"kind": DocumentKind.INVOICE}, [("Total factura", "121"), ("Total a pagar", "121")]),
        (
            {"withheld_total": Decimal(15), "withholding_rate": Decimal(15), "payable": Decimal(106)},
            [("Total factura", "121"), ("Retención IRPF 15 %", "-15"), ("Total a pagar", "106")],
        ),
        (
            {
                "kind": DocumentKind.PROFORMA,
                "withheld_total": Decimal(15),
                "withholding_rate": Decimal(15),
                "payable": Decimal(106),
            },
            [("Total", "121"), ("Retención IRPF 15 %", "-15"), ("Total a pagar", "106")],
        ),
    ],
)
def test_only_an_invoice_or_a_withholding_asks_for_two_totals(values, printed):
    assert figures(**values) == [("Base imponible", "100"), ("Cuota IVA", "21"), *printed]


@pytest.mark.parametrize(
    ("kind", "heading", "party", "facts"),
    [
        (DocumentKind.QUOTE, "Presupuesto", "Cliente", (("Válido hasta", "30/11/2026"),)),
        (DocumentKind.SALES_ORDER, "Pedido", "Cliente", (("Entrega prevista", "30/11/2026"),)),
        (DocumentKind.WORK_ORDER, "Parte de trabajo", "Cliente", (("Fecha prevista", "30/11/2026"),)),
        (DocumentKind.DELIVERY_NOTE, "Albarán", "Cliente", ()),
        (DocumentKind.INVOICE, "Factura", "Cliente", ()),
        (DocumentKind.PROFORMA, "Factura proforma", "Cliente", (("Válida hasta", "30/11/2026"),)),
        (DocumentKind.PURCHASE_ORDER, "Pedido de compra", "Proveedor", (("Entrega prevista", "30/11/2026"),)),
    ],
)
def test_each_kind_has_its_heading_its_party_and_its_day(kind, heading, party, facts):
    sheet = sheet_of(document(kind=kind, due_on=dt.date(2026, 11, 30)), VERSION, None)

    assert (sheet.kind_label, sheet.buyer_label, sheet.facts) == (heading, party, facts)
    assert sheet_of(document(kind=kind), VERSION, None).facts == ()


def test_a_correction_is_headed_as_one():
    assert sheet_of(document(corrects_text="FV26-1"), VERSION, None).kind_label == "Factura rectificativa"


def test_a_proforma_says_what_it_is_not():
    proforma = document(kind=DocumentKind.PROFORMA, mentions="Operación exenta")

    assert sheet_of(proforma, VERSION, None).mentions == ("Este documento no es una factura.", "Operación exenta")
    assert proforma.mentions == "Operación exenta"
    assert sheet_of(document(), VERSION, None).mentions == ()


@pytest.mark.parametrize(
    ("kind", "number", "name"),
    [
        (DocumentKind.INVOICE, "2026/A-1", "Factura-2026-A-1.pdf"),
        (DocumentKind.QUOTE, "P26-0003", "Presupuesto-P26-0003.pdf"),
        (DocumentKind.DELIVERY_NOTE, "A26-0003", "Albaran-A26-0003.pdf"),
        (DocumentKind.PURCHASE_ORDER, None, "Pedido-de-compra-borrador.pdf"),
    ],
)
def test_a_file_is_called_by_its_kind_and_number(kind, number, name):
    assert document_file_name(kind, number) == name
    assert sheet_of(document(kind=kind, number_text=number), VERSION, None).file_name == name
