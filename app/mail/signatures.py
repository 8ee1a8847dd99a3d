"""The company's signature (DKIM) under what leaves from its account."""

import datetime as dt
import logging

from app.adapters.letters.signatures import DkimKey, sign
from app.domain.mail.dkim_keys import is_of, open_dkim_key
from app.installation import Installation
from app.secrets import SealBroken
from models import MailAccount

log = logging.getLogger(__name__)


def dkim_key_of(installation: Installation, account: MailAccount | None) -> DkimKey | None:
    """The key an account signs with: the company's only, and only in the name of its own domain."""
    if account is None or account.user_id is not None or not account.dkim_domain:
        return None
    if not is_of(account.sender_email, account.dkim_domain):
        return None
    try:
        private_key = open_dkim_key(account, installation.keys)
    except SealBroken:
        log.warning("mail account %s: its DKIM key was sealed with other keys than these", account.id)
        return None
    if not private_key:
        return None
    return DkimKey(domain=account.dkim_domain, selector=account.dkim_selector, private_key=private_key)


def signed(content: bytes, key: DkimKey | None, moment: dt.datetime) -> bytes:
    return content if key is None else sign(content, key, moment)
