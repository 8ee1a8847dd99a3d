"""Why mail does not leave or come back, in sentences: for the company's account, and for one's own."""

import datetime as dt

from msgspec import Struct
from sqlalchemy import or_, select

from admin_views.formatters import moment
from app import clock
from app.domain.mail.accounts import Standing, account_of, company_account, standing_of
from app.domain.mail.mailbox_rights import mailbox_standing
from app.domain.queries.outbox import due_since, waiting_from
from app.mail.credentials import NAMES
from app.scope import ScopedSession
from app.texts import _
from models import MailAccount

LATE = dt.timedelta(minutes=10)
COMPANYS, OWN = "/admin/mail-account", "/admin/account/mail"


class Trouble(Struct, frozen=True):
    """What is wrong, the server's own words, until when it waits, how many mails wait, and where to see to it.

    ``is_refused``: nothing helps but a person with the right password.
    """

    title: str
    reply: str = ""
    until: dt.datetime | None = None
    waiting: int = 0
    where: str = COMPANYS
    is_refused: bool = False


def trouble_of(db: ScopedSession, *, demo: bool, account_id: int | None = None) -> Trouble | None:
    """What keeps the mail of an account from leaving, of the company's when none, if anything does."""
    if account_id is not None:
        account = account_of(db, account_id)
        return _own_trouble(db, account) if account is not None else None
    account = company_account(db)
    if demo and account is None:
        return None
    waiting = waiting_from(db, None)
    if account is None:
        return Trouble(_("No sale ningún correo: falta la cuenta de la empresa."), waiting=waiting)
    return _companys_trouble(account, waiting) or _delay(db, waiting)


def troubles_with(db: ScopedSession, account: MailAccount | None, *, demo: bool) -> list[Trouble]:
    """What keeps one account from working, for its own page: leaving, and coming back."""
    if account is None or demo:
        return []
    if account.user_id is not None:
        sending = _own_trouble(db, account)
    else:
        sending = _companys_trouble(account, waiting_from(db, None))
    return [trouble for trouble in (sending, _mailbox_trouble(account)) if trouble is not None]


def _lack_of_consent(account: MailAccount) -> str:
    """The end of a sentence about an account that its provider does not let in any more, or not yet; nothing else."""
    if account.provider is None:
        return ""
    told = {"quien": NAMES[account.provider], "cuando": moment(account.consent_ended_at)}
    if account.consent_ended_at is not None:
        return _("%(quien)s no acepta el permiso desde el %(cuando)s.") % told
    return "" if account.sealed_tokens else _("falta el permiso de %(quien)s.") % told


def _companys_trouble(account: MailAccount, waiting: int) -> Trouble | None:
    if lack := _lack_of_consent(account):
        return Trouble(_("No sale ningún correo: %(motivo)s") % {"motivo": lack}, waiting=waiting, is_refused=True)
    standing = standing_of(account)
    if standing not in (Standing.REFUSED, Standing.UNREACHABLE):
        return None
    is_refused = standing is Standing.REFUSED
    title = _("No sale ningún correo: no se puede conectar con el servidor.")
    if is_refused:
        title = _("No sale ningún correo: el servidor no acepta el usuario o la contraseña.")
    return Trouble(title, account.last_error, account.paused_until, waiting, is_refused=is_refused)


def _delay(db: ScopedSession, waiting: int) -> Trouble | None:
    since = due_since(db, of_company=True)
    if since is None or since >= clock.now() - LATE:
        return None
    title = _("Los correos se retrasan: esperan desde el %(cuando)s.") % {"cuando": moment(since)}
    return Trouble(title, waiting=waiting)


def troubles_of(db: ScopedSession, user_id: int, companys: Trouble | None) -> list[Trouble]:
    """What keeps the company's mail, known already, or somebody's own from leaving, and either's from coming back."""
    theirs = or_(MailAccount.user_id.is_(None), MailAccount.user_id == user_id)
    accounts = db.scalars(select(MailAccount).where(theirs).order_by(MailAccount.user_id.is_not(None))).all()
    found = [companys, *(_own_trouble(db, own) for own in accounts if own.user_id is not None)]
    found += [_mailbox_trouble(account) for account in accounts]
    return [trouble for trouble in found if trouble is not None]


def _own_trouble(db: ScopedSession, account: MailAccount) -> Trouble | None:
    standing, why = standing_of(account), {"correo": account.sender_email}
    if lack := _lack_of_consent(account):
        title = _("No sale nada de %(correo)s: %(motivo)s") % (why | {"motivo": lack})
        return Trouble(title, waiting=waiting_from(db, account.id), where=OWN, is_refused=True)
    if standing not in (Standing.REFUSED, Standing.UNREACHABLE):
        return None
    if standing is Standing.REFUSED:
        title = _("No sale nada de %(correo)s: su servidor no acepta el usuario o la contraseña.") % why
    else:
        title = _("No sale nada de %(correo)s: no se puede conectar con su servidor.") % why
    facts = (account.last_error, account.paused_until, waiting_from(db, account.id))
    return Trouble(title, *facts, where=OWN, is_refused=standing is Standing.REFUSED)


def _mailbox_trouble(account: MailAccount) -> Trouble | None:
    standing = mailbox_standing(account)
    if standing not in (Standing.REFUSED, Standing.UNREACHABLE):
        return None
    why = {"correo": account.sender_email}
    if standing is Standing.REFUSED:
        title = _(
            "El buzón de %(correo)s no acepta el usuario o la contraseña: no se guardan copias ni se leen rebotes."
        )
    else:
        title = _("No se puede abrir el buzón de %(correo)s: de momento no se guardan copias ni se leen rebotes.")
    where = OWN if account.user_id is not None else COMPANYS
    is_refused = standing is Standing.REFUSED
    return Trouble(title % why, account.imap_error, account.imap_paused_until, where=where, is_refused=is_refused)
