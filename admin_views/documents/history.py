"""What happened to a document, for the column beside it: its timeline, with the records of the audit in words."""

import datetime as dt
from typing import Any, NamedTuple

from admin_views.documents.states import SIGNS
from admin_views.words import field_name
from app.domain.kinds import KINDS
from app.domain.timeline import Happening, Told, document_timeline
from app.scope import ScopedSession
from app.texts import _
from models import Document
from models.enums import DocumentKind, DocumentStatus

MOST_FIELDS = 4


class Moment(NamedTuple):
    """``is_theirs``: the customer did it, which is what people look for."""

    who: str
    what: str
    at: dt.datetime
    is_theirs: bool


def history_of(db: ScopedSession, document: Document) -> list[Moment]:
    """Newest first."""
    happened = document_timeline(db, document.id)
    return [Moment(one.who, _words(one, document.kind), one.at, one.told is Told.CUSTOMER) for one in happened]


def _words(one: Happening, kind: DocumentKind) -> str:
    if one.told is not Told.RECORD:
        return one.what
    before, after = _pair(one.changes.get("status"))
    number = _pair(one.changes.get("number_text"))[1]
    if before is None and after == DocumentStatus.DRAFT:
        return _("creó el borrador")
    if before is None and after is not None:
        return _("importó %(documento)s") % {"documento": _(KINDS[kind].words.the)}
    if number:
        return _("emitió %(documento)s %(numero)s") % {"documento": _(KINDS[kind].words.the), "numero": number}
    if set(one.changes) == {"status"} and after in SIGNS[kind]:
        return _("cambió el estado a «%(estado)s»") % {"estado": _(SIGNS[kind][after].word)}
    names = list(dict.fromkeys(field_name(name) for name in one.changes))
    more = _(" y más") if len(names) > MOST_FIELDS else ""
    return _("cambió %(campos)s") % {"campos": ", ".join(names[:MOST_FIELDS]) + more} if names else one.what


def _pair(change: Any) -> tuple[Any, Any]:
    return (change[0], change[1]) if isinstance(change, list) and len(change) == 2 else ("", None)
