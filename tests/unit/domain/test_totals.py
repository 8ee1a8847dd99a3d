"""The arithmetic of documents against an independent recomputation."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.totals import settle, spread, tax_label
from app.errors import InvalidValue
from models import DocumentLine, Invoice
from models.enums import TaxKind

CENT = Decimal("0.01")
TOTALS = ("lines_total", "discount_total", "base_total", "tax_total", "total", "withheld_total", "payable")
amounts = st.decimals(min_value=-100_000, max_value=100_000, places=2)
rates = st.sampled_from([Decimal(21), Decimal(10), Decimal(4), Decimal(0)])


def line(price, quantity=Decimal(1), rate=Decimal(21), discount=Decimal(0), surcharge=Decimal(0)):
    return DocumentLine(
        concept="x",
        quantity=quantity,
        unit_price=price,
        discount_rate=discount,
        tax_kind=TaxKind.VAT,
        tax_rate=rate,
        surcharge_rate=surcharge,
        exemption="",
    )


def settled(*lines, discount=Decimal(0), withholding=Decimal(0)):
    invoice = Invoice(company_id=1, lines=list(lines), taxes=[], discount_rate=discount, withholding_rate=withholding)
    settle(invoice)
    return invoice


@given(st.lists(st.tuples(amounts, rates), min_size=1, max_size=30), st.sampled_from([Decimal(0), Decimal("7.5")]))
def test_totals_add_up_whatever_the_lines(lines, discount):
    invoice = settled(*(line(price, rate=rate) for price, rate in lines), discount=discount)

    assert sum(tax.base for tax in invoice.taxes) == invoice.base_total == invoice.lines_total - invoice.discount_total
    for tax in invoice.taxes:
        assert tax.amount == (tax.base * tax.rate / 100).quantize(CENT, ROUND_HALF_UP)
    assert invoice.total == invoice.base_total + sum(tax.amount + tax.surcharge_amount for tax in invoice.taxes)


@given(amounts, st.lists(st.decimals(min_value=1, max_value=1000, places=2), min_size=1, max_size=12))
def test_shares_add_up_to_the_cent(amount, weights):
    shares = spread(amount, weights)

    assert sum(shares) == amount
    whole = sum(weights)
    assert all(abs(share - amount * weight / whole) < CENT for share, weight in zip(shares, weights, strict=True))


@given(
    st.lists(st.tuples(amounts, rates), min_size=1, max_size=6),
    st.sampled_from([Decimal(0), Decimal(5), Decimal("7.5")]),
    st.sampled_from([Decimal(0), Decimal(15)]),
)
@example([(Decimal("10.50"), Decimal(21)), (Decimal("10.50"), Decimal(10))], Decimal(5), Decimal(0))
def test_what_is_taken_back_mirrors_what_was_given(lines, discount, withholding):
    def figures(sign):
        rows = [line(price, quantity=Decimal(sign), rate=rate) for price, rate in lines]
        invoice = settled(*rows, discount=discount, withholding=withholding)
        totals = (getattr(invoice, name) for name in TOTALS)
        return [
            *(row.net for row in rows),
            *totals,
            *(part for tax in invoice.taxes for part in (tax.base, tax.amount)),
        ]

    assert figures(-1) == [-amount for amount in figures(1)]


def test_lines_are_rounded_once_and_half_away_from_zero():
    invoice = settled(line(Decimal("0.125"), quantity=Decimal("1.0")), line(Decimal("-0.125")))

    assert [entry.net for entry in invoice.lines] == [Decimal("0.13"), Decimal("-0.13")]


def test_rates_are_told_apart_by_their_surcharge():
    invoice = settled(line(Decimal(100)), line(Decimal(100), surcharge=Decimal("5.2")))

    assert [(tax.base, tax.amount, tax.surcharge_amount) for tax in invoice.taxes] == [
        (Decimal("100.00"), Decimal("21.00"), Decimal("0.00")),
        (Decimal("100.00"), Decimal("21.00"), Decimal("5.20")),
    ]


@pytest.mark.parametrize(
    ("rate", "exemption", "label"),
    [
        ("21", "", "IVA 21 %"),
        ("5.2", "", "IVA 5,2 %"),
        ("0", "Exenta, art. 20 LIVA", "Exenta, art. 20 LIVA"),
        ("0", "", "IVA 0 %"),
    ],
)
def test_taxes_say_their_rate_or_why_there_is_none(rate, exemption, label):
    assert tax_label(TaxKind.VAT, Decimal(rate), exemption) == label


def test_the_largest_factors_are_multiplied_without_rounding():
    invoice = settled(line(Decimal("1234567.12345678"), quantity=Decimal("98765.123456")))

    assert invoice.lines[0].net == Decimal("121932174362.93")


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([line(Decimal("9999999999.99999999"), quantity=Decimal(101))], "lines-0-unit_price"),
        ([line(Decimal(1)), line(Decimal("-9999999999"), quantity=Decimal(200))], "lines-1-unit_price"),
        ([line(Decimal("9999999999"), quantity=Decimal(90))], "lines"),
    ],
)
def test_amounts_beyond_their_column_are_refused(lines, field):
    with pytest.raises(InvalidValue) as refused:
        settled(*lines)

    assert refused.value.field == field
