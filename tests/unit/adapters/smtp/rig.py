"""What tests of the mail border share."""

from app.adapters.smtp.account import SmtpAccount
from app.adapters.smtp.client import Client, Delivery
from models.enums import MailSecurity
from tests.smtp_sink import Sink

MESSAGE = b"Message-ID: <1@demo.example>\r\nSubject: Hola\r\n\r\nBuenos d=C3=ADas.\r\n"
HOSTS = frozenset({"localhost"})


def client_of(
    sink: Sink, *, ca_file: str | None = None, final_timeout: float = 5, max_messages: int = 100, **account
) -> Client:
    values = {"host": "localhost", "port": sink.port, "security": MailSecurity.NONE, "timeout": 5.0} | account
    return Client(
        SmtpAccount(**values),
        private_hosts=HOSTS,
        ca_file=ca_file,
        final_timeout=final_timeout,
        max_messages=max_messages,
    )


def send(client: Client, *, recipient: str = "compras@tosma.example", message: bytes = MESSAGE) -> Delivery:
    return client.deliver("facturas@demo.example", recipient, message)
