"""Ways for mail to leave: over SMTP, or nowhere in the demonstration."""

from collections.abc import Callable
from typing import Protocol

from app.adapters.smtp import Account, AuthenticationFailed, Client, Deferred, Delivery, Security, Sent
from app.domain.mail_accounts import open_password
from app.installation import Installation
from app.texts import _
from app.writing import mail_domain
from models import MailAccount


class Transport(Protocol):
    """Hands messages over for one account, over a connection it keeps."""

    @property
    def is_open(self) -> bool: ...

    def verify(self) -> Deferred | AuthenticationFailed | None: ...

    def deliver(self, envelope_from: str, recipient: str, message: bytes) -> Delivery: ...

    def close(self) -> None: ...


TransportFactory = Callable[[Installation, MailAccount | None], Transport]


class Captured:
    """The demonstration's transport: nothing leaves, and the outbox shows each mail as it would have arrived."""

    is_open = True

    def verify(self) -> None:
        return None

    def deliver(self, envelope_from: str, recipient: str, message: bytes) -> Delivery:
        return Sent(_("Capturado: la demostración no envía nada."))

    def close(self) -> None:
        return None


def transport_of(installation: Installation, account: MailAccount | None) -> Transport:
    settings = installation.settings
    if settings.demo or account is None:
        return Captured()
    return Client(
        Account(
            host=account.host,
            port=account.port,
            security=Security(account.security),
            username=account.username or None,
            password=open_password(account, installation.keys) or None,
            pinned_fingerprint=account.pinned_fingerprint,
            hello_name=mail_domain(settings.base_url),
        ),
        private_hosts=settings.private_hosts,
        ca_file=settings.mail_ca_file,
    )
