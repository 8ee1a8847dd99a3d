"""Publishing documents to the customers' intranet, and taking them back."""

from typing import Annotated, Any

from msgspec import Struct
from pydantic import Field
from sqlalchemy import select

from app.api.endpoint import Answer, Call, working, writing
from app.api.fields import Body, Flag, Id, Line
from app.api.refusing import Unfit
from app.api.spelling import Amount, Ref, amount, ref
from app.api.v1.documents import DocumentFields
from app.domain.kinds import KINDS
from app.domain.locking import lock_company
from app.domain.previewing import Fingerprint, preview_publication, preview_withdrawal
from app.domain.publishing import PublishDocuments, publish_documents
from app.domain.queries.documents import MOST_TICKED
from app.domain.selections import DocumentSelection, NumberRange
from app.domain.templates import newest_version, usable_version
from app.domain.withdrawing import WithdrawDocuments, withdraw_documents
from app.errors import NotFound
from app.scope import ScopedSession
from app.secrets import new_token
from app.texts import _
from models import Company, Document
from models.enums import ApiScope, DocumentKind

TAG = ("publications", "Publicar en la intranet")
LARGEST_NUMBER = 10**12
Number_ = Annotated[int, Field(strict=True, ge=1, le=LARGEST_NUMBER)]


class RangeFields(Body):
    """Numbers of a series, both ends included."""

    series: Annotated[str, Line(40, required=True)]
    first: Number_
    last: Number_


class FilterFields(DocumentFields, Body):
    """The same as the list of documents takes."""

    published: Flag | None = None


class Chosen(Body):
    """Which documents: exactly one of ``ids``, ``range`` and ``filter``. Drafts are left out and counted.

    With the ``fingerprint`` of a preview exactly that is done, or nothing (409).
    """

    kind: DocumentKind = DocumentKind.INVOICE
    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_TICKED)] | None = None
    range: RangeFields | None = None
    filter: FilterFields | None = None
    fingerprint: Annotated[str, Line(120)] | None = None


class Publication(Chosen):
    """``notify`` as the company usually does unless it is said; ``template_id`` the default one."""

    template_id: Id | None = None
    notify: Flag | None = None
    republish: Flag = False


class Withdrawal(Chosen):
    """They are no longer seen from this moment on."""


class PublicationPreview(Struct, kw_only=True):
    """What would be done now."""

    documents: int
    customers: int
    mails: int
    amount: Amount
    drafts: int
    already_published: int
    new_accounts: int
    without_email: int
    shut_out: int
    missing_numbers: int
    fingerprint: str


class PublicationDone(Struct, kw_only=True):
    """What was done. ``without_email`` and ``shut_out`` are customers who were not told."""

    batch_id: Ref
    documents: int
    customers: int
    mails: int
    accounts: int
    drafts: int
    already_published: int
    republished: int
    without_email: int
    shut_out: int
    detail: str


class WithdrawalPreview(Struct, kw_only=True):
    documents: int
    customers: int
    unpublished: int
    unsent: int
    sent: int
    fingerprint: str


class WithdrawalDone(Struct, kw_only=True):
    """``cancelled`` notices will not leave; ``sent`` ones had left."""

    batch_id: Ref
    documents: int
    customers: int
    cancelled: int
    sent: int
    detail: str


@working(
    "POST",
    "/publications/preview",
    summary="Calcula qué se publicaría, a quién se avisaría y qué falta; no hace nada",
    scope=ApiScope.PUBLISH,
    body=Publication,
    answer=PublicationPreview,
)
def preview(call: Call) -> PublicationPreview:
    said: Publication = call.body
    with call.installation.database.read(call.scope) as db:
        version_of(db, said.template_id)
        shown = preview_publication(db, selection_of(db, said), notify=_notifies(db, said), republish=said.republish)
    return PublicationPreview(
        documents=shown.documents,
        customers=shown.customers,
        mails=shown.mails,
        amount=amount(shown.amount),
        drafts=shown.drafts,
        already_published=shown.already_published,
        new_accounts=shown.new_accounts.count,
        without_email=shown.without_email.count,
        shut_out=shown.shut_out.count,
        missing_numbers=shown.gaps.missing if shown.gaps else 0,
        fingerprint=shown.fingerprint.encode(),
    )


@writing(
    "POST",
    "/publications",
    summary="Publica documentos y avisa a sus clientes",
    scope=ApiScope.PUBLISH,
    body=Publication,
    answer=PublicationDone,
    status=201,
)
def publish(db: ScopedSession, call: Call) -> Answer:
    said: Publication = call.body
    lock_company(db)
    selection, notify = selection_of(db, said), _notifies(db, said)
    if said.fingerprint is not None:
        fingerprint = Fingerprint.decode(said.fingerprint)
    else:
        fingerprint = preview_publication(db, selection, notify=notify, republish=said.republish).fingerprint
    published = publish_documents(
        db,
        PublishDocuments(
            selection=selection,
            fingerprint=fingerprint,
            key=call.key or new_token()[:32],
            user_id=call.program.user_id,
            template_version_id=version_of(db, said.template_id),
            notify=notify,
            republish=said.republish,
        ),
    )
    return _done(PublicationDone, published)


@working(
    "POST",
    "/withdrawals/preview",
    summary="Calcula qué dejaría de verse; no hace nada",
    scope=ApiScope.PUBLISH,
    body=Withdrawal,
    answer=WithdrawalPreview,
)
def preview_of_withdrawal(call: Call) -> WithdrawalPreview:
    with call.installation.database.read(call.scope) as db:
        shown = preview_withdrawal(db, selection_of(db, call.body))
    return WithdrawalPreview(
        documents=shown.documents,
        customers=shown.customers,
        unpublished=shown.unpublished,
        unsent=shown.unsent,
        sent=shown.sent,
        fingerprint=shown.fingerprint.encode(),
    )


@writing(
    "POST",
    "/withdrawals",
    summary="Anula publicaciones: dejan de verse en el acto",
    scope=ApiScope.PUBLISH,
    body=Withdrawal,
    answer=WithdrawalDone,
    status=201,
)
def withdraw(db: ScopedSession, call: Call) -> Answer:
    said: Withdrawal = call.body
    lock_company(db)
    selection = selection_of(db, said)
    if said.fingerprint is not None:
        fingerprint = Fingerprint.decode(said.fingerprint)
    else:
        fingerprint = preview_withdrawal(db, selection).fingerprint
    command = WithdrawDocuments(
        selection=selection,
        fingerprint=fingerprint,
        key=call.key or new_token()[:32],
        user_id=call.program.user_id,
    )
    return _done(WithdrawalDone, withdraw_documents(db, command))


def _done(kind: Any, result: Any) -> Answer:
    figures = {name: getattr(result, name) for name in kind.__struct_fields__ if name not in ("batch_id", "detail")}
    content = kind(batch_id=ref(result.batch_id), detail=str(result), **figures)
    return Answer(content=content, location=f"/batches/{result.batch_id}")


def version_of(db: ScopedSession, template_id: int | None) -> int | None:
    """How a template looks now. Raises ``NotFound`` and ``TemplateArchived``."""
    return usable_version(db, newest_version(db, template_id).id).id if template_id is not None else None


def _notifies(db: ScopedSession, said: Publication) -> bool:
    return said.notify if said.notify is not None else db.get_one(Company, db.company_id).notify_by_default


def selection_of(db: ScopedSession, said: Chosen) -> DocumentSelection:
    """What was chosen as the business knows it, with words for the office. Raises ``Unfit`` or ``NotFound``."""
    if sum(way is not None for way in (said.ids, said.range, said.filter)) != 1:
        sentence = _("Diga qué documentos con una sola de estas cosas: «ids», «range» o «filter».")
        raise Unfit([{"pointer": "", "code": "choose_one", "detail": sentence}])
    if said.range is not None:
        return _range(said.kind, said.range)
    if said.filter is not None:
        search = said.filter.wanted(said.kind)
        return DocumentSelection(kind=said.kind, label="Búsqueda de un programa", search=search)
    return _ticked(db, said.kind, said.ids or ())


def _range(kind: DocumentKind, said: RangeFields) -> DocumentSelection:
    if said.first > said.last:
        sentence = _("El último número del rango es menor que el primero.")
        raise Unfit([{"pointer": "/range/last", "code": "invalid_value", "detail": sentence}])
    return DocumentSelection(
        kind=kind,
        label=f"{said.series} del {said.first} al {said.last}",
        numbers=NumberRange(series_label=said.series, first=said.first, last=said.last),
    )


def _ticked(db: ScopedSession, kind: DocumentKind, ids: tuple[int, ...]) -> DocumentSelection:
    """Those there are; one that is not there, or of another kind, is told."""
    wanted = tuple(dict.fromkeys(ids))
    known = db.execute(select(Document.id, Document.number_text).where(Document.id.in_(wanted), Document.kind == kind))
    numbers = {row.id: row.number_text for row in known}
    if missing := [document_id for document_id in wanted if document_id not in numbers]:
        raise NotFound(_("el documento %(id)s de esa clase") % {"id": missing[0]})
    words = KINDS[kind].words
    label = f"{words.title} {next(iter(numbers.values())) or 'sin emitir'}"
    if len(wanted) > 1:
        label = f"{len(wanted)} {words.nouns}"
    return DocumentSelection(kind=kind, label=label, ids=wanted)


endpoints = (preview, publish, preview_of_withdrawal, withdraw)
