"""The outbox: which mails may leave, who holds them, and how they come back when their holder dies.

A worker claims a group of mails of one company in one short transaction: status ``sending``, its claim, a lease, and
for mails written for the first time their frozen bytes. It delivers them in the order of their ids and records each
result before it begins the next (``delivering``). So of a claim whose lease ran out only the first mail without a
result can have been delivered unnoticed: that one counts a break, the others go back untouched. Whoever lost a claim
can record nothing under it and stops.

Moments passed in are those of the database's clock, which all workers share.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, TextClause, Update

from app.domain.folding import fold
from app.domain.mail.secrets import Secret, keep_secrets
from app.domain.telling import tell
from app.scope import ScopedSession
from app.texts import _
from models import MailAttempt, OutgoingMail
from models.enums import MailKind, MailStatus, WebhookEvent
from models.mail import ENDED_BADLY, WAITING

GROUP = 50
MOST_BREAKS = 2
REST = dt.timedelta(minutes=1)
"""Nobody writes to a recipient within this time of a server's *later*."""

mails: Any = OutgoingMail.__table__
attempts: Any = MailAttempt.__table__

# ``WAITING`` as a literal, like the next: a partial index only serves a query that says the same.
IS_WAITING = sa.text("outgoing_mails.status IN ('queued', 'retry')")
URGENT = sa.text("outgoing_mails.kind <> 'notice'")

KEPT = sa.case((mails.c.is_secret, sa.null()), else_=mails.c.frozen)
"""Of the bytes of a mail that ends before it has left: all of them, but none with a secret."""


class DueMail(Struct, frozen=True, kw_only=True):
    """A mail that may leave, as it was when seen. ``frozen``: it was tried before and leaves with these bytes.

    Those of a dispatch are read with it, once for all its mails (``queries.dispatches``).
    """

    id: int
    kind: MailKind
    recipient: str
    recipient_name: str = ""
    language: str = "es"
    portal_account_id: int | None = None
    batch_id: int | None = None
    dispatch_id: int | None = None
    facts: dict[str, Any] | None = None
    is_secret: bool = False
    attempts: int = 0
    breaks: int = 0
    give_up_at: dt.datetime | None = None
    message_id: str | None = None
    frozen: bytes | None = None


class WrittenMail(Struct, frozen=True, kw_only=True):
    """A due mail with the bytes to hand over.

    ``stored`` is what freezing keeps of a mail written for the first time: the same bytes, sealed if they carry a
    secret. ``is_telling``: when it has left, its reader has been told how to enter.
    """

    mail: DueMail
    content: bytes
    message_id: str
    subject: str = ""
    stored: bytes | None = None
    is_secret: bool = False
    is_telling: bool = False
    give_up_at: dt.datetime | None = None
    secret: Secret | None = None


class ClaimMails(Struct, frozen=True, kw_only=True):
    claim: str
    now: dt.datetime
    lease: dt.timedelta
    written: Sequence[WrittenMail]


class SetAside(Struct, frozen=True):
    """A mail that will not leave: failed or cancelled, and why."""

    mail_id: int
    status: MailStatus
    reason: str


class Released(Struct, frozen=True):
    """What came back from holders that died: ``doubtful`` mails may have been delivered, ``waiting`` ones were not."""

    doubtful: int = 0
    waiting: int = 0


def next_mails(
    db: ScopedSession, now: dt.datetime, limit: int = GROUP, *, account_id: int | None = None
) -> list[DueMail]:
    """Due mails of one account of the session's company, the longest due first; those that somebody waits for, if any.

    Without ``account_id``, those that leave from the company's own.
    """
    asked = {"of_company": db.company_id, "now": now, "not_since": now - REST, "most": limit}
    urgent, all_ = (_NEXT_URGENT, _NEXT) if account_id is None else (_NEXT_URGENT_OF, _NEXT_OF)
    if account_id is not None:
        asked["of_account"] = account_id
    rows = db.connection().execute(urgent, asked).all() or db.connection().execute(all_, asked)
    return [DueMail(**row._mapping) for row in rows]


_SEEN: dict[str, Any] = {"frozen": sa.case((mails.c.dispatch_id.is_(None), mails.c.frozen)).label("frozen")}


def _next(whose: ColumnElement[bool], *narrower: TextClause) -> Any:
    resting = mails.alias("resting")
    rests = sa.select(resting.c.recipient).where(
        resting.c.company_id == sa.bindparam("of_company"),
        resting.c.status == sa.literal(MailStatus.RETRY, mails.c.status.type),
        resting.c.deferred_at > sa.bindparam("not_since"),
    )
    return (
        sa.select(*(_SEEN.get(name, mails.c[name]) for name in DueMail.__struct_fields__))
        .where(
            mails.c.company_id == sa.bindparam("of_company"),
            IS_WAITING,
            whose,
            *narrower,
            mails.c.due_at <= sa.bindparam("now"),
            mails.c.recipient.not_in(rests),
        )
        .order_by(mails.c.due_at, mails.c.id)
        .limit(sa.bindparam("most"))
    )


_COMPANYS, _SOMEBODYS = mails.c.account_id.is_(None), mails.c.account_id == sa.bindparam("of_account")
_NEXT, _NEXT_URGENT = _next(_COMPANYS), _next(_COMPANYS, URGENT)
_NEXT_OF, _NEXT_URGENT_OF = _next(_SOMEBODYS), _next(_SOMEBODYS, URGENT)


def claim_mails(db: ScopedSession, command: ClaimMails) -> list[WrittenMail]:
    """Take those that are still as they were seen, in the order of their ids, and freeze what was written anew.

    Left out, to be seen again: mails that another worker holds or has tried meanwhile, that somebody cancelled, and
    those whose secret came too late because the account changed.
    """
    held = _still_as_seen(db, command)
    too_late = keep_secrets(db, (written.secret for written in held if written.secret), command.now)
    held = [written for written in held if not (written.secret and written.secret.account_id in too_late)]
    until = command.now + command.lease
    if known := [_taken(db, written, command.claim, until) for written in held if written.stored is None]:
        db.connection().execute(_TAKE, known)
    if new := [_frozen(db, written, command.claim, until) for written in held if written.stored is not None]:
        db.connection().execute(_FREEZE, new)
    return held


def _still_as_seen(db: ScopedSession, command: ClaimMails) -> list[WrittenMail]:
    seen = {written.mail.id: written for written in command.written}
    rows = db.connection().execute(
        sa.select(mails.c.id, mails.c.attempts, mails.c.breaks, mails.c.message_id)
        .where(mails.c.company_id == db.company_id, mails.c.id.in_(seen), IS_WAITING, mails.c.due_at <= command.now)
        .order_by(mails.c.id)
        .with_for_update(skip_locked=True)
    )
    return [
        seen[row.id]
        for row in rows
        if (row.attempts, row.breaks, row.message_id)
        == (seen[row.id].mail.attempts, seen[row.id].mail.breaks, seen[row.id].mail.message_id)
    ]


def _claiming(*names: str) -> Any:
    return (
        sa.update(mails)
        .where(mails.c.company_id == sa.bindparam("of_company"), mails.c.id == sa.bindparam("of_mail"))
        .values(
            status=MailStatus.SENDING,
            **{name: sa.bindparam(name) for name in ("claim", "leased_until", "give_up_at", *names)},
        )
    )


_TAKE, _FREEZE = _claiming(), _claiming("frozen", "message_id", "subject", "search_key", "is_secret")


def _taken(db: ScopedSession, written: WrittenMail, claim: str, until: dt.datetime) -> dict[str, Any]:
    return {
        "of_company": db.company_id,
        "of_mail": written.mail.id,
        "claim": claim,
        "leased_until": until,
        "give_up_at": written.give_up_at,
    }


def _frozen(db: ScopedSession, written: WrittenMail, claim: str, until: dt.datetime) -> dict[str, Any]:
    return _taken(db, written, claim, until) | frozen_values(written)


def frozen_values(written: WrittenMail) -> dict[str, Any]:
    """What is kept of a mail that was written for the first time."""
    return {
        "frozen": written.stored,
        "message_id": written.message_id,
        "subject": written.subject,
        "search_key": fold(written.subject),
        "is_secret": written.is_secret,
    }


def held_by(db: ScopedSession, claim: str) -> Update:
    """What is left of a claim: mails without a result under it. To be narrowed, and told what to change."""
    return _of_company(db, mails.c.claim == claim, mails.c.status == MailStatus.SENDING)


def extend_lease(db: ScopedSession, claim: str, until: dt.datetime) -> bool:
    """Hold on to what is left of a claim; whether anything is."""
    return bool(db.connection().execute(held_by(db, claim).values(leased_until=until)).rowcount)


def give_back(db: ScopedSession, claim: str) -> int:
    """Put back, untouched, what is left of a claim of which nothing is on its way. How many mails."""
    return int(db.connection().execute(held_by(db, claim).values(_WAITING_AGAIN)).rowcount)


def release_stale(db: ScopedSession, now: dt.datetime) -> Released:
    """Take back the claims of the session's company whose lease has run out.

    Waits for whoever is recording a result of such a claim at this moment: what is then still without a result is what
    counts. A mail in doubt goes out once more, the same bytes; in doubt a second time it is left to the office.
    """
    stale = (mails.c.company_id == db.company_id, mails.c.status == MailStatus.SENDING, mails.c.leased_until < now)
    columns = (mails.c.id, mails.c.claim, mails.c.breaks)
    rows = db.connection().execute(sa.select(*columns).where(*stale).order_by(mails.c.id).with_for_update()).all()
    first: dict[str | None, Any] = {}
    for row in rows:
        first.setdefault(row.claim, row)
    if others := [row.id for row in rows if row is not first[row.claim]]:
        db.connection().execute(_of_company(db, mails.c.id.in_(others)).values(_WAITING_AGAIN))
    for row in first.values():
        _count_break(db, row.id, row.breaks + 1, now)
    return Released(doubtful=len(first), waiting=len(others))


def _count_break(db: ScopedSession, mail_id: int, breaks: int, now: dt.datetime) -> None:
    is_over = breaks >= MOST_BREAKS
    status = MailStatus.UNKNOWN if is_over else MailStatus.RETRY
    reply = _("Quien lo enviaba dejó de responder: no se sabe si llegó a salir.")
    over = {"finished_at": now, "frozen": KEPT}
    db.connection().execute(
        _of_company(db, mails.c.id == mail_id).values(
            status=status,
            claim=None,
            leased_until=None,
            attempts=mails.c.attempts + 1,
            breaks=breaks,
            last_reply=reply,
            **over if is_over else {},
        )
    )
    _note_attempt(db, mail_id, status, reply, now)
    tell_ended(db, mail_id, status)


def set_aside(db: ScopedSession, aside: SetAside, now: dt.datetime, *, claim: str | None = None) -> None:
    """End a mail that cannot be written, and say why. One that somebody took meanwhile is left alone.

    With a ``claim``, one that is held by it.
    """
    meant = _of_company(db, IS_WAITING) if claim is None else held_by(db, claim)
    ended = meant.where(mails.c.id == aside.mail_id).values(
        status=aside.status,
        last_reply=aside.reason,
        finished_at=now,
        claim=None,
        leased_until=None,
        attempts=mails.c.attempts + 1,
        frozen=KEPT,
    )
    if db.connection().execute(ended).rowcount:
        _note_attempt(db, aside.mail_id, aside.status, aside.reason, now)
        tell_ended(db, aside.mail_id, aside.status)


def cancel_waiting(company_id: int, now: dt.datetime, reason: str | None = None) -> Update:
    """Mails that wait to leave never do; one that a worker already holds goes its way. To be narrowed by the caller.

    Without a ``reason`` they go on saying what was last said of them.
    """
    said = {} if reason is None else {"last_reply": reason}
    waiting = sa.update(mails).where(mails.c.company_id == company_id, mails.c.status.in_(WAITING))
    return waiting.values(status=MailStatus.CANCELLED, finished_at=now, frozen=KEPT, **said)


def tell_ended(db: ScopedSession, mail_id: int, status: MailStatus) -> None:
    """For programs that listen: it has left, or will not. What may still change is told once it has."""
    if status is MailStatus.SENT:
        tell(db, WebhookEvent.MAIL_SENT, "mail", mail_id)
    elif status in ENDED_BADLY:
        tell(db, WebhookEvent.MAIL_FAILED, "mail", mail_id, status=status.value)


def _note_attempt(db: ScopedSession, mail_id: int, status: MailStatus, reply: str, now: dt.datetime) -> None:
    row = {"company_id": db.company_id, "mail_id": mail_id, "status": status, "created_at": now}
    db.connection().execute(sa.insert(attempts), row | {"verb": "", "reply": reply})


def _of_company(db: ScopedSession, *conditions: ColumnElement[bool] | TextClause) -> Update:
    return sa.update(mails).where(mails.c.company_id == db.company_id, *conditions)


_IS_UNTRIED = sa.and_(mails.c.attempts == 0, mails.c.breaks == 0)
_WAITING_AGAIN: dict[Any, Any] = {
    mails.c.status: sa.case((_IS_UNTRIED, sa.literal(MailStatus.QUEUED, mails.c.status.type)), else_=MailStatus.RETRY),
    mails.c.claim: None,
    mails.c.leased_until: None,
}
