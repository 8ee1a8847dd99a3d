"""What came back about mails, and where their copies are, for the screens."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.domain.mail.bounces import reports
from app.scope import ScopedSession
from models import MailAccount, MailReport, OutgoingMail, SentCopy
from models.enums import MailStatus, ReportKind

_ABOUT: Any = (
    reports.c.company_id == OutgoingMail.company_id,
    reports.c.mail_id == OutgoingMail.id,
    reports.c.created_at >= OutgoingMail.finished_at,
)
"""Reports about the mail at hand in a list, as it left the last time: what came back before says nothing of it."""

LAST_REPORT: Any = (
    sa.select(reports.c.kind)
    .where(*_ABOUT)
    .order_by(reports.c.reported_at.desc(), reports.c.id.desc())
    .limit(1)
    .correlate(OutgoingMail.__table__)
    .scalar_subquery()
)
"""Of the mail at hand in a list: the kind of what came back last."""


def has_report(kind: ReportKind) -> sa.ColumnElement[bool]:
    """Whether the mail at hand in a list was sent, and that came back about it."""
    found = sa.select(1).where(*_ABOUT, reports.c.kind == kind)
    return sa.and_(OutgoingMail.status == MailStatus.SENT, found.correlate(OutgoingMail.__table__).exists())


def is_reported(kind: ReportKind) -> Any:
    """Whether that is what counts of the mail at hand in a list: it was sent, and nothing came back after it."""
    # The first condition says no more than the second, but leaves few mails to look at one by one.
    return sa.and_(has_report(kind), LAST_REPORT == kind)  # noqa: SIM300 - SQL


def last_reports(db: ScopedSession, mail_ids: Sequence[int]) -> dict[int, MailReport]:
    """What counts of those mails, by mail, in one statement: nothing of those that are not sent."""
    found = (
        sa.select(MailReport)
        .join(OutgoingMail, sa.and_(*_ABOUT))
        .where(MailReport.mail_id.in_(mail_ids), OutgoingMail.status == MailStatus.SENT)
        .order_by(MailReport.reported_at, MailReport.id)
    )
    return {report.mail_id: report for report in db.scalars(found)}


def reports_of(db: ScopedSession, mail_id: int) -> list[MailReport]:
    """The newest first."""
    found = sa.select(MailReport).where(MailReport.mail_id == mail_id)
    return list(db.scalars(found.order_by(MailReport.reported_at.desc(), MailReport.id.desc())))


def is_about_last_sending(report: MailReport, mail: OutgoingMail) -> bool:
    """Not about an earlier one, of a mail that was sent again."""
    return mail.finished_at is not None and report.created_at >= mail.finished_at


def copy_of(db: ScopedSession, mail: OutgoingMail) -> SentCopy | None:
    """The copy of its message, which others may have been sent as well."""
    if mail.message_id is None:
        return None
    own = sa.select(MailAccount.id).where(
        MailAccount.user_id.is_(None) if mail.account_id is None else MailAccount.id == mail.account_id
    )
    found = sa.select(SentCopy).where(SentCopy.account_id.in_(own), SentCopy.message_id == mail.message_id)
    return db.scalar(found.limit(1))
