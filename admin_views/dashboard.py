"""What needs me today: sentences with a number, each opening exactly the list it counted."""

from typing import Any, NamedTuple

from sqlalchemy import func, select
from starlette.requests import Request

from admin_views.acting import reading
from admin_views.auth import visit_of
from admin_views.dashboard_boxes import failed_mails, first_steps, going, owed_box, this_month
from admin_views.dashboard_mail import Card, mail_cards
from admin_views.documents.states import screen_of
from admin_views.formatters import count as spell_count
from admin_views.mail.troubles import Trouble, all_troubles, sending_trouble
from admin_views.templating import render
from app import clock
from app.domain.queries import owing
from app.domain.queries.owing import Owed
from app.domain.queries.unpublished import count_unpublished
from app.money import euros
from app.scope import ScopedSession
from app.texts import _, plural
from app.web import installation_of
from models import Contact, Document, DocumentEvent, OutgoingMail, PortalAccount, PortalMembership
from models.enums import DocumentKind, EventKind, MailKind
from models.mail import ENDED_BADLY

SHOWN_EVENTS = 8

EVENT_WORDS = {
    EventKind.VIEWED: ("eye", "ha visto"),
    EventKind.DOWNLOADED: ("download", "ha descargado"),
    EventKind.PRINTED: ("printer", "ha impreso"),
}


class Happening(NamedTuple):
    icon: str
    who: str
    what: str
    document: str
    address: str
    at: Any


def dashboard(request: Request) -> str:
    """Runs in a thread."""
    visit = visit_of(request)
    screens = {view.identity for view in request.scope["frame"].views if view.is_accessible(request)}
    demo = installation_of(request).settings.demo
    with reading(request) as db:
        owed = owing.owed(db, clock.today())
        trouble = sending_trouble(db, demo=demo)
        cards = [card for card in _cards(db, owed, trouble) if card is not None and card.screen in screens]
        troubles = all_troubles(db, visit.user_id, trouble) if "outgoing-mail" in screens else []
        context = {
            "cards": cards,
            "troubles": [trouble for trouble in troubles if trouble.is_refused],
            "mails": failed_mails(db) if "outgoing-mail" in screens else [],
            "going": going(db) if "batch" in screens else [],
            "events": _events(db),
            "owed": owed_box(owed),
            "month": this_month(db),
            "steps": first_steps(db) if "company" in screens else [],
            "may_confirm": "company" in screens,
            "is_confirmed": visit.company_is_confirmed,
            "search_address": "/admin/invoice/list" if "invoice" in screens else "",
        }
    return render(request, "admin/dashboard.html", context)


def _cards(db: ScopedSession, owed: Owed, trouble: Trouble | None) -> list[Card | None]:
    return [_overdue(owed), _unpublished(db), _failed_mails(db), *mail_cards(db, trouble), _untold(db)]


def _overdue(owed: Owed) -> Card | None:
    """Counts every currency, as its list does; adds up euros."""
    total, number = owed.overdue
    number += owed.foreign_late
    if owed.oldest is None:
        return None
    days = (clock.today() - owed.oldest).days
    hint = plural("La más antigua, de hace %(n)s día", "La más antigua, de hace %(n)s días", days)
    if owed.foreign_late:
        hint += "; " + plural("%(n)s, en otra moneda", "%(n)s, en otras monedas", owed.foreign_late)
    return Card(
        screen="invoice",
        number=spell_count(number),
        sentence=_("factura vencida suma") if number == 1 else _("facturas vencidas suman"),
        point=euros(total),
        icon="alert-triangle",
        tone="bad",
        address="/admin/invoice/list?estado=vencida",
        hint=hint,
    )


def _unpublished(db: ScopedSession) -> Card | None:
    number = count_unpublished(db, DocumentKind.INVOICE)
    if not number:
        return None
    return Card(
        screen="invoice",
        number=spell_count(number),
        sentence=_("factura emitida") if number == 1 else _("facturas emitidas"),
        point=_("sin publicar"),
        icon="world",
        tone="info",
        address="/admin/invoice/list?publicada=no",
    )


def _failed_mails(db: ScopedSession) -> Card | None:
    number = (
        db.scalar(
            select(func.count(OutgoingMail.id)).where(
                OutgoingMail.company_id == db.company_id,
                OutgoingMail.status.in_(ENDED_BADLY),
                OutgoingMail.kind != MailKind.TEST,
            )
        )
        or 0
    )
    if not number:
        return None
    return Card(
        screen="outgoing-mail",
        number=spell_count(number),
        sentence=_("correo") if number == 1 else _("correos"),
        point=_("no ha llegado o no consta") if number == 1 else _("no han llegado o no consta"),
        icon="mail-x",
        tone="bad",
        address="/admin/outgoing-mail/list?estado=problemas",
    )


def _untold(db: ScopedSession) -> Card | None:
    """Accesses nobody has been told about: given without notice, or whose mail never left."""
    has_access = (
        select(1)
        .where(
            PortalMembership.company_id == PortalAccount.company_id,
            PortalMembership.account_id == PortalAccount.id,
            PortalMembership.ended_at.is_(None),
        )
        .correlate(PortalAccount)
        .exists()
    )
    number = (
        db.scalar(
            select(func.count(PortalAccount.id)).where(
                PortalAccount.company_id == db.company_id,
                PortalAccount.told_at.is_(None),
                PortalAccount.activated_at.is_(None),
                has_access,
            )
        )
        or 0
    )
    if not number:
        return None
    return Card(
        screen="access",
        number=spell_count(number),
        sentence=_("acceso a la intranet") if number == 1 else _("accesos a la intranet"),
        point=_("sin comunicar"),
        icon="user-question",
        tone="warn",
        address="/admin/access/list?estado=sin-comunicar",
    )


def _events(db: ScopedSession) -> list[Happening]:
    rows = db.execute(
        select(
            DocumentEvent.kind,
            DocumentEvent.created_at,
            Contact.name,
            Document.id,
            Document.number_text,
            Document.kind.label("document_kind"),
        )
        .join(Contact, (Contact.company_id == DocumentEvent.company_id) & (Contact.id == DocumentEvent.contact_id))
        .join(Document, (Document.company_id == DocumentEvent.company_id) & (Document.id == DocumentEvent.document_id))
        .where(DocumentEvent.company_id == db.company_id)
        .order_by(DocumentEvent.id.desc())
        .limit(SHOWN_EVENTS)
    )
    return [
        Happening(
            EVENT_WORDS[row.kind][0],
            row.name,
            _(EVENT_WORDS[row.kind][1]),
            row.number_text or "",
            f"/admin/{screen_of(row.document_kind)}/details/{row.id}",
            row.created_at,
        )
        for row in rows
    ]
