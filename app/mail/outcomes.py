"""What became of handing a message over, in the words of the outbox."""

from app.adapters.smtp.client import (
    AccountTrouble,
    Ambiguous,
    AuthenticationFailed,
    Deferred,
    Delivery,
    NotOpened,
    Refused,
    Taken,
)
from app.domain.mail.delivering import Answer, Outcome
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError


def account_trouble(error: AdapterError) -> AccountTrouble:
    """An account's own secret cannot be had, or serves no longer: perhaps for now, perhaps until somebody helps."""
    if error.permanent:
        return AuthenticationFailed(str(error), error.fault)
    return NotOpened(str(error), MailStep.AUTH, error.fault)


def outcome_of(delivery: Delivery) -> Outcome:
    """Not for an account's failure, which is not recorded with a mail."""
    if isinstance(delivery, Taken):
        return Outcome(answer=Answer.TAKEN, reply=delivery.reply)
    if isinstance(delivery, Ambiguous):
        return Outcome(answer=Answer.DOUBT, verb=".", reply=delivery.reason)
    if isinstance(delivery, Refused):
        return Outcome(answer=Answer.NEVER, verb=delivery.verb, reply=delivery.reply)
    assert isinstance(delivery, Deferred), "an account's failure is not recorded with a mail"
    return Outcome(answer=Answer.LATER, verb=delivery.verb, reply=delivery.reply)
