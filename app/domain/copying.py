"""A draft made from another document: its customer, its terms and its lines."""

import datetime as dt
from typing import Any

from msgspec import Struct

from app.domain.kinds import KINDS
from app.domain.numbering import proposed_series
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, Document, DocumentLine, Series
from models.enums import DocumentKind

_TERMS = ("contact_id", "discount_rate", "withholding_rate", "has_surcharge", "payment_method")
_LINE = ("code", "concept", "unit_price", "discount_rate", "tax_kind", "tax_rate", "surcharge_rate", "exemption")


class NoSeries(Refusal):
    code = "no_series"

    def __init__(self, kind: DocumentKind, *, is_corrective: bool = False) -> None:
        nouns = _("facturas rectificativas") if is_corrective else _(KINDS[kind].words.nouns)
        super().__init__(_("Cree antes una serie para %(que)s en Administración → Series.") % {"que": nouns})


class OtherCurrency(Refusal):
    """Ours are issued in euros; amounts of an imported one cannot be taken over as they are."""

    code = "other_currency"

    def __init__(self, currency: str) -> None:
        super().__init__(_("Está en %(moneda)s: aquí solo se emite en euros.") % {"moneda": currency})


class Drafted(Struct, frozen=True):
    document_id: int
    kind: DocumentKind
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def series_for(
    db: ScopedSession, kind: DocumentKind, day: dt.date, *, user_id: int | None = None, is_corrective: bool = False
) -> Series:
    """Raises ``NoSeries``."""
    proposed = proposed_series(db, kind, day, user_id=user_id, is_corrective=is_corrective)
    if proposed is None:
        raise NoSeries(kind, is_corrective=is_corrective)
    return proposed.series


def draft_from(original: Document, kind: DocumentKind, series: Series, today: dt.date, *, sign: int = 1) -> Any:
    """A draft of ``kind`` with what ``original`` says, not settled yet."""
    return KINDS[kind].cls(
        company_id=original.company_id,
        series_id=series.id,
        series_label=series.label,
        issued_on=today,
        buyer_name=original.contact.name,
        buyer_tax_id=original.contact.tax_id,
        lines=[_twin(line, sign) for line in original.lines],
        taxes=[],
        dues=[],
        **{name: getattr(original, name) for name in _TERMS},
    )


def save_copy(db: ScopedSession, draft: Document, original: Document) -> None:
    """Settle it and write it; what falls due does so by the customer's terms."""
    settle(draft)
    if KINDS[draft.kind].falls_due:
        plan_dues(draft, original.contact, db.get_one(Company, db.company_id))
    db.add(draft)
    db.flush()


def _twin(line: DocumentLine, sign: int) -> DocumentLine:
    return DocumentLine(
        company_id=line.company_id, quantity=sign * line.quantity, **{name: getattr(line, name) for name in _LINE}
    )
