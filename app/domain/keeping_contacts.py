"""Saving a contact whose e-mails may change: what becomes of their access is asked before anything stays written."""

from msgspec import Struct
from msgspec.structs import replace

from app.domain.email_changes import EmailMoved, MoveEmail, OldAccess, move_email
from app.domain.portal_emails import FollowPortalEmails, PortalEmailsFollowed, follow_portal_emails, portal_emails
from app.domain.saving_contacts import SaveContact, contact_with_lines, save_contact
from app.scope import ScopedSession
from app.texts import _
from models import Contact


class KeepContact(Struct, frozen=True, kw_only=True):
    """A contact as it is to be, and the answers to what its e-mails may raise; none: not answered yet.

    ``old_access`` is about who enters with the main e-mail it had, ``lost_access`` with further ones it loses.
    """

    file: SaveContact
    old_access: OldAccess | None = None
    lost_access: OldAccess | None = None
    share_confirmed: bool = False


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


def keep_contact(db: ScopedSession, command: KeepContact) -> KeptContact:
    """All of it or nothing. Raises ``AccessUndecided`` or ``ShareNotConfirmed``, which ask, and ``InvalidValue``."""
    file = command.file
    if file.id is None:
        contact = save_contact(db, replace(file, email=""))
        return KeptContact(contact, _move(db, contact.id, command))
    before = portal_emails(contact_with_lines(db, file.id))
    moved = _move(db, file.id, command)
    contact = save_contact(db, file)
    return KeptContact(contact, moved, _follow(db, contact.id, before, command))


def _move(db: ScopedSession, contact_id: int, command: KeepContact) -> EmailMoved:
    return move_email(
        db,
        MoveEmail(
            contact_id=contact_id,
            email=command.file.email,
            user_id=db.actor.id if db.actor else None,
            access=command.old_access,
            share_confirmed=command.share_confirmed,
        ),
    )


def _follow(db: ScopedSession, contact_id: int, before: dict[int, str], command: KeepContact) -> PortalEmailsFollowed:
    return follow_portal_emails(
        db,
        FollowPortalEmails(
            contact_id=contact_id,
            before=before,
            user_id=db.actor.id if db.actor else None,
            access=command.lost_access,
            share_confirmed=command.share_confirmed,
        ),
    )
