"""Trying an account out for somebody who is watching: every step of a mail that really leaves, and of its copy.

The mail is in the outbox like any other and says what had been verified before it left; its copy is stored in the
account's folder and taken away again.
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from app import clock
from app.adapters.opening import step_of
from app.adapters.smtp.client import AccountTrouble, AuthenticationFailed, Deferred, Delivery, NotOpened, Taken
from app.domain.mail.accounts import note_refused, note_unreachable, owned_account, resume_account
from app.domain.mail.delivering import RecordOutcome, record_outcome
from app.domain.mail.outbox import WrittenMail, extend_lease
from app.domain.mail.testing import BeginTest, begin_test, end_test, freeze_test
from app.domain.mail.troubles import Advice, MailStep
from app.domain.queries.letters import LetterFacts, letter_facts
from app.errors import AdapterError, Fault, Refusal
from app.installation import Installation
from app.leases import kept_alive
from app.mail.credentials import doubt_token, imap_account_of
from app.mail.outcomes import account_trouble, outcome_of
from app.mail.steps import Tell, Telling
from app.mail.transports import Captured, Transport, TransportFactory, transport_of
from app.mail.writing import sender_of, write_mails
from app.scope import CompanyScope, ScopedSession
from app.secrets import new_token
from app.texts import _
from models import MailAccount

LEASE = dt.timedelta(minutes=1)
OWN_COPY_LOOKS, OWN_COPY_EVERY = 4, 1.0

Answered = TypeVar("Answered")


class RunMailTest(Struct, frozen=True, kw_only=True):
    """``user_id`` none: the company's account."""

    company_id: int
    user_id: int | None
    recipient: str
    recipient_name: str = ""


class MailTested(Struct, frozen=True, kw_only=True):
    """The verdict. ``has_left``: the mail did, whatever became of its copy."""

    is_good: bool
    has_left: bool
    title: str
    remedy: str = ""
    mail_id: int | None = None


class NoAccount(Refusal):
    status = 422
    code = "no_mail_account"

    def __init__(self) -> None:
        super().__init__(_("Guarde antes la cuenta de correo."), field="recipient")


def can_test(account: MailAccount | None, *, is_own: bool, demo: bool) -> bool:
    """There is an account, or need of none: the demonstration captures what the company sends."""
    return account is not None or (demo and not is_own)


def run_mail_test(
    installation: Installation, command: RunMailTest, tell: Tell, make_transport: TransportFactory = transport_of
) -> MailTested:
    """Try an account out; ``tell`` is called from this thread as each step begins and ends. Raises ``NoAccount``.

    Talks to servers: never in a transaction. The demonstration talks to nobody, and captures.
    """
    with installation.database.read(CompanyScope(command.company_id)) as db:
        account = owned_account(db, command.user_id)
        facts = letter_facts(db, [], account.own_id if account is not None else None)
    if not can_test(account, is_own=command.user_id is not None, demo=installation.settings.demo):
        raise NoAccount
    if installation.settings.demo or account is None:
        return _capture(_Test(installation, command, facts, None, tell))
    return _try_out(_Test(installation, command, facts, account, tell), account, make_transport)


class _Test:
    """What one try shares. ``telling`` knows of no account where none is used."""

    def __init__(
        self,
        installation: Installation,
        command: RunMailTest,
        facts: LetterFacts,
        account: MailAccount | None,
        tell: Tell,
    ) -> None:
        self.installation, self.command, self.facts = installation, command, facts
        self.telling = Telling(account, command.recipient, tell)
        self.scope = CompanyScope(command.company_id)
        self.written: WrittenMail | None = None

    def run(self, work: Callable[[ScopedSession], Answered]) -> Answered:
        return self.installation.database.run(self.scope, work)

    def verdict(self, title: str, remedy: str, *, is_good: bool, has_left: bool) -> MailTested:
        mail_id = self.written.mail.id if self.written else None
        return MailTested(is_good=is_good, has_left=has_left, title=title, remedy=remedy, mail_id=mail_id)


def _capture(test: _Test) -> MailTested:
    test.telling.begin(MailStep.SEND)
    _send(test, Captured())
    title = _("Capturado: la demostración no envía nada ni se conecta con ningún servidor.")
    return test.verdict(title, _("Así habría llegado: véalo en Correos enviados."), is_good=True, has_left=True)


def _try_out(test: _Test, account: MailAccount, make_transport: TransportFactory) -> MailTested:
    opened = _open(test, account, make_transport)
    advice = opened if isinstance(opened, Advice) else _send(test, opened)
    if advice is not None:
        return test.verdict(advice.meaning, advice.remedy, is_good=False, has_left=False)
    if (advice := _keep_copy(test, account)) is not None:
        title = _("El correo ha salido, pero su copia no se guarda.")
        return test.verdict(title, f"{advice.meaning} {advice.remedy}", is_good=False, has_left=True)
    test.run(lambda db: resume_account(db, account.id))
    where = _("Busque el correo en el buzón de %(quien)s; si no está, mire en el correo no deseado.")
    where %= {"quien": test.command.recipient}
    return test.verdict(_("Todo funciona."), where, is_good=True, has_left=True)


def _open(test: _Test, account: MailAccount, make_transport: TransportFactory) -> Transport | Advice:
    """A transport that has signed in, or what went wrong on the way."""
    telling = test.telling

    def watch(done: MailStep, says: str) -> None:
        if done is MailStep.AUTH:
            says = _("Aceptado (%(modo)s).") % {"modo": says}
        telling.done(done, says)
        telling.begin(telling.next)

    try:
        transport = make_transport(test.installation, account)
    except AdapterError as error:
        telling.begin(MailStep.AUTH)
        return _account_failed(test, account, MailStep.AUTH, account_trouble(error))
    telling.begin(telling.next)
    trouble = transport.verify(watch)
    if trouble is None:
        return transport
    if isinstance(trouble, AuthenticationFailed):
        try:
            doubt_token(test.installation, account)
        except AdapterError as error:
            trouble = account_trouble(error)
    return _account_failed(test, account, telling.next, trouble)


def _account_failed(test: _Test, account: MailAccount, step: MailStep, trouble: AccountTrouble) -> Advice:
    """Tell the account, for every worker, as if one of them had met it."""
    note: Any = note_refused if isinstance(trouble, AuthenticationFailed) else note_unreachable
    test.run(lambda db: note(db, account, trouble.reply, clock.now(), trouble.fault))
    return _failed(test, step, trouble)


def _failed(test: _Test, step: MailStep, trouble: AccountTrouble) -> Advice:
    at = trouble.step if isinstance(trouble, NotOpened) else step
    return test.telling.failed(step, trouble.reply, trouble.fault, at=at)


def _send(test: _Test, transport: Transport) -> Advice | None:
    """Have the mail taken by the server; what went wrong, if anything did."""
    claim = new_token()[:32]
    written = test.written = _write(test, claim)
    try:
        delivery = _deliver(test, transport, written, claim)
    finally:
        transport.close()
    if isinstance(delivery, AccountTrouble):
        test.run(lambda db: end_test(db, written.mail.id, claim, delivery.reply, clock.now()))
        return _failed(test, MailStep.SEND, delivery)
    result = RecordOutcome(written=written, claim=claim, outcome=outcome_of(delivery), now=clock.now())
    test.run(lambda db: record_outcome(db, result))
    if isinstance(delivery, Taken):
        test.telling.done(MailStep.SEND, delivery.reply)
        return None
    fault = delivery.fault if isinstance(delivery, Deferred) else None
    return test.telling.failed(MailStep.SEND, result.outcome.reply, fault)


def _write(test: _Test, claim: str) -> WrittenMail:
    now = clock.now()
    begin = BeginTest(
        account=test.facts.account,
        recipient=test.command.recipient,
        recipient_name=test.command.recipient_name,
        claim=claim,
        now=now,
        until=now + LEASE,
        checked=tuple(test.telling.seen),
    )
    due = test.run(lambda db: begin_test(db, begin))
    written = write_mails(test.installation, test.facts, [due], now).written[0]
    test.run(lambda db: freeze_test(db, written, claim))
    return written


def _deliver(test: _Test, transport: Transport, written: WrittenMail, claim: str) -> Delivery:
    envelope_from = sender_of(test.installation, test.facts).email

    def extend() -> bool:
        return test.run(lambda db: extend_lease(db, claim, clock.now() + LEASE))

    with kept_alive(extend, LEASE):
        return transport.deliver(envelope_from, written.mail.recipient, written.content)


def _keep_copy(test: _Test, account: MailAccount) -> Advice | None:
    """What went wrong with the mailbox or the copy in it, if anything did."""
    if not account.imap_host or test.written is None:
        return None
    from app.adapters.imap.mailbox import open_mailbox  # with its library: not before somebody has a mailbox

    telling, settings, step = test.telling, test.installation.settings, MailStep.MAILBOX
    telling.begin(step)
    try:
        where = imap_account_of(test.installation, account)
        with open_mailbox(where, private_hosts=settings.private_hosts, ca_file=settings.mail_ca_file) as mailbox:
            telling.done(step, "")
            if account.sent_folder:
                step = MailStep.COPY
                telling.begin(step)
                telling.done(step, _store(mailbox, account.sent_folder, test.written))
    except AdapterError as error:
        at = step_of(error) if step is MailStep.MAILBOX else step
        return telling.failed(step, str(error), error.fault, at=at)
    return None


def _store(mailbox: Any, folder: str, written: WrittenMail) -> str:
    """Store a copy and take it away again; where the provider keeps its own, see that it does."""
    if mailbox.keeps_own_copies:
        for _look in range(OWN_COPY_LOOKS):
            if mailbox.holds(folder, written.message_id):
                return _("Su proveedor ya la ha guardado por su cuenta: no se guarda otra.")
            time.sleep(OWN_COPY_EVERY)
        return _("Su proveedor la guarda por su cuenta al cabo de un rato: no se guarda otra.")
    mailbox.append(folder, written.content, clock.now())
    if not mailbox.remove(folder, written.message_id):
        sentence = _("La copia no aparece en la carpeta «%(carpeta)s».") % {"carpeta": folder}
        raise AdapterError(sentence, Fault.FOLDER_MISSING)
    return _("Guardada, comprobada y borrada.")
