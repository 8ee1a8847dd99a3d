"""The outbox: every mail to every recipient, with what the servers said."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Struct

from app.api.endpoint import Call, Page, Paged, reading, writing
from app.api.fields import Body, Email, Flag, Id, one_of
from app.api.paging import page_of, place_of
from app.api.spelling import Ref, maybe_ref, ref
from app.domain.mail.outbox import mails
from app.domain.mail.replies import explain, explain_report
from app.domain.mail.resending import CancelMails, RetryMails, cancel_mails, retry_mails
from app.domain.queries.batches import batch_id_of, mails_of
from app.domain.queries.mail_replies import copy_of, is_reported, last_reports
from app.domain.queries.outbox import attempts_of
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models.enums import ApiScope, CopyStatus, MailKind, MailStatus, ReportKind

TAG = ("mails", "Correos enviados y pendientes")


class MailReport(Struct, kw_only=True):
    """What came back: ``reply`` in the reporter's own words, ``says`` as a sentence. ``code`` is of RFC 3463."""

    kind: ReportKind
    reported_at: dt.datetime
    code: str
    reply: str
    says: str


class MailCopy(Struct, kw_only=True):
    """The copy in the account's own folder. ``error`` is what was in the way the last time."""

    status: CopyStatus
    folder: str
    finished_at: dt.datetime | None
    error: str


class MailSummary(Struct, kw_only=True):
    """A mail to one recipient. ``last_reply`` is what the server said last, word for word.

    ``report`` is what came back last since it was sent, if anything did.
    """

    id: Ref
    kind: MailKind
    status: MailStatus
    recipient: str
    recipient_name: str
    subject: str
    contact_id: Ref | None
    batch_id: Ref | None
    document_id: Ref | None
    attempts: int
    last_reply: str
    created_at: dt.datetime
    due_at: dt.datetime
    finished_at: dt.datetime | None
    report: MailReport | None


class MailTry(Struct, kw_only=True):
    """One try. ``says`` is the reply as a sentence."""

    at: dt.datetime
    status: MailStatus
    verb: str
    reply: str
    says: str


class MailDetail(MailSummary, kw_only=True):
    message_id: str | None
    tries: list[MailTry]
    copy: MailCopy | None


class MailQuery(Paged):
    status: Annotated[MailStatus, one_of(MailStatus)] | None = None
    kind: Annotated[MailKind, one_of(MailKind)] | None = None
    report: Annotated[ReportKind, one_of(ReportKind)] | None = None
    recipient: Email | None = None
    contact_id: Id | None = None
    batch_id: Id | None = None
    document_id: Id | None = None


class Again(Body):
    """``sent_too``: also one that has left, because its reader says that it never arrived."""

    sent_too: Flag = False


class NothingToDo(Refusal):
    code = "nothing_to_do"


_NAMES = ("kind", "status", "recipient", "recipient_name", "subject", "attempts", "last_reply", "created_at", "due_at")
_COLUMNS = (*_NAMES, "id", "contact_id", "document_id", "account_id", "finished_at", "message_id")
_PAGE: Any = sa.select(*(mails.c[name] for name in _COLUMNS), batch_id_of().label("batch_id"))


@reading(
    "/mails",
    summary="Los correos, el último primero",
    scope=ApiScope.READ,
    query=MailQuery,
    answer=Page[MailSummary],
    sparse=MailSummary,
)
def index(db: ScopedSession, call: Call) -> Page[MailSummary]:
    asked: MailQuery = call.query
    page = _PAGE.where(mails.c.company_id == db.company_id)
    for name in ("status", "kind", "recipient", "contact_id", "document_id"):
        if (value := getattr(asked, name)) is not None:
            page = page.where(mails.c[name] == value)
    if asked.report is not None:
        page = page.where(is_reported(asked.report))
    if asked.batch_id is not None:
        page = page.where(mails_of(db.company_id, asked.batch_id))
    if (after := place_of(asked.cursor, int)) is not None:
        page = page.where(mails.c.id < after[0])
    found = db.connection().execute(page.order_by(mails.c.id.desc()).limit(asked.limit + 1)).all()
    facts = _facts_of(db, found)
    return page_of(found, asked.limit, lambda row: (row.id,), lambda row: MailSummary(**facts[row.id]))


@reading(
    "/mails/{id}",
    summary="Un correo, con cada intento y lo que dijo el servidor",
    scope=ApiScope.READ,
    answer=MailDetail,
    sparse=MailDetail,
)
def show(db: ScopedSession, call: Call) -> MailDetail:
    return _detail(db, call.id(_("ese correo")))


@writing(
    "POST",
    "/mails/{id}/retry",
    summary="Vuelve a ponerlo en la cola",
    scope=ApiScope.MAIL,
    body=Again,
    may_be_empty=True,
    answer=MailDetail,
)
def retry(db: ScopedSession, call: Call) -> MailDetail:
    mail_id = call.id(_("ese correo"))
    _detail(db, mail_id)
    return _after(db, mail_id, retry_mails(db, RetryMails(mail_ids=(mail_id,), sent_too=call.body.sent_too)))


@writing(
    "POST",
    "/mails/{id}/cancel",
    summary="No se envía, si todavía esperaba",
    scope=ApiScope.MAIL,
    answer=MailDetail,
)
def cancel(db: ScopedSession, call: Call) -> MailDetail:
    mail_id = call.id(_("ese correo"))
    _detail(db, mail_id)
    return _after(db, mail_id, cancel_mails(db, CancelMails(mail_ids=(mail_id,))))


def _after(db: ScopedSession, mail_id: int, result: Any) -> MailDetail:
    """Raises ``NothingToDo`` when it could not be done to that mail."""
    if not result.mails:
        raise NothingToDo(str(result))
    return _detail(db, mail_id)


def _detail(db: ScopedSession, mail_id: int) -> MailDetail:
    mine = (mails.c.company_id == db.company_id, mails.c.id == mail_id)
    row = db.connection().execute(_PAGE.where(*mine)).first()
    if row is None:
        raise NotFound(_("ese correo"))
    tries = [
        MailTry(at=one.created_at, status=one.status, verb=one.verb, reply=one.reply, says=explain(one.reply))
        for one in attempts_of(db, mail_id)
    ]
    return MailDetail(**_facts_of(db, [row])[mail_id], message_id=row.message_id, tries=tries, copy=_copy(db, row))


def _copy(db: ScopedSession, row: Any) -> MailCopy | None:
    copy = copy_of(db, row)
    if copy is None:
        return None
    return MailCopy(status=copy.status, folder=copy.folder, finished_at=copy.finished_at, error=copy.last_error)


def _facts_of(db: ScopedSession, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """By mail."""
    known = last_reports(db, [row.id for row in rows])
    return {row.id: _facts(row, known.get(row.id)) for row in rows}


def _facts(row: Any, report: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES} | {
        "id": ref(row.id),
        "contact_id": maybe_ref(row.contact_id),
        "batch_id": maybe_ref(row.batch_id),
        "document_id": maybe_ref(row.document_id),
        "finished_at": row.finished_at,
        "report": _report(report) if report is not None else None,
    }


def _report(report: Any) -> MailReport:
    return MailReport(
        kind=report.kind,
        reported_at=report.reported_at,
        code=report.code,
        reply=report.says,
        says=explain_report(report.kind, report.code),
    )


endpoints = (index, show, retry, cancel)
