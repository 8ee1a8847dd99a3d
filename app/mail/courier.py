"""One company's mail leaving: look, connect, write, claim, deliver, record. No transaction is open while SMTP talks."""

import datetime as dt
import logging
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from threading import Event
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.adapters.smtp.client import AccountTrouble, Ambiguous, AuthenticationFailed, Delivery, NotOpened
from app.db import Runner
from app.domain.mail.accounts import SECRET, SERVER, account_of, may_open, note_open, note_refused, note_unreachable
from app.domain.mail.delivering import RecordOutcome, record_outcome
from app.domain.mail.outbox import (
    ClaimMails,
    DueMail,
    WrittenMail,
    claim_mails,
    extend_lease,
    give_back,
    next_mails,
    set_aside,
)
from app.domain.queries.letters import LetterFacts, letter_facts
from app.domain.queries.outbox import Queue
from app.errors import AdapterError
from app.installation import Installation
from app.leases import kept_alive
from app.mail.credentials import doubt_token
from app.mail.outcomes import account_trouble, outcome_of
from app.mail.shown import masked
from app.mail.transports import Transport, TransportFactory, transport_of
from app.mail.writing import Writing, sender_of, write_mails
from app.scope import CompanyScope, ScopedSession
from app.secrets import new_token
from models import MailAccount
from models.enums import MailKind

log = logging.getLogger(__name__)

_SETTINGS = ("id", *SERVER, *SECRET)

LEASE = dt.timedelta(seconds=20)
MOST_REFUSALS = 10

Answered = TypeVar("Answered")
Clock = Callable[[], dt.datetime]


class Courier:
    """Sends what one account of a company has due. For one thread at a time."""

    def __init__(
        self,
        installation: Installation,
        queue: Queue,
        *,
        clock: Clock,
        make_transport: TransportFactory = transport_of,
        lease: dt.timedelta = LEASE,
    ) -> None:
        self.installation = installation
        self.database = installation.database
        self.company_id, self.account_id = queue.company_id, queue.account_id
        self.scope = CompanyScope(queue.company_id)
        self.clock = clock
        self.lease = lease
        self._make_transport = make_transport
        self._transport: Transport | None = None
        self._settings: tuple[object, ...] | None = None
        self._doubts = 0

    def run(self, stop: Event) -> None:
        """Send until nothing is due, the account cannot, or ``stop``."""
        while not stop.is_set() and self._round(stop):
            pass

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _round(self, stop: Event) -> bool:
        """One group of mails. Whether it makes sense to look for another at once."""
        due, account = self._look()
        if not due or not self._can_send(account):
            return False
        if self._transport is None or not self._transport.is_open:
            if not self._connect(account):
                return False
            due, account = self._look()
        with self.database.read(self.scope) as db:
            facts = letter_facts(db, due, self.account_id)
        now = self.clock()
        writing = write_mails(self.installation, facts, due, now)
        self._set_aside(writing, now)
        claim = new_token()[:32]
        # Writing may have taken its time: the lease begins now.
        command = ClaimMails(claim=claim, now=self.clock(), lease=self.lease, written=writing.written)
        held = self._run(lambda db: claim_mails(db, command)) if writing.written else []
        return self._deliver(facts, claim, held, stop) if held else bool(writing.set_aside)

    def _look(self) -> tuple[list[DueMail], MailAccount | None]:
        with self.database.read(self.scope) as db:
            due = next_mails(db, self.clock(), account_id=self.account_id)
            return due, account_of(db, self.account_id)

    def _can_send(self, account: MailAccount | None) -> bool:
        """There is an account, or need of none; a connection made with other settings than these is left."""
        if account is None and not self.installation.settings.demo:
            return False
        settings = tuple(getattr(account, name) for name in _SETTINGS) if account else ()
        if settings != self._settings:
            self.close()
            self._settings = settings
        return True

    def _connect(self, account: MailAccount | None) -> bool:
        """Open a connection before anything is claimed: a server that is away touches no mail."""
        patience = self.lease * 1.5  # longer than a server may be silent before we give up
        if account is not None and not self._run(lambda db: may_open(db, account, self.clock(), patience)):
            return False
        trouble = self._open(account)
        self._note(account, trouble)
        return trouble is None

    def _open(self, account: MailAccount | None) -> AccountTrouble | None:
        """A transport made anew has a token that is good for a while."""
        self.close()
        try:
            self._transport = self._make_transport(self.installation, account)
            trouble = None if self._transport.is_open else self._transport.verify()
            if isinstance(trouble, AuthenticationFailed) and account is not None:
                doubt_token(self.installation, account)
        except AdapterError as error:
            return account_trouble(error)
        return trouble

    def _note(self, account: MailAccount | None, trouble: Delivery | None) -> None:
        """Tell the account how it is doing, for every worker and for the office."""
        if account is None:
            return
        if trouble is None:
            self._run(lambda db: note_open(db, account))
        elif isinstance(trouble, AuthenticationFailed):
            log.warning("company %s: the mail server refuses user or password", self.company_id)
            self._run(lambda db: note_refused(db, account, trouble.reply, self.clock(), trouble.fault))
        else:
            reason = trouble.reason if isinstance(trouble, Ambiguous) else trouble.reply
            log.warning("company %s: the mail server does not serve: %s", self.company_id, reason)
            fault = trouble.fault if isinstance(trouble, NotOpened) else None
            self._run(lambda db: note_unreachable(db, account, reason, self.clock(), fault))

    def _set_aside(self, writing: Writing, now: dt.datetime) -> None:
        for aside in writing.set_aside:
            self._run(partial(set_aside, aside=aside, now=now))

    def _deliver(self, facts: LetterFacts, claim: str, held: list[WrittenMail], stop: Event) -> bool:
        """One after the other, each recorded before the next begins. What is left when it has to stop goes back."""
        assert self._transport is not None
        envelope_from = sender_of(self.installation, facts).email
        with kept_alive(lambda: self.extend(claim), self.lease) as is_lost, self.database.steady(self.scope) as run:
            for written in held:
                if stop.is_set() or is_lost.is_set():
                    break
                delivery = self._transport.deliver(envelope_from, written.mail.recipient, written.content)
                if isinstance(delivery, AccountTrouble):
                    self._note(facts.account, delivery)
                    break
                if not _record(run, self._result(facts, written, claim, delivery), stop):
                    return False
                if self._is_hopeless(delivery):
                    self._note(facts.account, delivery)
                    break
            else:
                return True
        self._run(lambda db: give_back(db, claim))
        return False

    def _is_hopeless(self, delivery: Delivery) -> bool:
        """A server that takes a message and hangs up, twice running, would leave the whole queue in doubt."""
        self._doubts = self._doubts + 1 if isinstance(delivery, Ambiguous) else 0
        return self._doubts > 1

    def _result(self, facts: LetterFacts, written: WrittenMail, claim: str, delivery: Delivery) -> RecordOutcome:
        demo, shown = self.installation.settings.demo, None
        if written.is_secret:
            shown = written.content if demo else masked(written.content)
        account = None if demo else facts.account  # nothing leaves a demonstration
        return RecordOutcome(
            written=written,
            claim=claim,
            outcome=outcome_of(delivery),
            now=self.clock(),
            shown=shown,
            account_id=account.id if account else None,
            keeps_copy=account is not None and account.keeps_copies and written.mail.kind is not MailKind.TEST,
        )

    def extend(self, claim: str) -> bool:
        return self._run(lambda db: extend_lease(db, claim, self.clock() + self.lease))

    def _run(self, work: Callable[[ScopedSession], Answered]) -> Answered:
        return self.database.run(self.scope, work)


def _record(run: Runner, result: RecordOutcome, stop: Event) -> bool:
    """False when the claim is lost. Whatever happens to the database meanwhile, a result is not given up."""
    for refusals in count(1):
        try:
            return bool(run(lambda db: record_outcome(db, result)))
        except SQLAlchemyError:
            log.exception("mail %s: its result cannot be written yet", result.written.mail.id)
            if stop.is_set() and refusals > MOST_REFUSALS:
                break
            time.sleep(min(0.2 * refusals, 2.0))
    return False
