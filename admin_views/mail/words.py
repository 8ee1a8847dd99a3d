"""How mails are told: a word and a colour for each state, and a sentence for whoever has to do something about it."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from admin_views.formatters import Sign, moment
from admin_views.mail.report_words import REPORT_SIGNS, what_came_back
from app import clock
from app.domain.mail.accounts import Standing, standing_of
from app.domain.mail.replies import explain
from app.texts import _, plural
from models import MailAccount, MailReport, OutgoingMail
from models.enums import MailStatus, ReportKind

SOON = dt.timedelta(minutes=10)
"""What leaves later than this was meant to."""

MAIL_SIGNS: dict[str, Sign] = {
    MailStatus.QUEUED: Sign("En cola", "clock"),
    MailStatus.SENDING: Sign("Enviando", "send", "info"),
    MailStatus.RETRY: Sign("Reintento", "refresh", "warn"),
    MailStatus.UNKNOWN: Sign("Sin confirmar", "question-mark", "warn"),
    MailStatus.FAILED: Sign("Fallido", "x", "bad"),
    MailStatus.SENT: Sign("Enviado", "check", "ok"),
    MailStatus.CANCELLED: Sign("Anulado", "ban"),
}


_MEANT_FOR_LATER = Sign("Programado", "calendar-time")


def state_sign(status: MailStatus, due_at: dt.datetime, came_back: ReportKind | None = None) -> Sign:
    """A mail that has left is told by what came back about it."""
    if _is_meant_for_later(status, due_at):
        return _MEANT_FOR_LATER
    return REPORT_SIGNS[came_back] if status is MailStatus.SENT and came_back else MAIL_SIGNS[status]


def mail_sign(status: MailStatus, attempts: int, due_at: dt.datetime, came_back: ReportKind | None = None) -> Sign:
    """The same with the number of the try."""
    sign = state_sign(status, due_at, came_back)
    return sign._replace(word=_("Reintento %(n)s") % {"n": attempts}) if status is MailStatus.RETRY else sign


def _is_meant_for_later(status: MailStatus, due_at: dt.datetime) -> bool:
    return status is MailStatus.QUEUED and due_at > clock.now() + SOON


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


def note_on(mail: OutgoingMail, came_back: Sequence[MailReport] = ()) -> Note:
    """What to say of a mail beside its state; ``came_back`` about it, the newest first."""
    if mail.status is MailStatus.SENT and came_back:
        return _note_of(came_back[0], mail)
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
    if _is_meant_for_later(mail.status, mail.due_at):
        return Note("", _MEANT_FOR_LATER.icon, _("Programado: sale el %(cuando)s.") % {"cuando": moment(mail.due_at)})
    advice = said if mail.status is MailStatus.CANCELLED else ""
    if mail.status is MailStatus.SENT:
        advice = _("Su servidor lo aceptó el %(cuando)s.") % {"cuando": moment(mail.finished_at)}
    return _PLAIN[mail.status]._replace(advice=advice, reply=reply if mail.status is MailStatus.SENT else "")


def _note_of(report: MailReport, mail: OutgoingMail) -> Note:
    came_back, left = what_came_back(report), moment(mail.finished_at)
    advice = _("Salió el %(salio)s; la respuesta es del %(llego)s.") % {"salio": left, "llego": came_back.at}
    if report.kind is ReportKind.BOUNCED:
        advice += " " + _("Llame al cliente o use otra dirección.")
    return Note(came_back.sign.tone, came_back.sign.icon, came_back.sentence, advice, came_back.reply)


def when_it_leaves(account: MailAccount | None, *, demo: bool) -> str:
    """What mail queued now has to wait for; nothing when it can leave. The demonstration catches it at once."""
    standing = standing_of(account)
    if standing is Standing.GOOD or (demo and account is None):
        return ""
    if standing is Standing.MISSING:
        return _("cuando se configure la cuenta de correo")
    return _("cuando el servidor de correo vuelva a aceptarlos")
