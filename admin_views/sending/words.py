"""The sentences of the dialogue that sends documents by mail."""

from collections.abc import Sequence

from app.domain.kinds import Words
from app.domain.mail.senders import SenderChoice
from app.domain.mail.sending_plans import Plan
from app.texts import _, plural


def title_of(kind: Words, documents: int, number: str) -> str:
    if not documents:
        return _("Enviar por correo")
    if documents == 1:
        return _("Enviar %(documento)s %(numero)s por correo") % {"documento": _(kind.the), "numero": number}
    return _("Enviar %(que)s por correo") % {"que": kind.count(documents)}


def button_of(plan: Plan | None, *, later: bool) -> str:
    dispatches = max(len(plan.dispatches), 1) if plan else 1
    if later:
        return plural("Programar el correo", "Programar %(n)s correos", dispatches)
    return plural("Enviar el correo", "Enviar %(n)s correos", dispatches)


def usual_look(documents: int, published: int) -> str:
    """Without a template chosen for this sending."""
    if not published:
        return _("La habitual")
    return _("La de su publicación") if published == documents else _("La de su publicación o la habitual")


def where_answers_go(senders: Sequence[SenderChoice]) -> str:
    """When nothing is typed."""
    if len(senders) == 1:
        return _("Vacío: las respuestas llegan a %(correo)s.") % {"correo": senders[0].reply_to or senders[0].email}
    return _("Vacío: las respuestas llegan a la cuenta desde la que se envía.") if senders else ""


def spell_size(octets: int) -> str:
    if octets < 2**20:
        return f"{max(1, round(octets / 1024))} kB"
    return f"{octets / 2**20:.1f} MB".replace(".", ",")
