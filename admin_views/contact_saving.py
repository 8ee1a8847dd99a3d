"""Saving a contact whose e-mail may change: what becomes of its access is asked before anything is written."""

from dataclasses import dataclass, replace
from typing import Any

from admin_views.contact_form import ContactForm
from app.domain.email_changes import EmailMoved, MoveEmail, move_email
from app.domain.saving_contacts import save_contact
from app.scope import ScopedSession
from app.texts import _
from models import Contact


@dataclass(frozen=True)
class KeptContact:
    """A contact that was saved, and what came of its e-mail."""

    contact: Contact
    moved: EmailMoved | None = None

    @property
    def id(self) -> int:
        return self.contact.id

    def __str__(self) -> str:
        saved = _("%(que)s: guardado.") % {"que": self.contact}
        return f"{saved} {self.moved}" if self.moved and self.moved.moved else saved


def keep_contact(db: ScopedSession, row: Contact | None, form: ContactForm) -> KeptContact:
    """Save the form. Raises ``AccessUndecided`` or ``ShareNotConfirmed``, which the form turns into questions."""
    command = form.save_command(row.id if row is not None else None)
    if row is None:
        contact = save_contact(db, replace(command, email=""))
        return KeptContact(contact, _move(db, contact.id, command.email, form))
    moved = _move(db, row.id, command.email, form)
    return KeptContact(save_contact(db, command), moved)


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
