"""Ways for mail to leave: over SMTP, or nowhere in the demonstration."""

from collections.abc import Callable
from typing import Protocol

from app.adapters.smtp.client import AccountTrouble, Client, Delivery, Taken
from app.adapters.smtp.session import Watch
from app.installation import Installation
from app.mail.credentials import smtp_account_of
from app.texts import _
from models import MailAccount


class Transport(Protocol):
    """Hands messages over for one account, over a connection it keeps."""

    @property
    def is_open(self) -> bool: ...

    def verify(self, watch: Watch | None = None) -> AccountTrouble | None: ...

    def deliver(self, envelope_from: str, recipient: str, message: bytes) -> Delivery: ...

    def close(self) -> None: ...


TransportFactory = Callable[[Installation, MailAccount | None], Transport]


class Captured:
    """The demonstration's transport: nothing leaves, and the outbox shows each mail as it would have arrived."""

    is_open = True

    def verify(self, watch: Watch | None = None) -> None:
        return None

    def deliver(self, envelope_from: str, recipient: str, message: bytes) -> Delivery:
        return Taken(_("Capturado: la demostración no envía nada."))

    def close(self) -> None:
        return None


def transport_of(installation: Installation, account: MailAccount | None) -> Transport:
    """Raises ``AdapterError`` when the account's own secret cannot be had."""
    settings = installation.settings
    if settings.demo or account is None:
        return Captured()
    return Client(
        smtp_account_of(installation, account),
        private_hosts=settings.private_hosts,
        ca_file=settings.mail_ca_file,
    )
