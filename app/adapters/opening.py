"""How opening a session at a mail server fails: at which step, or because of who asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault


class OpeningFailed(AdapterError):
    """No session for now; ``step`` is the one that did not work."""

    def __init__(self, step: MailStep, message: str, fault: Fault | None = None) -> None:
        super().__init__(message, fault)
        self.step = step


class CredentialsRefused(AdapterError):
    """User, password or token are not taken; ``str()`` is what the server says."""

    def __init__(self, message: str, fault: Fault | None = Fault.CREDENTIALS_REFUSED) -> None:
        super().__init__(message, fault, permanent=True)


@contextmanager
def during(step: MailStep) -> Iterator[None]:
    """What fails inside fails at this step."""
    try:
        yield
    except (OpeningFailed, CredentialsRefused):
        raise
    except AdapterError as error:
        raise OpeningFailed(step, str(error), error.fault) from error


def step_of(error: AdapterError) -> MailStep:
    """Where opening a mailbox failed: what is no server's doing is about whoever signs in."""
    return error.step if isinstance(error, OpeningFailed) else MailStep.AUTH
