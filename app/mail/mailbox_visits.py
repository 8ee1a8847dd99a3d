"""A worker's visit to one account's mailbox: copies of what was sent go in, what came back is read."""

import datetime as dt
import logging
from collections.abc import Callable
from threading import Event

from app.adapters.imap.mailbox import open_mailbox
from app.adapters.opening import CredentialsRefused
from app.domain.mail.mailbox_rights import leave_mailbox, leave_refused, leave_unreachable
from app.domain.queries.mailboxes import WaitingMailbox
from app.errors import AdapterError
from app.installation import Installation
from app.mail.credentials import doubt_token, imap_account_of
from app.mail.inbox import read_inbox
from app.mail.sent_copies import store_copies
from app.mail.visit import LEASE, Visit
from models import MailAccount

log = logging.getLogger(__name__)


def visit_mailbox(
    installation: Installation,
    where: WaitingMailbox,
    stop: Event,
    *,
    clock: Callable[[], dt.datetime],
    lease: dt.timedelta = LEASE,
) -> None:
    """Store the copies that are due and read the inbox if it is time, unless somebody else is there."""
    visit = Visit(installation, where, stop, clock=clock, lease=lease)
    if not visit.may_begin():
        return
    account = visit.read(lambda db: db.get_one(MailAccount, where.account_id))
    try:
        _go_there(visit, account)
    except CredentialsRefused as refused:
        log.warning("company %s: the mailbox refuses user or password", where.company_id)
        why = _doubted(installation, account, refused)
        visit.end(leave_refused, str(why), clock(), why.fault)
    except AdapterError as error:
        log.warning("company %s: the mailbox does not serve: %s", where.company_id, error)
        visit.end(leave_unreachable, str(error), clock(), error.fault)
    else:
        visit.end(leave_mailbox)


def _doubted(installation: Installation, account: MailAccount, refused: AdapterError) -> AdapterError:
    """A token that is refused may be one that its provider takes no longer."""
    try:
        doubt_token(installation, account)
    except AdapterError as error:
        return error
    return refused


def _go_there(visit: Visit, account: MailAccount) -> None:
    settings = visit.installation.settings
    try:
        way = imap_account_of(visit.installation, account)
    except AdapterError as error:
        if error.permanent:  # the password cannot be opened, or the consent has ended: only people can help
            raise CredentialsRefused(str(error), error.fault) from error
        raise
    with open_mailbox(way, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file) as mailbox:
        if account.sent_folder:
            store_copies(visit, mailbox, account.sent_folder)
        if account.inbox_due_at is None or account.inbox_due_at <= visit.clock():
            read_inbox(visit, mailbox, account)
