"""What the tests of access say over and over: these people, that command, who may act by now."""

from sqlalchemy import func, select

from app.domain.access import GrantAccess, WithdrawAccess, grant_access, withdraw_access
from app.domain.selections import ContactFilter, ContactSelection
from models import OutgoingMail, PortalAccount, PortalMembership


def these(*contacts):
    return ContactSelection(label="Los marcados", ids=tuple(contact.id for contact in contacts))


def people(*pairs):
    chosen = tuple((contact.id, email) for contact, email in pairs)
    return ContactSelection(label="Las personas marcadas", people=chosen)


def found(**wanted):
    return ContactSelection(label="La búsqueda", search=ContactFilter(**wanted))


def grant(db, selection, *, key="dar", **values):
    return grant_access(db, GrantAccess(selection=selection, key=key, user_id=None, **values))


def withdraw(db, selection, *, key="retirar", user_id=None, **values):
    return withdraw_access(db, WithdrawAccess(selection=selection, key=key, user_id=user_id, **values))


def live(db):
    return db.execute(
        select(PortalMembership.contact_id, PortalAccount.email)
        .join(PortalAccount, PortalAccount.id == PortalMembership.account_id)
        .where(PortalMembership.ended_at.is_(None))
        .order_by(PortalMembership.contact_id, PortalAccount.email)
    ).all()


def count(db, cls):
    return db.scalar(select(func.count()).select_from(cls))


def mails(db, **values):
    return db.scalars(select(OutgoingMail).filter_by(**values).order_by(OutgoingMail.id)).all()
