"""Storing copies of sent mails in an open mailbox, one after the other, each recorded before the next begins."""

import datetime as dt
import logging

from app.adapters.imap.mailbox import Mailbox
from app.adapters.link import LinkLost
from app.domain.mail.keeping_copies import (
    OWN_COPY_WAITS,
    DueCopy,
    content_of,
    due_copies,
    record_kept,
    record_not_kept,
    record_not_there_yet,
)
from app.errors import AdapterError
from app.mail.visit import Visit
from app.texts import _
from models.enums import CopyStatus

log = logging.getLogger(__name__)

AT_ONCE = 20
MOST = 10
"""Groups of one visit: others wait too."""
AROUND = dt.timedelta(days=2)
"""A server counts days in its own zone, and may have taken its time."""


def store_copies(visit: Visit, mailbox: Mailbox, folder: str) -> None:
    """Until none is due, there have been many, or the right to be there is lost. Raises ``LinkLost``."""
    for _group in range(MOST):
        due = visit.read(lambda db: due_copies(db, visit.account_id, visit.clock(), AT_ONCE))
        if not due:
            return
        for copy in due:
            if not visit.may_go_on():
                return
            _store(visit, mailbox, folder, copy)


def _store(visit: Visit, mailbox: Mailbox, folder: str, copy: DueCopy) -> None:
    try:
        if mailbox.holds(folder, copy.message_id, (copy.created_at - AROUND).date()):
            return visit.run(lambda db: record_kept(db, copy, CopyStatus.FOUND, folder, visit.clock()))
        if mailbox.keeps_own_copies and copy.attempts < len(OWN_COPY_WAITS):
            return visit.run(lambda db: record_not_there_yet(db, copy, visit.clock()))
        content = visit.read(lambda db: content_of(db, copy))
        if content is None:
            reason = _("El correo se ha vuelto a escribir desde entonces.")
            return visit.run(lambda db: record_not_kept(db, copy, reason, visit.clock(), is_final=True))
        mailbox.append(folder, content.octets, content.sent_at)
        visit.run(lambda db: record_kept(db, copy, CopyStatus.STORED, folder, visit.clock()))
    except AdapterError as error:
        log.warning("mail %s: its copy could not be stored: %s", copy.mail_id, error)
        reason, is_final = str(error), error.permanent
        visit.run(lambda db: record_not_kept(db, copy, reason, visit.clock(), is_final=is_final))
        if isinstance(error, LinkLost):
            raise
