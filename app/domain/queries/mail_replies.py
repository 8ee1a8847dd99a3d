"""What came back about mails, and where their copies are, for the screens."""

from typing import Any

import sqlalchemy as sa

from app.domain.mail.bounces import reports
from app.scope import ScopedSession
from models import MailAccount, MailReport, OutgoingMail, SentCopy
from models.enums import ReportKind

LAST_REPORT: Any = (
    sa.select(reports.c.kind)
    .where(reports.c.company_id == OutgoingMail.company_id, reports.c.mail_id == OutgoingMail.id)
    .order_by(reports.c.reported_at.desc(), reports.c.id.desc())
    .limit(1)
    .correlate(OutgoingMail.__table__)
    .scalar_subquery()
)
"""Of the mail at hand in a list: the kind of what came back last."""


def has_report(kind: ReportKind) -> Any:
    """Whether that came back about the mail at hand in a list."""
    found = sa.select(1).where(
        reports.c.company_id == OutgoingMail.company_id, reports.c.mail_id == OutgoingMail.id, reports.c.kind == kind
    )
    return found.correlate(OutgoingMail.__table__).exists()


def reports_of(db: ScopedSession, mail_id: int) -> list[MailReport]:
    """The newest first."""
    found = sa.select(MailReport).where(MailReport.mail_id == mail_id)
    return list(db.scalars(found.order_by(MailReport.reported_at.desc(), MailReport.id.desc())))


def copy_of(db: ScopedSession, mail: OutgoingMail) -> SentCopy | None:
    """The copy of its message, which others may have been sent as well."""
    if mail.message_id is None:
        return None
    own = sa.select(MailAccount.id).where(
        MailAccount.user_id.is_(None) if mail.account_id is None else MailAccount.id == mail.account_id
    )
    found = sa.select(SentCopy).where(SentCopy.account_id.in_(own), SentCopy.message_id == mail.message_id)
    return db.scalar(found.limit(1))
