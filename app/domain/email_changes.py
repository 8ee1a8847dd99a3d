"""A contact's e-mail that changes: its access moves to the new address, or stays with the old one. Somebody decides."""

from enum import StrEnum

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain import access_sql as sql
from app.domain.access_tables import contacts, emails
from app.domain.bulk import write
from app.domain.contacts import refold
from app.domain.locking import lock_company
from app.domain.shared_emails import Shared, ShareNotConfirmed, joined_by, shared_among
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Contact, OutgoingMail, PortalAccount, PortalMembership
from models.enums import EmailPurpose, Ending, MailKind


class OldAccess(StrEnum):
    """What becomes of the access that goes by the old e-mail."""

    MOVE = "move"
    KEEP = "keep"
    WITHDRAW = "withdraw"


class AccessUndecided(Refusal):
    """Someone enters with an e-mail that is about to change, and nobody has said what becomes of that.

    ``field`` is ``email`` for the contact's main one, ``emails`` for a further one.
    """

    code = "access_undecided"

    def __init__(self, email: str, *, field: str = "email") -> None:
        sentence = _(
            "Con %(correo)s se entra ahora en la intranet. Elija si el acceso pasa al correo nuevo o queda en el viejo."
        )
        super().__init__(sentence % {"correo": email}, field=field)


class MoveEmail(Struct, frozen=True, kw_only=True):
    """``email`` is checked and in lower case; empty takes the contact's e-mail away. ``tell`` invites the new one."""

    contact_id: int
    email: str
    user_id: int | None
    access: OldAccess | None = None
    share_confirmed: bool = False
    tell: bool = True


class EmailChange(Struct, frozen=True, kw_only=True):
    """What has to be asked before an e-mail changes. ``acting``: someone enters with the old one."""

    old: str
    new: str
    acting: bool = False
    shared: tuple[Shared, ...] = ()


class EmailMoved(Struct, frozen=True, kw_only=True):
    old: str
    new: str
    moved: bool = False
    withdrawn: bool = False
    mails: int = 0

    def __str__(self) -> str:
        if not (self.moved or self.withdrawn):
            return _("Correo cambiado.")
        if not self.new:
            return _("Correo borrado. Quien entraba con él ya no puede entrar.")
        if self.withdrawn:
            return _("Correo cambiado. Quien entraba con el de antes ya no puede entrar.")
        told = _("Se le envía una invitación.") if self.mails else _("No se le ha avisado.")
        return _("Correo cambiado. El acceso pasa a %(correo)s.") % {"correo": self.new} + " " + told


def email_change(db: ScopedSession, contact_id: int, email: str) -> EmailChange:
    """What changing the contact's main e-mail to this one would mean. Raises ``NotFound``."""
    contact = db.get(Contact, contact_id)
    if contact is None:
        raise NotFound(_("ese cliente"))
    old = contact.email or ""
    if email == old:
        return EmailChange(old=old, new=email)
    return EmailChange(
        old=old, new=email, acting=membership_of(db, contact_id, old) is not None, shared=sharing(db, contact_id, email)
    )


def move_email(db: ScopedSession, command: MoveEmail) -> EmailMoved:
    """Change a contact's main e-mail, and with it who may enter.

    ``MOVE`` ends what the old address could do, at once, and gives the new one access and an invitation of its own: no
    password goes along. ``KEEP`` leaves the person where they are, ``WITHDRAW`` shuts them out. Raises
    ``AccessUndecided`` when that matters and was not said, ``ShareNotConfirmed`` when the new address is another
    contact's too.
    """
    lock_company(db)
    change = email_change(db, command.contact_id, command.email)
    if change.new == change.old:
        return EmailMoved(old=change.old, new=change.new)
    if change.shared and not command.share_confirmed:
        raise ShareNotConfirmed(change.shared)
    if change.acting and command.access is None:
        raise AccessUndecided(change.old)
    contact = db.get_one(Contact, command.contact_id)
    contact.email = command.email or None
    refold(contact)
    db.flush()
    if not change.acting or command.access is OldAccess.KEEP:
        return EmailMoved(old=change.old, new=change.new)
    withdrawn = command.access is OldAccess.WITHDRAW
    end_access(db, contact.id, change.old, Ending.WITHDRAWN if withdrawn else Ending.MOVED, command.user_id)
    if withdrawn:
        return EmailMoved(old=change.old, new=change.new, withdrawn=True)
    mails = begin_access(db, contact, command.email, tell=command.tell) if command.email else 0
    return EmailMoved(old=change.old, new=change.new, moved=True, mails=mails)


def membership_of(db: ScopedSession, contact_id: int, email: str) -> PortalMembership | None:
    """With which somebody enters for the contact by this e-mail."""
    return db.scalar(
        select(PortalMembership)
        .join(PortalAccount, PortalAccount.id == PortalMembership.account_id)
        .where(
            PortalAccount.email == email,
            PortalMembership.contact_id == contact_id,
            PortalMembership.ended_at.is_(None),
        )
    )


def sharing(db: ScopedSession, contact_id: int, email: str) -> tuple[Shared, ...]:
    """Other contacts with this e-mail: those it may act for, and those that carry it."""
    if not email:
        return ()
    company_id = db.company_id
    further = sa.select(emails.c.contact_id).where(
        emails.c.company_id == company_id, emails.c.email == email, emails.c.purpose == EmailPurpose.PORTAL
    )
    same = sa.or_(contacts.c.id == contact_id, contacts.c.email == email, contacts.c.id.in_(further))
    people = sa.select(contacts.c.id.label("contact_id"), sa.literal(email).label("email")).where(
        contacts.c.company_id == company_id, same
    )
    return shared_among(db, joined_by(company_id, people))


def end_access(db: ScopedSession, contact_id: int, email: str, ending: Ending, user_id: int | None) -> None:
    """End at once what somebody could do for the contact by this e-mail."""
    company_id, now = db.company_id, clock.now()
    membership = membership_of(db, contact_id, email)
    if membership is None:
        return
    membership.ended_at, membership.ending, membership.ended_by_id = now, ending, user_id
    db.flush()
    concerned = sa.select(sa.literal(membership.account_id))
    for statement in sql.close_doors(company_id, concerned, now):
        write(db, statement)


def begin_access(db: ScopedSession, contact: Contact, email: str, *, tell: bool) -> int:
    """Give an e-mail that the contact has now access to it; how many mails say so."""
    people = sql.people_of(db.company_id, ((contact.id, email),))
    if not sql.give_access(db, people, batch_id=None, now=clock.now()) or not tell:
        return 0
    membership = membership_of(db, contact.id, email)
    if membership is None:
        raise LookupError("access was given a moment ago")
    db.add(
        OutgoingMail(
            company_id=db.company_id,
            kind=MailKind.ACCESS,
            dedup_key=f"access:moved:{membership.id}",
            recipient=membership.account.email,
            recipient_name=membership.account.name or contact.name,
            language=contact.language,
            contact_id=contact.id,
            portal_account_id=membership.account_id,
            is_secret=membership.account.activated_at is None,
            due_at=clock.now(),
        )
    )
    db.flush()
    return 1
