"""A worker at an account's mailbox: the right to be there, and a database that is not held while servers talk."""

import datetime as dt
from collections.abc import Callable
from threading import Event
from typing import Any, TypeVar

from app.domain.mail.mailbox_rights import MailboxRight, hold_mailbox, take_mailbox
from app.domain.queries.mailboxes import WaitingMailbox
from app.installation import Installation
from app.scope import CompanyScope, ScopedSession

LEASE = dt.timedelta(minutes=15)
"""Longer than a server may keep us with one message: see ``imap.wire``."""

Answered = TypeVar("Answered")


class Visit:
    """The right to be at a mailbox, and a way to the database that is closed between questions to the server."""

    def __init__(
        self,
        installation: Installation,
        where: WaitingMailbox,
        stop: Event,
        *,
        clock: Callable[[], dt.datetime],
        lease: dt.timedelta = LEASE,
    ) -> None:
        self.installation, self.account_id, self.clock = installation, where.account_id, clock
        self.scope = CompanyScope(where.company_id)
        self._stop, self._lease = stop, lease
        self._right: MailboxRight | None = None

    def run(self, work: Callable[[ScopedSession], Answered]) -> Answered:
        return self.installation.database.run(self.scope, work)

    def read(self, work: Callable[[ScopedSession], Answered]) -> Answered:
        with self.installation.database.read(self.scope) as db:
            return work(db)

    def may_begin(self) -> bool:
        self._right = self.run(lambda db: take_mailbox(db, self.account_id, self.clock(), self._lease))
        return self._right is not None

    def may_go_on(self) -> bool:
        """Before each thing that is done there: a whole lease is left for it."""
        right = self._right
        if self._stop.is_set() or right is None:
            return False
        self._right = self.run(lambda db: hold_mailbox(db, right, self.clock() + self._lease))
        return self._right is not None

    def end(self, note: Callable[..., bool], *facts: Any) -> None:
        right = self._right
        if right is not None:
            self.run(lambda db: note(db, right, *facts))
