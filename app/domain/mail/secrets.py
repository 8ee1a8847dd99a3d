"""The secrets that mails carry: minted while a mail is written, kept as hashes in the transaction that claims it."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from app.domain.access_tables import portal_accounts, tokens
from app.scope import ScopedSession
from app.secrets import hash_password, new_password, new_token, token_hash
from models.enums import TokenPurpose

LIFE = {TokenPurpose.ACTIVATE: dt.timedelta(hours=72), TokenPurpose.RECOVER: dt.timedelta(minutes=30)}


class Secret(Struct, frozen=True, kw_only=True):
    """A link's token or, without ``purpose``, a password. ``seen_hash`` is the account's password as it then was."""

    account_id: int
    text: str
    hash: str
    seen_hash: str
    purpose: TokenPurpose | None = None
    expires_at: dt.datetime | None = None


def mint_link(account_id: int, purpose: TokenPurpose, now: dt.datetime, *, seen_hash: str) -> Secret:
    token = new_token()
    return Secret(
        account_id=account_id,
        text=token,
        hash=token_hash(token),
        seen_hash=seen_hash,
        purpose=purpose,
        expires_at=now + LIFE[purpose],
    )


def mint_password(account_id: int, *, seen_hash: str) -> Secret:
    """Hashes, so it is slow and may raise ``TooBusy``: never while a transaction is open."""
    password = new_password()
    return Secret(account_id=account_id, text=password, hash=hash_password(password), seen_hash=seen_hash)


def keep_secrets(db: ScopedSession, minted: Iterable[Secret], now: dt.datetime) -> set[int]:
    """Make these secrets the ones that work, and only these: older links of their accounts expire.

    Returns the accounts whose password has changed since: what was minted for them must not be sent.
    """
    secrets = {id(secret): secret for secret in minted}.values()
    if not secrets:
        return set()
    rows = db.connection().execute(
        sa.select(portal_accounts.c.id, portal_accounts.c.password_hash)
        .where(
            portal_accounts.c.company_id == db.company_id,
            portal_accounts.c.id.in_({each.account_id for each in secrets}),
        )
        .order_by(portal_accounts.c.id)
        .with_for_update()
    )
    current = {row.id: row.password_hash for row in rows}
    good = [secret for secret in secrets if current.get(secret.account_id) == secret.seen_hash]
    _keep_links(db, [secret for secret in good if secret.purpose], now)
    for secret in good:
        if secret.purpose is None:
            db.connection().execute(
                sa.update(portal_accounts)
                .where(portal_accounts.c.company_id == db.company_id, portal_accounts.c.id == secret.account_id)
                .values(password_hash=secret.hash, must_change_password=True)
            )
    return {secret.account_id for secret in secrets} - {secret.account_id for secret in good}


def _keep_links(db: ScopedSession, links: list[Secret], now: dt.datetime) -> None:
    if not links:
        return
    db.connection().execute(
        sa.update(tokens)
        .where(
            tokens.c.company_id == db.company_id,
            tokens.c.account_id.in_([link.account_id for link in links]),
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > now,
        )
        .values(expires_at=now)
    )
    db.connection().execute(
        sa.insert(tokens),
        [
            {
                "company_id": db.company_id,
                "token_hash": link.hash,
                "purpose": link.purpose,
                "account_id": link.account_id,
                "expires_at": link.expires_at,
                "created_at": now,
            }
            for link in links
        ],
    )
