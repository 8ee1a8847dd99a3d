"""Invoices from elsewhere whose figures agree, for tests to change."""

import datetime as dt
from decimal import Decimal as D

from msgspec.structs import replace

from app.domain.foreign import (
    ForeignAdjustment,
    ForeignInvoice,
    ForeignLine,
    ForeignParty,
    ForeignSettlement,
    ForeignTax,
)
from app.money import percent_of
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
