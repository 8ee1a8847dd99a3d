"""Sending documents by mail, as the office does: one mail for each document, or one for each customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field

from app.adapters.letters.html import LONGEST_TYPED, read_html
from app.api.endpoint import Answer, Call, working, writing
from app.api.fields import Body, Email, Flag, Id, Line, Moment, Ruled
from app.api.spelling import Amount, Ref, amount, ref
from app.api.v1.publications import Chosen, selection_of, version_of
from app.domain.locking import lock_company
from app.domain.mail.addressing import MOST_PEOPLE
from app.domain.mail.checking_sendings import SendDocuments, check_sending
from app.domain.mail.senders import SenderChoice, senders_for
from app.domain.mail.sending import send_documents
from app.domain.mail.sending_plans import Grouping, Wishes, plan_sending
from app.domain.mail.texts import CleanHtml, texts_for
from app.domain.queries.addressees import Addressee
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.secrets import new_token
from app.texts import _
from models.enums import ApiScope, TextKind

TAG = ("sendings", "Enviar por correo")
OF_FIELDS = {"body": "message", "day": "send_at"}
"""What the business calls a field, and what programs do."""


class Sender(StrEnum):
    """Whose account it leaves from: that of whom the key belongs to, or the company's."""

    OWN = "own"
    COMPANY = "company"


class Reader(Body):
    email: Email
    name: Annotated[str, Line(200)] = ""


People = Annotated[tuple[Reader, ...], Field(max_length=MOST_PEOPLE)]


def _message(typed: str) -> CleanHtml:
    written = read_html(typed, "")
    if not written:
        raise InvalidValue(_("Escriba el mensaje."))
    return written


class Sending(Chosen):
    """``to`` none: each customer's own addresses for these documents. ``subject`` and ``message`` (HTML or plain text)
    may hold variables and are those of the office when they are not said. ``as_links``: links to the intranet instead
    of PDF files. Without ``sender``, one's own account if there is one. ``wants_receipt`` none: as that account asks.
    """

    grouping: Grouping = Grouping.DOCUMENT
    to: Annotated[tuple[Reader, ...], Field(min_length=1, max_length=MOST_PEOPLE)] | None = None
    cc: People = ()
    bcc: People = ()
    subject: Annotated[str, Line(200, required=True)] | None = None
    message: Annotated[str, Ruled(_message, maxLength=LONGEST_TYPED, minLength=1)] | None = None
    template_id: Id | None = None
    as_links: Flag = False
    sender: Sender | None = None
    reply_to: Email | None = None
    wants_receipt: Flag | None = None
    send_at: Moment | None = None


class SendingPreview(Struct, kw_only=True):
    """What would be sent now. ``dispatches`` are messages with their documents, ``bounced`` doubtful addresses.

    ``without_email`` and ``too_large`` are left out.
    """

    dispatches: int
    documents: int
    customers: int
    amount: Amount
    drafts: int
    unpublished: int
    without_email: int
    too_large: int
    without_access: int
    sent_before: int
    bounced: tuple[str, ...]
    fingerprint: str


class SendingDone(Struct, kw_only=True):
    """``dispatches``, and the ``mails`` that they are in the outbox, one for each reader of each."""

    batch_id: Ref
    dispatches: int
    mails: int
    documents: int
    customers: int
    drafts: int
    without_email: int
    too_large: int
    detail: str


@working(
    "POST",
    "/sendings/preview",
    summary="Calcula qué correos saldrían, a quién y qué quedaría fuera; no hace nada",
    scope=ApiScope.MAIL,
    body=Sending,
    answer=SendingPreview,
)
def preview(call: Call) -> SendingPreview:
    with call.installation.database.read(call.scope) as db, _named():
        plan = plan_sending(db, check_sending(db, _command(db, call)).wishes)
    return SendingPreview(
        dispatches=len(plan.dispatches),
        documents=plan.documents,
        customers=plan.customers,
        amount=amount(plan.amount),
        drafts=plan.drafts,
        unpublished=plan.unpublished,
        without_email=plan.without_email.count,
        too_large=plan.too_large.count,
        without_access=plan.without_access.count,
        sent_before=plan.sent_before,
        bounced=plan.bounced,
        fingerprint=plan.fingerprint,
    )


@writing(
    "POST",
    "/sendings",
    summary="Envía documentos por correo, ahora o en el momento que se diga",
    scope=ApiScope.MAIL,
    body=Sending,
    answer=SendingDone,
    status=201,
)
def send(db: ScopedSession, call: Call) -> Answer:
    lock_company(db)
    command = _command(db, call)
    if not command.fingerprint:
        command = replace(command, fingerprint=plan_sending(db, command.wishes).fingerprint)
    with _named():
        sent = send_documents(db, command)
    content = SendingDone(
        batch_id=ref(sent.batch_id),
        dispatches=sent.dispatches,
        mails=sent.mails,
        documents=sent.documents,
        customers=sent.customers,
        drafts=sent.drafts,
        without_email=sent.without_email,
        too_large=sent.too_large,
        detail=str(sent),
    )
    return Answer(content=content, location=f"/batches/{sent.batch_id}")


@contextmanager
def _named() -> Iterator[None]:
    """Fields as programs call them."""
    try:
        yield
    except InvalidValue as refusal:
        refusal.field = OF_FIELDS.get(refusal.field or "", refusal.field)
        raise


def _wishes(db: ScopedSession, said: Sending) -> Wishes:
    return Wishes(
        selection=selection_of(db, said),
        grouping=said.grouping,
        to=_people(said.to) if said.to is not None else None,
        template_version_id=version_of(db, said.template_id),
        has_links=said.as_links,
    )


def _command(db: ScopedSession, call: Call) -> SendDocuments:
    said, user_id = call.body, call.program.user_id
    sender = _sender(db, user_id, said.sender)
    texts = texts_for(db, TextKind(said.kind), user_id)
    return SendDocuments(
        wishes=_wishes(db, said),
        fingerprint=said.fingerprint or "",
        key=call.key or new_token()[:32],
        user_id=user_id,
        subject=said.subject or texts.subject.text,
        body=texts.letter if said.message is None else CleanHtml(said.message),
        portal=call.installation.intranet(call.program.company_slug),
        cc=_people(said.cc),
        bcc=_people(said.bcc),
        reply_to=said.reply_to or "",
        wants_receipt=_asks_receipt(sender) if said.wants_receipt is None else said.wants_receipt,
        account_id=sender.account_id if sender is not None else None,
        due_at=said.send_at,
    )


def _sender(db: ScopedSession, user_id: int, wanted: Sender | None) -> SenderChoice | None:
    """None for the company's account before it is set up. Raises ``InvalidValue`` for one's own that there is not."""
    able = [each for each in senders_for(db, user_id) if wanted is not Sender.COMPANY or not each.is_own]
    if wanted is Sender.OWN and not any(each.is_own for each in able):
        raise InvalidValue(_("Su usuario no tiene cuenta de correo propia."), field="sender")
    return able[0] if able else None


def _asks_receipt(sender: SenderChoice | None) -> bool:
    return sender is not None and sender.wants_receipt


def _people(said: Any) -> tuple[Addressee, ...]:
    return tuple(Addressee(reader.email, reader.name) for reader in said)


endpoints = (preview, send)
