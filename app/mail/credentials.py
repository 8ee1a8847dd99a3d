"""Mail accounts as servers are shown them: secrets opened, tokens fresh. May talk to the provider of a consent."""

import datetime as dt
import logging

from app import clock
from app.adapters import oauth
from app.adapters.imap.account import ImapAccount
from app.adapters.oauth import ConsentEnded, OAuthApp
from app.adapters.smtp.account import SmtpAccount
from app.domain.mail.accounts import account_of, open_password
from app.domain.mail.consents import Tokens, encryption_needed, end_consent, open_tokens, renew_tokens
from app.errors import AdapterError, Fault
from app.installation import Installation
from app.scope import CompanyScope
from app.secrets import SealBroken
from app.texts import _
from models import MailAccount
from models.enums import MailProvider, MailSecurity

log = logging.getLogger(__name__)

AHEAD = dt.timedelta(minutes=10)
"""So long before it expires an access token is replaced: it must outlast what is sent with it."""

RETURN_PATH = "/admin/account/mail/consent"
NAMES = {MailProvider.GOOGLE: "Google", MailProvider.MICROSOFT: "Microsoft"}

_GOOGLE = {
    "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_url": "https://oauth2.googleapis.com/token",
    "revoke_url": "https://oauth2.googleapis.com/revoke",
}
_MICROSOFT = "https://login.microsoftonline.com/common/oauth2/v2.0"
_SCOPES = {
    MailProvider.GOOGLE: ("https://mail.google.com/", "openid", "email"),
    MailProvider.MICROSOFT: (
        "https://outlook.office.com/SMTP.Send",
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "offline_access",
        "openid",
        "email",
    ),
}
_EXTRAS = {
    MailProvider.GOOGLE: (("access_type", "offline"), ("prompt", "consent")),
    MailProvider.MICROSOFT: (("prompt", "select_account"),),
}


def smtp_account_of(installation: Installation, account: MailAccount) -> SmtpAccount:
    """Raises ``AdapterError`` when its secret cannot be had: ``permanent`` when only people can help."""
    return SmtpAccount(
        host=account.host,
        port=account.port,
        security=account.security,
        username=account.username or None,
        password=password_of(installation, account),
        access_token=access_token_of(installation, account),
        pinned_fingerprint=account.pinned_fingerprint,
        hello_name=installation.mail_domain,
    )


def imap_account_of(installation: Installation, account: MailAccount) -> ImapAccount:
    """Raises ``AdapterError`` as above. Only for an account with a mailbox."""
    if account.provider is not None and account.imap_security is MailSecurity.NONE:
        raise AdapterError(encryption_needed(), Fault.NO_WAY_IN, permanent=True)
    return ImapAccount(
        host=account.imap_host,
        port=account.imap_port,
        security=account.imap_security,
        username=account.username,
        password=password_of(installation, account),
        access_token=access_token_of(installation, account),
        pinned_fingerprint=account.imap_fingerprint,
    )


def oauth_app(installation: Installation, provider: MailProvider) -> OAuthApp | None:
    """Ourselves as this provider knows us; none where the settings do not say."""
    settings = installation.settings
    google = provider is MailProvider.GOOGLE
    client_id = settings.google_client_id if google else settings.microsoft_client_id
    if not client_id:
        return None
    endpoint = settings.google_endpoint if google else settings.microsoft_endpoint
    return OAuthApp(
        name=NAMES[provider],
        client_id=client_id,
        client_secret=settings.google_client_secret if google else settings.microsoft_client_secret,
        scopes=_SCOPES[provider],
        extras=_EXTRAS[provider],
        redirect_url=installation.link(RETURN_PATH),
        private_hosts=settings.private_hosts,
        ca_file=settings.mail_ca_file,
        **_places(provider, endpoint),
    )


def not_registered(provider: MailProvider) -> str:
    sentence = _("Falta dar de alta la aplicación de %(quien)s en los ajustes de la instalación.")
    return sentence % {"quien": NAMES[provider]}


def _places(provider: MailProvider, endpoint: str) -> dict[str, str]:
    if provider is MailProvider.GOOGLE and not endpoint:
        return _GOOGLE
    base = endpoint or _MICROSOFT
    revoke_url = f"{base}/revoke" if provider is MailProvider.GOOGLE else ""  # Microsoft has no such address
    return {"authorize_url": f"{base}/authorize", "token_url": f"{base}/token", "revoke_url": revoke_url}


def access_token_of(installation: Installation, account: MailAccount) -> str | None:
    """A token good for a while yet, none for an account with a password. Raises ``AdapterError``."""
    if account.provider is None:
        return None
    tokens = _tokens(installation, account)
    if tokens.expires_at - clock.now() > AHEAD:
        return tokens.access
    return _renewed(installation, account, tokens).access


def doubt_token(installation: Installation, account: MailAccount) -> None:
    """A server has refused a token that should be good: find out from its provider whether the consent still is.

    Raises ``ConsentEnded`` when it is not; what else goes wrong says nothing about it.
    """
    if account.provider is None:
        return
    try:
        _renewed(installation, account, _tokens(installation, account))
    except ConsentEnded:
        raise
    except AdapterError as error:
        log.warning("mail account %s: its consent cannot be checked: %s", account.id, error)


def withdraw_consent(installation: Installation, account: MailAccount) -> None:
    """Tell the provider, if it can be told, that an account's tokens are not wanted any more."""
    app = oauth_app(installation, account.provider) if account.provider else None
    try:
        tokens = open_tokens(account, installation.keys)
        if app is not None and tokens is not None:
            oauth.revoke(app, tokens)
    except (AdapterError, SealBroken) as error:
        log.warning("mail account %s: its consent could not be withdrawn at the provider: %s", account.id, error)


def password_of(installation: Installation, account: MailAccount) -> str | None:
    """What is kept of it, none when nothing is. Raises ``AdapterError``."""
    try:
        return open_password(account, installation.keys) or None
    except SealBroken as error:
        sentence = _("No se puede usar la contraseña guardada: escríbala otra vez.")
        raise AdapterError(sentence, Fault.CREDENTIALS_UNREADABLE, permanent=True) from error


def _tokens(installation: Installation, account: MailAccount) -> Tokens:
    assert account.provider is not None, "an account with a password has no tokens"
    if account.consent_ended_at is not None:
        raise ConsentEnded(NAMES[account.provider])
    try:
        tokens = open_tokens(account, installation.keys)
    except SealBroken:
        tokens = None
    if tokens is None:
        sentence = _("Falta el permiso de %(quien)s para usar esta cuenta.") % {"quien": NAMES[account.provider]}
        raise AdapterError(sentence, Fault.CONSENT_MISSING, permanent=True)
    return tokens


def _renewed(installation: Installation, account: MailAccount, tokens: Tokens) -> Tokens:
    """Whoever is quicker renews: everybody else takes what that brought."""
    assert account.provider is not None
    app = oauth_app(installation, account.provider)
    if app is None:
        raise AdapterError(not_registered(account.provider), Fault.NOT_REGISTERED, permanent=True)
    database, scope, now = installation.database, CompanyScope(account.company_id), clock.now()
    try:
        renewed = oauth.refresh(app, tokens, now)
    except ConsentEnded:
        database.run(scope, lambda db: end_consent(db, account, now))
        raise
    if database.run(scope, lambda db: renew_tokens(db, installation.keys, account, renewed)):
        return renewed
    with database.read(scope) as db:
        current = account_of(db, account.id)
    return (open_tokens(current, installation.keys) if current else None) or renewed
