"""How a mail account is told: how one enters, and what its provider asks for."""

import datetime as dt
from typing import Any

from msgspec import Struct

from admin_views.mail.account_form import PROVIDERS, AccountForm
from app.domain.mail.presets import Preset, preset_at, preset_for
from app.installation import Installation
from app.mail.credentials import NAMES, oauth_app
from app.texts import _
from models import MailAccount
from models.enums import MailProvider


class Consent(Struct, frozen=True, kw_only=True):
    """How an account that enters by consent stands: never given, given, ended."""

    name: str
    given_at: dt.datetime | None
    ended_at: dt.datetime | None

    @property
    def is_good(self) -> bool:
        return self.given_at is not None and self.ended_at is None


def consent_of(account: MailAccount | None) -> Consent | None:
    if account is None or account.provider is None:
        return None
    return Consent(
        name=NAMES[account.provider],
        given_at=account.password_changed_at if account.sealed_tokens else None,
        ended_at=account.consent_ended_at,
    )


def ways_in(installation: Installation, account: MailAccount | None) -> list[tuple[str, str]]:
    """With a password, and with the consent of whom the installation is registered with."""
    kept = account.provider if account is not None else None
    offered = [each for each in MailProvider if each is kept or oauth_app(installation, each) is not None]
    return [("", _(PROVIDERS[""])), *((each.value, _(PROVIDERS[each])) for each in offered)]


def help_for(form: AccountForm, suggested: Any) -> Preset | None:
    """Whose instructions to show: of whom was just found, or of whom the servers or the address are."""
    if suggested is not None and suggested.preset is not None:
        found: Preset = suggested.preset
        return found
    return preset_at(str(form.host.data or "")) or preset_for(str(form.sender_email.data or ""))
