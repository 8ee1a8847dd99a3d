"""What the office does with mails: send again and cancel."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain.audit import record
from app.domain.mail.outbox import REST, cancel_waiting, mails
from app.domain.mail.senders import leaves_for
from app.scope import ScopedSession
from app.texts import _, plural
from models.enums import MailStatus
from models.mail import ENDED_BADLY

CAN_GO_AGAIN = (*ENDED_BADLY, MailStatus.RETRY)


class RetryMails(Struct, frozen=True, kw_only=True):
    """``sent_too``: also those that have left, because their reader says they never arrived."""

    mail_ids: tuple[int, ...]
    sent_too: bool = False


class CancelMails(Struct, frozen=True, kw_only=True):
    mail_ids: tuple[int, ...]


class Requeued(Struct, frozen=True):
    mails: int

    def __str__(self) -> str:
        if not self.mails:
            return _("Ninguno de esos correos se puede volver a enviar.")
        return plural("El correo vuelve a la cola.", "%(n)s correos vuelven a la cola.", self.mails)


class Cancelled(Struct, frozen=True):
    mails: int

    def __str__(self) -> str:
        if not self.mails:
            return _("Ninguno de esos correos estaba pendiente de envío.")
        return plural("Correo anulado: no se enviará.", "%(n)s correos anulados: no se enviarán.", self.mails)


def retry_mails(db: ScopedSession, command: RetryMails) -> Requeued:
    """Send failed, unconfirmed or waiting mails again, as if they were new; others are left as they are.

    A mail whose secret was erased is written again with a new one; every other leaves with the very bytes it had, if
    there is still a point. Not sooner than a minute after a server asked for patience, and after a doubt only one more
    is allowed. What left from a person's account leaves again from no other, and only by their own will.
    """
    chosen = _chosen(db, command.mail_ids, (*CAN_GO_AGAIN, MailStatus.SENT) if command.sent_too else CAN_GO_AGAIN)
    chosen = chosen.where(leaves_for(db, mails.c.account_id))
    now = clock.now()
    was_erased = sa.and_(mails.c.is_secret, mails.c.finished_at.is_not(None))
    changed = db.connection().execute(
        chosen.values(
            status=MailStatus.QUEUED,
            due_at=sa.case((mails.c.deferred_at > now - REST, now + REST), else_=now),
            give_up_at=None,
            finished_at=None,
            breaks=sa.case((mails.c.breaks > 0, 1), else_=0),
            frozen=sa.case((was_erased, sa.null()), else_=mails.c.frozen),
        )
    )
    return Requeued(_recorded(db, "retry", changed))


def cancel_mails(db: ScopedSession, command: CancelMails) -> Cancelled:
    """Mails that wait never leave; one that is on its way right now does."""
    changed = db.connection().execute(
        cancel_waiting(db.company_id, clock.now()).where(mails.c.id.in_(command.mail_ids))
    )
    return Cancelled(_recorded(db, "cancel", changed))


def _chosen(db: ScopedSession, mail_ids: tuple[int, ...], statuses: tuple[MailStatus, ...]) -> Any:
    return sa.update(mails).where(
        mails.c.company_id == db.company_id, mails.c.id.in_(mail_ids), mails.c.status.in_(statuses)
    )


def _recorded(db: ScopedSession, action: str, changed: Any) -> int:
    count = int(changed.rowcount)
    if count:
        record(db, action, "outgoing_mails", changes={"mails": count})
    return count
