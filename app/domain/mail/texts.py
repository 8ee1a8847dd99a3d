"""Texts of mails: written by a user or for the whole company; what nobody has written is built in."""

import re
from enum import StrEnum
from typing import NewType

from msgspec import Struct
from sqlalchemy import ColumnElement, or_, select

from app.domain import fields
from app.domain.kinds import KINDS
from app.domain.mail.built_in_texts import built_in_texts
from app.domain.mail.variables import check_variables
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models import MailText, StoredFile
from models.enums import TextKind

CleanHtml = NewType("CleanHtml", str)
"""HTML that ``app.adapters.letters.html`` has cleaned: nothing else may be kept."""

PICTURES = "/admin/mail-images/"
"""Where the pictures of texts are shown; their SHA-256 follows."""

DOCUMENTS = tuple(TextKind(kind) for kind in KINDS)
NAMES = ("subject", "body", "signature")
_IS_PICTURE = StoredFile.media_type.in_(("image/png", "image/jpeg"))
_PICTURE = re.compile(rf'src="{PICTURES}([0-9a-f]{{64}})"')


class Source(StrEnum):
    """Whose text it is."""

    USER = "user"
    COMPANY = "company"
    BUILT_IN = "built_in"


class Chosen(Struct, frozen=True):
    text: str
    source: Source


class ChosenTexts(Struct, frozen=True, kw_only=True):
    """The texts of a mail, each the first there is: the user's, the company's, the built-in one."""

    subject: Chosen
    body: Chosen
    signature: Chosen

    @property
    def letter(self) -> CleanHtml:
        """Body and signature, as the mail says them."""
        return CleanHtml(self.body.text + self.signature.text)

    @property
    def is_built_in(self) -> bool:
        return {self.subject.source, self.body.source, self.signature.source} == {Source.BUILT_IN}


class SaveMailText(Struct, frozen=True, kw_only=True):
    """The texts of one kind, of a user or (``user_id`` none) of the company; what is empty comes from the next.

    ``signs_all``: the signature becomes that of all kinds of document.
    """

    kind: TextKind
    user_id: int | None
    subject: str
    body: CleanHtml
    signature: CleanHtml
    signs_all: bool = False


class MailTextSaved(Struct, frozen=True):
    signed: int = 0

    def __str__(self) -> str:
        if self.signed:
            return _("Textos guardados. La firma es ahora la de todos los documentos.")
        return _("Textos guardados.")


def texts_for(db: ScopedSession, kind: TextKind, user_id: int | None) -> ChosenTexts:
    """What a mail of this kind says when this user sends it; without one, what the company says."""
    whose = or_(MailText.user_id.is_(None), MailText.user_id == user_id)
    found = {row.user_id: row for row in db.scalars(select(MailText).where(MailText.kind == kind, whose))}
    return choose_texts(kind, found.get(user_id) if user_id is not None else None, found.get(None))


def choose_texts(kind: TextKind, own: MailText | None, companys: MailText | None) -> ChosenTexts:
    """The first of each text, of those there are."""
    last = built_in_texts(kind)._asdict()
    return ChosenTexts(**{name: _first(name, own, companys, last[name]) for name in NAMES})


def _first(name: str, own: MailText | None, companys: MailText | None, last: str) -> Chosen:
    for row, source in ((own, Source.USER), (companys, Source.COMPANY)):
        if row is not None and (text := getattr(row, name)):
            return Chosen(text, source)
    return Chosen(last, Source.BUILT_IN)


def text_of(db: ScopedSession, kind: TextKind, user_id: int | None) -> MailText | None:
    """What this user, or without one the company, has written themselves."""
    return db.scalar(select(MailText).where(MailText.kind == kind, _is_of(user_id)))


def written_kinds(db: ScopedSession, user_id: int | None) -> set[TextKind]:
    """The kinds of which this user, or without one the company, has written something."""
    return set(db.scalars(select(MailText.kind).where(_is_of(user_id))))


def _is_of(user_id: int | None) -> ColumnElement[bool]:
    return MailText.user_id.is_(None) if user_id is None else MailText.user_id == user_id


def save_mail_text(db: ScopedSession, command: SaveMailText) -> MailTextSaved:
    """Replace the texts of one kind. Safe to repeat; with all of them empty nothing is kept.

    Raises ``InvalidValue`` beside the text for an unknown variable, a picture that is not the company's, or a
    signature for all documents that does not suit all of them.
    """
    checked = check_texts(db, command)
    _keep(db, command.kind, command.user_id, **checked)
    others = [kind for kind in DOCUMENTS if kind is not command.kind] if command.signs_all else []
    for kind in others:
        check_variables(command.signature, kind, "signature")
        _keep(db, kind, command.user_id, signature=command.signature)
    db.flush()
    return MailTextSaved(len(others))


def check_texts(db: ScopedSession, command: SaveMailText) -> dict[str, str]:
    """The texts as they would be kept. Raises ``InvalidValue`` like ``save_mail_text``."""
    checked = {
        "subject": fields.line(command.subject, "subject"),
        "body": command.body,
        "signature": command.signature,
    }
    for name, text in checked.items():
        check_variables(text, command.kind, name)
    for name in ("body", "signature"):
        check_pictures(db, checked[name], name)
    return checked


def check_pictures(db: ScopedSession, html: str, field: str) -> None:
    """Refuse pictures that are not kept for the session's company."""
    wanted = set(_PICTURE.findall(html))
    if not wanted:
        return
    known = set(db.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(wanted), _IS_PICTURE)))
    if wanted - known:
        raise InvalidValue(_("Hay una imagen que ya no existe: quítela o vuelva a ponerla."), field=field)


def find_picture(db: ScopedSession, sha256: str) -> StoredFile | None:
    """A picture of the session's company by its content."""
    return db.scalar(select(StoredFile).where(StoredFile.sha256 == sha256, _IS_PICTURE).limit(1))


def _keep(db: ScopedSession, kind: TextKind, user_id: int | None, **texts: str) -> None:
    row = text_of(db, kind, user_id) or MailText(kind=kind, user_id=user_id)
    for name, text in texts.items():
        setattr(row, name, text)
    if any(getattr(row, name) for name in NAMES):
        db.add(row)
    elif row in db:
        db.delete(row)
