"""What happened to a document or with a contact, newest first: asked of the rows that say it, kept nowhere else."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Any

from msgspec import Struct, field
from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app import clock
from app.domain.kinds import KINDS, Kind
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.mail.replies import explain_code
from app.domain.queries.sent_dispatches import dispatches_to, dispatches_with, sent_dispatches
from app.errors import NotFound
from app.scope import ScopedSession
from app.texts import _, plural
from models import (
    AuditEntry,
    Batch,
    Document,
    DocumentEvent,
    MailReport,
    OutgoingMail,
    PortalAccount,
    PortalMembership,
    Publication,
    StaffUser,
)
from models.enums import BatchKind, DocumentKind, Ending, EventKind, MailStatus, ReportKind

MOST = 50
REPEATED = 4  # how often people do the same again, at a guess


class Told(StrEnum):
    """Where a happening was read, for its sign on the screen. At the same moment, they come in this order."""

    RECORD = "record"
    OFFICE = "office"
    MAIL = "mail"
    CUSTOMER = "customer"


_ORDER = list(Told)


class Mentioned(Struct, frozen=True):
    """A document that something was done with."""

    id: int
    number: str
    kind: DocumentKind

    def __str__(self) -> str:
        return self.number


class Happening(Struct, frozen=True, kw_only=True):
    """``who`` did ``what``, in words that follow each other; nobody in particular when ``who`` is empty.

    ``document`` is what it was done with when that is not the document at hand. ``changes`` are those of the audit
    entry, field by field, when that is where it was read.
    """

    at: dt.datetime
    told: Told
    what: str
    who: str = ""
    document: Mentioned | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = (self.who, self.what, str(self.document or ""))
        return " ".join(word for word in words if word)


def document_timeline(db: ScopedSession, document_id: int, most: int = MOST) -> list[Happening]:
    """Publications, mails, what its readers did, and what the audit says. Raises ``NotFound``."""
    document = db.get(Document, document_id)
    if document is None:
        raise NotFound(_("ese documento"))
    kind = KINDS[document.kind]
    own = (Publication.contact_id == document.contact_id, Publication.document_id == document_id)
    batches = _batches(db, *own)
    return _newest(
        most,
        _publications(db, batches, most, kind),
        _dispatches(db, dispatches_with(document_id), most, kind),
        _mails(db, OutgoingMail.dispatch_id.in_(dispatches_with(document_id)), most),
        _mails(db, _notices_of(document, batches), most),
        _readings(db, document_id, kind),
        _records(db, Document.__tablename__, document_id, most, _(kind.words.the)),
    )


def contact_timeline(db: ScopedSession, contact_id: int, most: int = MOST) -> list[Happening]:
    """Everything published for a contact, batch by batch, who may enter for it, its mails, and what the audit says."""
    acting = select(PortalMembership.account_id).where(PortalMembership.contact_id == contact_id)
    own = and_(
        OutgoingMail.portal_account_id.in_(acting),
        or_(OutgoingMail.contact_id == contact_id, OutgoingMail.contact_id.is_(None)),
    )
    return _newest(
        most,
        _publications(db, _batches(db, Publication.contact_id == contact_id), most),
        _mails(db, own, most),
        _dispatches(db, dispatches_to(contact_id), most),
        _mails(db, OutgoingMail.dispatch_id.in_(dispatches_to(contact_id)), most),
        _accesses(db, contact_id, most),
        _events(db, contact_id, most),
        _records(db, "contacts", contact_id, most, _("la ficha")),
    )


def _newest(most: int, *parts: Iterator[Happening]) -> list[Happening]:
    return sorted(chain(*parts), key=lambda each: (each.at, _ORDER.index(each.told)), reverse=True)[:most]


class _Counted(Struct):
    """How many of the documents at hand a batch published, and how many it withdrew."""

    published: int = 0
    withdrawn: int = 0


def _batches(db: ScopedSession, *which: ColumnElement[bool]) -> dict[int, _Counted]:
    """Each batch that published or withdrew some. Live and withdrawn ones apart: each have an index of their own."""
    found: dict[int, _Counted] = defaultdict(_Counted)
    # Sums, so that SQLite does not take grouping for a reason to walk through all publications by batch.
    batch, by = Publication.batch_id + literal_column("0"), Publication.withdrawn_by_batch_id
    for half in (Publication.withdrawn_at.is_(None), Publication.withdrawn_at.is_not(None)):
        counted = select(batch, by, func.count()).where(*which, half)
        for batch_id, withdrawn_by, count in db.execute(counted.group_by(batch, by)):
            found[batch_id].published += count
            if withdrawn_by is not None:
                found[withdrawn_by].withdrawn += count
    return found


def _publications(
    db: ScopedSession, counted: dict[int, _Counted], most: int, kind: Kind | None = None
) -> Iterator[Happening]:
    """With the ``kind`` of the only document there is, it is called by its name."""
    one = _(kind.words.the) if kind else _("un documento")
    last = sorted(counted, reverse=True)[:most]
    undoer = aliased(StaffUser)
    rows = db.execute(
        select(Batch.id, Batch.kind, Batch.created_at, Batch.undone_at, StaffUser.name, undoer.name.label("undoer"))
        .select_from(Batch)
        .outerjoin(StaffUser, StaffUser.id == Batch.user_id)
        .outerjoin(undoer, undoer.id == Batch.undone_by_id)
        .where(Batch.id.in_(last))
    )
    for row in rows:
        batch = counted[row.id]
        if batch.published:
            words = plural("publicó %%(documento)s", "publicó %(n)s documentos", batch.published) % {"documento": one}
            yield Happening(at=row.created_at, told=Told.OFFICE, who=row.name or _somebody(), what=words)
        if row.kind == BatchKind.WITHDRAW:
            words = plural("anuló una publicación", "anuló %(n)s publicaciones", batch.withdrawn)
            yield Happening(at=row.created_at, told=Told.OFFICE, who=row.name or _somebody(), what=words)
        if row.undone_at is not None:
            words = _("deshizo la publicación")
            yield Happening(at=row.undone_at, told=Told.OFFICE, who=row.undoer or _somebody(), what=words)


def _somebody() -> str:
    return _("El programa")


def _notices_of(document: Document, batches: dict[int, _Counted]) -> ColumnElement[bool]:
    """The notices of its batches to those who act or acted for its contact."""
    acting = select(PortalMembership.account_id).where(PortalMembership.contact_id == document.contact_id)
    return and_(OutgoingMail.batch_id.in_(sorted(batches)), OutgoingMail.portal_account_id.in_(acting))


def _mails(db: ScopedSession, which: ColumnElement[bool], most: int) -> Iterator[Happening]:
    moment = func.coalesce(OutgoingMail.finished_at, OutgoingMail.created_at)
    rows = db.execute(
        select(moment.label("at"), OutgoingMail.kind, OutgoingMail.status, OutgoingMail.recipient)
        .where(which)
        .order_by((OutgoingMail.id + 0).desc())  # by itself, the order would tempt SQLite to walk through all mails
        .limit(most)
    )
    for row in rows:
        words = _(_MAILS[row.status]) % {"que": _(MAIL_KINDS[row.kind]), "quien": row.recipient}
        yield Happening(at=row.at, told=Told.MAIL, what=words)
    yield from _answers(db, which, most)


def _answers(db: ScopedSession, which: ColumnElement[bool], most: int) -> Iterator[Happening]:
    """What came back about those mails; not what their server said at once, which the mail tells itself."""
    rows = db.execute(
        select(MailReport.reported_at, MailReport.kind, MailReport.code, OutgoingMail.kind.label("letter"))
        .add_columns(MailReport.recipient)
        .join(OutgoingMail, OutgoingMail.id == MailReport.mail_id)
        .where(which, OutgoingMail.status != MailStatus.FAILED)
        .order_by(MailReport.reported_at.desc())
        .limit(most)
    )
    for row in rows:
        words = _(_ANSWERS[row.kind]) % {"que": _(MAIL_KINDS[row.letter]), "quien": row.recipient}
        why = explain_code(row.code).removesuffix(".") if row.kind is ReportKind.BOUNCED else ""
        yield Happening(at=row.reported_at, told=Told.MAIL, what=f"{words}. {why}" if why else words)


def _dispatches(db: ScopedSession, which: Select[Any], most: int, kind: Kind | None = None) -> Iterator[Happening]:
    """Who sent what by mail; with the ``kind`` of the document at hand, it is called by its name."""
    for one in sent_dispatches(db, which, most):
        only = Mentioned(one.only.id, str(one.only), one.only.kind) if kind is None and one.only is not None else None
        many = "" if only else plural("%(n)s documento", "%(n)s documentos", one.documents)
        if one.due_at is None:
            what = _("envió por correo %(que)s") % {"que": _(kind.words.the) if kind else many}
        else:
            sent = _(kind.words.of_the) if kind else _("de %(que)s") % {"que": many}
            when = f"{clock.madrid(one.due_at):%d/%m/%Y, %H:%M}"
            what = _("programó para el %(cuando)s el envío %(de)s") % {"cuando": when, "de": sent}
        yield Happening(at=one.at, told=Told.OFFICE, who=one.who or _somebody(), what=what.strip(), document=only)


_MAILS = {
    MailStatus.QUEUED: "%(que)s: correo en cola para %(quien)s",
    MailStatus.SENDING: "%(que)s: correo saliendo hacia %(quien)s",
    MailStatus.RETRY: "%(que)s: correo para %(quien)s; se volverá a intentar",
    MailStatus.SENT: "%(que)s: correo entregado a %(quien)s",
    MailStatus.FAILED: "%(que)s: correo para %(quien)s que no se pudo entregar",
    MailStatus.UNKNOWN: "%(que)s: correo sin confirmar para %(quien)s",
    MailStatus.CANCELLED: "%(que)s: correo para %(quien)s que no llegó a salir",
}
_ANSWERS = {
    ReportKind.BOUNCED: "%(que)s: correo devuelto por el servidor de %(quien)s",
    ReportKind.DELAYED: "%(que)s: el servidor de %(quien)s todavía no ha podido entregar el correo",
    ReportKind.DELIVERED: "%(que)s: correo en el buzón de %(quien)s",
    ReportKind.READ: "%(que)s: correo leído por %(quien)s",
    ReportKind.DISCARDED: "%(que)s: correo borrado sin leer por %(quien)s",
}
_DID = {
    EventKind.VIEWED: ("vio %%(documento)s", "vio %%(documento)s %(n)s veces"),
    EventKind.DOWNLOADED: ("descargó el PDF", "descargó el PDF %(n)s veces"),
    EventKind.PRINTED: ("abrió el PDF para imprimirlo", "abrió el PDF para imprimirlo %(n)s veces"),
}
_DID_WITH = {
    EventKind.VIEWED: ("vio", "vio %(n)s veces desde las %%(hora)s"),
    EventKind.DOWNLOADED: ("descargó el PDF de", "descargó %(n)s veces desde las %%(hora)s el PDF de"),
    EventKind.PRINTED: ("abrió para imprimir", "abrió %(n)s veces desde las %%(hora)s para imprimir"),
}


def _readings(db: ScopedSession, document_id: int, kind: Kind) -> Iterator[Happening]:
    """What each reader did with the document, how often, when first and when last."""
    rows = db.execute(
        select(
            func.max(DocumentEvent.created_at).label("at"),
            func.min(DocumentEvent.created_at).label("first"),
            DocumentEvent.kind,
            _reader(),
            func.count().label("times"),
        )
        .select_from(DocumentEvent)
        .outerjoin(PortalAccount, PortalAccount.id == DocumentEvent.account_id)
        .where(DocumentEvent.document_id == document_id)
        .group_by(DocumentEvent.kind, PortalAccount.id, PortalAccount.name, PortalAccount.email)
    )
    for row in rows:
        words = plural(*_DID[row.kind], row.times) % {"documento": _(kind.words.the)}
        if row.times > 1:
            first = f"{clock.madrid(row.first):%d/%m/%Y, %H:%M}"
            words = _("%(hizo)s, la primera el %(cuando)s") % {"hizo": words, "cuando": first}
        yield Happening(at=row.at, told=Told.CUSTOMER, who=row.who or _reading_party(kind), what=words)


def _events(db: ScopedSession, contact_id: int, most: int) -> Iterator[Happening]:
    """What each reader did with each document on a day, once."""
    rows = db.execute(
        select(
            DocumentEvent.created_at.label("at"),
            DocumentEvent.kind,
            DocumentEvent.account_id,
            _reader(),
            Document.id,
            Document.number_text,
            Document.kind.label("document_kind"),
        )
        .select_from(DocumentEvent)
        .join(Document, Document.id == DocumentEvent.document_id)
        .outerjoin(PortalAccount, PortalAccount.id == DocumentEvent.account_id)
        .where(DocumentEvent.contact_id == contact_id)
        .order_by(DocumentEvent.id.desc())
        .limit(most * REPEATED)
    )
    days: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        days[row.account_id, row.kind, row.id, clock.madrid(row.at).date()].append(row)
    for repeated in days.values():
        last, first = repeated[0], clock.madrid(repeated[-1].at)
        yield Happening(
            at=last.at,
            told=Told.CUSTOMER,
            who=last.who or _reading_party(KINDS[last.document_kind]),
            what=plural(*_DID_WITH[last.kind], len(repeated)) % {"hora": f"{first:%H:%M}"},
            document=Mentioned(last.id, last.number_text, last.document_kind),
        )


def _reading_party(kind: Kind) -> str:
    """Whoever read it, when nobody knows who it was."""
    return _("El proveedor") if kind.is_purchase else _("El cliente")


def _reader() -> ColumnElement[str]:
    return func.coalesce(func.nullif(PortalAccount.name, ""), PortalAccount.email).label("who")


def _accesses(db: ScopedSession, contact_id: int, most: int) -> Iterator[Happening]:
    rows = db.execute(
        select(
            PortalMembership.created_at,
            PortalMembership.ended_at,
            PortalMembership.ending,
            PortalAccount.email,
            StaffUser.name,
        )
        .select_from(PortalMembership)
        .join(PortalAccount, PortalAccount.id == PortalMembership.account_id)
        .outerjoin(StaffUser, StaffUser.id == PortalMembership.ended_by_id)
        .where(PortalMembership.contact_id == contact_id)
        .order_by(PortalMembership.id.desc())
        .limit(most)
    )
    for row in rows:
        given = _("Acceso a la intranet para %(quien)s") % {"quien": row.email}
        yield Happening(at=row.created_at, told=Told.OFFICE, what=given)
        if row.ended_at is not None:
            words = _(_ENDINGS[row.ending or Ending.WITHDRAWN]) % {"quien": row.email}
            yield Happening(at=row.ended_at, told=Told.OFFICE, who=row.name or _somebody(), what=words)


_ENDINGS = {
    Ending.WITHDRAWN: "retiró el acceso de %(quien)s",
    Ending.MOVED: "cambió el correo: %(quien)s ya no entra",
    Ending.UNDONE: "deshizo la publicación que daba acceso a %(quien)s",
}
_ACTIONS = {
    "create": "creó %(que)s",
    "change": "cambió %(que)s",
    "set_password": "puso una contraseña de intranet",
    "archive": "archivó %(que)s",
    "restore": "recuperó %(que)s del archivo",
}


def _records(db: ScopedSession, entity: str, entity_id: int, most: int, what: str) -> Iterator[Happening]:
    rows = db.scalars(
        select(AuditEntry)
        .where(AuditEntry.entity == entity, AuditEntry.entity_id == entity_id, AuditEntry.action.in_(_ACTIONS))
        .order_by(AuditEntry.id.desc())
        .limit(most)
    )
    for entry in rows:
        words = _(_ACTIONS[entry.action]) % {"que": what}
        yield Happening(at=entry.at, told=Told.RECORD, who=entry.actor, what=words, changes=entry.changes)
