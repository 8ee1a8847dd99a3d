"""Declared figures stand up to a cent for each line or group; beyond that the invoice is refused."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.adding_up import FiguresDisagree, check_figures
from app.domain.foreign import (
    ForeignAdjustment,
    ForeignDue,
    ForeignInvoice,
    ForeignLine,
    ForeignParty,
    ForeignSettlement,
    ForeignTax,
    opposite,
)
from app.money import cents, percent_of
from models.enums import TaxKind

STANDS = "; se respeta lo declarado."
GENERAL = (TaxKind.VAT, "", D(21))


def disagreement(where, declared, computed):
    return f"{where}: el documento dice {declared}\u00a0€ y sus datos dan {computed}\u00a0€"


def iva(base, amount, rate=21, **more):
    return ForeignTax(kind=TaxKind.VAT, label=f"IVA {rate} %", base=D(base), rate=D(rate), amount=D(amount), **more)


def line(net, quantity=1, price=None, rate=21, **more):
    taxes = (iva(net, percent_of(D(net), D(rate)), rate),)
    price = net if price is None else price
    return ForeignLine(
        concept="Tornillo", quantity=D(quantity), unit_price=D(price), net=D(net), **{"taxes": taxes, **more}
    )


def invoice(*lines, **changes):
    """An invoice at 21 % whose figures agree, then changed."""
    lines = lines or (line(100),)
    base = sum(line.net for line in lines)
    tax = percent_of(base, D(21))
    agreeing = ForeignInvoice(
        format="csv",
        series_code="A",
        number_text="A-1",
        number=1,
        sort_number=1,
        issued_on=dt.date(2026, 1, 31),
        seller=ForeignParty(name="Uno"),
        buyer=ForeignParty(name="Otro"),
        lines=lines,
        taxes=(iva(base, tax),),
        lines_total=base,
        base_total=base,
        tax_total=tax,
        total=base + tax,
        payable=base + tax,
        declared_total=base + tax,
    )
    return replace(agreeing, **changes)


def test_figures_that_agree_leave_nothing_to_say():
    assert check_figures(invoice(line(100), line(50, quantity=2, price=25))) == ()


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (
            invoice(line("100.00", price="100.01")),
            disagreement("Línea 1 («Tornillo»)", "100,00", "100,01") + STANDS,
        ),
        (
            invoice(line("100.00", quantity=3, price="33.3333", discount_amount=D("0.01"), charge_amount=D("0.02"))),
            disagreement("Línea 1 («Tornillo»)", "100,00", "100,01") + STANDS,
        ),
        (
            invoice(lines_total=D("100.01"), base_total=D("100.01"), total=D("121.01"), payable=D("121.01")),
            disagreement("Suma de las líneas", "100,01", "100,00") + STANDS,
        ),
        (
            invoice(taxes=(iva(100, "21.01"),), tax_total=D("21.01"), total=D("121.01"), payable=D("121.01")),
            disagreement("Cuota de IVA 21 %", "21,01", "21,00") + STANDS,
        ),
        (
            invoice(taxes=(iva("100.01", 21),)),
            disagreement("Base imponible de IVA 21 %", "100,01", "100,00") + STANDS,
        ),
        (
            invoice(tax_total=D("20.99"), total=D("120.99"), payable=D("120.99")),
            disagreement("Total de impuestos", "20,99", "21,00") + STANDS,
        ),
        (
            invoice(total=D("121.01"), payable=D("121.01")),
            disagreement("Total factura", "121,01", "121,00") + STANDS,
        ),
        (
            invoice(payable=D("120.99")),
            disagreement("Total a pagar", "120,99", "121,00") + STANDS,
        ),
        (
            invoice(line(100, price=5, is_price_binding=False)),
            "Línea 1 («Tornillo»): su cantidad por su precio no da su importe; se respeta lo declarado.",
        ),
        (
            invoice(dues=(ForeignDue(day=dt.date(2026, 3, 1), amount=D(100)),)),
            "Los vencimientos suman 100,00\u00a0€ y el total a pagar es 121,00\u00a0€.",
        ),
    ],
)
def test_a_cent_is_noted(read, sentence):
    assert check_figures(read) == (sentence,)


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (
            invoice(line("100.00", price="100.02")),
            disagreement("Línea 1 («Tornillo»)", "100,00", "100,02") + ".",
        ),
        (
            invoice(line(100), line(50, quantity=6, price=10)),
            disagreement("Línea 2 («Tornillo»)", "50,00", "60,00") + ".",
        ),
        (
            invoice(lines_total=D("100.02"), base_total=D("100.02"), total=D("121.02"), payable=D("121.02")),
            disagreement("Suma de las líneas", "100,02", "100,00") + ".",
        ),
        (
            invoice(taxes=(iva(100, "21.02"),), tax_total=D("21.02"), total=D("121.02"), payable=D("121.02")),
            disagreement("Cuota de IVA 21 %", "21,02", "21,00") + ".",
        ),
        (
            invoice(taxes=(iva("100.02", "21.00"),)),
            disagreement("Base imponible de IVA 21 %", "100,02", "100,00") + ".",
        ),
        (
            invoice(taxes=(iva(100, 21, surcharge_rate=D("5.2"), surcharge_amount=D("5.22")),)),
            disagreement("Recargo de equivalencia de IVA 21 %", "5,22", "5,20") + ".",
        ),
        (
            invoice(base_total=D(90), total=D(111), payable=D(111)),
            disagreement("Base imponible total", "90,00", "100,00") + ".",
        ),
        (
            invoice(tax_total=D(31), total=D(131), payable=D(131)),
            disagreement("Total de impuestos", "31,00", "21,00") + ".",
        ),
        (
            invoice(total=D("121.02"), payable=D("121.02")),
            disagreement("Total factura", "121,02", "121,00") + ".",
        ),
        (
            invoice(withheld_total=D(15), payable=D(106)),
            disagreement("Total de retenciones", "15,00", "0,00") + ".",
        ),
        (
            invoice(payable=D(0)),
            disagreement("Total a pagar", "0,00", "121,00") + ".",
        ),
        (
            invoice(payable=D(1), currency="CHF"),
            "Total a pagar: el documento dice 1,00\u00a0CHF y sus datos dan 121,00\u00a0CHF.",
        ),
        (
            invoice(line(100, taxes=(iva(100, 10, 10),))),
            disagreement("Base imponible de IVA 21 %", "100,00", "0,00") + ".",
        ),
    ],
)
def test_more_than_a_cent_is_refused_with_both_figures(read, sentence):
    with pytest.raises(FiguresDisagree) as refusal:
        check_figures(read)

    assert str(refusal.value) == sentence


def test_each_line_brings_its_own_cent():
    three = [line("33.33"), line("33.33"), line("33.33")]
    declared = {"lines_total": D(100), "base_total": D(100), "taxes": (iva(100, 21),), "tax_total": D(21)}

    notes = check_figures(invoice(*three, **declared, total=D(121), payable=D(121)))

    assert notes == (
        disagreement("Base imponible de IVA 21 %", "100,00", "99,99") + STANDS,
        disagreement("Suma de las líneas", "100,00", "99,99") + STANDS,
    )


def test_a_tax_rounded_line_by_line_is_understood():
    lines = [line("0.07")] * 10
    by_lines = {"taxes": (iva("0.70", "0.10"),), "tax_total": D("0.10"), "total": D("0.80"), "payable": D("0.80")}

    assert check_figures(invoice(*lines, **by_lines)) == (
        "Cuota de IVA 21 %: está redondeada línea a línea; se respeta.",
    )


def test_groups_put_together_bring_their_cents():
    group = iva("692.49", "145.41", parts=3)
    lines = [line("230.83", taxes=())] * 3

    notes = check_figures(
        invoice(*lines, taxes=(group,), tax_total=D("145.42"), total=D("837.91"), payable=D("837.91"))
    )

    assert len(notes) == 2


@pytest.mark.parametrize("base", ["100", "95", "90"])
def test_a_discount_of_no_tax_in_particular_may_or_may_not_be_in_the_bases(base):
    tax = percent_of(D(base), D(21))
    read = invoice(
        taxes=(iva(base, tax),),
        discounts=(ForeignAdjustment(label="Pronto pago", amount=D(10)),),
        discount_total=D(10),
        base_total=D(90),
        tax_total=tax,
        total=90 + tax,
        payable=90 + tax,
    )

    assert check_figures(read) == ()


def test_a_base_beyond_any_discount_is_refused():
    read = invoice(
        taxes=(iva(80, "16.80"),),
        discounts=(ForeignAdjustment(label="Pronto pago", amount=D(10)),),
        discount_total=D(10),
        base_total=D(90),
        tax_total=D("16.80"),
        total=D("106.80"),
        payable=D("106.80"),
    )

    with pytest.raises(FiguresDisagree, match="Suma de bases imponibles: el documento dice 80,00"):
        check_figures(read)


def settled_invoice():
    return invoice(
        line(100),
        taxes=(iva(105, "22.05"),),
        discounts=(ForeignAdjustment(label="Dto.", amount=D(5), applies_to=GENERAL),),
        charges=(ForeignAdjustment(label="Portes", amount=D(10), applies_to=GENERAL),),
        withholdings=(
            ForeignTax(kind=TaxKind.WITHHOLDING, label="IRPF 15 %", base=D(105), rate=D(15), amount=D("15.75")),
        ),
        settlements=(
            ForeignSettlement(label="Anticipo", amount=D(-50)),
            ForeignSettlement(label="Suplido", amount=D(3)),
        ),
        discount_total=D(5),
        charge_total=D(10),
        base_total=D(105),
        tax_total=D("22.05"),
        total=D("127.05"),
        withheld_total=D("15.75"),
        payable=D("64.30"),
    )


def test_discounts_of_a_tax_withholding_and_advances_are_all_in_the_sum():
    assert check_figures(settled_invoice()) == ()


def test_a_special_tax_is_not_a_percentage():
    special = ForeignTax(kind=TaxKind.OTHER, label="Impuestos especiales", base=D(40), rate=D("0.5"), amount=D(20))
    read = invoice()
    read = replace(read, taxes=(*read.taxes, special), tax_total=D(41), total=D(141), payable=D(141))

    assert check_figures(read) == ()


def test_the_opposite_of_an_invoice_agrees_too():
    read = opposite(settled_invoice())

    assert (read.total, read.payable, read.lines[0].net, read.settlements[0].amount) == (
        D("-127.05"),
        D("-64.30"),
        D(-100),
        D(50),
    )
    assert (check_figures(read), opposite(read)) == ((), settled_invoice())


def test_the_tax_shown_beside_a_line_is_vat():
    other = ForeignTax(kind=TaxKind.OTHER, label="IE", base=D(1), rate=D(5), amount=D("0.05"))
    read = line(100, taxes=(other, iva(100, 21)))

    assert (read.tax.label, read.tax_rate, read.surcharge_rate) == ("IVA 21 %", D(21), 0)
    assert (line(100, taxes=()).tax, line(100, taxes=()).tax_rate) == (None, 0)


amounts = st.decimals(-9999, 9999, places=2)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.decimals(-99, 99, places=3), st.decimals(0, 99, places=4)), min_size=1, max_size=20), amounts
)
def test_what_adds_up_passes_and_what_is_off_does_not(lines, off):
    read = invoice(*(line(cents(quantity * price), quantity, price) for quantity, price in lines))

    assert check_figures(read) == ()
    if abs(off) > D("0.01"):
        with pytest.raises(FiguresDisagree, match="Total a pagar"):
            check_figures(replace(read, payable=read.payable + off))
