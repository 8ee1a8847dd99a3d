"""What happened to one row, newest first: its part of the audit, in sentences."""

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from admin_views.formatters import DASH
from admin_views.words import ACTIONS, ENTITIES, field_name, field_value
from app.scope import ScopedSession
from app.texts import _
from models import AuditEntry

if TYPE_CHECKING:
    import datetime as dt

    from admin_views.base import OfficeView

SHOWN = 8
LONGEST = 60


class Event(NamedTuple):
    who: str
    what: str
    at: "dt.datetime"


def history_of(db: ScopedSession, view: "OfficeView", row: Any) -> list[Event]:
    entries = db.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.company_id == db.company_id,
            AuditEntry.entity == view.model.__tablename__,
            AuditEntry.entity_id == row.id,
        )
        .order_by(AuditEntry.id.desc())
        .limit(SHOWN)
    )
    return [Event(entry.actor, sentence_of(entry), entry.at) for entry in entries]


def sentence_of(entry: AuditEntry) -> str:
    """``cambió teléfono de «—» a «915 550 123»``; of many fields, their names."""
    verb = _(ACTIONS.get(entry.action, (entry.action, ""))[0])
    if entry.action != "change":
        return f"{verb} {_(ENTITIES.get(entry.entity, entry.entity))}"
    if entry.entity == "portal_accounts" and "password_hash" in (entry.changes or {}):
        return _("puso su contraseña") if entry.actor == entry.label else _("puso una contraseña a mano")
    changes = differences_of(entry)
    if len(changes) == 1:
        name, before, after = changes[0]
        return _("%(verbo)s %(campo)s: de «%(antes)s» a «%(despues)s»") % {
            "verbo": verb,
            "campo": name,
            "antes": before[:LONGEST],
            "despues": after[:LONGEST],
        }
    return f"{verb} {', '.join(name for name, _before, _after in changes)}"


def differences_of(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Field by field: its name, what it said and what it says."""
    found = []
    for name, change in (entry.changes or {}).items():
        if isinstance(change, list) and len(change) == 2:
            found.append((field_name(name), field_value(name, change[0]), field_value(name, change[1])))
        else:
            found.append((field_name(name), DASH, field_value(name, change)))
    return found
