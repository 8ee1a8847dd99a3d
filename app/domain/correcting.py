"""A draft that corrects an invoice."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.copying import Drafted, OtherCurrency, draft_from, save_copy, series_for
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Document, Invoice
from models.enums import DocumentKind


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
        return Drafted(begun[0], DocumentKind.INVOICE, _("Ya hay un borrador que rectifica esta factura."))
    left = original.total + sum(other.total for other in others)
    if others and original.total and left * original.total <= 0:
        raise AlreadyCorrected(str(original), [str(other) for other in others])
    series = series_for(db, DocumentKind.INVOICE, command.today, is_corrective=True)
    correction: Invoice = draft_from(original, DocumentKind.INVOICE, series, command.today, sign=-1)
    correction.corrects_id, correction.corrects_text = original.id, original.number_text or ""
    correction.correction_reason = command.reason
    correction.discount_rate = _discount_rate(original)
    save_copy(db, correction, original)
    sentence = _("Borrador de la rectificativa de %(numero)s.") % {"numero": original.number_text}
    if correction.total != -original.total:  # an imported one may have been added up otherwise
        sentence += " " + _("Su total no es el de la original cambiado de signo: revise las líneas.")
    return Drafted(correction.id, DocumentKind.INVOICE, sentence)


def _discount_rate(original: Invoice) -> Decimal:
    """The discount as a rate; an imported invoice knows only its amount."""
    if original.discount_rate or not original.discount_total or not original.lines_total:
        return original.discount_rate
    rate = (original.discount_total * 100 / original.lines_total).quantize(Decimal("0.0001"))
    return rate if 0 <= rate <= 100 else original.discount_rate
