"""Writing documents: drafts, what is made from others, and the moment one is issued."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import Field
from sqlalchemy import select

from app import clock
from app.adapters.pdf import LONGEST_TEXT, check_printable
from app.api.endpoint import Answer, Call, writing
from app.api.fields import Body, Day, Flag, Id, Line, Money, Number, Percent, Printed, Prose, rule
from app.api.v1.document_answers import DocumentDetail, found_detail
from app.api.versions import check_version
from app.domain import fields
from app.domain.copying import Drafted, series_for
from app.domain.correcting import CorrectInvoice, correct_invoice
from app.domain.drafting import (
    MOST_DUES,
    MOST_LINES,
    LineDraft,
    SaveDraft,
    delete_draft,
    fitting_rate,
    follows_terms,
    lock_draft,
    rates_on,
    save_draft,
    tax_day,
)
from app.domain.following import MoveDocument, move_document
from app.domain.issuing import IssueDocument, issue_document
from app.domain.kinds import KINDS
from app.domain.numbering import lock_series
from app.domain.repeating import ConvertDocument, RepeatDocument, convert_document, repeat_document
from app.domain.terms import Due
from app.errors import InvalidValue, NotFound
from app.scope import ScopedSession
from app.texts import _
from models import Contact, Document, TaxRate
from models.enums import ApiScope, DocumentKind, DocumentStatus, PaymentMethod

LONGEST_CONCEPT = 2000
PrintedText = Annotated[str, Printed(Prose(LONGEST_TEXT))]


class LineFields(Body):
    """A line. Its tax is ``tax_rate_id`` (see ``/taxes``) or, where there is but one of it, its ``tax_rate``.

    One with ``id`` is a line that was there; those that are not in the list are removed.
    """

    id: Id | None = None
    code: Annotated[str, Printed(Line(40))] = ""
    concept: Annotated[str, Printed(Prose(LONGEST_CONCEPT, required=True))]
    quantity: Annotated[Decimal, Number(6, signed=True)] = Decimal(1)
    unit_price: Annotated[Decimal, Number(8, signed=True)] = Decimal(0)
    discount_rate: Percent = Decimal(0)
    tax_rate_id: Id | None = None
    tax_rate: Percent | None = None


class DueFields(Body):
    """A part of what is to be paid and its day. Together they add up to ``payable``."""

    day: Day
    amount: Money
    method: PaymentMethod = PaymentMethod.TRANSFER
    account: Annotated[str, rule(fields.iban, maxLength=50)] = ""


class DraftChanges(Body):
    """What is said changes, the rest stays. ``lines`` and ``dues`` are replaced whole.

    Without ``dues`` they follow the customer's terms, unless somebody had changed them. ``due_on`` is for what is no
    invoice: until when it holds, or when it is expected.
    """

    contact_id: Id | None = None
    series_id: Id | None = None
    issued_on: Day | None = None
    operation_on: Day | None = None
    due_on: Day | None = None
    payment_method: PaymentMethod = PaymentMethod.TRANSFER
    discount_rate: Percent = Decimal(0)
    withholding_rate: Percent = Decimal(0)
    has_surcharge: Flag = False
    subject: Annotated[str, Printed(Line())] = ""
    notes: PrintedText = ""
    mentions: PrintedText = ""
    internal_notes: Annotated[str, Prose()] = ""
    correction_reason: Annotated[str, Printed(Line())] = ""
    lines: Annotated[tuple[LineFields, ...], Field(max_length=MOST_LINES)] = ()
    dues: Annotated[tuple[DueFields, ...], Field(max_length=MOST_DUES)] | None = None


class NewDraft(DraftChanges):
    """A draft. What is not said is taken from its contact, and the series from whoever the key acts for."""

    kind: DocumentKind
    contact_id: Id


class NewStatus(Body):
    """``seen`` is the state it is believed to be in: in another it does not move."""

    status: DocumentStatus
    seen: DocumentStatus | None = None


class Conversion(Body):
    """To the same kind: a new version."""

    to: DocumentKind


class Correction(Body):
    """Why: it is printed on the invoice (RD 1619/2012, art. 15)."""

    reason: Annotated[str, Printed(Line(required=True))]


_DRAFT: dict[str, Any] = {"answer": DocumentDetail, "has_version": True}


@writing(
    "POST",
    "/documents",
    summary="Hace un borrador de cualquier clase",
    scope=ApiScope.WRITE,
    body=NewDraft,
    status=201,
    **_DRAFT,
)
def create(db: ScopedSession, call: Call) -> Answer:
    said: NewDraft = call.body
    day = said.issued_on or clock.today()
    contact = db.get(Contact, said.contact_id)
    if contact is None:
        raise InvalidValue(_("No existe %(que)s.") % {"que": _("esa ficha")}, field="contact")
    known: dict[str, Any] = {
        "kind": said.kind,
        "contact_id": said.contact_id,
        "issued_on": day,
        "payment_method": contact.payment_method,
        "withholding_rate": contact.withholding_rate,
        "has_surcharge": contact.has_surcharge,
        "series_id": None,
    }
    command = _command(db, said, known, None)
    if said.series_id is None:
        command = replace(command, series_id=series_for(db, said.kind, day, user_id=call.program.user_id).id)
    return _draft(db, save_draft(db, command).id)


@writing(
    "PATCH",
    "/documents/{id}",
    summary="Cambia lo que se diga de un borrador",
    scope=ApiScope.WRITE,
    body=DraftChanges,
    **_DRAFT,
)
def change(db: ScopedSession, call: Call) -> DocumentDetail:
    draft = _locked(db, call)
    return found_detail(db, save_draft(db, _command(db, call.body, _as_it_is(db, draft), draft)).id)


@writing("DELETE", "/documents/{id}", summary="Elimina un borrador", scope=ApiScope.WRITE, status=204)
def delete(db: ScopedSession, call: Call) -> None:
    draft = _locked(db, call)
    delete_draft(db, draft.id, draft.revision)


@writing(
    "POST",
    "/documents/{id}/issue",
    summary="Emite un borrador: recibe su número y ya no cambia",
    scope=ApiScope.ISSUE,
    **_DRAFT,
)
def issue(db: ScopedSession, call: Call) -> DocumentDetail:
    document_id = call.id(_("ese borrador"))
    if call.match is not None:
        _hold_with_series(db, document_id)
        check_version(call, found_detail(db, document_id))
    issue_document(db, IssueDocument(document_id=document_id, today=clock.today()))
    detail = found_detail(db, document_id)
    check_printable(f"{detail.buyer_name} {detail.buyer_address}", "contact")
    return detail


@writing(
    "POST",
    "/documents/{id}/status",
    summary="Dice en qué estado está: aceptado, entregado, cancelado…",
    scope=ApiScope.ISSUE,
    body=NewStatus,
    **_DRAFT,
)
def move(db: ScopedSession, call: Call) -> DocumentDetail:
    document = _held(db, call, _("ese documento"))
    said: NewStatus = call.body
    seen = said.seen or document.status
    move_document(db, MoveDocument(document_id=document.id, kind=document.kind, seen=seen, to=said.status))
    return found_detail(db, document.id)


@writing(
    "POST",
    "/documents/{id}/copies",
    summary="Hace otro borrador igual, con fecha de hoy",
    scope=ApiScope.WRITE,
    status=201,
    **_DRAFT,
)
def copy(db: ScopedSession, call: Call) -> Answer:
    document = _held(db, call, _("ese documento"))
    rest: dict[str, Any] = {"today": clock.today(), "user_id": call.program.user_id, "key": call.key}
    return _drafted(db, repeat_document(db, RepeatDocument(document_id=document.id, kind=document.kind, **rest)))


@writing(
    "POST",
    "/documents/{id}/conversions",
    summary="Hace de él el siguiente documento, o una versión nueva",
    scope=ApiScope.WRITE,
    body=Conversion,
    status=201,
    **_DRAFT,
)
def convert(db: ScopedSession, call: Call) -> Answer:
    document = _held(db, call, _("ese documento"))
    made = ConvertDocument(
        document_id=document.id,
        kind=document.kind,
        to=call.body.to,
        today=clock.today(),
        user_id=call.program.user_id,
        key=call.key,
    )
    return _drafted(db, convert_document(db, made))


@writing(
    "POST",
    "/documents/{id}/corrections",
    summary="Hace el borrador de la rectificativa de una factura",
    scope=ApiScope.WRITE,
    body=Correction,
    status=201,
    **_DRAFT,
)
def correct(db: ScopedSession, call: Call) -> Answer:
    invoice = _held(db, call, _("esa factura emitida"))
    command = CorrectInvoice(document_id=invoice.id, reason=call.body.reason, today=clock.today())
    return _drafted(db, correct_invoice(db, command))


def _held(db: ScopedSession, call: Call, what: str) -> Document:
    """As it is, until the transaction ends. Raises ``NotFound``, or ``Changed`` for whoever knows another."""
    document = db.get(Document, call.id(what), with_for_update=True)
    if document is None:
        raise NotFound(what)
    check_version(call, found_detail(db, document.id))
    return document


def _draft(db: ScopedSession, document_id: int) -> Answer:
    return Answer(content=found_detail(db, document_id), location=f"/documents/{document_id}")


def _drafted(db: ScopedSession, drafted: Drafted) -> Answer:
    return _draft(db, drafted.document_id)


def _hold_with_series(db: ScopedSession, document_id: int) -> None:
    """Both stay as they are until the transaction ends: the series first, like everybody."""
    found = db.execute(select(Document.series_id, Document.kind).where(Document.id == document_id)).one_or_none()
    if found is not None and found.series_id is not None:
        lock_series(db, found.series_id, found.kind)
    lock_draft(db, document_id)


def _locked(db: ScopedSession, call: Call) -> Document:
    """The draft as it is, until the transaction ends. Raises ``Changed`` for whoever knows another."""
    draft = lock_draft(db, call.id(_("ese borrador")))
    check_version(call, found_detail(db, draft.id))
    return draft


_HEADER = (
    "kind", "contact_id", "series_id", "issued_on", "operation_on", "due_on", "payment_method", "discount_rate",
    "withholding_rate", "has_surcharge", "subject", "notes", "mentions", "internal_notes", "correction_reason",
)  # fmt: skip


def _as_it_is(db: ScopedSession, draft: Document) -> dict[str, Any]:
    known = {name: getattr(draft, name) for name in _HEADER} | {"document_id": draft.id, "revision": draft.revision}
    if KINDS[draft.kind].falls_due and not follows_terms(db, draft):
        known["dues"] = tuple(
            Due(day=due.day, amount=due.amount, method=due.method, account=due.account) for due in draft.dues
        )
    return known


def _command(db: ScopedSession, said: DraftChanges, known: dict[str, Any], draft: Document | None) -> SaveDraft:
    values = known | said.given()
    values["issued_on"] = values["issued_on"] or known["issued_on"]
    if said.dues is not None:
        values["dues"] = tuple(Due(**due.values()) for due in said.dues)
    values["lines"] = ()
    command = SaveDraft(**values)
    rates = rates_on(db, tax_day(db, command, draft.corrects_id if draft is not None else None))
    if "lines" in said.model_fields_set or draft is None:
        values["lines"] = tuple(_said_line(place, one, draft, rates) for place, one in enumerate(said.lines))
    else:
        values["lines"] = tuple(_kept_line(draft, line, rates) for line in draft.lines)
    return SaveDraft(**values)


def _said_line(place: int, said: LineFields, draft: Document | None, rates: Sequence[TaxRate]) -> LineDraft:
    values = {name: value for name, value in said.values().items() if name != "tax_rate"}
    if said.tax_rate_id is not None and said.tax_rate is not None:
        raise InvalidValue(_("Diga el impuesto de una sola manera."), field=f"lines-{place}-tax")
    if said.tax_rate is not None:
        values["tax_rate_id"] = _rate_of(place, said.tax_rate, rates)
    keeps = said.id is not None and draft is not None and draft.corrects_id is not None
    if values["tax_rate_id"] is None and not keeps:
        raise InvalidValue(_("Diga el impuesto: su id, o su tipo."), field=f"lines-{place}-tax")
    return LineDraft(**values)


def _rate_of(place: int, percent: Decimal, rates: Sequence[TaxRate]) -> int:
    """The only tax of this rate. Several, as those of nothing are, must be told apart by their ids."""
    found = [rate for rate in rates if rate.rate == percent]
    if len(found) > 1 and len({rate.kind for rate in found}) > 1:
        found = [rate for rate in found if rate.kind is found[0].kind]
    if len(found) > 1:
        raise InvalidValue(_("Hay varios impuestos de ese tipo: diga cuál por su id."), field=f"lines-{place}-tax_rate")
    if not found:
        raise InvalidValue(_("No hay ningún impuesto de ese tipo en esa fecha."), field=f"lines-{place}-tax_rate")
    return found[0].id


def _kept_line(draft: Document, line: Any, rates: Sequence[TaxRate]) -> LineDraft:
    names = ("id", "code", "concept", "quantity", "unit_price", "discount_rate")
    fitting = fitting_rate(draft, line, rates)
    return LineDraft(
        tax_rate_id=fitting.id if fitting is not None else None, **{name: getattr(line, name) for name in names}
    )


endpoints = (create, change, delete, issue, move, copy, convert, correct)
