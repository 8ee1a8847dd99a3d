"""Consent to use a mailbox (OAuth 2.0): asked for at its provider, kept sealed, renewed, ended.

Whoever comes back from the provider must be who went there, within a quarter of an hour, once.
"""

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from app import clock
from app.domain.mail.accounts import (
    MAILBOX_UNTROUBLED,
    UNTROUBLED,
    change_of,
    mail_accounts,
    owned_account,
    sealed_place,
)
from app.errors import Refusal
from app.scope import ScopedSession
from app.secrets import Keys, new_token, token_hash
from app.texts import _
from models import MailAccount, MailConsent
from models.enums import MailProvider

LIFE = dt.timedelta(minutes=15)

_consents: Any = MailConsent.__table__


class ConsentLost(Refusal):
    code = "consent_lost"

    def __init__(self) -> None:
        super().__init__(
            _("Ese permiso ya no vale: se pidió hace más de un cuarto de hora o ya se usó. Pídalo otra vez.")
        )


class AccountChanged(Refusal):
    code = "account_changed"

    def __init__(self) -> None:
        super().__init__(_("La cuenta de correo ha cambiado mientras tanto. Guárdela y vuelva a pedir el permiso."))


class BeginConsent(Struct, frozen=True, kw_only=True):
    user_id: int
    provider: MailProvider
    is_for_company: bool = False


class ConsentBegun(Struct, frozen=True):
    """What goes to the provider: ``state`` comes back with whoever consents, ``verifier`` only proves it to them."""

    state: str
    verifier: str


class ConsentClaimed(Struct, frozen=True, kw_only=True):
    provider: MailProvider
    verifier: str
    is_for_company: bool


class Tokens(Struct, frozen=True):
    """``access`` opens the mailbox until ``expires_at``; ``refresh`` gets another."""

    access: str
    refresh: str
    expires_at: dt.datetime

    def __repr__(self) -> str:
        return f"Tokens(until {self.expires_at:%Y-%m-%d %H:%M})"


class KeepConsent(Struct, frozen=True, kw_only=True):
    """``user_id`` none: for the company's account."""

    user_id: int | None
    provider: MailProvider
    tokens: Tokens


def encryption_needed() -> str:
    """A token opens a whole mailbox: it goes nowhere in the clear."""
    return _("El permiso del proveedor solo se usa en una conexión cifrada.")


def begin_consent(db: ScopedSession, keys: Keys, command: BeginConsent) -> ConsentBegun:
    """Remember who goes to which provider, and for what."""
    begun = ConsentBegun(new_token(), new_token())
    consent = MailConsent(
        user_id=command.user_id,
        is_for_company=command.is_for_company,
        provider=command.provider,
        state_hash=token_hash(begun.state),
        sealed_verifier="",
        expires_at=clock.now() + LIFE,
    )
    db.add(consent)
    db.flush()
    consent.sealed_verifier = keys.seal_text(begun.verifier, _verifier_place(consent))
    return begun


def is_consent_for_company(db: ScopedSession, state: str, user_id: int) -> bool:
    """Where whoever comes back came from, for a page to return to; whatever has become of it."""
    found = db.scalar(
        sa.select(MailConsent.is_for_company).where(
            MailConsent.state_hash == token_hash(state), MailConsent.user_id == user_id
        )
    )
    return bool(found)


def claim_consent(db: ScopedSession, keys: Keys, state: str, user_id: int) -> ConsentClaimed:
    """Use up what was begun. Raises ``ConsentLost`` for what nobody began, somebody else did, or is over."""
    mine = (
        _consents.c.company_id == db.company_id,
        _consents.c.state_hash == token_hash(state),
        _consents.c.user_id == user_id,
        _consents.c.used_at.is_(None),
        _consents.c.expires_at > clock.now(),
    )
    used = sa.update(_consents).where(*mine).values(used_at=clock.now()).returning(_consents.c.id)
    consent_id = db.connection().execute(used).scalar()
    if consent_id is None:
        raise ConsentLost
    consent = db.get_one(MailConsent, consent_id)
    verifier = keys.open_text(consent.sealed_verifier, _verifier_place(consent))
    return ConsentClaimed(provider=consent.provider, verifier=verifier, is_for_company=consent.is_for_company)


def keep_consent(db: ScopedSession, keys: Keys, command: KeepConsent) -> MailAccount:
    """From now on the account signs in with these tokens; tried at once. Raises ``AccountChanged``."""
    account = owned_account(db, command.user_id)
    if account is None or account.provider is not command.provider:
        raise AccountChanged
    account.sealed_tokens = _seal(account, keys, command.tokens)
    account.password_changed_at, account.consent_ended_at = clock.now(), None
    for name, value in (UNTROUBLED | MAILBOX_UNTROUBLED).items():
        setattr(account, name, value)
    db.flush()
    return account


def open_tokens(account: MailAccount, keys: Keys) -> Tokens | None:
    """Raises ``SealBroken`` when the installation's keys are not those they were sealed with."""
    if not account.sealed_tokens or account.consent_ended_at is not None:
        return None
    return msgspec.json.decode(keys.open_text(account.sealed_tokens, sealed_place(account, "tokens")), type=Tokens)


def renew_tokens(db: ScopedSession, keys: Keys, account: MailAccount, tokens: Tokens) -> bool:
    """Keep new tokens in the place of those seen; False when somebody else was quicker."""
    return bool(_as_seen(db, account, {"sealed_tokens": _seal(account, keys, tokens)}))


def end_consent(db: ScopedSession, account: MailAccount, now: dt.datetime) -> bool:
    """The provider takes these tokens no longer: only the same person can make it."""
    return bool(_as_seen(db, account, {"consent_ended_at": now}))


def _as_seen(db: ScopedSession, account: MailAccount, values: dict[str, Any]) -> int:
    changed = change_of(db, account.id, mail_accounts.c.sealed_tokens == account.sealed_tokens)
    return int(db.connection().execute(changed.values(values)).rowcount)


def _seal(account: MailAccount, keys: Keys, tokens: Tokens) -> str:
    return keys.seal_text(msgspec.json.encode(tokens).decode(), sealed_place(account, "tokens"))


def _verifier_place(consent: MailConsent) -> str:
    return f"mail_consents/{consent.company_id}/{consent.id}/verifier"
