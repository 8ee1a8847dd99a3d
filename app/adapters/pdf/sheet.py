"""What goes onto paper: plain values, already decided by whoever asks for the PDF."""

import datetime as dt
from decimal import Decimal

from msgspec import Struct

LONGEST_TEXT = 4000
"""Characters of one text that reach the paper; the rest becomes an ellipsis."""
OPTIONAL_COLUMNS = frozenset({"code", "discount", "tax"})


class Party(Struct, frozen=True, kw_only=True):
    """Who sells or buys; ``lines`` is the postal address as on an envelope, ``contact`` telephone, e-mail, web."""

    name: str
    tax_id: str = ""
    lines: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()


class SheetLine(Struct, frozen=True, kw_only=True):
    """A line of the table. A line without figures is a heading or a remark."""

    concept: str
    code: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    discount: Decimal | None = None
    tax: str = ""
    amount: Decimal | None = None


class SheetTax(Struct, frozen=True, kw_only=True):
    label: str
    base: Decimal
    rate: Decimal
    amount: Decimal


class SheetDue(Struct, frozen=True, kw_only=True):
    day: dt.date
    amount: Decimal
    method: str = ""
    account: str = ""


class Look(Struct, frozen=True, kw_only=True):
    """How the company wants it: ``logo`` comes from ``normalise_logo``, ``accent`` is ``#rrggbb``."""

    logo: bytes | None = None
    accent: str = "#1f5f8b"
    columns: frozenset[str] = OPTIONAL_COLUMNS
    legal_footer: str = ""
    intro: str = ""


class Sheet(Struct, frozen=True, kw_only=True):
    """A document ready to print.

    ``buyer_label`` stands above the buyer instead of "Cliente". ``facts`` are further pairs for the band
    under the title (an order number, a quote's validity), ``subject`` a line below it; ``tax_heading`` stands above the
    rates. The last of ``totals`` is what it comes to and is drawn big. ``qr`` is the text of the square code and
    ``qr_caption`` what stands below it. ``language`` chooses the fixed labels, ``release`` names the version of the
    template, ``file_name`` is what to save it under.
    """

    kind_label: str
    reference: str
    issued_on: dt.date
    seller: Party
    buyer: Party
    lines: tuple[SheetLine, ...] = ()
    taxes: tuple[SheetTax, ...] = ()
    totals: tuple[tuple[str, Decimal], ...] = ()
    dues: tuple[SheetDue, ...] = ()
    operation_on: dt.date | None = None
    corrects: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    tax_heading: str = "IVA"
    notes: str = ""
    mentions: tuple[str, ...] = ()
    buyer_label: str = ""
    qr: str | None = None
    qr_caption: str = ""
    language: str = "es"
    currency: str = "EUR"
    draft: bool = False
    look: Look = Look()
    release: int = 1
    file_name: str = "documento.pdf"
