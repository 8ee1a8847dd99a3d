"""Declared figures stand up to a cent for each line or group; beyond that the invoice is refused."""

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.adding_up import FiguresDisagree, check_figures
from app.domain.foreign import ForeignAdjustment, ForeignDue, ForeignTax, opposite
from app.money import cents, percent_of
from models.enums import TaxKind
from tests.unit.domain.foreign_invoices import STANDS, disagreement, invoice, iva, line, settled_invoice

LEFT_OUT = "Las bases imponibles suman %s\u00a0€ y la base total es %s\u00a0€: la diferencia no lleva impuesto."


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
            invoice(taxes=(iva(100, "21.01"),), tax_total=D("21.01"), total=D("121.01"), payable=D("121.01")),
            disagreement("Cuota de IVA 21 %", "21,01", "21,00") + STANDS,
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
            invoice(line(100, taxes=(iva(100, "20.99"),))),
            disagreement("Cuota de IVA 21 % (línea 1)", "20,99", "21,00") + STANDS,
        ),
        (
            invoice(payable=D("120.99")),
            disagreement("Total a pagar", "120,99", "121,00") + STANDS,
        ),
        (
            invoice(line(100, price=-110, discount_amount=D(-10), is_sign_binding=False)),
            "Línea 1 («Tornillo»): su importe tiene otro signo que su cantidad por su precio" + STANDS,
        ),
        (
            invoice(dues=(ForeignDue(day=dt.date(2026, 3, 1), amount=D(100)),)),
            "Los vencimientos suman 100,00\u00a0€ y el total a pagar es 121,00\u00a0€.",
        ),
    ],
)
def test_a_cent_is_noted(read, sentence):
    assert check_figures(read) == (sentence,)


def test_a_cent_between_lines_bases_and_totals_is_noted_on_either_side():
    of_lines = {"lines_total": D("100.01"), "base_total": D("100.01"), "total": D("121.01"), "payable": D("121.01")}

    assert check_figures(invoice(**of_lines)) == (
        disagreement("Suma de las líneas", "100,01", "100,00") + STANDS,
        disagreement("Suma de bases imponibles", "100,00", "100,01") + STANDS,
    )
    assert check_figures(invoice(taxes=(iva("100.01", 21),))) == (
        disagreement("Base imponible de IVA 21 %", "100,01", "100,00") + STANDS,
        disagreement("Suma de bases imponibles", "100,01", "100,00") + STANDS,
    )


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
            invoice(line(1000, quantity=700, price=100, is_sign_binding=False)),
            disagreement("Línea 1 («Tornillo»)", "1.000,00", "70.000,00") + ".",
        ),
        (
            invoice(line(1000, price=-5, is_sign_binding=False)),
            disagreement("Línea 1 («Tornillo»)", "1.000,00", "5,00") + ".",
        ),
        (
            invoice(line(100, price=-100)),
            disagreement("Línea 1 («Tornillo»)", "100,00", "−100,00") + ".",
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
        *(
            (
                invoice(
                    line(1000, taxes=(iva(1000, tax),)),
                    taxes=(iva(1000, tax),),
                    tax_total=D(tax),
                    total=1000 + D(tax),
                    payable=1000 + D(tax),
                ),
                disagreement("Cuota de IVA 21 % (línea 1)", shown, "210,00") + ".",
            )
            for tax, shown in ((211, "211,00"), (500, "500,00"), (0, "0,00"))
        ),
        (
            invoice(line(100, taxes=(iva(100, 21, surcharge_rate=D("5.2"), surcharge_amount=D(0)),))),
            disagreement("Recargo de equivalencia de IVA 21 % (línea 1)", "0,00", "5,20") + ".",
        ),
        (
            invoice(line(1000, taxes=()), taxes=(iva(2000, 420),), tax_total=D(420), total=D(1420), payable=D(1420)),
            disagreement("Suma de bases imponibles", "2.000,00", "1.000,00") + ".",
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


@pytest.mark.parametrize("says_what_it_bears", [True, False])
def test_taxes_rounded_line_by_line_are_noted(says_what_it_bears):
    each = {"surcharge_rate": D("5.2"), "surcharge_amount": D("0.53")}
    lines = [line("10.10", taxes=(iva("10.10", "2.12", **each),), withheld_rate=D(15))] * 10
    if not says_what_it_bears:
        lines = [replace(one, taxes=(), withheld_rate=D(0)) for one in lines]
    groups = {"surcharge_rate": D("5.2"), "surcharge_amount": D("5.30")}
    withheld = ForeignTax(kind=TaxKind.WITHHOLDING, label="IRPF 15 %", base=D(101), rate=D(15), amount=D("15.20"))

    notes = check_figures(
        invoice(
            *lines,
            taxes=(iva(101, "21.20", **groups),),
            withholdings=(withheld,),
            tax_total=D("21.20"),
            surcharge_total=D("5.30"),
            total=D("127.50"),
            withheld_total=D("15.20"),
            payable=D("112.30"),
        )
    )

    assert notes == (
        disagreement("Cuota de IVA 21 %", "21,20", "21,21") + STANDS,
        disagreement("Recargo de equivalencia de IVA 21 %", "5,30", "5,25") + STANDS,
        disagreement("Cuota de IRPF 15 %", "15,20", "15,15") + STANDS,
    )


@pytest.mark.parametrize(
    ("tax", "surcharge", "withheld", "what"),
    [
        ("4.23", "1.04", "3.00", "Cuota de IVA 21 %"),
        ("4.20", "1.07", "3.00", "Recargo de equivalencia de IVA 21 %"),
        ("4.20", "1.04", "2.97", "Cuota de IRPF 15 %"),
    ],
)
def test_more_than_a_cent_for_each_line_is_refused(tax, surcharge, withheld, what):
    kept = ForeignTax(kind=TaxKind.WITHHOLDING, label="IRPF 15 %", base=D(20), rate=D(15), amount=D(withheld))
    total = 20 + D(tax) + D(surcharge)
    read = invoice(
        *[line(10, withheld_rate=D(15))] * 2,
        taxes=(iva(20, tax, surcharge_rate=D("5.2"), surcharge_amount=D(surcharge)),),
        withholdings=(kept,),
        tax_total=D(tax),
        surcharge_total=D(surcharge),
        total=total,
        withheld_total=D(withheld),
        payable=total - D(withheld),
    )

    with pytest.raises(FiguresDisagree, match=what):
        check_figures(read)


def test_a_price_that_was_worked_out_has_only_eight_decimals():
    read = invoice(line("2000000.00", quantity=6_000_000, price="0.33333333"))

    assert check_figures(read) == (disagreement("Línea 1 («Tornillo»)", "2.000.000,00", "1.999.999,98") + STANDS,)


def test_groups_put_together_bring_their_cents():
    group = iva("692.49", "145.41", parts=3)
    lines = [line("230.83", taxes=())] * 3

    notes = check_figures(
        invoice(*lines, taxes=(group,), tax_total=D("145.42"), total=D("837.91"), payable=D("837.91"))
    )

    assert len(notes) == 2


def discounted(base):
    """100 less a discount of 10 that belongs to no tax in particular."""
    tax = percent_of(D(base), D(21))
    return invoice(
        taxes=(iva(base, tax),),
        discounts=(ForeignAdjustment(label="Pronto pago", amount=D(10)),),
        discount_total=D(10),
        base_total=D(90),
        tax_total=tax,
        total=90 + tax,
        payable=90 + tax,
    )


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (90, ()),
        (100, (LEFT_OUT % ("100,00", "90,00"),)),
    ],
)
def test_a_discount_of_no_tax_in_particular_is_in_the_bases_or_it_is_not(base, told):
    assert check_figures(discounted(base)) == told


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        (80, "Base imponible de IVA 21 %: el documento dice 80,00"),
        (95, "Suma de bases imponibles: el documento dice 95,00"),
        (110, "Base imponible de IVA 21 %: el documento dice 110,00"),
    ],
)
def test_a_base_between_or_beyond_is_refused(base, sentence):
    with pytest.raises(FiguresDisagree, match=sentence):
        check_figures(discounted(base))


def test_a_charge_that_bears_no_tax_is_noted():
    read = invoice(
        line(100),
        line(30, taxes=()),
        taxes=(iva(100, 21),),
        charges=(ForeignAdjustment(label="Suplido", amount=D(200)),),
        charge_total=D(200),
        base_total=D(330),
        tax_total=D(21),
        total=D(351),
        payable=D(351),
    )

    assert check_figures(read) == (LEFT_OUT % ("100,00", "330,00"),)


def test_groups_of_companies_tax_another_base_than_they_charge():
    special = iva(60, "12.60", beyond_total=D(-40))
    read = invoice(
        line(100, taxes=(special,)), taxes=(special,), tax_total=D("12.60"), total=D("112.60"), payable=D("112.60")
    )

    assert check_figures(read) == check_figures(opposite(read)) == ()


def test_discounts_of_a_tax_withholding_and_advances_are_all_in_the_sum():
    assert check_figures(settled_invoice()) == ()


def test_a_special_tax_is_not_a_percentage():
    special = ForeignTax(kind=TaxKind.OTHER, label="Impuestos especiales", base=D(40), rate=D("0.5"), amount=D(20))
    read = invoice()
    read = replace(read, taxes=(*read.taxes, special), tax_total=D(41), total=D(141), payable=D(141))

    assert check_figures(read) == ()


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
