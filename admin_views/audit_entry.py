"""Auditoría: who changed what, field by field. Only to be read; the chain shows any later tampering."""

from typing import Any

from starlette.requests import Request

from admin_views.base import OfficeView
from admin_views.columns import Column
from admin_views.filters import Choice, DayRange
from admin_views.formatters import moment
from admin_views.history import differences_of
from admin_views.saved_views import Tab
from admin_views.searching import Order
from admin_views.words import ACTIONS, ENTITY_NAMES, field_name, field_value
from app.scope import ScopedSession
from app.texts import _
from models import AuditEntry

MOST_NAMED = 4


def action_word(action: str) -> str:
    return _(ACTIONS.get(action, ("", action))[1])


def entity_word(entity: str, label: str) -> str:
    name = _(ENTITY_NAMES.get(entity, entity))
    if entity == "mail_texts":
        label = field_value("kind", label)
    return f"{name} · {label}" if label else name


def fields_in(changes: dict[str, Any] | None) -> str:
    """The first fields that changed, by name."""
    names = [field_name(name) for name in changes or {}]
    more = _(" y %(n)s más") % {"n": len(names) - MOST_NAMED} if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


class AuditAdmin(OfficeView, model=AuditEntry):
    identity = "audit-entry"
    name, name_plural, category, icon = "Auditoría", "Auditoría", "Administración", "history"
    noun, nouns = "anotación", "anotaciones"
    can_create = can_edit = False
    search_hint = "Persona o ficha"
    empty_text = "Cada cambio queda anotado aquí, con quién lo hizo y qué decía antes."
    columns = (
        Column(
            name="cuando",
            label="Cuándo",
            value=AuditEntry.at,
            show=moment,
            sort=AuditEntry.position,
            newest_first=True,
        ),
        Column(name="quien", label="Quién", value=AuditEntry.actor, css="c-state"),
        Column(name="que", label="Qué", value=AuditEntry.action, show=action_word, csv=action_word, css="c-side"),
        Column(
            name="donde",
            label="Dónde",
            value=(AuditEntry.entity, AuditEntry.label),
            show=entity_word,
            csv=entity_word,
            css="c-who",
        ),
        Column(
            name="campos",
            label="Datos que cambiaron",
            value=AuditEntry.changes,
            show=fields_in,
            csv=fields_in,
            css="hide",
        ),
    )
    default_order = Order("cuando", descending=True)
    filters = (
        Choice(
            name="que",
            label="Qué",
            options=[(action, words[1]) for action, words in ACTIONS.items()],
            condition=lambda value: AuditEntry.action == value,
        ),
        Choice(
            name="donde",
            label="Dónde",
            options=list(ENTITY_NAMES.items()),
            condition=lambda value: AuditEntry.entity == value,
        ),
        DayRange(name="fecha", label="Fecha", column=AuditEntry.at, of_moments=True),
    )
    tabs = (Tab("Todo"), Tab("Entradas", "que=sign_in"), Tab("Bajas", "que=delete"))
    details_template = "admin/audit_entry.html"

    def title_of(self, row: AuditEntry) -> str:
        return f"{action_word(row.action)}: {entity_word(row.entity, row.label)}"

    def details_extra(self, db: ScopedSession, request: Request, row: AuditEntry) -> dict[str, Any]:
        return {"differences": differences_of(row)}
