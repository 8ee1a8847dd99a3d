"""An account of the home company with a mailbox on a real IMAP server, and the worker's visits to it."""

from threading import Event
from typing import Any

from sqlalchemy import select

from app.domain.queries.mailboxes import WaitingMailbox, waiting_mailboxes
from app.mail.mailbox_visits import visit_mailbox
from app.scope import SYSTEM
from models import MailAccount, MailReport, SentCopy
from models.enums import MailSecurity
from tests.imap_server import PASSWORD, ImapServer


class KeptMail:
    """``post`` with copies: its account signs in as ``user`` wherever it goes, and reads that one's inbox."""

    def __init__(self, post: Any, imap: ImapServer) -> None:
        self.post, self.imap, self.user = post, imap, imap.user()
        post.sink.credentials = (self.user, PASSWORD)
        self.set_up(post.account, username=self.user)

    def set_up(self, account: MailAccount, **values: Any) -> MailAccount:
        keys = self.post.installation.keys
        usual = {
            "sealed_password": keys.seal_text(PASSWORD, f"mail_accounts/{account.company_id}/{account.id}/password"),
            "imap_host": "127.0.0.1",
            "imap_port": self.imap.port,
            "imap_security": MailSecurity.NONE,
            "sent_folder": "Enviados",
        }
        self.post.reload(account)
        for name, value in (usual | values).items():
            setattr(account, name, value)
        self.post.db.commit()
        return account

    def send(self) -> None:
        self.post.send()

    def waiting(self) -> list[WaitingMailbox]:
        with self.post.installation.database.read(SYSTEM) as db:
            return waiting_mailboxes(db, self.post.time())

    def visit(self, stop: Event | None = None) -> None:
        """What a worker does when it finds mailboxes waiting."""
        for where in self.waiting():
            visit_mailbox(self.post.installation, where, stop or Event(), clock=self.post.time)

    def stored(self, folder: str = "Enviados") -> list[bytes]:
        return [content for content, _flags, _moment in self.imap.stored(self.user, folder)]

    def copies(self) -> list[tuple[str, int, str]]:
        """State, attempts and error of each, in the order of their mails."""
        self.post.db.rollback()
        rows = self.post.db.scalars(select(SentCopy).order_by(SentCopy.mail_id))
        return [(copy.status, copy.attempts, copy.last_error) for copy in rows]

    def account(self) -> MailAccount:
        account: MailAccount = self.post.reload(self.post.account)
        return account

    def reports(self) -> list[tuple[int, str, str, str]]:
        """Mail, kind, recipient and code of each, the first one first."""
        self.post.db.rollback()
        rows = self.post.db.scalars(select(MailReport).order_by(MailReport.id))
        return [(report.mail_id, report.kind, report.recipient, report.code) for report in rows]
