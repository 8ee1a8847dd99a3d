"""What the worker asks of mailboxes across companies: plain selects, no locks."""

import datetime as dt

import sqlalchemy as sa
from msgspec import Struct

from app.domain.mail.accounts import mail_accounts
from app.domain.mail.keeping_copies import COPY_WAITS, copies
from app.domain.mail.mailbox_rights import is_free
from app.scope import ScopedSession


class WaitingMailbox(Struct, frozen=True, order=True):
    company_id: int
    account_id: int


def waiting_mailboxes(db: ScopedSession, now: dt.datetime) -> list[WaitingMailbox]:
    """Accounts with a copy to store or an inbox to read, that nobody is at and that are not paused."""
    has_copy = (
        sa.select(1)
        .where(
            copies.c.company_id == mail_accounts.c.company_id,
            copies.c.account_id == mail_accounts.c.id,
            COPY_WAITS,
            copies.c.due_at <= now,
        )
        .correlate(mail_accounts)
        .exists()
    )
    found = sa.select(mail_accounts.c.company_id, mail_accounts.c.id).where(
        is_free(now),
        sa.or_(
            mail_accounts.c.inbox_due_at.is_(None), mail_accounts.c.inbox_due_at <= now,
            sa.and_(mail_accounts.c.sent_folder != "", has_copy),
        ),
    )  # fmt: skip
    return sorted(WaitingMailbox(*row) for row in db.execute(found))
