"""What happened to an invoice, for the column beside it: its timeline, with the records of the audit in words."""

import datetime as dt
from typing import Any, NamedTuple

from admin_views.words import field_name
from app.domain.timeline import Happening, Told, document_timeline
from app.scope import ScopedSession
from app.texts import _
from models.enums import DocumentStatus

MOST_FIELDS = 4


class Moment(NamedTuple):
    """``is_theirs``: the customer did it, which is what people look for."""

    who: str
    what: str
    at: dt.datetime
    is_theirs: bool


def history_of_invoice(db: ScopedSession, document_id: int) -> list[Moment]:
    """Newest first."""
    return [
        Moment(one.who, _words(one), one.at, one.told is Told.CUSTOMER) for one in document_timeline(db, document_id)
    ]


def _words(one: Happening) -> str:
    if one.told is not Told.RECORD:
        return one.what
    before, after = _pair(one.changes.get("status"))
    number = _pair(one.changes.get("number_text"))[1]
    if before is None and after == DocumentStatus.DRAFT:
        return _("creó el borrador")
    if before is None and after is not None:
        return _("importó la factura")
    if number:
        return _("emitió la factura %(numero)s") % {"numero": number}
    names = list(dict.fromkeys(field_name(name) for name in one.changes))
    more = _(" y más") if len(names) > MOST_FIELDS else ""
    return _("cambió %(campos)s") % {"campos": ", ".join(names[:MOST_FIELDS]) + more} if names else one.what


def _pair(change: Any) -> tuple[Any, Any]:
    return (change[0], change[1]) if isinstance(change, list) and len(change) == 2 else ("", None)
