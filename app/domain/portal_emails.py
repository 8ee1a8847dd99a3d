"""Further e-mails for the portal that a contact loses or changes: their access is not forgotten. Somebody decides."""

from collections.abc import Mapping

from msgspec import Struct

from app.domain.email_changes import AccessUndecided, OldAccess, begin_access, end_access, membership_of, sharing
from app.domain.locking import lock_company
from app.domain.shared_emails import ShareNotConfirmed
from app.scope import ScopedSession
from app.texts import plural
from models import Contact
from models.enums import EmailPurpose, Ending


class FollowPortalEmails(Struct, frozen=True, kw_only=True):
    """``before``: what ``portal_emails`` said before the contact was saved."""

    contact_id: int
    before: Mapping[int, str]
    user_id: int | None
    access: OldAccess | None = None
    share_confirmed: bool = False


class PortalEmailsFollowed(Struct, frozen=True, kw_only=True):
    """``ended`` people can no longer enter with the e-mail they had; ``mails`` invite those it has become."""

    ended: int = 0
    mails: int = 0

    def __str__(self) -> str:
        sentences = []
        if self.ended:
            one, many = "%(n)s persona ya no entra con su correo.", "%(n)s personas ya no entran con su correo."
            sentences.append(plural(one, many, self.ended))
        if self.mails:
            sentences.append(plural("%(n)s invitación en cola.", "%(n)s invitaciones en cola.", self.mails))
        return " ".join(sentences)


def portal_emails(contact: Contact) -> dict[int, str]:
    """The further e-mails for the portal, by the id of their line."""
    return {line.id: line.email for line in contact.emails if line.purpose is EmailPurpose.PORTAL}


def follow_portal_emails(db: ScopedSession, command: FollowPortalEmails) -> PortalEmailsFollowed:
    """After a contact has been saved: do with the accesses by e-mails it no longer has what somebody decided.

    ``MOVE`` gives the e-mail that a line has become access and an invitation of its own; a line that is gone just ends.
    Raises ``AccessUndecided`` when somebody enters with one of them and nothing was said, ``ShareNotConfirmed`` when an
    e-mail that gets access is another contact's too: then nothing of the saving may stay.
    """
    lock_company(db)
    contact = db.get_one(Contact, command.contact_id)
    after = portal_emails(contact)
    left = {*after.values(), contact.email}
    lost = {
        line: email
        for line, email in command.before.items()
        if email not in left and membership_of(db, contact.id, email) is not None
    }
    if lost and command.access is None:
        raise AccessUndecided(next(iter(lost.values())), field="emails")
    if command.access is OldAccess.KEEP:
        return PortalEmailsFollowed()
    moves = command.access is OldAccess.MOVE
    becomes = [after[line] for line in lost if line in after] if moves else []
    if not command.share_confirmed and (shared := [one for email in becomes for one in sharing(db, contact.id, email)]):
        raise ShareNotConfirmed(tuple(shared))
    for email in lost.values():
        end_access(db, contact.id, email, Ending.MOVED if moves else Ending.WITHDRAWN, command.user_id)
    return PortalEmailsFollowed(
        ended=len(lost), mails=sum(begin_access(db, contact, email, tell=True) for email in becomes)
    )
