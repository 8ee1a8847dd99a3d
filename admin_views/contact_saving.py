"""Saving a contact whose e-mails may change: what becomes of their access is asked before anything stays written."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from admin_views.contact_form import ContactForm
from app.domain.email_changes import EmailMoved, MoveEmail, move_email
from app.domain.portal_emails import FollowPortalEmails, PortalEmailsFollowed, follow_portal_emails, portal_emails
from app.domain.saving_contacts import save_contact
from app.scope import ScopedSession
from app.texts import _
from models import Contact


class KeptContact(Struct, frozen=True):
    """A contact that was saved, and what came of its e-mails."""

    contact: Contact
    moved: EmailMoved
    followed: PortalEmailsFollowed | None = None

    @property
    def id(self) -> int:
        return self.contact.id

    def __str__(self) -> str:
        said = [_("%(que)s: guardado.") % {"que": self.contact}]
        if self.moved.moved or self.moved.withdrawn:
            said.append(str(self.moved))
        if self.followed:
            said.append(str(self.followed))
        return " ".join(said).strip()


def keep_contact(db: ScopedSession, row: Contact | None, form: ContactForm) -> KeptContact:
    """Save the form. Raises ``AccessUndecided`` or ``ShareNotConfirmed``, which the form turns into questions."""
    command = form.save_command(row.id if row is not None else None)
    if row is None:
        contact = save_contact(db, replace(command, email=""))
        return KeptContact(contact, _move(db, contact.id, command.email, form))
    before = portal_emails(row)
    moved = _move(db, row.id, command.email, form)
    contact = save_contact(db, command)
    return KeptContact(contact, moved, _follow(db, contact.id, before, form))


def _move(db: ScopedSession, contact_id: int, email: str, form: Any) -> EmailMoved:
    return move_email(
        db,
        MoveEmail(
            contact_id=contact_id,
            email=email,
            user_id=db.actor.id if db.actor else None,
            access=form.old_access.data,
            share_confirmed=form.share_confirmed.data,
        ),
    )


def _follow(db: ScopedSession, contact_id: int, before: dict[int, str], form: ContactForm) -> PortalEmailsFollowed:
    return follow_portal_emails(
        db,
        FollowPortalEmails(
            contact_id=contact_id,
            before=before,
            user_id=db.actor.id if db.actor else None,
            access=form.lost_access.data,
            share_confirmed=form.share_confirmed.data,
        ),
    )
