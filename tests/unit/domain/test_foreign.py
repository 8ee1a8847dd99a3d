"""What an invoice from elsewhere says of itself: its opposite, and the tax shown beside a line."""

from decimal import Decimal as D

from app.domain.adding_up import check_figures
from app.domain.foreign import ForeignTax, opposite
from models.enums import TaxKind
from tests.unit.domain.foreign_invoices import iva, line, settled_invoice


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
