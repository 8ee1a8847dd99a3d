"""What the lists of mails show and can be narrowed by."""

import datetime as dt

from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, select

from admin_views.columns import Column
from admin_views.filters import Choice, DayRange, Lookup
from admin_views.formatters import DASH, badge
from admin_views.mail.report_words import REPORT_SIGNS
from admin_views.mail.words import mail_sign, state_sign
from app import clock
from app.domain.mail.kinds import MAIL_KINDS
from app.domain.queries.mail_replies import LAST_REPORT, has_report
from app.scope import ScopedSession
from app.texts import _
from models import Batch, Contact, Dispatch, OutgoingMail
from models.enums import MailKind, MailStatus, ReportKind
from models.mail import ENDED_BADLY

# Words of the address for the states of the list, and for those that want somebody.
STATES: dict[str, tuple[str, tuple[MailStatus, ...]]] = {
    "en-cola": ("En cola", (MailStatus.QUEUED,)),
    "enviando": ("Enviando", (MailStatus.SENDING,)),
    "reintento": ("Reintento", (MailStatus.RETRY,)),
    "sin-confirmar": ("Sin confirmar", (MailStatus.UNKNOWN,)),
    "fallido": ("Fallido", (MailStatus.FAILED,)),
    "problemas": ("Fallido o sin confirmar", ENDED_BADLY),
    "enviado": ("Enviado", (MailStatus.SENT,)),
    "anulado": ("Anulado", (MailStatus.CANCELLED,)),
}
REPORTS = {"rebotado": ReportKind.BOUNCED, "leido": ReportKind.READ, "retrasado": ReportKind.DELAYED}
KINDS = {
    "documentos": MailKind.DOCUMENT,
    "avisos": MailKind.NOTICE,
    "accesos": MailKind.ACCESS,
    "claves": MailKind.RECOVERY,
    "pruebas": MailKind.TEST,
}
PERIODS = {"hoy": ("Hoy", 0), "semana": ("Últimos 7 días", 6), "mes": ("Últimos 30 días", 29)}


def _since(value: str) -> ColumnElement[bool]:
    first = clock.today() - dt.timedelta(days=PERIODS[value][1])
    return OutgoingMail.created_at >= dt.datetime.combine(first, dt.time(), clock.MADRID)


def _in_state(value: str) -> ColumnElement[bool]:
    if value in REPORTS:
        return has_report(REPORTS[value])
    is_in_it = OutgoingMail.status.in_(STATES[value][1])
    # A test that failed has been told by its report: it is nothing to do.
    return and_(is_in_it, OutgoingMail.kind != MailKind.TEST) if value == "problemas" else is_in_it


def _subject(subject: str, kind: MailKind) -> Markup | str:
    """A mail has no subject before it is written."""
    return subject or Markup('<span class="soft">{}</span>').format(_(MAIL_KINDS[kind]))


WHO = Column(
    name="para",
    label="Destinatario",
    value=(OutgoingMail.recipient_name, OutgoingMail.recipient),
    show=lambda name, email: name or email,
)
EMAIL = Column(name="correo", label="Correo", value=OutgoingMail.recipient, css="c-cut hide")
SUBJECT = Column(
    name="asunto",
    label="Asunto",
    value=(OutgoingMail.subject, OutgoingMail.kind),
    show=_subject,
    csv=lambda subject, kind: subject or _(MAIL_KINDS[kind]),
    css="c-who",
)
STATE = Column(
    name="estado",
    label="Estado",
    value=(OutgoingMail.status, OutgoingMail.attempts, OutgoingMail.due_at, LAST_REPORT),
    show=lambda status, attempts, due_at, came_back: badge(mail_sign(status, attempts, due_at, came_back)),
    csv=lambda status, attempts, due_at, came_back: _(state_sign(status, due_at, came_back).word),
    css="c-state",
)
ATTEMPTS = Column(
    name="intentos",
    label="Intentos",
    value=OutgoingMail.attempts,
    show=lambda attempts: attempts or DASH,
    csv=lambda attempts: attempts,
    css="num hide",
)


class Sending(Lookup, frozen=True, kw_only=True):
    """The mails of one sending: led to by what was sent, not looked up."""

    template: str = "admin/filters/kept.html"

    def conditions(self, value: int) -> list[ColumnElement[bool]]:
        sent = select(Dispatch.id).where(Dispatch.company_id == OutgoingMail.company_id, Dispatch.batch_id == value)
        return [OutgoingMail.dispatch_id.in_(sent.correlate(OutgoingMail))]

    def spell(self, db: ScopedSession, value: int) -> str:
        return db.scalar(select(Batch.selection).where(Batch.id == value)) or _("(no existe)")


FILTERS = (
    Choice(
        name="estado",
        label="Estado",
        options=[
            *((value, word) for value, (word, _statuses) in STATES.items()),
            *((value, REPORT_SIGNS[kind].word) for value, kind in REPORTS.items()),
        ],
        condition=_in_state,
    ),
    Choice(
        name="clase",
        label="Clase",
        options=[(value, MAIL_KINDS[kind]) for value, kind in KINDS.items()],
        condition=lambda value: OutgoingMail.kind == KINDS[value],
    ),
    Choice(
        name="periodo",
        label="Periodo",
        options=[(value, word) for value, (word, _days) in PERIODS.items()],
        condition=_since,
    ),
    DayRange(name="fecha", label="Fecha", column=OutgoingMail.created_at, of_moments=True),
    Lookup(name="cliente", label="Cliente", screen="customer", model=Contact, column=OutgoingMail.contact_id),
    Lookup(name="publicacion", label="Publicación", screen="batch", model=Batch, column=OutgoingMail.batch_id),
    Sending(name="envio", label="Envío", screen="", model=Batch),
)
