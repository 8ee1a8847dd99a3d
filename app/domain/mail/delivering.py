"""What becomes of a mail after a try: sent, later, never, in doubt. Each result has a transaction of its own.

A result counts only under the claim that is still held. Failures are a table of waits, not a formula.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.access_tables import portal_accounts
from app.domain.mail.accounts import Standing, account_of, standing_of
from app.domain.mail.bounces import note_refusal
from app.domain.mail.keeping_copies import note_copy
from app.domain.mail.outbox import (
    IS_WAITING,
    MOST_BREAKS,
    REST,
    DueMail,
    SetAside,
    WrittenMail,
    attempts,
    mails,
    set_aside,
    tell_ended,
)
from app.domain.mail.replies import blames_address
from app.domain.mail.secrets import LIFE
from app.scope import ScopedSession
from models.enums import MailKind, MailStatus, TokenPurpose

WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 360))
"""After the first *later*, the second, …; the last one from then on."""

PATIENCE = dt.timedelta(hours=48)
RECOVERY_PATIENCE = dt.timedelta(minutes=20)
"""Its link lives half an hour: what arrives on the last try must still be of use."""


class Answer(StrEnum):
    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    DOUBT = "doubt"


class Outcome(Struct, frozen=True, kw_only=True):
    """How one try ended, at which verb of the conversation, in the server's words."""

    answer: Answer
    verb: str = ""
    reply: str = ""


class NextState(Struct, frozen=True):
    status: MailStatus
    due_at: dt.datetime | None = None


class RecordOutcome(Struct, frozen=True, kw_only=True):
    """``shown`` replaces the frozen bytes of a mail with a secret when it ends: what may still be seen of it.

    ``account_id`` is the account it leaves from, if any, and ``keeps_copy`` whether that stores what it sends.
    """

    written: WrittenMail
    claim: str
    outcome: Outcome
    now: dt.datetime
    shown: bytes | None = None
    account_id: int | None = None
    keeps_copy: bool = False


def next_state_of(mail: DueMail, give_up_at: dt.datetime | None, outcome: Outcome, now: dt.datetime) -> NextState:
    if outcome.answer is Answer.TAKEN:
        return NextState(MailStatus.SENT)
    if outcome.answer is Answer.NEVER:
        return NextState(MailStatus.FAILED)
    if outcome.answer is Answer.DOUBT:
        is_over = mail.breaks + 1 >= MOST_BREAKS
        return NextState(MailStatus.UNKNOWN) if is_over else NextState(MailStatus.RETRY, now + REST)
    if give_up_at is not None and now >= give_up_at:
        return NextState(MailStatus.FAILED)
    due_at = now + WAITS[min(mail.attempts, len(WAITS) - 1)]
    # The last try comes when patience ends, not an hour after.
    return NextState(MailStatus.RETRY, max(min(due_at, give_up_at), now + REST) if give_up_at else due_at)


def patience_ends_at(kind: MailKind, now: dt.datetime) -> dt.datetime:
    """When to stop trying a mail that is written now."""
    return now + (RECOVERY_PATIENCE if kind is MailKind.RECOVERY else PATIENCE)


def has_dead_link(mail: DueMail, now: dt.datetime) -> bool:
    """The link it carries has expired while it waited, and it never was on its way: better written again."""
    if mail.frozen is None or not mail.is_secret or mail.breaks or mail.give_up_at is None:
        return False
    if mail.kind is MailKind.RECOVERY:
        return now >= mail.give_up_at - RECOVERY_PATIENCE + LIFE[TokenPurpose.RECOVER]
    return now >= mail.give_up_at - PATIENCE + LIFE[TokenPurpose.ACTIVATE]


def record_outcome(db: ScopedSession, command: RecordOutcome) -> bool:
    """Write down how a try ended; False, with nothing written, when the claim has been lost."""
    mail, outcome, now = command.written.mail, command.outcome, command.now
    after = next_state_of(mail, command.written.give_up_at, outcome, now)
    row = {
        "of_company": db.company_id,
        "of_mail": mail.id,
        "of_claim": command.claim,
        "status": after.status,
        "attempts": mail.attempts + 1,
        "breaks": mail.breaks + (outcome.answer is Answer.DOUBT),
        "last_reply": outcome.reply,
        "deferred_at": now if outcome.answer is Answer.LATER else None,
        "finished_at": now if after.due_at is None else None,
        "verb": outcome.verb,
        "now": now,
    }
    if after.due_at is not None:
        recorded = _WAITS_AGAIN.execute(db, row | {"due_at": after.due_at})
    elif command.written.is_secret:
        recorded = _ENDS_MASKED.execute(db, row | {"frozen": command.shown})
    else:
        recorded = _ENDS.execute(db, row)
    if recorded:
        _tell_portal_account(db, command)
        _follow_up(db, command)
        tell_ended(db, mail.id, after.status)
    return recorded


class _Recording:
    """The mail's new state, if the claim is still held, and with it the try: one statement where the database can."""

    def __init__(self, *more: str) -> None:
        names = ("status", "attempts", "breaks", "last_reply", "deferred_at", "finished_at", *more)
        self._update = (
            sa.update(mails)
            .where(
                mails.c.company_id == sa.bindparam("of_company"),
                mails.c.id == sa.bindparam("of_mail"),
                mails.c.claim == sa.bindparam("of_claim"),
                mails.c.status == sa.literal(MailStatus.SENDING, mails.c.status.type),
            )
            .values(claim=None, leased_until=None, **{name: sa.bindparam(name) for name in names})
        )
        done = self._update.returning(mails.c.company_id, mails.c.id, mails.c.status, mails.c.last_reply).cte("done")
        attempt = sa.select(
            *done.c,
            sa.bindparam("verb", type_=attempts.c.verb.type),
            sa.bindparam("now", type_=attempts.c.created_at.type),
        )
        columns = ["company_id", "mail_id", "status", "reply", "verb", "created_at"]
        self._both = sa.insert(attempts).from_select(columns, attempt).returning(attempts.c.id)

    def execute(self, db: ScopedSession, row: dict[str, Any]) -> bool:
        connection = db.connection()
        if connection.dialect.name == "postgresql":
            return connection.execute(self._both, row).first() is not None
        known = {"verb", "now"}
        if not connection.execute(self._update, {name: row[name] for name in row if name not in known}).rowcount:
            return False
        connection.execute(_NOTE, row)
        return True


_ENDS, _ENDS_MASKED, _WAITS_AGAIN = _Recording(), _Recording("frozen"), _Recording("due_at")
_NOTE = sa.insert(attempts).values(
    company_id=sa.bindparam("of_company"),
    mail_id=sa.bindparam("of_mail"),
    status=sa.bindparam("status"),
    reply=sa.bindparam("last_reply"),
    verb=sa.bindparam("verb"),
    created_at=sa.bindparam("now"),
)


def give_up_unreachable(db: ScopedSession, now: dt.datetime, account_id: int | None = None, most: int = 500) -> int:
    """Fail the mails of an account, the company's when none, that waited their time for a server that does not answer.

    A queue behind a refused password waits for somebody to change it, however long.
    """
    account = account_of(db, account_id)
    if standing_of(account) is not Standing.UNREACHABLE or account is None:
        return 0
    too_long = sa.or_(mails.c.give_up_at < now, sa.and_(mails.c.give_up_at.is_(None), mails.c.due_at < now - PATIENCE))
    waiting = sa.select(mails.c.id).where(
        mails.c.company_id == db.company_id,
        mails.c.account_id == account_id,
        IS_WAITING,
        mails.c.due_at <= now,
        too_long,
    )
    ids = list(db.connection().execute(waiting.limit(most).with_for_update(skip_locked=True)).scalars())
    for mail_id in ids:
        set_aside(db, SetAside(mail_id, MailStatus.FAILED, account.last_error), now)
    return len(ids)


def _tell_portal_account(db: ScopedSession, command: RecordOutcome) -> None:
    """An account knows since when its person has been told how to enter, and that its address takes no mail."""
    written, outcome, now = command.written, command.outcome, command.now
    portal_account_id = written.mail.portal_account_id
    bounced = outcome.answer is Answer.NEVER and blames_address(outcome.reply)
    if portal_account_id is None or not (bounced or (written.is_telling and outcome.answer is Answer.TAKEN)):
        return
    statement = _BOUNCED if bounced else _TOLD
    db.connection().execute(
        statement, {"of_company": db.company_id, "of_portal_account": portal_account_id, "now": now}
    )


def _follow_up(db: ScopedSession, command: RecordOutcome) -> None:
    """A copy to store of what was taken; a mark on an address that a server says nobody has."""
    mail_id, outcome, now = command.written.mail.id, command.outcome, command.now
    if command.account_id is None:
        return
    if outcome.answer is Answer.TAKEN and command.keeps_copy:
        note_copy(db, mail_id, command.account_id, command.written.message_id, now)
    if outcome.answer is Answer.NEVER and blames_address(outcome.reply):
        note_refusal(db, mail_id, outcome.reply, now)


_PORTAL_ACCOUNT = sa.update(portal_accounts).where(
    portal_accounts.c.company_id == sa.bindparam("of_company"),
    portal_accounts.c.id == sa.bindparam("of_portal_account"),
)
_BOUNCED = _PORTAL_ACCOUNT.values(bounced_at=sa.bindparam("now"))
_TOLD = _PORTAL_ACCOUNT.values(told_at=sa.bindparam("now"), bounced_at=None)
