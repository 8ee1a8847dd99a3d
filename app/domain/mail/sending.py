"""Sending documents by mail: a dispatch for each, or one for each customer with all of theirs. Everything is queued."""

import hashlib

from msgspec import Struct
from msgspec.structs import replace

from app import clock
from app.domain import audit
from app.domain.batches import batch_of, figures_of, first_result, open_batch
from app.domain.confirming import check_confirmed
from app.domain.kinds import KINDS, Words
from app.domain.locking import lock_company
from app.domain.mail.checking_sendings import SendDocuments, check_sending
from app.domain.mail.enclosures import TooLarge
from app.domain.mail.sending_plans import Plan, plan_sending
from app.domain.mail.sending_rows import queue_dispatches
from app.domain.mail.unsendable import nothing_to_send
from app.domain.templates import default_version
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from models import Batch, Dispatch
from models.enums import BatchKind

NAMES_KEPT = 50


class PlanChanged(Refusal):
    """What would be sent now is not what was shown: nothing was, and ``plan`` says what it would be."""

    code = "selection_changed"

    def __init__(self, plan: Plan, sentence: str = "") -> None:
        changed = _("Algo ha cambiado desde que se calculó. Revise las cifras nuevas y confirme otra vez.")
        super().__init__(sentence or changed)
        self.plan = plan


class NothingToSend(PlanChanged):
    """It would be nothing at all."""

    code = "nothing_to_send"

    def __init__(self, plan: Plan, kind: Words) -> None:
        super().__init__(plan, nothing_to_send(kind, plan))


class Sent(Struct, frozen=True, kw_only=True):
    """What a sending did: ``dispatches``, and the ``mails`` that they are in the outbox, one for each reader of each.

    ``later``: at the moment that was chosen. ``again``: it had been done already, by the same dialogue.
    """

    batch_id: int
    dispatches: int = 0
    mails: int = 0
    documents: int = 0
    customers: int = 0
    drafts: int = 0
    without_email: int = 0
    too_large: int = 0
    later: bool = False
    again: bool = False

    def __str__(self) -> str:
        one, many = "%(n)s correo en cola.", "%(n)s correos en cola."
        if self.later:
            one, many = "%(n)s correo programado.", "%(n)s correos programados."
        said = plural(one, many, self.dispatches)
        if self.mails > self.dispatches:
            said += " " + plural("%(n)s dirección en total.", "%(n)s direcciones en total.", self.mails)
        if left_out := self.without_email + self.too_large:
            said += " " + plural(
                "A %(n)s destinatario no se le envía.", "A %(n)s destinatarios no se les envía.", left_out
            )
        return said


def send_documents(db: ScopedSession, command: SendDocuments) -> Sent:
    """Queue the mails that the dialogue showed, all of them or none; the worker writes and delivers them.

    Raises ``PlanChanged`` when it would no longer be the same mails, ``InvalidValue`` beside what is wrong. The same
    dialogue sent again gets its first result, and ``DialogueUsed`` if it wishes something else.
    """
    company = lock_company(db)
    wished = _told_apart(command)
    if (batch := batch_of(db, command.key)) is not None:
        return first_result(batch, Sent, kind=BatchKind.SEND, fingerprint=wished)
    check_confirmed(company)
    default_version(db)  # what is sent has a look to keep
    command = check_sending(db, command)
    plan = plan_sending(db, command.wishes)
    if not plan.dispatches and plan.too_large:
        raise TooLarge
    if not plan.dispatches:
        raise NothingToSend(plan, KINDS[command.wishes.selection.kind].words)
    if plan.fingerprint != command.fingerprint:
        raise PlanChanged(plan)
    batch = open_batch(
        db,
        BatchKind.SEND,
        command.key,
        clock.now(),
        document_kind=command.wishes.selection.kind,
        user_id=command.user_id,
        selection=command.wishes.selection.label,
        fingerprint=wished,
    )
    sent = Sent(
        batch_id=batch.id,
        dispatches=len(plan.dispatches),
        mails=queue_dispatches(db, command, batch, plan),
        documents=plan.documents,
        customers=plan.customers,
        drafts=plan.drafts,
        without_email=plan.without_email.count,
        too_large=plan.too_large.count,
        later=command.due_at is not None,
    )
    _note(db, batch, sent, [one.name for one in (*plan.without_email, *plan.too_large)])
    return sent


def _note(db: ScopedSession, batch: Batch, sent: Sent, left_out: list[str]) -> None:
    figures = figures_of(sent)
    batch.figures = figures | {"left_out": left_out[:NAMES_KEPT]}
    db.flush()
    changes = {name: [None, value] for name, value in figures.items() if value}
    audit.record(db, "send", Dispatch.__tablename__, label=batch.selection, changes=changes)


def _told_apart(command: SendDocuments) -> str:
    """All that is wished, so that a dialogue that comes back with anything else is not taken for the same."""
    return hashlib.sha256(repr(replace(command, key="")).encode()).hexdigest()
