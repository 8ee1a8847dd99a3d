"""Invoices issued elsewhere, as every reader hands them over."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from app.errors import Refusal
from app.money import ZERO, cents
from models.enums import PaymentMethod, TaxKind

TaxKey = tuple[TaxKind, str, Decimal]

PERCENTAGES = (TaxKind.VAT, TaxKind.IGIC, TaxKind.IPSI)


class FileRefused(Refusal):
    """Nothing of the file can be read: broken, dangerous, or in a format nobody here knows."""

    status = 422
    code = "file_refused"


class InvoiceClass(StrEnum):
    ORIGINAL = "original"
    CORRECTIVE = "corrective"


class ForeignParty(Struct, frozen=True, kw_only=True):
    """Who sells or who buys. ``tax_id`` is normalised, never checked; ``country`` is two letters or nothing."""

    tax_id: str = ""
    country: str = ""
    name: str = ""
    is_person: bool = False
    trade_name: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    email: str = ""
    phone: str = ""


class ForeignTax(Struct, frozen=True, kw_only=True):
    """A tax of a line, a group of the tax table, or a withholding.

    ``category`` tells apart what shares kind and rate (exempt from not subject). ``parts`` counts the declared
    groups that were put together in this one, each of which may have been rounded on its own. ``beyond_total`` is
    what the totals do not count of ``base``: groups of companies tax another base than they charge.
    """

    kind: TaxKind
    label: str
    base: Decimal
    rate: Decimal
    amount: Decimal
    surcharge_rate: Decimal = ZERO
    surcharge_amount: Decimal = ZERO
    exemption_reason: str = ""
    category: str = ""
    parts: int = 1
    beyond_total: Decimal = ZERO

    @property
    def key(self) -> TaxKey:
        return self.kind, self.category, self.rate


class ForeignAdjustment(Struct, frozen=True, kw_only=True):
    """A discount or a charge on the whole invoice. Facturae does not say which tax it belongs to; UBL does."""

    label: str
    amount: Decimal
    percent: Decimal | None = None
    applies_to: TaxKey | None = None


class ForeignSettlement(Struct, frozen=True, kw_only=True):
    """What lies between the total and what is to be paid: an advance is negative, a *suplido* positive."""

    label: str
    amount: Decimal


class ForeignLine(Struct, frozen=True, kw_only=True):
    """One line. ``net`` is declared: quantity by price, less discounts, plus charges, before taxes.

    Not every format promises its sign: EN 16931 prints returned goods with a positive quantity in its own examples.
    ``is_sign_binding`` tells.
    """

    concept: str
    code: str = ""
    quantity: Decimal
    unit: str = ""
    unit_price: Decimal
    discount_percent: Decimal | None = None
    discount_amount: Decimal = ZERO
    charge_amount: Decimal = ZERO
    net: Decimal
    is_sign_binding: bool = True
    taxes: tuple[ForeignTax, ...] = ()
    withheld_rate: Decimal = ZERO

    @property
    def tax(self) -> ForeignTax | None:
        """The tax shown beside the line: VAT or its equivalents before any other."""
        return min(self.taxes, key=lambda tax: tax.kind not in PERCENTAGES, default=None)

    @property
    def tax_rate(self) -> Decimal:
        return self.tax.rate if self.tax else ZERO

    @property
    def surcharge_rate(self) -> Decimal:
        return self.tax.surcharge_rate if self.tax else ZERO

    @property
    def expected_net(self) -> Decimal:
        return cents(self.quantity * self.unit_price - self.discount_amount + self.charge_amount)


class ForeignDue(Struct, frozen=True, kw_only=True):
    day: dt.date
    amount: Decimal
    method: PaymentMethod = PaymentMethod.OTHER
    method_text: str = ""
    account: str = ""


class ForeignInvoice(Struct, frozen=True, kw_only=True):
    """An invoice as its issuer declared it.

    ``total`` carries the taxes and not the withholding (*total factura*), whatever the format calls so;
    ``declared_total`` is the figure the file itself gives for the invoice. ``number_text`` is what a reader of the
    paper would call it; ``number`` its count within ``series_code`` when one can be told.
    """

    format: str
    series_code: str
    number_text: str
    number: int | None
    sort_number: int | None
    invoice_class: InvoiceClass = InvoiceClass.ORIGINAL
    is_simplified: bool = False
    corrects_text: str = ""
    corrects_on: dt.date | None = None
    correction_method: str = ""
    reason: str = ""
    issued_on: dt.date
    operation_on: dt.date | None = None
    currency: str = "EUR"
    seller: ForeignParty
    buyer: ForeignParty
    lines: tuple[ForeignLine, ...]
    taxes: tuple[ForeignTax, ...] = ()
    withholdings: tuple[ForeignTax, ...] = ()
    discounts: tuple[ForeignAdjustment, ...] = ()
    charges: tuple[ForeignAdjustment, ...] = ()
    settlements: tuple[ForeignSettlement, ...] = ()
    lines_total: Decimal
    discount_total: Decimal = ZERO
    charge_total: Decimal = ZERO
    base_total: Decimal
    tax_total: Decimal = ZERO
    surcharge_total: Decimal = ZERO
    withheld_total: Decimal = ZERO
    total: Decimal
    payable: Decimal
    declared_total: Decimal
    dues: tuple[ForeignDue, ...] = ()
    notes: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    attachment_pdf: bytes | None = None
    notes_on_reading: tuple[str, ...] = ()


class Unreadable(Struct, frozen=True, kw_only=True):
    """One invoice of a file that cannot be read, and why; the others of the file are not affected."""

    number_text: str | None
    reason: str


Part = TypeVar("Part", ForeignLine, ForeignTax, ForeignAdjustment, ForeignSettlement, ForeignDue)


def opposite(invoice: ForeignInvoice) -> ForeignInvoice:
    """The same figures with the other sign: a credit note written in positive amounts, as an invoice."""
    return replace(
        invoice,
        lines=tuple(
            replace(_negated(line, "quantity", "discount_amount", "charge_amount", "net"), taxes=_opposite(line.taxes))
            for line in invoice.lines
        ),
        taxes=_opposite(invoice.taxes),
        withholdings=_opposite(invoice.withholdings),
        discounts=tuple(_negated(discount, "amount") for discount in invoice.discounts),
        charges=tuple(_negated(charge, "amount") for charge in invoice.charges),
        settlements=tuple(_negated(settlement, "amount") for settlement in invoice.settlements),
        dues=tuple(_negated(due, "amount") for due in invoice.dues),
        **{name: -getattr(invoice, name) for name in TOTALS},
    )


TOTALS = (
    *("lines_total", "discount_total", "charge_total", "base_total", "tax_total", "surcharge_total"),
    *("withheld_total", "total", "payable", "declared_total"),
)


def _opposite(taxes: Iterable[ForeignTax]) -> tuple[ForeignTax, ...]:
    return tuple(_negated(tax, "base", "amount", "surcharge_amount", "beyond_total") for tax in taxes)


def _negated(part: Part, *names: str) -> Part:
    return replace(part, **{name: -getattr(part, name) for name in names})
