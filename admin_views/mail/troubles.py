"""Why mail does not leave or come back, in sentences: for the company's account, and for one's own."""

import datetime as dt

from msgspec import Struct
from sqlalchemy import or_, select

from admin_views.formatters import moment
from app import clock
from app.domain.mail.accounts import Standing, account_of, company_account, standing_of
from app.domain.mail.mailbox_rights import mailbox_standing
from app.domain.queries.outbox import due_since, waiting_from
from app.errors import Fault
from app.mail.credentials import NAMES
from app.scope import ScopedSession
from app.texts import _
from models import MailAccount

LATE = dt.timedelta(minutes=10)
COMPANYS, OWN = "/admin/mail-account", "/admin/account/mail"
_TROUBLED = (Standing.REFUSED, Standing.UNREACHABLE)
_REASONS = {
    Fault.NAME_UNKNOWN: "no se encuentra el servidor.",
    Fault.NOT_ALLOWED: "la instalación no permite conectar con el servidor.",
    Fault.CONNECTION_REFUSED: "el servidor rechaza la conexión.",
    Fault.UNREACHABLE: "el servidor no contesta.",
    Fault.NO_STARTTLS: "el servidor no ofrece cifrar la conexión.",
    Fault.CERTIFICATE_CHANGED: "el certificado del servidor ha cambiado.",
    Fault.CERTIFICATE_EXPIRED: "el certificado del servidor ha caducado.",
    Fault.CERTIFICATE_OF_ANOTHER: "el certificado del servidor es de otro nombre.",
    Fault.CERTIFICATE_UNKNOWN: "el certificado del servidor no lo firma ninguna autoridad conocida.",
    Fault.NO_WAY_IN: "el servidor no deja entrar por esa conexión.",
    Fault.CREDENTIALS_UNREADABLE: "no se puede usar la contraseña guardada.",
    Fault.CONSENT_MISSING: "su proveedor no da el permiso.",
    Fault.NOT_REGISTERED: "la instalación no está dada de alta en su proveedor.",
}
"""Ends of sentences about an account, where more is known than that it does not work."""


class Trouble(Struct, frozen=True):
    """What is wrong, the server's own words, until when it waits, and how many mails wait.

    ``is_own``: it is with somebody's own account. ``is_refused``: nothing helps but a person with the right password.
    """

    title: str
    reply: str = ""
    until: dt.datetime | None = None
    waiting: int = 0
    is_own: bool = False
    is_refused: bool = False

    @property
    def where(self) -> str:
        """The page of the account."""
        return OWN if self.is_own else COMPANYS


def sending_trouble(db: ScopedSession, *, demo: bool, account_id: int | None = None) -> Trouble | None:
    """What keeps the mail of an account from leaving, of the company's when none, if anything does."""
    if account_id is not None:
        account = account_of(db, account_id)
        return _sending_trouble_with(db, account) if account is not None else None
    account = company_account(db)
    if account is not None:
        return _sending_trouble_with(db, account) or _delay(db)
    if demo:
        return None
    return Trouble(_("No sale nada de la cuenta de la empresa: todavía no la hay."), waiting=waiting_from(db, None))


def troubles_of_account(db: ScopedSession, account: MailAccount | None, *, demo: bool) -> list[Trouble]:
    """What keeps one account from working, for its own page: leaving, and coming back."""
    if account is None or demo:
        return []
    return [
        trouble for trouble in (_sending_trouble_with(db, account), _mailbox_trouble(account)) if trouble is not None
    ]


def _lack_of_consent(account: MailAccount) -> str:
    """The end of a sentence about an account that its provider does not let in any more, or not yet; nothing else."""
    if account.provider is None:
        return ""
    told = {"quien": NAMES[account.provider], "cuando": moment(account.consent_ended_at)}
    if account.consent_ended_at is not None:
        return _("%(quien)s no acepta el permiso desde el %(cuando)s.") % told
    return "" if account.sealed_tokens else _("falta el permiso de %(quien)s.") % told


def _sending_trouble_with(db: ScopedSession, account: MailAccount) -> Trouble | None:
    standing, lack = standing_of(account), _lack_of_consent(account)
    if not lack and standing not in _TROUBLED:
        return None
    is_own = account.user_id is not None
    title = (
        _("No sale nada de %(correo)s: %(motivo)s")
        if is_own
        else _("No sale nada de la cuenta de la empresa: %(motivo)s")
    )
    return Trouble(
        title % {"correo": account.sender_email, "motivo": lack or _reason(standing, account.last_fault)},
        reply="" if lack else account.last_error,
        until=None if lack else _ahead(account.paused_until),
        waiting=waiting_from(db, account.id if is_own else None),
        is_own=is_own,
        is_refused=bool(lack) or standing is Standing.REFUSED,
    )


def _reason(standing: Standing, fault: str) -> str:
    if fault in _REASONS:
        return _(_REASONS[Fault(fault)])
    if standing is Standing.REFUSED:
        return _("el servidor no acepta el usuario o la contraseña.")
    return _("no se puede conectar con el servidor.")


def _delay(db: ScopedSession) -> Trouble | None:
    since = due_since(db, of_company=True)
    if since is None or since >= clock.now() - LATE:
        return None
    title = _("Los correos se retrasan: esperan desde el %(cuando)s.") % {"cuando": moment(since)}
    return Trouble(title, waiting=waiting_from(db, None))


def all_troubles(db: ScopedSession, user_id: int, companys: Trouble | None) -> list[Trouble]:
    """What keeps the company's mail, known already, or somebody's own from leaving, and either's from coming back."""
    theirs = or_(MailAccount.user_id.is_(None), MailAccount.user_id == user_id)
    accounts = db.scalars(select(MailAccount).where(theirs).order_by(MailAccount.user_id.is_not(None))).all()
    found = [companys, *(_sending_trouble_with(db, own) for own in accounts if own.user_id is not None)]
    found += [_mailbox_trouble(account) for account in accounts]
    return [trouble for trouble in found if trouble is not None]


def _mailbox_trouble(account: MailAccount) -> Trouble | None:
    standing = mailbox_standing(account)
    if standing not in _TROUBLED:
        return None
    why = {"correo": account.sender_email, "motivo": _reason(standing, account.imap_fault)}
    title = _("El buzón de %(correo)s no se abre: %(motivo)s No se guardan copias ni se leen rebotes.") % why
    return Trouble(
        title,
        account.imap_error,
        _ahead(account.imap_paused_until),
        is_own=account.user_id is not None,
        is_refused=standing is Standing.REFUSED,
    )


def _ahead(until: dt.datetime | None) -> dt.datetime | None:
    """What is past is tried with the next mail, whenever that comes."""
    return until if until is not None and until > clock.now() else None
