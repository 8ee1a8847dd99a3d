"""Rows that tell what came back about mails, and where their copies are."""

from typing import Any

from app import clock
from app.scope import ScopedSession
from models import MailAccount, MailReport, OutgoingMail, SentCopy
from models.enums import CopyStatus, ReportKind


def add_report(
    db: ScopedSession, mail: OutgoingMail, kind: ReportKind = ReportKind.BOUNCED, **values: Any
) -> MailReport:
    known = {
        "recipient": mail.recipient,
        "code": "5.1.1" if kind is ReportKind.BOUNCED else "",
        "says": "550 5.1.1 <nadie>: User unknown" if kind is ReportKind.BOUNCED else "",
        "report_key": f"<{kind}-{mail.id}@mx.example>",
        "reported_at": clock.now(),
    }
    report = MailReport(mail_id=mail.id, kind=kind, **known | values)
    db.add(report)
    db.commit()
    return report


def add_copy(
    db: ScopedSession, account: MailAccount, mail: OutgoingMail, status: CopyStatus = CopyStatus.STORED, **values: Any
) -> SentCopy:
    over = status is not CopyStatus.WAITING
    known = {
        "message_id": mail.message_id,
        "due_at": clock.now(),
        "folder": "Enviados" if status in (CopyStatus.STORED, CopyStatus.FOUND) else "",
        "finished_at": clock.now() if over else None,
        "attempts": 1 if over else 0,
    }
    copy = SentCopy(mail_id=mail.id, account_id=account.id, status=status, **known | values)
    db.add(copy)
    db.commit()
    return copy
