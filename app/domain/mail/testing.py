"""A mail that says that mail works: in the outbox like every other, but held by whoever tests from the beginning.

So nothing leaves that is not there to be seen, and a test that dies is taken up by the worker like any dead claim.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import fields

from app.domain.folding import fold
from app.domain.mail.outbox import DueMail, WrittenMail, attempts, mails
from app.scope import ScopedSession
from app.secrets import new_token
from models import MailAccount, OutgoingMail
from models.enums import MailKind, MailStatus


class BeginTest(Struct, frozen=True, kw_only=True):
    """``checked``: what has been verified so far, as the mail will tell: pairs of a title and what was seen."""

    account: MailAccount | None
    recipient: str
    claim: str
    until: dt.datetime
    now: dt.datetime
    recipient_name: str = ""
    checked: tuple[tuple[str, str], ...] = ()


def begin_test(db: ScopedSession, command: BeginTest) -> DueMail:
    """Put a test into the outbox, claimed."""
    account = command.account
    mail = OutgoingMail(
        company_id=db.company_id,
        kind=MailKind.TEST,
        status=MailStatus.SENDING,
        dedup_key=f"test {new_token()}",
        recipient=command.recipient,
        recipient_name=command.recipient_name,
        account_id=account.id if account is not None and account.user_id is not None else None,
        facts={"checked": [list(pair) for pair in command.checked]},
        due_at=command.now,
        claim=command.claim,
        leased_until=command.until,
    )
    db.add(mail)
    db.flush()
    return DueMail(**{field.name: getattr(mail, field.name) for field in fields(DueMail)})


def freeze_test(db: ScopedSession, written: WrittenMail, claim: str) -> bool:
    """Keep the bytes that are about to leave; False when the claim has been lost."""
    held = (
        mails.c.company_id == db.company_id,
        mails.c.id == written.mail.id,
        mails.c.claim == claim,
        mails.c.status == MailStatus.SENDING,
    )
    values: dict[str, Any] = {
        "frozen": written.stored,
        "message_id": written.message_id,
        "subject": written.subject[:200],
        "search_key": fold(written.subject[:200]),
        "give_up_at": written.give_up_at,
    }
    return bool(db.connection().execute(sa.update(mails).where(*held).values(**values)).rowcount)


def end_test(db: ScopedSession, mail_id: int, claim: str, reason: str, now: dt.datetime) -> None:
    """It will not leave: the account, not the mail, is at fault, and nobody wants the test later."""
    held = (
        mails.c.company_id == db.company_id,
        mails.c.id == mail_id,
        mails.c.claim == claim,
        mails.c.status == MailStatus.SENDING,
    )
    over = {"status": MailStatus.FAILED, "last_reply": reason, "finished_at": now, "claim": None, "leased_until": None}
    ended = sa.update(mails).where(*held).values(**over, attempts=mails.c.attempts + 1)
    if db.connection().execute(ended).rowcount:
        row = {"company_id": db.company_id, "mail_id": mail_id, "status": MailStatus.FAILED, "created_at": now}
        db.connection().execute(sa.insert(attempts), row | {"verb": "", "reply": reason})
