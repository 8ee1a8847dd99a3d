"""Documents by mail that are in no outbox yet as they would arrive, by the very code that sends."""

from msgspec.structs import replace

from app import clock
from app.domain.mail.outbox import DueMail
from app.domain.queries.dispatches import DispatchFacts, People
from app.domain.queries.letters import LetterFacts, letter_facts
from app.domain.queries.wordings import logo_of
from app.installation import Installation
from app.mail.shown import ShownMail, shown_mail
from app.mail.writing import preview_mail
from app.scope import ScopedSession
from models.enums import MailKind


def planned_facts(db: ScopedSession, account_id: int | None) -> LetterFacts:
    """For a mail that would leave from that account, the company's when none."""
    facts = letter_facts(db, [], account_id)
    return replace(facts, logo=logo_of(db, facts.company))


def dispatch_as_planned(installation: Installation, facts: LetterFacts, dispatch: DispatchFacts) -> ShownMail:
    """What its readers would get, apart from documents and files. Raises ``Refusal``."""
    (recipient, _name), *_others = dispatch.to
    mail = DueMail(id=0, kind=MailKind.DOCUMENT, recipient=recipient, dispatch_id=dispatch.id)
    return as_planned(installation, replace(facts, dispatches={dispatch.id: dispatch}), mail)


def as_planned(installation: Installation, facts: LetterFacts, mail: DueMail) -> ShownMail:
    return shown_mail(preview_mail(installation, facts, mail, clock.now()), was_written=False)


def planned_dispatch(*, to: People, cc: People = (), reply_to: str = "", subject: str, body: str) -> DispatchFacts:
    """One that is not kept; links to its documents, if it has any, are in its ``body`` already."""
    return DispatchFacts(
        id=0,
        reply_to=reply_to,
        to=to,
        cc=cc,
        subject=subject,
        body=body,
        wants_receipt=False,
        has_links=False,
        due_at=clock.now(),
        documents=(),
        files=(),
    )
