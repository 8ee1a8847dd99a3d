"""What became of handing a message over, in the words of the outbox."""

from app.adapters.smtp.client import Ambiguous, AuthenticationFailed, Deferred, Delivery, Refused, Sent
from app.domain.mail.delivering import Answer, Outcome


def is_about_account(delivery: Delivery) -> bool:
    """Any other mail would have met the same; this one was certainly not delivered."""
    return isinstance(delivery, AuthenticationFailed) or (isinstance(delivery, Deferred) and delivery.concerns_account)


def outcome_of(delivery: Delivery) -> Outcome:
    """Not for an account's failure, which is not recorded with a mail."""
    if isinstance(delivery, Sent):
        return Outcome(answer=Answer.TAKEN, reply=delivery.reply)
    if isinstance(delivery, Ambiguous):
        return Outcome(answer=Answer.DOUBT, verb=".", reply=delivery.reason)
    if isinstance(delivery, Refused):
        return Outcome(answer=Answer.NEVER, verb=delivery.verb, reply=delivery.reply)
    assert isinstance(delivery, Deferred), "an account's failure is not recorded with a mail"
    return Outcome(answer=Answer.LATER, verb=delivery.verb, reply=delivery.reply)
