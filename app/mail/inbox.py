"""Reading what came back to an account's inbox, from where the last reading ended. The inbox stays as it is."""

import datetime as dt
import logging

from sqlalchemy.exc import DataError

from app.adapters.imap.mailbox import Arrived, InboxState, Mailbox
from app.adapters.letters.reports import MOST_OCTETS, is_report, read_report
from app.domain.mail.bounces import TakeReport, take_report
from app.domain.mail.mailbox_rights import note_inbox_read
from app.errors import MISTAKES
from app.mail.visit import Visit
from models import MailAccount

log = logging.getLogger(__name__)

EVERY = dt.timedelta(minutes=5)
MOST = 500
LOOKS_BACK = dt.timedelta(days=7)
"""Into an inbox never read before, or numbered anew."""


def read_inbox(visit: Visit, mailbox: Mailbox, account: MailAccount) -> None:
    """Keep the reports among what arrived; what is left of a great many is read next time. Raises ``AdapterError``."""
    state = mailbox.inbox()
    is_known = account.inbox_validity == state.validity
    after = account.inbox_uid if is_known else 0
    since = None if is_known else (visit.clock() - LOOKS_BACK).date()
    arrived = [] if after >= state.next_uid - 1 else mailbox.arrived(after=after, since=since, most=MOST)
    for each in arrived:
        if not is_report(each.content_type):
            continue
        if not visit.may_go_on():
            return
        _take(visit, mailbox, account, each)
        _note(visit, state, each.uid, visit.clock())
    is_all = len(arrived) < MOST
    last = state.next_uid - 1 if is_all else arrived[-1].uid
    _note(visit, state, max(last, after), visit.clock() + EVERY if is_all else visit.clock())


def _take(visit: Visit, mailbox: Mailbox, account: MailAccount, each: Arrived) -> None:
    """One message that makes no sense to us, or to the database, keeps nobody from reading the next."""
    try:
        _keep(visit, mailbox, account, each)
    except (*MISTAKES, DataError):
        log.exception("account %s: message %s of its inbox cannot be read", account.id, each.uid)


def _keep(visit: Visit, mailbox: Mailbox, account: MailAccount, each: Arrived) -> None:
    report = read_report(mailbox.read(each.uid, MOST_OCTETS))
    if report is None:
        return
    command = TakeReport(
        key=report.key,
        about=report.about,
        fates=report.fates,
        now=visit.clock(),
        dated=report.dated,
    )
    if kept := visit.run(lambda db: take_report(db, command)):
        log.info("account %s: %s reports about mails", account.id, kept)


def _note(visit: Visit, state: InboxState, uid: int, due_at: dt.datetime) -> None:
    visit.run(lambda db: note_inbox_read(db, visit.account_id, state.validity, uid, due_at))
