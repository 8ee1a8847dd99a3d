"""Signing in at an SMTP server: with a password by the mechanisms of old, or with a provider's token."""

import base64
import hmac

from app.adapters.link import Link, Reply
from app.adapters.opening import CredentialsRefused, OpeningFailed
from app.adapters.smtp.account import SmtpAccount
from app.domain.mail.consents import encryption_needed
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault
from app.texts import _


def sign_in(link: Link, offered: str, account: SmtpAccount) -> str:
    """Show the credentials of the account; the mechanism by which they were taken.

    Raises ``CredentialsRefused``, or ``OpeningFailed`` when the server would rather be asked later.
    """
    username, password = account.username or "", account.password or ""
    if account.access_token is not None:
        return _by_consent(link, offered, username, account.access_token)
    mechanisms = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5}
    # In the clear, the one mechanism that does not show the password goes first.
    wanted = mechanisms if link.is_secure else dict(reversed(mechanisms.items()))
    usable = [name for name in wanted if name in offered.split()]
    if not usable:
        raise CredentialsRefused(_("El servidor no admite usuario y contraseña en esta conexión."), Fault.NO_WAY_IN)
    for name in usable:
        reply = wanted[name](link, username.encode(), password.encode())
        if reply.code == 235:
            return name
        if reply.code != 504:  # mechanism not supported after all
            break
    raise _refused(reply)


def _by_consent(link: Link, offered: str, username: str, access_token: str) -> str:
    """XOAUTH2, as Google and Microsoft speak it."""
    if not link.is_secure:
        raise CredentialsRefused(encryption_needed(), Fault.NO_WAY_IN)
    if "XOAUTH2" not in offered.split():
        raise CredentialsRefused(_("El servidor no admite entrar con el permiso del proveedor."), Fault.NO_WAY_IN)
    bearer = base64.b64encode(f"user={username}\x01auth=Bearer {access_token}\x01\x01".encode())
    reply = _initial(link, b"XOAUTH2", bearer)
    if reply.code == 334:  # why not, in JSON; the reply proper comes after an empty answer
        reply = link.ask(b"")
    if reply.code == 235:
        return "XOAUTH2"
    raise _refused(reply)


def _refused(reply: Reply) -> AdapterError:
    return OpeningFailed(MailStep.AUTH, str(reply)) if reply.code // 100 == 4 else CredentialsRefused(str(reply))


def _plain(link: Link, username: bytes, password: bytes) -> Reply:
    return _initial(link, b"PLAIN", base64.b64encode(b"\0" + username + b"\0" + password))


def _initial(link: Link, mechanism: bytes, credentials: bytes) -> Reply:
    if len(credentials) <= 480:
        return link.ask(b"AUTH " + mechanism + b" " + credentials)
    # A command may not pass 512 octets: long credentials go as an answer.
    return _answer(link, link.ask(b"AUTH " + mechanism), credentials)


def _login(link: Link, username: bytes, password: bytes) -> Reply:
    asked = _answer(link, link.ask(b"AUTH LOGIN"), base64.b64encode(username))
    return _answer(link, asked, base64.b64encode(password))


def _cram_md5(link: Link, username: bytes, password: bytes) -> Reply:
    challenge = link.ask(b"AUTH CRAM-MD5")
    try:
        nonce = base64.b64decode(challenge.lines[0], validate=True)
    except ValueError:
        nonce = b""
    digest = hmac.new(password, nonce, "md5").hexdigest().encode()
    return _answer(link, challenge, base64.b64encode(username + b" " + digest))


def _answer(link: Link, asked: Reply, answer: bytes) -> Reply:
    return link.ask(answer) if asked.code == 334 else asked
