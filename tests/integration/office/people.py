"""Who may act for whom, and who is written to: what the tests about access look at."""

from sqlalchemy import select

from models import OutgoingMail, PortalMembership
from models.enums import MailKind


def acting(db):
    """Who may act for whom, by name."""
    db.rollback()
    return sorted(
        (membership.account.email, membership.contact.name)
        for membership in db.scalars(select(PortalMembership).where(PortalMembership.ended_at.is_(None)))
    )


def mails(db):
    db.rollback()
    return sorted(db.scalars(select(OutgoingMail.recipient).where(OutgoingMail.kind == MailKind.ACCESS)))


def who(*contacts):
    return [f"{contact.id}:{contact.email}" for contact in contacts]
