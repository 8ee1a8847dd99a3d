"""What the worker asks of the outbox across companies, and the office of its own: plain selects, no locks.

Companies are found one probe of an index each, however long their queues are.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain.mail.accounts import IN_USE, is_able, mail_accounts
from app.domain.mail.outbox import IS_WAITING, mails
from app.scope import ScopedSession
from models import Company, MailAttempt
from models.enums import MailStatus
from models.mail import ENDED_BADLY, MOVING, WAITING

LONG = dt.timedelta(minutes=20)

companies: Any = Company.__table__


class Queue(Struct, frozen=True, order=True):
    """The mails that leave from one account; the company's own without ``account_id``."""

    company_id: int
    account_id: int | None = None


def due_queues(db: ScopedSession, now: dt.datetime, *, without_account: bool = False) -> list[Queue]:
    """Queues with a mail that is due and an account that is not paused; ``without_account``: with or without one."""
    able = is_able(now)
    of_company = (
        sa.select(1)
        .where(mail_accounts.c.company_id == companies.c.id, mail_accounts.c.user_id.is_(None), able)
        .correlate(companies)
        .exists()
    )
    companys = sa.select(companies.c.id).where(
        _has_due(now, mails.c.company_id == companies.c.id, mails.c.account_id.is_(None)).correlate(companies).exists()
    )
    somebodys = sa.select(mail_accounts.c.company_id, mail_accounts.c.id).where(
        mail_accounts.c.user_id.is_not(None),
        IN_USE,
        _has_due(now, mails.c.company_id == mail_accounts.c.company_id, mails.c.account_id == mail_accounts.c.id)
        .correlate(mail_accounts)
        .exists(),
    )
    if not without_account:
        companys, somebodys = companys.where(of_company), somebodys.where(able)
    # Everybody's mailboxes are few, and one look at each is what it costs.
    return sorted(
        [
            *(Queue(company_id) for company_id in db.scalars(companys)),
            *(Queue(*row) for row in db.execute(somebodys)),
        ],
        key=lambda queue: (queue.company_id, queue.account_id or 0),
    )


def _has_due(now: dt.datetime, *whose: Any) -> Any:
    return sa.select(1).where(*whose, IS_WAITING, mails.c.due_at <= now)


def stale_companies(db: ScopedSession, now: dt.datetime) -> list[int]:
    """Companies with mails whose holder has let the lease run out."""
    stale = sa.select(mails.c.company_id).where(
        sa.text("outgoing_mails.status = 'sending'"), mails.c.leased_until < now
    )
    return sorted(set(db.scalars(stale)))  # told to do that, SQLite would look through every mail there ever was


def due_for_long(db: ScopedSession, now: dt.datetime) -> list[Queue]:
    """Queues with a mail that should have left long ago, whose account says what is wrong."""
    whose = sa.case((mail_accounts.c.user_id.is_not(None), mail_accounts.c.id))
    late = sa.select(1).where(
        mails.c.company_id == mail_accounts.c.company_id,
        mails.c.account_id.is_not_distinct_from(whose),
        IS_WAITING,
        mails.c.due_at < now - LONG,
    )
    troubled = sa.select(mail_accounts.c.company_id, whose).where(mail_accounts.c.last_error != "")
    return [Queue(*row) for row in db.execute(troubled.where(late.correlate(mail_accounts).exists()))]


def waiting_from(db: ScopedSession, account_id: int | None) -> int:
    """How many mails wait to leave from an account, the company's when none; not those meant for later."""
    mine = (mails.c.company_id == db.company_id, mails.c.account_id.is_not_distinct_from(account_id))
    is_held_up = sa.or_(mails.c.status == MailStatus.RETRY, mails.c.due_at <= clock.now())
    return db.scalar(sa.select(sa.func.count()).where(*mine, IS_WAITING, is_held_up)) or 0


class QueueFigures(Struct, frozen=True, kw_only=True):
    """The state of a company's outbox. ``oldest_at``: since when the longest waiting mail has been there."""

    waiting: int
    sending: int
    failed: int
    unknown: int
    oldest_at: dt.datetime | None


def queue_figures(db: ScopedSession) -> QueueFigures:
    """From one index alone; what was sent or cancelled is not even looked at."""
    rows = db.execute(
        sa.select(mails.c.status, sa.func.count(), sa.func.min(mails.c.id))
        .where(mails.c.company_id == db.company_id, mails.c.status.in_((*MOVING, *ENDED_BADLY)))
        .group_by(mails.c.status)
    ).all()
    counts = {status: count for status, count, _ in rows}
    oldest = [first for status, _, first in rows if status in MOVING]
    return QueueFigures(
        waiting=sum(counts.get(status, 0) for status in WAITING),
        sending=counts.get(MailStatus.SENDING, 0),
        failed=counts.get(MailStatus.FAILED, 0),
        unknown=counts.get(MailStatus.UNKNOWN, 0),
        oldest_at=_created_at(db, min(oldest)) if oldest else None,
    )


def _created_at(db: ScopedSession, mail_id: int) -> dt.datetime | None:
    return db.scalar(sa.select(mails.c.created_at).where(mails.c.company_id == db.company_id, mails.c.id == mail_id))


def attempts_of(db: ScopedSession, mail_id: int) -> list[MailAttempt]:
    """Every try of one mail, the first one first."""
    return list(
        db.scalars(
            sa.select(MailAttempt)
            .where(MailAttempt.company_id == db.company_id, MailAttempt.mail_id == mail_id)
            .order_by(MailAttempt.id)
        )
    )


def due_since(db: ScopedSession, *, of_company: bool = False) -> dt.datetime | None:
    """When the first of the mails that have not left should have; none when nothing waits.

    ``of_company``: of those that leave from the company's own account.
    """
    whose = (mails.c.account_id.is_(None),) if of_company else ()
    return db.scalar(
        sa.select(sa.func.min(mails.c.due_at)).where(mails.c.company_id == db.company_id, IS_WAITING, *whose)
    )
