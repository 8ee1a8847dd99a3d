"""What must be true of a company whatever happened: each check says, in Spanish, what is not.

Every check is a few aggregate queries; nothing is loaded row by row but the audit chain, which is read as a stream.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from app import clock
from app.domain.audit import first_broken
from app.domain.kinds import KINDS
from app.domain.mail.accounts import is_able
from app.domain.mail.readdressing import READDRESSED
from app.money import CENT
from app.scope import ScopedSession
from app.texts import _
from models import (
    Batch,
    Document,
    DocumentLine,
    DocumentTax,
    DueDate,
    MailAccount,
    OutgoingMail,
    PortalAccount,
    PortalMembership,
    PortalSession,
    Publication,
    Series,
    StoredFile,
)
from models.enums import BatchKind, DocumentStatus, MailStatus, Origin
from models.mail import WAITING

STUCK_AFTER = dt.timedelta(minutes=15)
LATE_AFTER = dt.timedelta(hours=72)
MOST_NAMED = 20

Check = Callable[[ScopedSession], Iterator[str]]


def violations(db: ScopedSession) -> Iterator[str]:
    """Everything that does not hold for the session's company, check by check."""
    for check in CHECKS:
        yield from check(db)


def own_numbers_have_no_gaps(db: ScopedSession) -> Iterator[str]:
    """A series' own numbers are exactly first..next−1 (RD 1619/2012, art. 6.1.a)."""
    counted = (
        select(
            Document.series_id,
            func.count(Document.number).label("many"),
            func.count(Document.number.distinct()).label("distinct"),
            func.min(Document.number).label("least"),
            func.max(Document.number).label("most"),
        )
        .where(Document.origin == Origin.OWN, Document.number.is_not(None))
        .group_by(Document.series_id)
        .subquery()
    )
    rows = db.execute(
        select(Series, counted.c.many, counted.c.distinct, counted.c.least, counted.c.most).outerjoin(
            counted, counted.c.series_id == Series.id
        )
    )
    for series, many, distinct, least, most in rows:
        expected = series.next_number - series.first_number
        ends = (series.first_number, series.next_number - 1) if expected else (None, None)
        if (many or 0, distinct or 0, least, most) != (expected, expected, *ends):
            sentence = _("Serie %(serie)s: debería tener %(esperados)s números seguidos y tiene %(hay)s.")
            yield sentence % {"serie": series.label, "esperados": expected, "hay": many or 0}


def series_have_their_own_kind(db: ScopedSession) -> Iterator[str]:
    """What is numbered by a series is of its kind."""
    foreign = (
        select(Series.label)
        .join(Document, and_(Document.series_id == Series.id, Document.kind != Series.kind))
        .group_by(Series.label)
        .limit(MOST_NAMED)
    )
    for label in db.scalars(foreign):
        yield _("Serie %(serie)s: tiene documentos que no son de los suyos.") % {"serie": label}


def dates_follow_numbers(db: ScopedSession) -> Iterator[str]:
    """No own document is dated before the one whose number precedes it, the first before none that was imported."""
    previous = aliased(Document)
    later = (
        select(Document.number_text, previous.number_text)
        .join(previous, and_(previous.series_id == Document.series_id, previous.issued_on > Document.issued_on))
        .where(Document.origin == Origin.OWN)
        .limit(MOST_NAMED)
    )
    own = later.where(previous.number == Document.number - 1)
    first = later.join(Series, Series.id == Document.series_id).where(
        Document.number == Series.first_number, previous.origin == Origin.IMPORTED
    )
    for number, before in (*db.execute(own), *db.execute(first)):
        yield _("%(numero)s tiene fecha anterior a %(previo)s.") % {"numero": number, "previo": before}


def figures_of_issued_documents_add_up(db: ScopedSession) -> Iterator[str]:
    """Frozen totals still are what their frozen lines, taxes and due dates say; imported ones, what was accepted."""
    issued = Document.status != DocumentStatus.DRAFT
    added = Document.base_total + Document.tax_total + Document.surcharge_total
    cent = literal(CENT, Document.total.type)
    by_a_cent = Document.total.between(added - cent, added + cent)
    off = (Document.total != added) & ((Document.origin == Origin.OWN) | ~by_a_cent)
    yield from _named(db, issued & off, _("%(numero)s: base e impuestos no dan el total."))
    bases = _sum_of(DocumentTax.base, DocumentTax)
    lines, dues = _sum_of(DocumentLine.net, DocumentLine), _sum_of(DueDate.amount, DueDate)
    own = issued & (Document.origin == Origin.OWN)
    yield from _named(db, own & (Document.base_total != bases), _("%(numero)s: las bases no suman la base total."))
    yield from _named(db, own & (Document.lines_total != lines), _("%(numero)s: las líneas no suman su total."))
    falls_due = Document.kind.in_([kind for kind, each in KINDS.items() if each.falls_due])
    to_pay = case((falls_due & (Document.payable > 0), Document.payable), else_=Document.payable - Document.payable)
    yield from _named(db, own & (to_pay != dues), _("%(numero)s: los vencimientos no suman el total a pagar."))


def publications_are_of_issued_documents(db: ScopedSession) -> Iterator[str]:
    """What is live is issued, belongs to the customer it is shown to, and keeps the PDF it had."""
    wrong = or_(Document.status == DocumentStatus.DRAFT, Document.contact_id != Publication.contact_id)
    live = select(Document.number_text).join(Publication, Publication.document_id == Document.id)
    for number in db.scalars(live.where(Publication.withdrawn_at.is_(None), wrong).limit(MOST_NAMED)):
        yield _("%(numero)s se ve en la intranet y no debería.") % {"numero": number or _("Un borrador")}
    changed = (
        live.join(StoredFile, StoredFile.id == Publication.file_id)
        .where(StoredFile.sha256 != Publication.pdf_sha256)
        .limit(MOST_NAMED)
    )
    for number in db.scalars(changed):
        yield _("El PDF publicado de %(numero)s no es el que se guardó.") % {"numero": number}


def sessions_have_live_access(db: ScopedSession) -> Iterator[str]:
    """Nobody is signed in for a customer to whom his access has ended."""
    ended = (
        select(PortalAccount.email)
        .join(PortalSession, PortalSession.account_id == PortalAccount.id)
        .where(
            PortalSession.ended_at.is_(None),
            PortalSession.contact_id.is_not(None),
            ~select(PortalMembership.id)
            .where(
                PortalMembership.company_id == PortalSession.company_id,
                PortalMembership.account_id == PortalSession.account_id,
                PortalMembership.contact_id == PortalSession.contact_id,
                PortalMembership.ended_at.is_(None),
            )
            .correlate(PortalSession)
            .exists(),
        )
        .limit(MOST_NAMED)
    )
    for email in db.scalars(ended):
        yield _("%(correo)s sigue dentro aunque se le retiró el acceso.") % {"correo": email}


def each_recipient_of_a_batch_has_one_mail(db: ScopedSession) -> Iterator[str]:
    """One notice per account and publication, and as many as the publication said."""
    twice = (
        select(OutgoingMail.recipient, OutgoingMail.batch_id)
        .where(OutgoingMail.batch_id.is_not(None))
        .group_by(OutgoingMail.recipient, OutgoingMail.batch_id)
        .having(func.count() > 1)
        .limit(MOST_NAMED)
    )
    for recipient, batch_id in db.execute(twice):
        yield _("%(correo)s tiene dos avisos de la publicación %(lote)s.") % {"correo": recipient, "lote": batch_id}
    written = dict(
        db.execute(
            select(OutgoingMail.batch_id, func.count())
            .where(OutgoingMail.batch_id.is_not(None), ~OutgoingMail.dedup_key.startswith(READDRESSED))
            .group_by(OutgoingMail.batch_id)
        ).all()
    )
    published = select(Batch).where(Batch.kind == BatchKind.PUBLISH)
    for batch in db.scalars(published.execution_options(yield_per=1000)):
        if (told := batch.figures.get("mails")) is not None and told != written.get(batch.id, 0):
            sentence = _("La publicación %(lote)s dijo %(dichos)s avisos y hay %(hay)s.")
            yield sentence % {"lote": batch.id, "dichos": told, "hay": written.get(batch.id, 0)}


def mails_end(db: ScopedSession) -> Iterator[str]:
    """No mail is forgotten: it is final, on its way, or waiting within its time or for its account."""
    now = clock.now()
    stuck = (OutgoingMail.status == MailStatus.SENDING) & (OutgoingMail.leased_until < now - STUCK_AFTER)
    if many := _count(db, stuck):
        yield _("%(n)s correos llevan demasiado tiempo enviándose.") % {"n": many}
    late = OutgoingMail.status.in_(WAITING) & (OutgoingMail.due_at < now - LATE_AFTER)
    able = (MailAccount.company_id == db.company_id) & is_able(now)
    own = OutgoingMail.account_id.in_(select(MailAccount.id).where(able))
    companys = OutgoingMail.account_id.is_(None) & exists().where(able, MailAccount.user_id.is_(None))
    if many := _count(db, late & or_(own, companys)):
        yield _("%(n)s correos esperan desde hace más de tres días.") % {"n": many}


def audit_chain_verifies(db: ScopedSession) -> Iterator[str]:
    if (position := first_broken(db)) is not None:
        yield _("La auditoría está alterada desde la anotación %(n)s.") % {"n": position}


CHECKS: tuple[Check, ...] = (
    own_numbers_have_no_gaps,
    series_have_their_own_kind,
    dates_follow_numbers,
    figures_of_issued_documents_add_up,
    publications_are_of_issued_documents,
    sessions_have_live_access,
    each_recipient_of_a_batch_has_one_mail,
    mails_end,
    audit_chain_verifies,
)


def _named(db: ScopedSession, wrong: ColumnElement[bool], sentence: str) -> Iterator[str]:
    for number in db.scalars(select(Document.number_text).where(wrong).limit(MOST_NAMED)):
        yield sentence % {"numero": number}


def _sum_of(amount: Any, part: Any) -> Any:
    return (
        select(func.coalesce(func.sum(amount), 0))
        .where(part.company_id == Document.company_id, part.document_id == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )


def _count(db: ScopedSession, wrong: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count()).select_from(OutgoingMail).where(wrong)) or 0
