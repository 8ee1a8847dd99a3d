"""Consent to use a mailbox, as Google and Microsoft give it: OAuth 2.0 with PKCE. What travels is `oauthlib`'s work.

Whoever consents goes to the provider's page with a state and the hash of a verifier, and comes back with a code; only
the verifier itself turns the code into tokens.
"""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from app.adapters.http import HttpRequest, send
from app.domain.mail.consents import Tokens
from app.errors import AdapterError, Fault
from app.texts import _

PATIENCE = 15.0
# What says that the person has to consent again, not that we asked wrongly.
_OVER = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied"})
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")


class ConsentEnded(AdapterError):
    """The provider takes the consent no longer: withdrawn, expired, or the password changed."""

    def __init__(self, name: str) -> None:
        sentence = _("%(quien)s ya no acepta el permiso que se le dio. Vuelva a darlo.")
        super().__init__(sentence % {"quien": name}, Fault.CONSENT_MISSING, permanent=True)


class OAuthApp(Struct, frozen=True, kw_only=True):
    """Ourselves, as registered with a provider. ``revoke_url`` empty: people withdraw consent at the provider's."""

    name: str
    client_id: str
    client_secret: str
    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[str, ...]
    extras: tuple[tuple[str, str], ...]
    redirect_url: str
    private_hosts: frozenset[str] = frozenset()
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"OAuthApp({self.name!r}, {self.client_id!r})"


class Consented(Struct, frozen=True):
    """``email`` is of whoever consented, where the provider says it."""

    tokens: Tokens
    email: str


def consent_address(app: OAuthApp, *, state: str, verifier: str, email: str) -> str:
    """The provider's page that asks for consent. ``email`` is whose mailbox it is about."""
    client = _client(app)
    return str(
        client.prepare_request_uri(
            app.authorize_url,
            redirect_uri=app.redirect_url,
            scope=list(app.scopes),
            state=state,
            code_challenge=client.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            login_hint=email,
            **dict(app.extras),
        )
    )


def redeem(app: OAuthApp, *, code: str, verifier: str, now: dt.datetime) -> Consented:
    """Tokens for the code that somebody came back with. Raises ``AdapterError``."""
    client = _client(app)
    body = client.prepare_request_body(
        code=code, redirect_uri=app.redirect_url, code_verifier=verifier, client_secret=app.client_secret
    )
    answer = _ask(app, app.token_url, body)
    tokens = _tokens(app, answer, now)
    if not tokens.refresh:
        sentence = _("%(quien)s no ha dado un permiso duradero. Vuelva a pedirlo.")
        raise AdapterError(sentence % {"quien": app.name}, Fault.CONSENT_MISSING, permanent=True)
    return Consented(tokens, _email(answer.get("id_token")))


def refresh(app: OAuthApp, tokens: Tokens, now: dt.datetime) -> Tokens:
    """Another access token. Raises ``ConsentEnded`` when only the person can help, ``AdapterError`` otherwise."""
    client = _client(app)
    body = client.prepare_refresh_body(
        refresh_token=tokens.refresh, client_id=app.client_id, client_secret=app.client_secret
    )
    renewed = _tokens(app, _ask(app, app.token_url, body), now)
    return renewed if renewed.refresh else Tokens(renewed.access, tokens.refresh, renewed.expires_at)


def revoke(app: OAuthApp, tokens: Tokens) -> bool:
    """Tell the provider that the consent is no longer wanted; False where it cannot be told."""
    if not app.revoke_url:
        return False
    _url, headers, body = _client(app).prepare_token_revocation_request(
        app.revoke_url, tokens.refresh, token_type_hint="refresh_token"
    )
    answer = send(
        HttpRequest(url=app.revoke_url, method="POST", headers=dict(headers), body=body.encode(), timeout=PATIENCE),
        private_hosts=app.private_hosts,
        ca_file=app.ca_file,
    )
    return answer.status == 200


def _client(app: OAuthApp) -> Any:
    from oauthlib.oauth2 import WebApplicationClient  # only where somebody signs in by consent

    return WebApplicationClient(app.client_id)


def _ask(app: OAuthApp, url: str, body: str) -> Mapping[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = HttpRequest(url=url, method="POST", headers=headers, body=body.encode(), timeout=PATIENCE)
    answer = send(request, private_hosts=app.private_hosts, ca_file=app.ca_file)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _nonsense(app) from error
    if not isinstance(found, dict):
        raise _nonsense(app)
    if answer.status == 200 and "error" not in found:
        return found
    raise _refused(app, answer.status, str(found.get("error", "")))


def _refused(app: OAuthApp, status: int, error: str) -> AdapterError:
    if error in _OVER:
        return ConsentEnded(app.name)
    if error in {"invalid_client", "unauthorized_client"}:
        sentence = _("%(quien)s no reconoce esta instalación: revise el identificador y la clave en los ajustes.")
        return AdapterError(sentence % {"quien": app.name}, Fault.NOT_REGISTERED, permanent=True)
    shown = error if re.fullmatch(r"[a-z_]{1,60}", error) else str(status)
    sentence = _("%(quien)s no da el permiso (%(error)s).")
    is_final = 400 <= status < 429
    fault = Fault.CONSENT_MISSING if is_final else None
    return AdapterError(sentence % {"quien": app.name, "error": shown}, fault, permanent=is_final)


def _nonsense(app: OAuthApp) -> AdapterError:
    return AdapterError(_("%(quien)s contesta algo que no se entiende.") % {"quien": app.name})


def _tokens(app: OAuthApp, answer: Mapping[str, Any], now: dt.datetime) -> Tokens:
    access, renewing = answer.get("access_token"), answer.get("refresh_token", "")
    lasts = str(answer.get("expires_in", ""))
    is_bearer = str(answer.get("token_type", "")).lower() == "bearer"
    if not (is_bearer and _is_token(access) and (renewing == "" or _is_token(renewing))):
        raise _nonsense(app)
    seconds = int(lasts) if re.fullmatch(r"[0-9]{1,8}", lasts) else 3600
    return Tokens(str(access), str(renewing), now + dt.timedelta(seconds=seconds))


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _email(id_token: Any) -> str:
    """Whose identity token it is. It came from the provider itself over TLS, which is proof enough (OpenID 3.1.3.7)."""
    if not isinstance(id_token, str) or id_token.count(".") != 2:
        return ""
    part = id_token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    found = (claims.get("email") or claims.get("preferred_username")) if isinstance(claims, dict) else ""
    return found.lower()[:254] if isinstance(found, str) else ""
