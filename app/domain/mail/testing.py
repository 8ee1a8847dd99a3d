"""A mail that says that mail works: in the outbox like every other, but held by whoever tests from the beginning.

So nothing leaves that is not there to be seen, and a test that dies is taken up by the worker like any dead claim.
"""

import datetime as dt

from msgspec import Struct
from msgspec.structs import fields

from app.domain.mail.outbox import DueMail, SetAside, WrittenMail, frozen_values, held_by, mails, set_aside
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
        account_id=account.own_id if account is not None else None,
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
    held = held_by(db, claim).where(mails.c.id == written.mail.id)
    frozen = held.values(**frozen_values(written), give_up_at=written.give_up_at)
    return bool(db.connection().execute(frozen).rowcount)


def end_test(db: ScopedSession, mail_id: int, claim: str, reason: str, now: dt.datetime) -> None:
    """It will not leave: the account, not the mail, is at fault, and nobody wants the test later."""
    set_aside(db, SetAside(mail_id, MailStatus.FAILED, reason), now, claim=claim)
