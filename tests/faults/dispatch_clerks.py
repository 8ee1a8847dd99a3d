"""Clerks who send documents by mail, and what the outbox made of what they confirmed."""

import random
from collections import defaultdict
from typing import NamedTuple

import sqlalchemy as sa

from app.domain.mail.outbox import mails
from app.domain.queries.dispatches import dispatches
from app.domain.queries.sendable import enclosed
from models import Batch
from models.enums import MailStatus
from tests.faults.clerks import Clerk
from tests.faults.dispatch_office import DispatchOffice
from tests.rig.forms import form_of

ENOUGH_WAITING = 150
SEND = "invoice/send"
COPIED = [f"asesor{number}@gestoria.example" for number in range(20)]
HIDDEN = [f"archivo{number}@tosma.example" for number in range(20)]


class Letter(NamedTuple):
    """One message of a sending: with what, from whose account (the company's when none), to whom and how."""

    documents: tuple[int, ...]
    account_id: int | None
    readers: tuple[tuple[str, str], ...]


class Sender(Clerk):
    """Sends some documents of a few customers, one time after another; rests while enough waits to leave."""

    def __init__(self, office: DispatchOffice, email: str, seed: int) -> None:
        super().__init__(office, email)
        self.office, self.dice = office, random.Random(seed)
        self.own_account_id: int | None = None
        self.done: dict[str, list[Letter]] = {}

    def do_one(self) -> None:
        while self.office.waiting(MailStatus.QUEUED, MailStatus.RETRY) > ENOUGH_WAITING:
            if self.stop.wait(0.1):
                return
        documents = self._some_documents()
        grouping = self.dice.choice(("document", "customer"))
        account_id = self.dice.choice((None, self.own_account_id))
        cc = self.dice.sample(COPIED, self.dice.choice((0, 0, 1, 2)))
        bcc = self.dice.sample(HIDDEN, self.dice.choice((0, 0, 1)))
        page = self.insist(lambda: self.desk.get(SEND, pks=",".join(map(str, documents))))
        fields = form_of(page, grouping=grouping, sender=str(account_id or 0), cc=cc, bcc=bcc)
        fields |= form_of(self.insist(lambda: self.desk.post(f"{SEND}/preview", fields)))
        self.confirm(SEND, fields)
        others = [*(("cc", email) for email in cc), *(("bcc", email) for email in bcc)]
        self.done[fields["key"][0]] = sorted(
            Letter(part, account_id, tuple(sorted([("to", self.office.emails[part[0]]), *others])))
            for part in self._parts(documents, grouping)
        )

    def _some_documents(self) -> list[int]:
        customers = self.dice.sample(sorted(set(self.office.emails.values())), self.dice.randint(1, 4))
        theirs = [document for document, email in self.office.emails.items() if email in customers]
        return self.dice.sample(theirs, self.dice.randint(1, 8))

    def _parts(self, documents: list[int], grouping: str) -> list[tuple[int, ...]]:
        """What goes together: each document alone, or all of a customer's."""
        parts: dict[str | int, list[int]] = defaultdict(list)
        for document in sorted(documents):
            parts[self.office.emails[document] if grouping == "customer" else document].append(document)
        return [tuple(part) for part in parts.values()]


def queued_letters(office: DispatchOffice) -> dict[str, list[Letter]]:
    """By the key of its dialogue, the messages that each sending became."""
    documents, readers, accounts = defaultdict(list), defaultdict(list), defaultdict(set)
    found: dict[str, list[Letter]] = defaultdict(list)
    with office.installation.database.read(office.scope) as db:
        inside = sa.select(enclosed.c.dispatch_id, enclosed.c.document_id).order_by(enclosed.c.document_id)
        for dispatch_id, document_id in db.execute(inside):
            documents[dispatch_id].append(document_id)
        each = sa.select(mails.c.dispatch_id, mails.c.account_id, mails.c.facts, mails.c.recipient)
        for dispatch_id, account_id, facts, recipient in db.execute(each):
            readers[dispatch_id].append((facts["place"], recipient))
            accounts[dispatch_id].add(account_id)
        sent = sa.select(Batch.key, dispatches.c.id).join(Batch, Batch.id == dispatches.c.batch_id)
        for key, dispatch_id in db.execute(sent):
            (account_id,) = accounts[dispatch_id]
            to = tuple(sorted(readers.pop(dispatch_id)))
            found[key].append(Letter(tuple(documents[dispatch_id]), account_id, to))
    assert not readers, "there are mails of no message"
    return {key: sorted(letters) for key, letters in found.items()}
