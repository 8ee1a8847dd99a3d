"""Documents as they are answered: a line of a list, or all of one."""

import datetime as dt
from typing import Any

from msgspec import Struct
from sqlalchemy import Row

from app import clock
from app.api.spelling import Amount, Plain, Ref, amount, maybe_ref, plain, ref
from app.domain.queries.whole_documents import WholeDocument, whole_document
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus, Origin, PaymentMethod, TaxKind


class DocumentSummary(Struct, kw_only=True):
    """A document in a list. ``number`` none: a draft. ``published_at``: since when its customer sees it."""

    id: Ref
    kind: DocumentKind
    status: DocumentStatus
    is_overdue: bool
    number: str | None
    series: str
    origin: Origin
    issued_on: dt.date
    due_on: dt.date | None
    contact_id: Ref
    buyer_name: str
    buyer_tax_id: str
    subject: str
    currency: str
    base_total: Amount
    tax_total: Amount
    total: Amount
    payable: Amount
    collected: Amount
    outstanding: Amount
    revision: int
    published_at: dt.datetime | None
    batch_id: Ref | None


class DocumentLine(Struct, kw_only=True):
    id: Ref
    code: str
    concept: str
    quantity: Plain
    unit_price: Plain
    discount_rate: Plain
    net: Amount
    tax_kind: TaxKind
    tax_rate: Plain
    surcharge_rate: Plain
    exemption: str


class DocumentTax(Struct, kw_only=True):
    kind: TaxKind
    label: str
    base: Amount
    rate: Plain
    amount: Amount
    surcharge_rate: Plain
    surcharge_amount: Amount
    exemption: str


class DocumentDue(Struct, kw_only=True):
    day: dt.date
    amount: Amount
    method: PaymentMethod
    account: str


class DocumentDetail(DocumentSummary, kw_only=True):
    """A document with its lines, taxes and due dates."""

    series_id: Ref | None
    operation_on: dt.date | None
    issued_at: dt.datetime | None
    created_at: dt.datetime
    buyer_address: str
    discount_rate: Plain
    withholding_rate: Plain
    has_surcharge: bool
    lines_total: Amount
    discount_total: Amount
    surcharge_total: Amount
    withheld_total: Amount
    payment_method: PaymentMethod
    corrects_id: Ref | None
    corrects_text: str
    correction_reason: str
    made_from_id: Ref | None
    notes: str
    mentions: str
    internal_notes: str
    lines: list[DocumentLine]
    taxes: list[DocumentTax]
    dues: list[DocumentDue]


def found_detail(db: ScopedSession, document_id: int) -> DocumentDetail:
    """Raises ``NotFound``."""
    found = whole_document(db, document_id)
    if found is None:
        raise NotFound(_("ese documento"))
    return _detail(found)


def summary_of(row: Row[Any], today: dt.date) -> DocumentSummary:
    return DocumentSummary(**_summary(row, today))


def _summary(row: Row[Any], today: dt.date) -> dict[str, Any]:
    is_open = row.status in OPEN
    late = row.status in (DocumentStatus.PENDING, DocumentStatus.PART_PAID)
    return {
        "id": ref(row.id),
        "kind": row.kind,
        "status": row.status,
        "is_overdue": late and row.due_on is not None and row.due_on < today,
        "number": row.number_text,
        "series": row.series_label,
        "origin": row.origin,
        "issued_on": row.issued_on,
        "due_on": row.due_on,
        "contact_id": ref(row.contact_id),
        "buyer_name": row.buyer_name,
        "buyer_tax_id": row.buyer_tax_id,
        "subject": row.subject,
        "currency": row.currency,
        "base_total": amount(row.base_total),
        "tax_total": amount(row.tax_total),
        "total": amount(row.total),
        "payable": amount(row.payable),
        "collected": amount(row.collected),
        "outstanding": amount(row.payable - row.collected) if is_open else "0.00",
        "revision": row.revision,
        "published_at": row.published_at,
        "batch_id": maybe_ref(row.batch_id),
    }


_AMOUNTS = ("lines_total", "discount_total", "surcharge_total", "withheld_total")
_RATES = ("discount_rate", "withholding_rate")
_REFS = ("series_id", "corrects_id", "made_from_id")
_AS_THEY_ARE = (
    "operation_on", "issued_at", "created_at", "buyer_address", "has_surcharge", "payment_method", "corrects_text",
    "correction_reason", "notes", "mentions", "internal_notes",
)  # fmt: skip


def _detail(whole: WholeDocument) -> DocumentDetail:
    row = whole.document
    values = _summary(row, clock.today())
    values |= {name: getattr(row, name) for name in _AS_THEY_ARE}
    values |= {name: amount(getattr(row, name)) for name in _AMOUNTS}
    values |= {name: plain(getattr(row, name)) for name in _RATES}
    values |= {name: maybe_ref(getattr(row, name)) for name in _REFS}
    values["lines"] = [_line(line) for line in whole.lines]
    values["taxes"] = [_tax(tax) for tax in whole.taxes]
    values["dues"] = [_due(due) for due in whole.dues]
    return DocumentDetail(**values)


def _line(line: Row[Any]) -> DocumentLine:
    return DocumentLine(
        id=ref(line.id),
        code=line.code,
        concept=line.concept,
        quantity=plain(line.quantity),
        unit_price=plain(line.unit_price),
        discount_rate=plain(line.discount_rate),
        net=amount(line.net),
        tax_kind=line.tax_kind,
        tax_rate=plain(line.tax_rate),
        surcharge_rate=plain(line.surcharge_rate),
        exemption=line.exemption,
    )


def _tax(tax: Row[Any]) -> DocumentTax:
    return DocumentTax(
        kind=tax.kind,
        label=tax.label,
        base=amount(tax.base),
        rate=plain(tax.rate),
        amount=amount(tax.amount),
        surcharge_rate=plain(tax.surcharge_rate),
        surcharge_amount=amount(tax.surcharge_amount),
        exemption=tax.exemption,
    )


def _due(due: Row[Any]) -> DocumentDue:
    return DocumentDue(day=due.day, amount=amount(due.amount), method=due.method, account=due.account)
