"""What of a document goes onto paper, and how its figures are called."""

import datetime as dt
from decimal import Decimal

import pytest

from app.adapters.pdf.from_document import sheet_of, tax_words
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
