"""How an account is reached: its rows and its secrets as what the adapters want."""

from app.adapters.imap_session import ImapAccount
from app.adapters.smtp_session import Security
from app.domain.mail_accounts import open_password
from app.installation import Installation
from models import MailAccount


def imap_account_of(installation: Installation, account: MailAccount) -> ImapAccount:
    """Raises ``SealBroken`` when its password was sealed with another key, ``InvalidValue`` when it cannot be sent."""
    return ImapAccount(
        host=account.imap_host,
        port=account.imap_port,
        security=Security(account.imap_security),
        username=account.username,
        password=open_password(account, installation.keys),
        pinned_fingerprint=account.imap_fingerprint,
    )
