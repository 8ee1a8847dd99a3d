"""What became of a test mail, step by step, as far as is known: connecting, signing in, handing over."""

from typing import NamedTuple

from admin_views.mail_words import Note
from app.domain.mail_accounts import Standing, standing_of
from app.domain.replies import explain
from app.texts import _
from models import MailAccount, OutgoingMail
from models.enums import MailSecurity, MailStatus

OK, BAD, WARN, GOING, NOT_YET = "ok", "bad", "warn", "going", "not yet"
ICONS = {
    OK: ("check", "ok"),
    BAD: ("x", "bad"),
    WARN: ("alert-triangle", "warn"),
    GOING: ("loader-2", "info"),
    NOT_YET: ("minus", ""),
}
ENDINGS = {
    MailStatus.SENT: OK,
    MailStatus.FAILED: BAD,
    MailStatus.UNKNOWN: WARN,
    MailStatus.RETRY: WARN,
    MailStatus.CANCELLED: BAD,
    MailStatus.SENDING: GOING,
}


class Step(NamedTuple):
    title: str
    icon: str
    tone: str
    says: str = ""


class Report(NamedTuple):
    """The verdict on a test mail and the steps it took."""

    note: Note
    steps: list[Step]


def steps_of(account: MailAccount | None, mail: OutgoingMail, *, demo: bool) -> Report:
    handing = _("Entregar el correo a %(quien)s") % {"quien": mail.recipient}
    ending = ENDINGS.get(mail.status, NOT_YET)
    if demo or account is None:
        return Report(_verdict(mail, Standing.GOOD), [_step(handing, ending, mail.last_reply)])
    standing = standing_of(account) if mail.status is MailStatus.QUEUED else Standing.GOOD
    connecting = signing = OK
    if standing is Standing.UNREACHABLE:
        connecting, signing = BAD, NOT_YET
    elif standing is Standing.REFUSED:
        signing = BAD
    elif mail.status is MailStatus.QUEUED:
        connecting, signing = GOING, NOT_YET
    steps = [_step(_connecting(account), connecting, account.last_error if connecting == BAD else "")]
    if account.username:
        title = _("Entrar como %(usuario)s") % {"usuario": account.username}
        steps.append(_step(title, signing, account.last_error if signing == BAD else ""))
    steps.append(_step(handing, ending, mail.last_reply))
    return Report(_verdict(mail, standing), steps)


def _connecting(account: MailAccount) -> str:
    place = _("Conectar con %(servidor)s por el puerto %(puerto)s") % {
        "servidor": account.host,
        "puerto": account.port,
    }
    if account.security is MailSecurity.NONE:
        return _("%(donde)s, sin cifrar") % {"donde": place}
    return _("%(donde)s y cifrar la conexión") % {"donde": place}


def _step(title: str, state: str, says: str) -> Step:
    return Step(title, *ICONS[state], says)


def _verdict(mail: OutgoingMail, standing: Standing) -> Note:
    if standing is Standing.REFUSED:
        advice = _("Revíselos; muchos proveedores piden aquí una contraseña de aplicación, distinta de la del buzón.")
        return Note("bad", "alert-triangle", _("El servidor no acepta el usuario o la contraseña."), advice)
    if standing is Standing.UNREACHABLE:
        advice = _("Revise servidor, puerto y seguridad. Si su certificado es propio, léalo y acéptelo en esta página.")
        return Note("bad", "alert-triangle", _("No se ha podido conectar con el servidor."), advice)
    if mail.status is MailStatus.SENT:
        advice = _("Búsquelo en el buzón de %(quien)s; si no está, mire en el correo no deseado.")
        return Note("ok", "check", _("El correo de prueba ha salido."), advice % {"quien": mail.recipient})
    if mail.status is MailStatus.RETRY:
        return Note("warn", "refresh", explain(mail.last_reply), _("Se intentará otra vez dentro de un minuto o más."))
    if mail.status in ENDINGS and mail.status is not MailStatus.SENDING:
        return Note("bad", "alert-triangle", explain(mail.last_reply) or _("No se ha podido entregar."))
    return Note("info", "clock", _("Está saliendo: en unos segundos se sabrá."))
