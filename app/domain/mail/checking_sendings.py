"""What somebody wishes to send by mail, and whether it can be."""

import datetime as dt

from msgspec import Struct
from msgspec.structs import replace

from app import clock
from app.domain import fields
from app.domain.mail.addressing import check_number, nobody, read_people
from app.domain.mail.enclosures import NewFile, check_files
from app.domain.mail.senders import senders_for
from app.domain.mail.sending_plans import Wishes
from app.domain.mail.texts import CleanHtml, check_pictures
from app.domain.mail.variables import check_variables
from app.domain.queries.addressees import Addressee
from app.domain.templates import usable_version
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models.enums import TextKind

FURTHEST = dt.timedelta(days=366)


class SendDocuments(Struct, frozen=True, kw_only=True):
    """``key`` is the unique key of the dialogue, ``fingerprint`` what it showed; ``wishes.octets`` are counted here.

    ``subject`` and ``body`` may hold variables of the documents' kind. ``account_id`` is the sender's own account or,
    when none, the company's. ``due_at`` none: as soon as can be. ``portal`` is the address of the intranet.
    """

    wishes: Wishes
    fingerprint: str
    key: str
    user_id: int
    subject: str
    body: CleanHtml
    portal: str
    cc: tuple[Addressee, ...] = ()
    bcc: tuple[Addressee, ...] = ()
    files: tuple[NewFile, ...] = ()
    account_id: int | None = None
    reply_to: str = ""
    wants_receipt: bool = False
    due_at: dt.datetime | None = None


def check_sending(db: ScopedSession, command: SendDocuments) -> SendDocuments:
    """As it can be done: people once each, octets counted. Raises ``InvalidValue`` beside what cannot be.

    For a preview as for what is sent: whoever is shown one is refused nothing afterwards but what has changed since.
    """
    if command.due_at is not None:
        check_moment(command.due_at)
    _check_sender(db, command)
    _check_texts(db, command)
    if command.wishes.template_version_id is not None:
        usable_version(db, command.wishes.template_version_id)
    to = None if command.wishes.to is None else read_people(command.wishes.to, "to")
    if to == ():
        raise InvalidValue(nobody(), field="to")
    people = {"cc": read_people(command.cc, "cc"), "bcc": read_people(command.bcc, "bcc")}
    check_number(len(to or ()) + len(people["cc"]) + len(people["bcc"]), "to")
    return replace(
        command,
        **people,
        wishes=replace(command.wishes, to=to, octets=check_files(command.files)),
        subject=fields.line(command.subject, "subject", required=True),
        reply_to=fields.email(command.reply_to, "reply_to"),
    )


def check_moment(moment: dt.datetime) -> None:
    """Raises ``InvalidValue`` for one that has passed, or is too far away to be meant."""
    if moment <= clock.now():
        raise InvalidValue(_("Ese momento ya ha pasado."), field="day")
    if moment > clock.now() + FURTHEST:
        raise InvalidValue(_("Como mucho dentro de un año."), field="day")


def _check_sender(db: ScopedSession, command: SendDocuments) -> None:
    """Nobody sends with another's account; the company's may still have to be set up."""
    own = {sender.account_id for sender in senders_for(db, command.user_id)}
    if command.account_id is not None and command.account_id not in own:
        raise InvalidValue(_("Elija una de la lista."), field="sender")


def _check_texts(db: ScopedSession, command: SendDocuments) -> None:
    kind = TextKind(command.wishes.selection.kind)
    check_variables(command.subject, kind, "subject")
    check_variables(command.body, kind, "body")
    if not command.body:
        raise InvalidValue(_("Escriba el mensaje."), field="body")
    check_pictures(db, command.body, "body")
