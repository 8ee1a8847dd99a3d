"""Boxes of the first page beneath its cards: what is owed by its age, mails that did not arrive, what is going on."""

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from admin_views.formatters import Sign
from admin_views.mail.troubles import COMPANYS
from admin_views.mail.words import MAIL_SIGNS, Note, note_on
from app import clock
from app.domain.mail.accounts import company_account
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.mail.replies import blames_address
from app.domain.queries import batches
from app.domain.queries.owing import BANDS, EUROS, Owed
from app.scope import ScopedSession
from app.texts import _, plural
from models import Batch, Company, Contact, Document, OutgoingMail, PortalMembership
from models.enums import DocumentKind, DocumentStatus, MailKind
from models.mail import ENDED_BADLY

SHOWN_MAILS = 3
TONES = (("warn", "0.55"), ("warn", "0.9"), ("bad", "0.7"), ("bad", "1"))


class Bar(NamedTuple):
    """One row of a chart: its length in hundredths of the longest, its tone and how strong that is."""

    label: str
    amount: Decimal
    length: int
    tone: str
    strength: str


class Letter(NamedTuple):
    """A mail that did not arrive, what is to be said of it, and where to do something about it."""

    mail: OutgoingMail
    sign: Sign
    about: str
    note: Note
    label: str
    address: str


class Going(NamedTuple):
    """A publication that is not over: how far it has come with what it is at."""

    batch: Batch
    is_printing: bool
    done: int
    whole: int

    @property
    def percent(self) -> int:
        return self.done * 100 // self.whole


def owed_box(owed: Owed) -> dict[str, Any]:
    """*Por cobrar*, in euros: the sum, how much of it is late, and a bar for each age."""
    rows = [(_("Sin vencer"), owed.on_time.total, "info", "0.7")]
    rows += [(_band(*band), late.total, *tone) for band, late, tone in zip(BANDS, owed.late, TONES, strict=True)]
    if owed.returned.number:
        rows.append((_("Devueltas"), owed.returned.total, "bad", "1"))
    longest = max(total for _label, total, *_tone in rows)
    return {
        "total": owed.all.total,
        "invoices": plural("%(n)s factura pendiente de cobro", "%(n)s facturas pendientes de cobro", owed.all.number),
        "late": _late(owed),
        "bars": [Bar(label, total, _length(total, longest), *tone) for label, total, *tone in rows],
        "foreign": owed.foreign
        and plural("Aparte, %(n)s en otra moneda", "Aparte, %(n)s en otras monedas", owed.foreign),
    }


def _band(first: int, last: int | None) -> str:
    if last is None:
        return _("Más de %(dias)s") % {"dias": first - 1}
    return _("%(desde)s–%(hasta)s días") % {"desde": first, "hasta": last}


def _late(owed: Owed) -> str:
    late, total = owed.overdue.total, owed.all.total
    if not 0 < late <= total:
        return ""
    return _("%(parte)s %% vencido") % {"parte": max(round(late * 100 / total), 1)}


def _length(total: Decimal, longest: Decimal) -> int:
    """At least a hundredth for whatever there is."""
    return max(int(total * 100 / longest), 1) if total > 0 else 0


class Month(NamedTuple):
    """Euros invoiced in this month so far, without its drafts; customers who may enter the intranet, of how many."""

    invoiced: Decimal
    with_access: int
    customers: int


def this_month(db: ScopedSession) -> Month:
    invoiced = select(func.sum(Document.total)).where(
        Document.company_id == db.company_id,
        Document.kind == DocumentKind.INVOICE,
        Document.issued_on >= clock.today().replace(day=1),
        Document.status != DocumentStatus.DRAFT,
        Document.currency == EUROS,
    )
    customers = (Contact.company_id == db.company_id, Contact.is_customer, Contact.archived_at.is_(None))
    access = select(PortalMembership.contact_id).where(
        PortalMembership.company_id == db.company_id, PortalMembership.ended_at.is_(None)
    )
    return Month(
        db.scalar(invoiced) or Decimal(0),
        db.scalar(select(func.count(Contact.id)).where(*customers, Contact.id.in_(access))) or 0,
        db.scalar(select(func.count(Contact.id)).where(*customers)) or 0,
    )


class FirstStep(NamedTuple):
    """Something to do before the first publication."""

    label: str
    hint: str
    address: str
    is_done: bool


def first_steps(db: ScopedSession) -> list[FirstStep]:
    """What a new company does before its customers see anything; empty once it has published."""
    if db.scalar(select(Batch.id).where(Batch.company_id == db.company_id).limit(1)):
        return []
    company = db.get_one(Company, db.company_id)
    document = db.scalar(select(Document.id).where(Document.company_id == db.company_id).limit(1))
    return [
        FirstStep(
            _("Complete los datos de la empresa"),
            _("IBAN para cobrar, datos registrales y cómo pagan los clientes nuevos."),
            "/admin/company/list",
            bool(company.iban),
        ),
        FirstStep(
            _("Configure la cuenta de correo"),
            _("Con ella salen los avisos y los accesos. Hasta entonces los correos esperan."),
            COMPANYS,
            company_account(db) is not None,
        ),
        FirstStep(
            _("Importe sus facturas o emita la primera"),
            _("Facturae, UBL o CSV de su otro programa."),
            "/admin/invoice/importar",
            document is not None,
        ),
        FirstStep(
            _("Publíquelas en la intranet"),
            _("Márquelas en la lista y elija Publicar en Intranet: cada cliente verá las suyas."),
            "/admin/invoice/list?publicada=no",
            False,
        ),
    ]


def failed_mails(db: ScopedSession) -> list[Letter]:
    """The last ones nobody is going to try again by themselves."""
    found = db.scalars(
        select(OutgoingMail)
        .where(
            OutgoingMail.company_id == db.company_id,
            OutgoingMail.status.in_(ENDED_BADLY),
            OutgoingMail.kind != MailKind.TEST,  # its report has told it
        )
        .order_by(OutgoingMail.id.desc())
        .limit(SHOWN_MAILS)
        .options(joinedload(OutgoingMail.contact))
    )
    return [_letter(mail) for mail in found]


def _letter(mail: OutgoingMail) -> Letter:
    sign, about, note = MAIL_SIGNS[mail.status], mail.subject or _(MAIL_KINDS[mail.kind]), note_on(mail)
    contact = mail.contact
    if contact is not None and blames_address(mail.last_reply):
        screen = "customer" if contact.is_customer else "supplier"
        return Letter(mail, sign, about, note, _("Corregir dirección"), f"/admin/{screen}/edit/{contact.id}")
    return Letter(mail, sign, about, note, _("Ver correo"), f"/admin/outgoing-mail/details/{mail.id}")


def going(db: ScopedSession) -> list[Going]:
    found = []
    for batch in batches.going(db):
        progress = batches.progress_of(db, batch)
        printed, documents = progress.rendered + progress.unprinted, progress.documents
        if printed < documents:
            found.append(Going(batch, True, printed, documents))
        elif progress.waiting:
            found.append(Going(batch, False, progress.mails - progress.waiting, progress.mails))
    return found
