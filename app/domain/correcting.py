"""Drafts made from invoices: one that corrects, one that repeats."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.numbering import default_series
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, Document, DocumentLine, Invoice, Series

_TERMS = ("contact_id", "discount_rate", "withholding_rate", "has_surcharge", "payment_method")
_LINE = ("code", "concept", "unit_price", "discount_rate", "tax_kind", "tax_rate", "surcharge_rate", "exemption")


class NoSeries(Refusal):
    code = "no_series"

    def __init__(self, *, is_corrective: bool) -> None:
        super().__init__(
            _("Cree antes una serie para facturas rectificativas en Administración → Series.")
            if is_corrective
            else _("Cree antes una serie para facturas en Administración → Series.")
        )


class OtherCurrency(Refusal):
    """Ours are issued in euros; amounts of an imported one cannot be taken over as they are."""

    code = "other_currency"

    def __init__(self, currency: str) -> None:
        super().__init__(_("Está en %(moneda)s: aquí solo se emite en euros.") % {"moneda": currency})


class AlreadyCorrected(Refusal):
    """Issued corrections have left nothing of the original to take back."""

    code = "already_corrected"

    def __init__(self, number: str, corrections: Sequence[str]) -> None:
        sentence = _("La factura %(numero)s ya está rectificada por completo (%(por)s).")
        super().__init__(sentence % {"numero": number, "por": ", ".join(corrections)})


class CorrectInvoice(Struct, frozen=True, kw_only=True):
    document_id: int
    reason: str
    today: dt.date


class Drafted(Struct, frozen=True):
    document_id: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def correct_invoice(db: ScopedSession, command: CorrectInvoice) -> Drafted:
    """A draft that corrects by differences: it takes back all the original says (RD 1619/2012, art. 15).

    The original is locked, and while a draft corrects it that one is the answer: asking twice makes one. Raises
    ``NotFound``, ``OtherCurrency``, ``AlreadyCorrected`` or ``NoSeries``.
    """
    original = db.scalar(
        select(Invoice)
        .where(Invoice.id == command.document_id)
        .with_for_update()
        .options(selectinload(Document.lines), selectinload(Document.contact))
    )
    if original is None or original.is_draft:
        raise NotFound(_("esa factura emitida"))
    if original.currency != "EUR":
        raise OtherCurrency(original.currency)
    others = db.scalars(select(Invoice).where(Invoice.corrects_id == original.id).order_by(Invoice.id)).all()
    if begun := [other.id for other in others if other.is_draft]:
        return Drafted(begun[0], _("Ya hay un borrador que rectifica esta factura."))
    left = original.total + sum(other.total for other in others)
    if others and original.total and left * original.total <= 0:
        raise AlreadyCorrected(str(original), [str(other) for other in others])
    correction = _draft(db, original, _series(db, command.today, is_corrective=True), command.today, sign=-1)
    correction.corrects_id, correction.corrects_text = original.id, original.number_text or ""
    correction.correction_reason = command.reason
    correction.discount_rate = _discount_rate(original)
    _settle(db, correction, original)
    sentence = _("Borrador de la rectificativa de %(numero)s.") % {"numero": original.number_text}
    if correction.total != -original.total:  # an imported one may have been added up otherwise
        sentence += " " + _("Su total no es el de la original cambiado de signo: revise las líneas.")
    return Drafted(correction.id, sentence)


def repeat_invoice(db: ScopedSession, document_id: int, today: dt.date) -> Drafted:
    """A new draft of today with the customer, lines and texts of another invoice."""
    original = db.scalar(
        select(Invoice)
        .where(Invoice.id == document_id)
        .options(selectinload(Document.lines), selectinload(Document.contact))
    )
    if original is None:
        raise NotFound(_("esa factura"))
    if original.currency != "EUR":
        raise OtherCurrency(original.currency)
    copy = _draft(db, original, _series(db, today, is_corrective=False), today, sign=1)
    copy.subject, copy.notes = original.subject, original.notes
    _settle(db, copy, original)
    return Drafted(copy.id, _("Borrador nuevo con las líneas de %(numero)s.") % {"numero": str(original)})


def _series(db: ScopedSession, day: dt.date, *, is_corrective: bool) -> Series:
    series = default_series(db, day, is_corrective=is_corrective)
    if series is None:
        raise NoSeries(is_corrective=is_corrective)
    return series


def _draft(db: ScopedSession, original: Invoice, series: Series, today: dt.date, *, sign: int) -> Invoice:
    return Invoice(
        company_id=db.company_id,
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


def _twin(line: DocumentLine, sign: int) -> DocumentLine:
    return DocumentLine(
        company_id=line.company_id, quantity=sign * line.quantity, **{name: getattr(line, name) for name in _LINE}
    )


def _discount_rate(original: Invoice) -> Decimal:
    """The discount as a rate; an imported invoice knows only its amount."""
    if original.discount_rate or not original.discount_total or not original.lines_total:
        return original.discount_rate
    rate = (original.discount_total * 100 / original.lines_total).quantize(Decimal("0.0001"))
    return rate if 0 <= rate <= 100 else original.discount_rate


def _settle(db: ScopedSession, draft: Invoice, original: Invoice) -> None:
    settle(draft)
    plan_dues(draft, original.contact, db.get_one(Company, db.company_id))
    db.add(draft)
    db.flush()
