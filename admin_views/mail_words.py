"""How mails are told: a word and a colour for each state, and a sentence for whoever has to do something about it."""

import datetime as dt
from typing import NamedTuple

from msgspec import Struct

from admin_views.formatters import Sign, moment
from app import clock
from app.domain.mail_accounts import Standing, company_account, standing_of
from app.domain.queries.outbox import due_since, queue_figures
from app.domain.replies import explain
from app.scope import ScopedSession
from app.texts import _, plural
from models import MailAccount, OutgoingMail
from models.enums import MailKind, MailStatus

MAIL_SIGNS: dict[str, Sign] = {
    MailStatus.QUEUED: Sign("En cola", "clock"),
    MailStatus.SENDING: Sign("Enviando", "send", "info"),
    MailStatus.RETRY: Sign("Reintento", "refresh", "warn"),
    MailStatus.UNKNOWN: Sign("Sin confirmar", "question-mark", "warn"),
    MailStatus.FAILED: Sign("Fallido", "x", "bad"),
    MailStatus.SENT: Sign("Enviado", "check", "ok"),
    MailStatus.CANCELLED: Sign("Anulado", "ban"),
}
MAIL_KINDS = {
    MailKind.NOTICE: "Aviso de documentos",
    MailKind.ACCESS: "Acceso a la intranet",
    MailKind.RECOVERY: "Contraseña olvidada",
    MailKind.TEST: "Correo de prueba",
}
LATE = dt.timedelta(minutes=10)


def mail_sign(status: MailStatus, attempts: int) -> Sign:
    sign = MAIL_SIGNS[status]
    if status is MailStatus.RETRY:
        return sign._replace(word=_("Reintento %(n)s") % {"n": attempts})
    return sign


class Note(NamedTuple):
    """What to know about a mail: a sentence, what to do, and the server's own words."""

    tone: str
    icon: str
    title: str
    advice: str = ""
    reply: str = ""


_PLAIN = {
    MailStatus.SENT: Note("ok", "check", "Entregado."),
    MailStatus.CANCELLED: Note("", "ban", "Anulado: no se enviará."),
    MailStatus.SENDING: Note("info", "send", "Está saliendo en este momento."),
    MailStatus.QUEUED: Note("", "clock", "En cola: sale en cuanto le toque."),
}


def note_on(mail: OutgoingMail) -> Note:
    """What to say of a mail beside its state."""
    reply = mail.last_reply
    said = explain(reply) if reply else ""
    words = reply if said != reply else ""
    if mail.status is MailStatus.FAILED:
        tries = plural("Lo hemos intentado una vez.", "Lo hemos intentado %(n)s veces.", mail.attempts)
        what = _("Llame al cliente o use otra dirección.") if words else _("Corregida la causa, envíelo otra vez.")
        advice = f"{tries} {what}"
        return Note("bad", "alert-triangle", said or _("No se ha podido entregar."), advice, words)
    if mail.status is MailStatus.UNKNOWN:
        advice = _(
            "La conexión se cortó dos veces después de entregarlo y antes de que el servidor lo confirmara. Pregunte "
            "al cliente si lo tiene y, si no, envíelo otra vez: no se repetirá por sí solo."
        )
        return Note("warn", "question-mark", _("No se sabe si ha llegado."), advice, reply)
    if mail.status is MailStatus.RETRY:
        advice = _("Se intentará otra vez el %(cuando)s.") % {"cuando": moment(mail.due_at)}
        return Note("warn", "refresh", said or _("Todavía no se ha podido entregar."), advice, words)
    advice = said if mail.status is MailStatus.CANCELLED else ""
    if mail.status is MailStatus.SENT:
        advice = _("Su servidor lo aceptó el %(cuando)s.") % {"cuando": moment(mail.finished_at)}
    return _PLAIN[mail.status]._replace(advice=advice, reply=reply if mail.status is MailStatus.SENT else "")


class Trouble(Struct, frozen=True):
    """Why mail does not leave: what is wrong, the server's own words, until when it waits, how many wait."""

    title: str
    reply: str = ""
    until: dt.datetime | None = None
    waiting: int = 0


def trouble_of(db: ScopedSession, *, demo: bool) -> Trouble | None:
    """What keeps the company's mail from leaving, if anything does."""
    account = company_account(db)
    standing = standing_of(account)
    if demo and account is None:
        return None
    waiting = queue_figures(db).waiting
    if account is None:
        return Trouble(_("No sale ningún correo: falta la cuenta de la empresa."), waiting=waiting)
    if standing is Standing.REFUSED:
        title = _("No sale ningún correo: el servidor no acepta el usuario o la contraseña.")
        return Trouble(title, account.last_error, account.paused_until, waiting)
    if standing is Standing.UNREACHABLE:
        title = _("No sale ningún correo: el servidor no atiende.")
        return Trouble(title, account.last_error, account.paused_until, waiting)
    since = due_since(db)
    if since is not None and since < clock.now() - LATE:
        title = _("Los correos se retrasan: esperan desde el %(cuando)s.") % {"cuando": moment(since)}
        return Trouble(title, waiting=waiting)
    return None


def when_it_leaves(account: MailAccount | None, *, demo: bool) -> str:
    """What mail queued now has to wait for; nothing when it can leave. The demonstration catches it at once."""
    standing = standing_of(account)
    if standing is Standing.GOOD or (demo and account is None):
        return ""
    if standing is Standing.MISSING:
        return _("cuando se configure la cuenta de correo")
    return _("cuando el servidor de correo vuelva a aceptarlos")
