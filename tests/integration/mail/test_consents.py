"""Mail of an account that signs in by consent: tokens are renewed in time, and a consent that ended says so."""

import datetime as dt

import pytest
from msgspec.structs import replace

from app import clock
from app.domain.mail.accounts import Standing, standing_of
from app.domain.mail.consents import KeepConsent, Tokens, keep_consent, open_tokens
from app.installation import open_installation
from app.mail.credentials import withdraw_consent
from models.enums import MailProvider, MailSecurity, MailStatus
from tests.certificates import server_context
from tests.oauth_provider import CLIENT, OAuthProvider
from tests.smtp_sink import Sink

ADDRESS = "facturas@tosma.example"
SOON, LATER = dt.timedelta(minutes=9), dt.timedelta(minutes=30)


@pytest.fixture
def certificate(tmp_path):
    return server_context("valid", tmp_path)


@pytest.fixture
def sink(certificate):
    with Sink(security="starttls", context=certificate[0], mechanisms="XOAUTH2", credentials=(ADDRESS, "")) as sink:
        yield sink


@pytest.fixture
def provider(certificate):
    with OAuthProvider(context=certificate[0]) as provider:
        yield provider


@pytest.fixture
def installation(settings, engine, certificate, provider):
    ours = replace(
        settings,
        private_hosts=frozenset({"localhost"}),
        mail_ca_file=certificate[1],
        google_client_id=CLIENT[0],
        google_client_secret=CLIENT[1],
        google_endpoint=provider.url,
    )
    installation = open_installation(ours)
    yield installation
    installation.database.engine.dispose()


@pytest.fixture
def consent(post, provider):
    """Gives the company's account a consent whose access token is good for a while."""
    post.account.host, post.account.security = "localhost", MailSecurity.STARTTLS
    post.account.provider, post.account.username = MailProvider.GOOGLE, ADDRESS
    post.db.commit()

    def consent(lasts: dt.timedelta = LATER) -> Tokens:
        provider.refresh.add("1//renovar")
        access = provider.issue()["access_token"]
        tokens = Tokens(access, "1//renovar", clock.now() + lasts)
        keep = KeepConsent(user_id=None, provider=MailProvider.GOOGLE, tokens=tokens)
        post.db.rollback()
        keep_consent(post.db, post.installation.keys, keep)
        post.db.commit()
        return tokens

    return consent


def kept(post) -> Tokens | None:
    return open_tokens(post.reload(post.account), post.installation.keys)


def test_mail_leaves_with_the_token_while_it_is_good(post, sink, provider, consent):
    tokens = consent()
    sink.credentials = (ADDRESS, tokens.access)
    mail = post.notice()

    post.send()

    assert (post.now(mail).status, len(sink.received), provider.asked, kept(post)) == (MailStatus.SENT, 1, [], tokens)


def test_a_token_about_to_expire_is_renewed_before_it_is_shown(post, sink, provider, consent):
    old = consent(SOON)
    sink.credentials = (ADDRESS, "ya29.acceso-2")
    mail = post.notice()

    post.send()

    new = kept(post)
    assert (post.now(mail).status, [path for path, _asked in provider.asked]) == (MailStatus.SENT, ["/token"])
    assert (new.access, new.refresh, new.expires_at > old.expires_at) == ("ya29.acceso-2", old.refresh, True)
    assert standing_of(post.account) is Standing.GOOD


def test_a_consent_taken_back_pauses_the_account_and_a_new_one_resumes_it(post, sink, provider, consent):
    consent(SOON)
    provider.take_back()
    mail = post.notice()

    post.send()
    post.send()

    account = post.reload(post.account)
    assert (standing_of(account), account.last_error, account.last_fault) == (
        Standing.REFUSED,
        "Google ya no acepta el permiso que se le dio. Vuelva a darlo.",
        "consent_missing",
    )
    assert (account.consent_ended_at is not None, kept(post), sink.connections) == (True, None, 0)
    assert (post.now(mail).status, post.now(mail).attempts, len(provider.asked)) == (MailStatus.QUEUED, 0, 1)

    sink.credentials = (ADDRESS, consent().access)
    post.send()

    assert (post.now(mail).status, standing_of(post.reload(post.account))) == (MailStatus.SENT, Standing.GOOD)


def test_a_good_token_that_the_server_refuses_is_doubted(post, sink, provider, consent):
    consent()
    provider.take_back()
    post.notice()

    post.send()

    account = post.reload(post.account)
    assert account.last_error == "Google ya no acepta el permiso que se le dio. Vuelva a darlo."
    assert account.consent_ended_at is not None


def test_a_server_that_refuses_a_good_consent_is_believed(post, sink, provider, consent):
    consent()
    post.notice()

    post.send()

    account = post.reload(post.account)
    assert (account.last_error, account.consent_ended_at) == ("535 5.7.8 usuario o contraseña incorrectos", None)
    assert kept(post).access == "ya29.acceso-2"


def test_a_provider_that_does_not_answer_only_puts_it_off(post, sink, provider, consent):
    consent(SOON)
    provider.answers["/token"] = (503, b'{"error": "temporarily_unavailable"}')
    mail = post.notice()

    post.send()

    account = post.reload(post.account)
    assert (standing_of(account), account.consent_ended_at) == (Standing.UNREACHABLE, None)
    assert post.now(mail).status is MailStatus.QUEUED

    provider.answers.clear()
    sink.credentials = (ADDRESS, "ya29.acceso-2")
    post.time.pass_by(minutes=1, seconds=1)
    post.send()

    assert post.now(mail).status is MailStatus.SENT


def test_without_consent_nobody_is_bothered(post, sink, provider, consent):
    mail = post.notice()

    post.send()

    account = post.reload(post.account)
    assert (account.last_error, post.now(mail).status) == (
        "Falta el permiso de Google para usar esta cuenta.",
        MailStatus.QUEUED,
    )
    assert (sink.connections, provider.asked) == (0, [])


def test_what_sealed_the_password_may_be_lost(post, sink):
    post.account.host, post.account.username, post.account.sealed_password = "localhost", "yo", "AAAA" * 20
    post.db.commit()
    post.notice()

    post.send()

    account = post.reload(post.account)
    assert account.last_error == "No se puede usar la contraseña guardada: escríbala otra vez."
    assert account.last_fault == "credentials_unreadable"
    assert sink.connections == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_consent_is_taken_back_at_its_provider_when_it_can_be(post, provider, consent):
    consent()

    withdraw_consent(post.installation, post.reload(post.account))
    provider.answers["/revoke"] = (500, b"")
    withdraw_consent(post.installation, post.account)

    assert ([path for path, _asked in provider.asked], provider.refresh) == (["/revoke", "/revoke"], set())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_log_tells_a_token(post, sink, provider, consent, caplog):
    caplog.set_level("DEBUG")
    consent(SOON)
    post.notice()

    post.send()

    assert ("ya29" in caplog.text, "1//renovar" in caplog.text) == (False, False)
