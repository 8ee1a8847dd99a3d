"""Who may enter the intranet: giving access, withdrawing it, passwords set by hand, e-mails that change."""

from msgspec import Struct
from sqlalchemy import CompoundSelect, Select, select

from app import clock
from app.domain import access_sql as sql
from app.domain import audit
from app.domain.batches import batch_of, close_batch, first_result, open_batch
from app.domain.bulk import hashed_joins, look_again, write
from app.domain.locking import lock_company
from app.domain.mail import outbox
from app.domain.queries.people import accesses_meant, chosen, people_figures, people_meant
from app.domain.selections import ContactSelection
from app.domain.shared_emails import ShareNotConfirmed, joined_by, shared_among
from app.domain.signing_in import set_password
from app.errors import NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from models import Contact, PortalAccount, PortalMembership
from models.enums import BatchKind, Ending, MailKind


class NothingToDo(Refusal):
    code = "nothing_to_do"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class NoEmail(Refusal):
    code = "no_email"

    def __init__(self) -> None:
        super().__init__(_("Escriba antes el correo del cliente en su ficha: es con el que entrará."), field="email")


class PeopleChanged(Refusal):
    """Whom it would be about now is not what was shown: nothing was done."""

    code = "selection_changed"

    def __init__(self) -> None:
        super().__init__(_("Algo ha cambiado desde que se calculó. Revise las cifras nuevas y confirme otra vez."))


class GrantAccess(Struct, frozen=True, kw_only=True):
    """``again`` also invites those who have a password already. ``key`` is the unique key of the dialogue.

    ``fingerprint`` is what ``people_figures`` showed, where people were not shown one by one.
    """

    selection: ContactSelection
    key: str
    user_id: int | None
    fingerprint: str = ""
    tell: bool = True
    again: bool = False
    share_confirmed: bool = False


class WithdrawAccess(Struct, frozen=True, kw_only=True):
    """``key`` and ``fingerprint`` as in ``GrantAccess``."""

    selection: ContactSelection
    key: str
    user_id: int | None
    fingerprint: str = ""


class SetPortalPassword(Struct, frozen=True, kw_only=True):
    """A password typed by staff, hashed before. ``email``: whose; that of the contact's main record unless said."""

    contact_id: int
    password_hash: str
    user_id: int | None
    email: str = ""
    share_confirmed: bool = False


class Granted(Struct, frozen=True, kw_only=True):
    """``people`` got access now, ``mails`` are queued; ``without_email`` contacts have nobody who could enter."""

    batch_id: int
    people: int = 0
    mails: int = 0
    without_email: int = 0
    again: bool = False

    def __str__(self) -> str:
        sentences = []
        if self.people:
            sentences.append(plural("%(n)s persona recibe acceso.", "%(n)s personas reciben acceso.", self.people))
        if self.mails:
            sentences.append(plural("%(n)s correo en cola.", "%(n)s correos en cola.", self.mails))
        elif self.people:
            sentences.append(_("No se avisa a nadie."))
        if self.without_email:
            one, many = "%(n)s cliente no tiene correo.", "%(n)s clientes no tienen correo."
            sentences.append(plural(one, many, self.without_email))
        return " ".join(sentences)


class AccessWithdrawn(Struct, frozen=True, kw_only=True):
    """``people`` may no longer act for the contact; ``sessions`` were open, ``cancelled`` mails waited."""

    batch_id: int
    people: int = 0
    sessions: int = 0
    cancelled: int = 0
    again: bool = False

    def __str__(self) -> str:
        one, many = "Acceso retirado a %(n)s persona.", "Acceso retirado a %(n)s personas."
        sentences = [plural(one, many, self.people)]
        if self.sessions:
            sentences.append(plural("%(n)s sesión cerrada.", "%(n)s sesiones cerradas.", self.sessions))
        if self.cancelled:
            sentences.append(plural("%(n)s correo cancelado.", "%(n)s correos cancelados.", self.cancelled))
        return " ".join(sentences)


def grant_access(db: ScopedSession, command: GrantAccess) -> Granted:
    """Give access to the people of the selected contacts, and with ``tell`` a mail that says how to enter.

    Those who have not entered yet are invited again: links already sent stop working, and so do mails that still
    wait. People with a password are left in peace unless ``again``, or unless they get another contact to act for.
    The same dialogue sent again gets its first result. Raises ``PeopleChanged``, ``ShareNotConfirmed``,
    ``NothingToDo``.
    """
    lock_company(db)
    if (batch := batch_of(db, command.key)) is not None:
        wishes = {"notify": command.tell, "fingerprint": _shown(command)}
        return first_result(batch, Granted, kind=BatchKind.GRANT_ACCESS, **wishes)
    people = people_meant(db.company_id, command.selection, clock.now())
    with hashed_joins(db):
        _check_shown(db, command)
        if not command.share_confirmed and (shared := shared_among(db, joined_by(db.company_id, people))):
            raise ShareNotConfirmed(shared)
        granted = _grant(db, command, people)
    if not granted.people and not granted.mails:
        if granted.without_email:
            raise NothingToDo(_("A quien ha elegido le falta el correo: escríbalo antes en su ficha."))
        raise NothingToDo(_("Nada que hacer: quien ha elegido ya tiene acceso."))
    return granted


def _shown(command: GrantAccess | WithdrawAccess) -> str:
    return command.fingerprint or command.selection.fingerprint


def _check_shown(db: ScopedSession, command: GrantAccess | WithdrawAccess) -> None:
    """The figures that the dialogue showed still hold; who was shown one by one is named in the selection."""
    if not command.fingerprint:
        return
    figures = people_figures(db, command.selection, acting=isinstance(command, WithdrawAccess))
    if figures.fingerprint != command.fingerprint:
        raise PeopleChanged


def _grant(db: ScopedSession, command: GrantAccess, people: Select | CompoundSelect) -> Granted:
    company_id, now = db.company_id, clock.now()
    batch = open_batch(
        db,
        BatchKind.GRANT_ACCESS,
        command.key,
        now,
        selection=command.selection.label,
        user_id=command.user_id,
        fingerprint=_shown(command),
        notify=command.tell,
    )
    new = sql.give_access(db, people, batch_id=batch.id, now=now)
    mails = 0
    if command.tell:
        invited = accesses_meant(company_id, command.selection, now)
        mails = write(db, sql.insert_invitations(company_id, invited, batch_id=batch.id, again=command.again, now=now))
        look_again(db, outbox.mails, mails)
        for statement in sql.supersede_invitations(company_id, batch.id, now):
            write(db, statement)
    unreachable = sql.count_unreachable(company_id, *chosen(company_id, command.selection))
    without_email = db.connection().execute(unreachable).scalar_one()
    granted = Granted(batch_id=batch.id, people=new, mails=mails, without_email=without_email)
    close_batch(db, batch, granted, "grant_access")
    return granted


def withdraw_access(db: ScopedSession, command: WithdrawAccess) -> AccessWithdrawn:
    """The people of the selected contacts may no longer enter for them, from this moment on.

    Sessions and links end and waiting mails are cancelled; people who still act for another contact keep what concerns
    that one. The same dialogue sent again gets its first result. Raises ``PeopleChanged``, ``NothingToDo``.
    """
    lock_company(db)
    if (batch := batch_of(db, command.key)) is not None:
        return first_result(batch, AccessWithdrawn, kind=BatchKind.WITHDRAW_ACCESS, fingerprint=_shown(command))
    company_id, now = db.company_id, clock.now()
    batch = open_batch(
        db,
        BatchKind.WITHDRAW_ACCESS,
        command.key,
        now,
        selection=command.selection.label,
        user_id=command.user_id,
        fingerprint=_shown(command),
    )
    whose = accesses_meant(company_id, command.selection, now)
    with hashed_joins(db):
        _check_shown(db, command)
        ended = sql.end_memberships(company_id, Ending.WITHDRAWN, whose, by_id=command.user_id, now=now)
        people = write(db, ended)
        sessions, _tokens, cancelled = (
            write(db, statement) for statement in sql.close_doors(company_id, sql.ended_at(company_id, now), now)
        )
    if not people:
        raise NothingToDo(_("Nadie de los elegidos tiene acceso."))
    withdrawn = AccessWithdrawn(batch_id=batch.id, people=people, sessions=sessions, cancelled=cancelled)
    close_batch(db, batch, withdrawn, "withdraw_access")
    return withdrawn


class PasswordSet(Struct, frozen=True, kw_only=True):
    account_id: int
    email: str

    def __str__(self) -> str:
        return _("%(correo)s ya puede entrar con la contraseña nueva. No se le ha avisado.") % {"correo": self.email}


def set_portal_password(db: ScopedSession, command: SetPortalPassword) -> PasswordSet:
    """Give a person access with a password that staff tell them themselves: nothing is mailed.

    What was open with the old one ends: sessions, links already sent, invitations that wait. Raises ``NotFound`` for
    an e-mail that is none of the contact's, ``ShareNotConfirmed``, and ``NoEmail`` when there is none.
    """
    lock_company(db)
    contact = db.get(Contact, command.contact_id)
    if contact is None:
        raise NotFound(_("ese cliente"))
    email = command.email or contact.email
    if not email:
        raise NoEmail
    company_id, now = db.company_id, clock.now()
    people = sql.people_of(company_id, ((contact.id, email),))
    if not command.share_confirmed and (shared := shared_among(db, joined_by(company_id, people))):
        raise ShareNotConfirmed(shared)
    sql.give_access(db, people, batch_id=None, now=now)
    account_id = db.scalar(_account_of(contact.id, email))
    if account_id is None:
        raise NotFound(_("ese correo entre los del cliente"))
    set_password(db, account_id, command.password_hash)
    db.flush()
    waiting = outbox.cancel_waiting(company_id, now).where(
        outbox.mails.c.kind == MailKind.ACCESS, outbox.mails.c.portal_account_id == account_id
    )
    write(db, waiting)
    audit.record(db, "set_password", Contact.__tablename__, entity_id=contact.id, label=f"{contact}: {email}")
    return PasswordSet(account_id=account_id, email=email)


def _account_of(contact_id: int, email: str) -> Select[int]:
    """The account with which someone with this e-mail may act for the contact."""
    return (
        select(PortalAccount.id)
        .join(PortalMembership, PortalMembership.account_id == PortalAccount.id)
        .where(
            PortalAccount.email == email,
            PortalMembership.contact_id == contact_id,
            PortalMembership.ended_at.is_(None),
        )
    )
