"""Consent at a provider of our own: what is asked, what comes of it, and what is made of nonsense."""

import datetime as dt
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from app.adapters.oauth import Consented, ConsentEnded, OAuthApp, consent_address, redeem, refresh, revoke
from app.domain.mail.consents import Tokens
from app.errors import AdapterError, Fault
from tests.certificates import server_context
from tests.oauth_provider import CLIENT, OAuthProvider

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
VERIFIER, STATE = "v" * 43, "e" * 43
RETURN = "https://clientes.example/admin/account/mail/consent"


@pytest.fixture
def provider(tmp_path):
    context, _authority = server_context("valid", tmp_path)
    with OAuthProvider(context=context) as provider:
        yield provider


@pytest.fixture
def app(provider, tmp_path):
    return OAuthApp(
        name="Google",
        client_id=CLIENT[0],
        client_secret=CLIENT[1],
        authorize_url=f"{provider.url}/authorize",
        token_url=f"{provider.url}/token",
        revoke_url=f"{provider.url}/revoke",
        scopes=("https://mail.google.com/", "openid", "email"),
        extras=(("access_type", "offline"), ("prompt", "consent")),
        redirect_url=RETURN,
        private_hosts=frozenset({"localhost"}),
        ca_file=str(tmp_path / "authority.pem"),
    )


def consented(app, provider):
    back = provider.consent(consent_address(app, state=STATE, verifier=VERIFIER, email="marta@gmail.example"))
    assert back["state"] == STATE
    return redeem(app, code=back["code"], verifier=VERIFIER, now=NOW)


def test_the_provider_is_asked_for_what_is_needed_and_no_secret_goes_there(app):
    address = consent_address(app, state=STATE, verifier=VERIFIER, email="marta & co@gmail.example")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": RETURN,
        "scope": "https://mail.google.com/ openid email",
        "state": STATE,
        "code_challenge": asked["code_challenge"],
        "code_challenge_method": "S256",
        "login_hint": "marta & co@gmail.example",
        "access_type": "offline",
        "prompt": "consent",
    }
    assert [secret in address for secret in (VERIFIER, "secreto")] == [False, False]


def test_a_code_becomes_tokens(app, provider):
    found = consented(app, provider)

    (access,), (renewing,) = provider.access, provider.refresh
    assert found == Consented(Tokens(access, renewing, NOW + dt.timedelta(hours=1)), "marta@gmail.example")


def test_a_code_is_worth_nothing_without_its_verifier_nor_twice(app, provider):
    back = provider.consent(consent_address(app, state=STATE, verifier=VERIFIER, email=""))

    with pytest.raises(ConsentEnded):
        redeem(app, code=back["code"], verifier="x" * 43, now=NOW)
    with pytest.raises(ConsentEnded):
        redeem(app, code=back["code"], verifier=VERIFIER, now=NOW)


def test_tokens_are_renewed_keeping_what_renews_them(app, provider):
    first = consented(app, provider).tokens

    second = refresh(app, first, NOW)

    assert (second.refresh, second.access != first.access, second.access in provider.access) == (
        first.refresh,
        True,
        True,
    )


def test_a_provider_that_changes_what_renews_is_followed(app, provider):
    first = consented(app, provider).tokens
    answer = {"access_token": "eyJ0", "token_type": "bearer", "expires_in": "4500", "refresh_token": "otro"}
    provider.answers["/token"] = (200, json.dumps(answer).encode())

    assert refresh(app, first, NOW) == Tokens("eyJ0", "otro", NOW + dt.timedelta(seconds=4500))


def test_a_consent_taken_back_has_ended(app, provider):
    tokens = consented(app, provider).tokens
    provider.take_back()

    with pytest.raises(ConsentEnded, match=r"Google ya no acepta el permiso que se le dio\. Vuelva a darlo\."):
        refresh(app, tokens, NOW)


def test_we_take_a_consent_back_where_that_is_possible(app, provider):
    tokens = consented(app, provider).tokens

    assert revoke(replace(app, revoke_url=""), tokens) is False
    assert revoke(app, tokens) is True
    assert (provider.refresh, revoke(app, tokens)) == (set(), False)


@pytest.mark.parametrize(
    ("status", "body", "sentence", "fault"),
    [
        (200, b"<html>", "Google contesta algo que no se entiende.", None),
        (200, b"[" * 100_000, "Google contesta algo que no se entiende.", None),
        (200, b'["access_token"]', "Google contesta algo que no se entiende.", None),
        (200, b"{}", "Google contesta algo que no se entiende.", None),
        (200, b'{"access_token": "a", "token_type": "mac"}', "Google contesta algo que no se entiende.", None),
        (
            200,
            b'{"access_token": "a\\u0001auth=b", "token_type": "Bearer"}',
            "Google contesta algo que no se entiende.",
            None,
        ),
        (
            200,
            b'{"access_token": "a", "refresh_token": "\\u0000", "token_type": "Bearer"}',
            "Google contesta algo que no se entiende.",
            None,
        ),
        (200, b'{"access_token": "\\ud800", "token_type": "Bearer"}', "Google contesta algo que no se entiende.", None),
        (200, b'{"access_token": {"a": 1}, "token_type": "Bearer"}', "Google contesta algo que no se entiende.", None),
        (503, b'{"error": "temporarily_unavailable"}', "Google no da el permiso (temporarily_unavailable).", None),
        (429, b'{"error": "<script>"}', "Google no da el permiso (429).", None),
        (400, b'{"error": "invalid_request"}', "Google no da el permiso (invalid_request).", Fault.CONSENT_MISSING),
        (
            401,
            b'{"error": "invalid_client"}',
            "Google no reconoce esta instalación: revise el identificador y la clave en los ajustes.",
            Fault.NOT_REGISTERED,
        ),
        (
            400,
            b'{"error": "invalid_grant"}',
            "Google ya no acepta el permiso que se le dio. Vuelva a darlo.",
            Fault.CONSENT_MISSING,
        ),
    ],
)
def test_what_a_provider_answers_instead_of_tokens_is_told(app, provider, status, body, sentence, fault):
    provider.answers["/token"] = (status, body)

    with pytest.raises(AdapterError) as error:
        refresh(app, Tokens("a", "r", NOW), NOW)

    told = (str(error.value), error.value.fault, error.value.permanent)
    assert told == (sentence, fault, fault is not None)


def test_a_consent_that_does_not_last_is_refused(app, provider):
    provider.answers["/token"] = (200, json.dumps(provider.issue()).encode())

    with pytest.raises(AdapterError, match="no ha dado un permiso duradero"):
        redeem(app, code="x", verifier=VERIFIER, now=NOW)


@pytest.mark.parametrize("id_token", ["", "x", "a.b.c", "e30.W10.x", "e30.eyJlbWFpbCI6MX0.x", 7])
def test_who_it_was_may_stay_unknown(app, provider, id_token):
    answer = provider.issue() | {"refresh_token": "r", "id_token": id_token, "expires_in": "x"}
    provider.answers["/token"] = (200, json.dumps(answer).encode())

    found = redeem(app, code="x", verifier=VERIFIER, now=NOW)

    assert (found.email, found.tokens.expires_at) == ("", NOW + dt.timedelta(hours=1))


def test_a_provider_inside_the_network_is_not_asked_unless_the_settings_say_so(app, provider):
    with pytest.raises(AdapterError, match=r"no está permitido|está en una red privada"):
        refresh(replace(app, private_hosts=frozenset()), Tokens("a", "r", NOW), NOW)

    assert provider.asked == []


def test_nothing_secret_is_shown_by_accident(app):
    assert "secreto" not in repr(app)
