"""Cards of the first page about mail: what waits and for how long, and addresses that mail comes back from."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import func, select

from admin_views.formatters import count as spell_count
from admin_views.formatters import moment
from admin_views.mail.troubles import Trouble
from app import clock
from app.domain.queries.outbox import due_since, queue_figures
from app.domain.queries.people import found_contacts
from app.domain.selections import ContactFilter
from app.scope import ScopedSession
from app.texts import _, plural
from models import Contact

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class Card(NamedTuple):
    screen: str
    number: str
    sentence: str
    point: str
    icon: str
    tone: str
    address: str
    hint: str = ""


def mail_cards(db: ScopedSession, trouble: Trouble | None) -> list[Card | None]:
    customers = ContactFilter(is_customer=True, has_bounced=True)
    suppliers = ContactFilter(is_supplier=True, has_bounced=True)
    return [
        _queue(db, trouble),
        _bounced(db, "customer", customers, ("cliente", "clientes")),
        _bounced(db, "supplier", suppliers, ("proveedor", "proveedores")),
    ]


def _queue(db: ScopedSession, trouble: Trouble | None) -> Card | None:
    """Mails on their way out: what keeps them, or how long the first of them has been waiting."""
    waiting = trouble.waiting if trouble else queue_figures(db).waiting
    if not waiting:
        return None
    return Card(
        screen="waiting-mail",
        number=spell_count(waiting),
        sentence=_("correo espera") if waiting == 1 else _("correos esperan"),
        point=_("sin poder salir") if trouble else _("en la cola"),
        icon="mail-pause" if trouble else "mail-forward",
        tone="warn" if trouble else "info",
        address="/admin/waiting-mail/list",
        hint=trouble.title if trouble else _delay(due_since(db)),
    )


def _delay(since: dt.datetime | None) -> str:
    """Since when the first should have left."""
    if since is None:
        return ""
    late = clock.now() - since
    if late < dt.timedelta():
        return _("El próximo sale el %(cuando)s") % {"cuando": moment(since)}
    if late < MINUTE:
        return _("Ninguno espera más de un minuto")
    if late < HOUR:
        return plural("El que más espera, un minuto", "El que más espera, %(n)s minutos", late // MINUTE)
    return plural("El que más espera, una hora", "El que más espera, %(n)s horas", late // HOUR)


def _bounced(db: ScopedSession, screen: str, wanted: ContactFilter, words: tuple[str, str]) -> Card | None:
    """Whom mail does not reach."""
    number = db.scalar(select(func.count(Contact.id)).where(*found_contacts(db.company_id, wanted))) or 0
    if not number:
        return None
    return Card(
        screen=screen,
        number=spell_count(number),
        sentence=plural(*words, number),
        point=_("con el correo rebotado"),
        icon="mail-x",
        tone="bad",
        address=f"/admin/{screen}/list?correo=rebotado",
    )
