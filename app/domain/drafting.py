"""Writing a document before it is issued: header and lines from a form, totals by the one arithmetic."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.domain.kinds import KINDS
from app.domain.numbering import SeriesClosed, lock_series
from app.domain.terms import Due, dues_of_terms, plan_dues, write_dues
from app.domain.totals import settle
from app.errors import InvalidValue, NotFound, Refusal
from app.money import ZERO
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, Document, DocumentLine, Series, TaxRate
from models.enums import DocumentKind, DocumentStatus, PaymentMethod, TaxKind

MOST_LINES = 1000
MOST_DUES = 24

_COPIED = (
    "issued_on", "payment_method", "discount_rate", "withholding_rate", "has_surcharge", "subject", "notes", "mentions",
    "internal_notes",
)  # fmt: skip


class DraftChanged(Refusal):
    """Somebody else saved the draft after it was opened."""

    code = "draft_changed"

    def __init__(self) -> None:
        super().__init__(_("Otra persona ha cambiado este borrador. Ábralo de nuevo para ver sus cambios."))


class AlreadyIssued(Refusal):
    code = "already_issued"

    def __init__(self, document: Document) -> None:
        self.document_id, words = document.id, KINDS[document.kind].words
        sentence = words.agree(
            "La %(que)s %(numero)s ya está emitida y no puede cambiar.",
            "El %(que)s %(numero)s ya está emitido y no puede cambiar.",
        )
        super().__init__(sentence % {"que": _(words.noun), "numero": document})


class AlreadySaved(Refusal):
    """The form of a new draft was sent twice: the first one made it."""

    code = "already_saved"

    def __init__(self, document_id: int) -> None:
        super().__init__(_("Este borrador ya se ha guardado."))
        self.document_id = document_id


class TaxNotValid(InvalidValue):
    """A rate holds between two days."""

    def __init__(self, field: str | None = None) -> None:
        super().__init__(_("Ese impuesto no vale en esa fecha."), field=field)


class LineDraft(Struct, frozen=True, kw_only=True):
    """A line as typed. ``id`` keeps a line that was there; it must belong to the same document.

    A line of a correction may keep the tax of the document it takes back: ``tax_rate_id`` is none.
    """

    concept: str
    code: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    discount_rate: Decimal = Decimal(0)
    tax_rate_id: int | None
    id: int | None = None


class SaveDraft(Struct, frozen=True, kw_only=True):
    """A whole document form.

    ``dues`` none means: from the customer's payment terms; only what falls due has any, the others have ``due_on``.
    ``document_id`` and ``revision`` are those of the draft that was opened; ``key`` is the form's own, for a draft that
    does not exist yet.
    """

    kind: DocumentKind
    contact_id: int | None
    series_id: int | None
    issued_on: dt.date
    lines: tuple[LineDraft, ...]
    operation_on: dt.date | None = None
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    discount_rate: Decimal = Decimal(0)
    withholding_rate: Decimal = Decimal(0)
    has_surcharge: bool = False
    subject: str = ""
    notes: str = ""
    mentions: str = ""
    internal_notes: str = ""
    correction_reason: str = ""
    dues: tuple[Due, ...] | None = None
    due_on: dt.date | None = None
    document_id: int | None = None
    revision: int | None = None
    key: str | None = None


def save_draft(db: ScopedSession, command: SaveDraft) -> Document:
    """Create or replace a draft, all of it or nothing; it is settled and its parties follow the contact.

    Raises ``DraftChanged``, ``AlreadyIssued``, ``AlreadySaved``, or ``InvalidValue`` naming the field
    (``lines-3-concept``).
    """
    document = _open(db, command)
    with db.no_autoflush:  # written at once: half a change would be two entries of the audit
        contact, series = _contact(db, command, document), _series(db, command, document)
        if document.contact_id != contact.id:
            document.made_from_id = None  # what was made for one is not the other's
        document.contact_id, document.series_id, document.series_label = contact.id, series.id, series.label
        document.buyer_name, document.buyer_tax_id = contact.name, contact.tax_id
        if document.corrects_id is not None:
            document.correction_reason = command.correction_reason
        _write(db, document, command)
        _write_dues(db, document, contact, command)
        document.revision += 1
    db.add(document)
    db.flush()
    return document


def estimate_draft(db: ScopedSession, command: SaveDraft) -> Document:
    """What saving would compute, on rows that belong to nothing. Without a customer there are no due dates.

    Raises ``InvalidValue`` like saving.
    """
    corrected = _corrected_by(db, command.document_id)
    cls = KINDS[command.kind].cls
    document = cls(company_id=db.company_id, status=DocumentStatus.DRAFT, corrects_id=corrected, currency="EUR")
    kept = _lines_of(db, command.document_id)
    _write(db, document, command, [_twin(line) for line in kept])
    contact = db.get(Contact, command.contact_id) if command.contact_id else None
    if not KINDS[command.kind].falls_due:
        _write_day(document, command)
    elif contact is not None:
        plan_dues(document, contact, db.get_one(Company, db.company_id))
    return document


def delete_draft(db: ScopedSession, document_id: int, revision: int | None) -> None:
    """Take a draft back for good. Raises ``NotFound``, ``AlreadyIssued`` or ``DraftChanged``."""
    document = lock_draft(db, document_id)
    if document.revision != revision:
        raise DraftChanged
    db.delete(document)
    db.flush()


def lock_draft(db: ScopedSession, document_id: int) -> Document:
    """The draft as it is now, with its parts, locked until the transaction ends."""
    found = db.scalar(
        select(Document)
        .where(Document.id == document_id)
        .options(
            selectinload(Document.lines),
            selectinload(Document.taxes),
            selectinload(Document.dues),
            selectinload(Document.contact),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(_("ese borrador"))
    if not found.is_draft:
        raise AlreadyIssued(found)
    return found


def rates_on(db: ScopedSession, day: dt.date) -> list[TaxRate]:
    """The taxes a line may have on ``day``, as a list offers them: by kind, the highest rate first."""
    order = {kind: place for place, kind in enumerate(TaxKind)}
    held = [
        rate for rate in db.scalars(select(TaxRate).where(TaxRate.kind != TaxKind.WITHHOLDING)) if rate.holds_on(day)
    ]
    return sorted(held, key=lambda rate: (order[rate.kind], -rate.rate, rate.name))


def fitting_rate(draft: Document, line: DocumentLine, rates: Sequence[TaxRate]) -> TaxRate | None:
    """Of ``rates``, the one that taxes the line as it is, surcharge included; a correction keeps what it has."""
    own = (line.tax_kind, line.tax_rate, line.exemption)
    same = [rate for rate in rates if (rate.kind, rate.rate, rate.exemption) == own]
    exact = [rate for rate in same if line.surcharge_rate == (rate.surcharge_rate if draft.has_surcharge else 0)]
    fitting = exact or (same if draft.corrects_id is None else [])
    return fitting[0] if fitting else None


def follows_terms(db: ScopedSession, draft: Document) -> bool:
    """Nobody touched the due dates: they are what the customer's terms make of the total."""
    planned = dues_of_terms(draft, draft.contact, db.get_one(Company, db.company_id))
    names = ("day", "method", "account", "amount")
    return [tuple(getattr(due, name) for name in names) for due in planned] == [
        tuple(getattr(due, name) for name in names) for due in draft.dues
    ]


def tax_day(db: ScopedSession, command: SaveDraft, corrects_id: int | None) -> dt.date:
    """The day whose rates apply: that of the operation; in a correction, that of what it corrects."""
    original = db.get(Document, corrects_id) if corrects_id is not None else None
    if original is not None:
        return original.operation_on or original.issued_on
    return (command.operation_on if KINDS[command.kind].is_fiscal else None) or command.issued_on


def _open(db: ScopedSession, command: SaveDraft) -> Document:
    if command.document_id is None:
        return _new(db, command)
    found = lock_draft(db, command.document_id)
    if found.kind is not command.kind:
        raise NotFound(_("ese borrador"))
    if command.revision != found.revision:
        raise DraftChanged
    return found


def _new(db: ScopedSession, command: SaveDraft) -> Document:
    if command.key is not None:
        # The same form sent twice at once meets here, at the first lock of all.
        lock_series(db, _known_series(db, command).id, command.kind)
        known = db.scalar(select(Document).where(Document.draft_key == command.key))
        if known is not None and not known.is_draft:
            raise AlreadyIssued(known)
        if known is not None:
            raise AlreadySaved(known.id)
    cls = KINDS[command.kind].cls
    return cls(company_id=db.company_id, revision=0, draft_key=command.key, lines=[], taxes=[], dues=[])


def _contact(db: ScopedSession, command: SaveDraft, document: Document) -> Contact:
    contact = db.get(Contact, command.contact_id) if command.contact_id is not None else None
    if KINDS[command.kind].is_purchase:
        if contact is None or not contact.is_supplier:
            raise InvalidValue(_("Elija un proveedor de la lista."), field="contact")
        archived = _("Ese proveedor está archivado: recupérelo en su ficha o elija otro.")
    else:
        if contact is None or not contact.is_customer:
            raise InvalidValue(_("Elija un cliente de la lista."), field="contact")
        archived = _("Ese cliente está archivado: recupérelo en su ficha o elija otro.")
    if contact.archived_at is not None and contact.id != document.contact_id:
        raise InvalidValue(archived, field="contact")
    return contact


def _series(db: ScopedSession, command: SaveDraft, document: Document) -> Series:
    series = _known_series(db, command)
    if series.closed_at is not None:
        raise SeriesClosed(series.label)
    if series.is_corrective != (document.corrects_id is not None):
        raise InvalidValue(
            _("Las facturas rectificativas llevan su propia serie.")
            if series.is_corrective
            else _("Una rectificativa lleva una serie de rectificativas."),
            field="series",
        )
    return series


def _known_series(db: ScopedSession, command: SaveDraft) -> Series:
    series = db.get(Series, command.series_id) if command.series_id is not None else None
    if series is None or series.kind is not command.kind:
        raise InvalidValue(_("Elija una serie de la lista."), field="series")
    return series


def _write(
    db: ScopedSession, document: Document, command: SaveDraft, known: Sequence[DocumentLine] | None = None
) -> None:
    """Header, lines and totals. ``known`` are the lines that may be kept, if not the document's own."""
    for name in _COPIED:
        setattr(document, name, getattr(command, name))
    document.operation_on = command.operation_on if KINDS[command.kind].is_fiscal else None
    _write_lines(db, document, command, {line.id: line for line in known or document.lines})
    settle(document)


def _write_lines(db: ScopedSession, document: Document, command: SaveDraft, known: dict[int, DocumentLine]) -> None:
    if len(command.lines) > MOST_LINES:
        raise InvalidValue(_("Como mucho %(n)s líneas.") % {"n": MOST_LINES}, field="lines")
    rates = {rate.id: rate for rate in rates_on(db, tax_day(db, command, document.corrects_id))}
    written: list[DocumentLine] = []
    for index, draft in enumerate(command.lines):
        if draft.id is not None and draft.id not in known:
            raise InvalidValue(_("Esa línea no es de este documento."), field=f"lines-{index}-concept")
        line = known.pop(draft.id) if draft.id is not None else DocumentLine(company_id=db.company_id)
        for name in ("concept", "code", "quantity", "unit_price", "discount_rate"):
            setattr(line, name, getattr(draft, name))
        keeps_tax = draft.tax_rate_id is None and draft.id is not None and document.corrects_id is not None
        if not keeps_tax:
            _tax(line, rates.get(draft.tax_rate_id or 0), command.has_surcharge, index)
        written.append(line)
    document.lines = written


def _tax(line: DocumentLine, rate: TaxRate | None, has_surcharge: bool, index: int) -> None:
    if rate is None:
        raise TaxNotValid(f"lines-{index}-tax")
    line.tax_kind, line.tax_rate, line.exemption = rate.kind, rate.rate, rate.exemption
    line.surcharge_rate = rate.surcharge_rate if has_surcharge else Decimal(0)


def _write_dues(db: ScopedSession, document: Document, contact: Contact, command: SaveDraft) -> None:
    if not KINDS[command.kind].falls_due:
        _write_day(document, command)
        return
    if command.dues is None:
        plan_dues(document, contact, db.get_one(Company, db.company_id))
        return
    if len(command.dues) > MOST_DUES:
        raise InvalidValue(_("Como mucho %(n)s vencimientos.") % {"n": MOST_DUES}, field="dues")
    for index, due in enumerate(command.dues):
        if due.amount <= 0:
            raise InvalidValue(_("Escriba un importe mayor que cero."), field=f"dues-{index}-amount")
        if due.day < document.issued_on:
            raise InvalidValue(
                _("El vencimiento no puede ser anterior a la fecha de la factura."), field=f"dues-{index}-day"
            )
    if sum((due.amount for due in command.dues), ZERO) != max(document.payable, ZERO):
        raise InvalidValue(_("Los vencimientos no suman el total a pagar."), field="dues")
    write_dues(document, command.dues)


def _write_day(document: Document, command: SaveDraft) -> None:
    """Until when it holds, or when it is expected, for a kind that has such a day."""
    label = KINDS[command.kind].day_label
    if command.due_on is not None and command.due_on < command.issued_on:
        raise InvalidValue(_("No puede ser anterior a la fecha del documento."), field="due_on")
    document.due_on = command.due_on if label else None


def _corrected_by(db: ScopedSession, document_id: int | None) -> int | None:
    if document_id is None:
        return None
    return db.scalar(select(Document.corrects_id).where(Document.id == document_id))


def _lines_of(db: ScopedSession, document_id: int | None) -> Sequence[DocumentLine]:
    if document_id is None:
        return ()
    return db.scalars(select(DocumentLine).where(DocumentLine.document_id == document_id)).all()


def _twin(line: DocumentLine) -> DocumentLine:
    """A copy that may be changed without a trace."""
    copied = ("id", "tax_kind", "tax_rate", "surcharge_rate", "exemption")
    return DocumentLine(company_id=line.company_id, **{name: getattr(line, name) for name in copied})
