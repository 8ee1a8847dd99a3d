"""The same mail to another address: a new mail, and the old one stays as what it was.

Whoever may read a notice is decided by access to the intranet, so it only goes to somebody who has it already; what
carries access goes to nobody else at all. What the office wrote goes wherever it says.
"""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain import fields
from app.domain.audit import record
from app.domain.mail.outbox import cancel_waiting, mails
from app.domain.mail.senders import check_sender
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.secrets import token_hash
from app.texts import _
from models import Dispatch, DispatchDocument, DispatchFile, OutgoingMail, PortalAccount, PortalMembership
from models.enums import MailKind, MailStatus
from models.mail import ENDED_BADLY, WAITING

READDRESSED = "readdressed:"
CAN_BE_READDRESSED = (*WAITING, *ENDED_BADLY, MailStatus.SENT)
KINDS = (MailKind.NOTICE, MailKind.DOCUMENT, MailKind.TEST)


class ReaddressMail(Struct, frozen=True, kw_only=True):
    mail_id: int
    address: str


class Readdressed(Struct, frozen=True):
    mail_id: int
    address: str

    def __str__(self) -> str:
        return _("El correo sale otra vez, ahora para %(correo)s.") % {"correo": self.address}


class CannotBeReaddressed(Refusal):
    code = "cannot_be_readdressed"

    def __init__(self, mail: OutgoingMail) -> None:
        if mail.kind in KINDS:
            sentence = _("Este correo está saliendo o se anuló: ya no se le puede cambiar la dirección.")
        else:
            sentence = _("Lleva el acceso de una persona. Cambie el correo en la ficha: se le invita con el nuevo.")
        super().__init__(sentence)


def can_be_readdressed(mail: OutgoingMail) -> bool:
    return mail.kind in KINDS and mail.status in CAN_BE_READDRESSED


def readdress_mail(db: ScopedSession, command: ReaddressMail) -> Readdressed:
    """Send what a mail says to another address; one that had not left yet does not leave any more.

    What left from a person's own account only they send on. Raises ``NotFound``, ``CannotBeReaddressed``,
    ``InvalidValue``, ``NotTheirAccount`` or ``AccountGone``.
    """
    mail = db.scalar(
        sa.select(OutgoingMail)
        .where(OutgoingMail.id == command.mail_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mail is None:
        raise NotFound(_("ese correo"))
    if not can_be_readdressed(mail):
        raise CannotBeReaddressed(mail)
    check_sender(db, mail.account_id)
    address = _checked(db, mail, command.address)
    reader = _reader(db, mail, address) if mail.kind is MailKind.NOTICE else None
    again = _copy(mail, address)
    if reader is not None:
        again.portal_account_id, again.recipient_name = reader.id, reader.name or mail.recipient_name
    if mail.dispatch_id is not None:
        again.dispatch_id = _dispatch(db, mail, address).id
    db.add(again)
    db.flush()
    reason = _("Se envía a %(correo)s.") % {"correo": address}
    db.connection().execute(cancel_waiting(db.company_id, clock.now(), reason).where(mails.c.id == mail.id))
    db.expire(mail)
    record(db, "readdress", "outgoing_mails", entity_id=mail.id, label=address, changes={"to": again.id})
    return Readdressed(again.id, address)


def _checked(db: ScopedSession, mail: OutgoingMail, typed: str) -> str:
    address = fields.email(typed, "address", required=True)
    if address == mail.recipient:
        raise InvalidValue(_("Es la dirección que ya tenía."), field="address")
    same = [OutgoingMail.dedup_key == _key(mail, address)]
    for column in (OutgoingMail.batch_id, OutgoingMail.dispatch_id):
        if (told := getattr(mail, column.key)) is not None:
            same.append(sa.and_(column == told, OutgoingMail.recipient == address))
    known = sa.select(OutgoingMail.id).where(sa.or_(*same))
    if db.scalar(known.limit(1)) is not None:
        raise InvalidValue(_("A esa dirección ya se le ha enviado."), field="address")
    return address


def _key(mail: OutgoingMail, address: str) -> str:
    return f"{READDRESSED}{mail.id}:{token_hash(address)[:32]}"


def _reader(db: ScopedSession, mail: OutgoingMail, address: str) -> PortalAccount:
    """Somebody who enters for one of those that the old one entered for."""
    theirs = sa.select(PortalMembership.contact_id).where(PortalMembership.account_id == mail.portal_account_id)
    acting = sa.select(PortalMembership.account_id).where(
        PortalMembership.contact_id.in_(theirs), PortalMembership.ended_at.is_(None)
    )
    reader = db.scalar(sa.select(PortalAccount).where(PortalAccount.email == address, PortalAccount.id.in_(acting)))
    if reader is None:
        sentence = _("Con esa dirección no entra nadie por este cliente: cámbiela en su ficha o dele acceso.")
        raise InvalidValue(sentence, field="address")
    return reader


_KEPT = (
    "company_id", "kind", "recipient_name", "language", "contact_id", "portal_account_id", "batch_id", "document_id",
    "account_id", "dispatch_id", "facts",
)  # fmt: skip


def _copy(mail: OutgoingMail, address: str) -> OutgoingMail:
    """To be written anew, as if it had never been."""
    kept: dict[str, Any] = {name: getattr(mail, name) for name in _KEPT}
    return OutgoingMail(**kept, recipient=address, dedup_key=_key(mail, address), due_at=clock.now())


def _dispatch(db: ScopedSession, mail: OutgoingMail, address: str) -> Dispatch:
    """The same message, its visible recipients told with the new address."""
    old = db.get_one(Dispatch, mail.dispatch_id)
    names = (
        "company_id", "batch_id", "contact_id", "reply_to", "subject", "body",
        "wants_receipt", "has_links",
    )  # fmt: skip
    new = Dispatch(**{name: getattr(old, name) for name in names})
    new.user_id, new.due_at = db.actor.id if db.actor else None, clock.now()
    new.recipients = {
        place: [[address if email == mail.recipient else email, *rest] for email, *rest in people]
        for place, people in old.recipients.items()
    }
    for document in old.documents:
        kept = {"company_id": old.company_id, "document_id": document.document_id}
        new.documents.append(DispatchDocument(**kept, template_version_id=document.template_version_id))
    new.files += [DispatchFile(company_id=old.company_id, file_id=each.file_id) for each in old.files]
    db.add(new)
    db.flush()
    return new
