"""How what came back about a mail is told, and what became of its copy."""

from typing import NamedTuple

from admin_views.formatters import Sign, moment
from app.domain.mail.replies import explain_report
from app.texts import _
from models import MailReport, OutgoingMail, SentCopy
from models.enums import CopyStatus, MailStatus, ReportKind

REPORT_SIGNS: dict[str, Sign] = {
    ReportKind.BOUNCED: Sign("Rebotado", "mail-x", "bad"),
    ReportKind.DELAYED: Sign("Retrasado", "hourglass", "warn"),
    ReportKind.DELIVERED: Sign("En su buzón", "mailbox", "ok"),
    ReportKind.READ: Sign("Leído", "mail-opened", "ok"),
    ReportKind.DISCARDED: Sign("Borrado sin leer", "trash", "warn"),
}


class CameBack(NamedTuple):
    """What came back, as it reads: a word, a sentence, and the reporter's own words."""

    sign: Sign
    sentence: str
    reply: str
    at: str


class CopyNote(NamedTuple):
    """What became of a copy; ``is_over``: it is not tried any more, unless somebody asks for it."""

    icon: str
    tone: str
    sentence: str
    reply: str = ""
    is_over: bool = False


def what_came_back(report: MailReport) -> CameBack:
    sentence = explain_report(report.kind, report.code)
    words = " · ".join(part for part in (_code_of(report), report.says) if part)
    return CameBack(REPORT_SIGNS[report.kind], sentence, words, moment(report.reported_at))


def _code_of(report: MailReport) -> str:
    """Not said twice: most servers put it into their words."""
    return "" if report.code in report.says else report.code


def is_refusal(report: MailReport, mail: OutgoingMail) -> bool:
    """It only repeats what the mail's own tries tell."""
    return mail.status is MailStatus.FAILED and report.says == mail.last_reply


def copy_note(copy: SentCopy) -> CopyNote:
    folder = {"carpeta": copy.folder, "cuando": moment(copy.finished_at) if copy.finished_at else ""}
    if copy.status is CopyStatus.STORED:
        return CopyNote("copy-check", "", _("Guardada en «%(carpeta)s» el %(cuando)s.") % folder)
    if copy.status is CopyStatus.FOUND:
        return CopyNote("copy-check", "", _("Ya estaba en «%(carpeta)s».") % folder)
    if copy.status is CopyStatus.FAILED:
        return CopyNote("copy-x", "bad", _("No se ha podido guardar."), copy.last_error, is_over=True)
    if copy.last_error:
        again = _("Todavía no se ha podido guardar: se intenta otra vez el %(cuando)s.")
        return CopyNote("hourglass", "warn", again % {"cuando": moment(copy.due_at)}, copy.last_error)
    if copy.attempts:
        return CopyNote("hourglass", "", _("Se espera a que la guarde el propio proveedor."))
    return CopyNote("hourglass", "", _("Se guarda en un momento."))
