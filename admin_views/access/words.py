"""How people of the intranet are told: a sign for where each stands, a note, and what can be done with them."""

import datetime as dt

from admin_views.formatters import Sign
from app import clock
from app.domain.queries.access import AccessState, Person
from app.texts import _, plural
from models.enums import Ending

SIGNS: dict[AccessState, Sign] = {
    AccessState.NO_EMAIL: Sign("Sin correo", "mail-x", "warn"),
    AccessState.NONE: Sign("Sin acceso", "circle-dashed"),
    AccessState.WITHDRAWN: Sign("Acceso retirado", "ban"),
    AccessState.UNTOLD: Sign("Acceso sin comunicar", "bell-off", "warn"),
    AccessState.BOUNCED: Sign("Correo rebotado", "alert-triangle", "bad"),
    AccessState.QUEUED: Sign("Invitación en cola", "hourglass", "info"),
    AccessState.INVITED: Sign("Invitada", "mail", "info"),
    AccessState.OPENED: Sign("Abrió el enlace", "mail-opened", "info"),
    AccessState.ACTIVE: Sign("Activa", "check", "ok"),
}


def sign_of(person: Person) -> Sign:
    """The state, with the day it began where that says something."""
    sign = SIGNS[person.state]
    if person.state is AccessState.INVITED and person.since:
        return sign._replace(word=_("Invitada el %(dia)s") % {"dia": _short(person.since)})
    return sign


def note_of(person: Person, now: dt.datetime) -> str:
    """What else there is to know about where somebody stands."""
    if person.state in _NOTES:
        return _(_NOTES[person.state])
    if person.state is AccessState.NONE and person.ending in _ENDINGS:
        return _(_ENDINGS[person.ending])
    if person.state is AccessState.WITHDRAWN and person.withdrawn_by:
        return _("Lo retiró %(quien)s") % {"quien": person.withdrawn_by}
    if person.link_expires_at and person.state is AccessState.INVITED:
        words = _("El enlace caduca el %(dia)s") if person.link_expires_at > now else _("El enlace caducó el %(dia)s")
        return words % {"dia": _short(person.link_expires_at)}
    return _("Correo compartido") if person.is_shared else ""


_NOTES = {
    AccessState.NO_EMAIL: "No se le puede invitar",
    AccessState.OPENED: "Aún no ha puesto contraseña",
    AccessState.UNTOLD: "No se le ha dicho cómo entrar",
}
_ENDINGS = {Ending.UNDONE: "Se deshizo la publicación que se lo dio", Ending.MOVED: "Pasó a otro correo"}


def deed_of(person: Person) -> str:
    """What giving access would do for this person."""
    if person.state is AccessState.NONE:
        return _("Invitar")
    if person.state is AccessState.WITHDRAWN:
        return _("Dar otra vez")
    if person.state is AccessState.ACTIVE:
        return _("Ya entra: recordarle cómo")
    return _("Invitar otra vez")


def grant_title(people: int) -> str:
    return plural("Dar acceso a %(n)s persona", "Dar acceso a %(n)s personas", people)


def withdraw_title(people: int) -> str:
    return plural("Retirar el acceso a %(n)s persona", "Retirar el acceso a %(n)s personas", people)


def _short(moment: dt.datetime) -> str:
    return clock.madrid(moment).strftime("%d/%m")
