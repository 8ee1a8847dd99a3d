"""Entering by a provider's consent: there and back through the office, with a provider of our own."""

from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.mail.accounts import Standing, standing_of
from app.domain.mail.consents import open_tokens
from models import MailAccount, MailConsent
from models.enums import MailProvider, Role
from tests.certificates import server_context
from tests.oauth_provider import CLIENT, OAuthProvider
from tests.rig.desk import text_of
from tests.smtp_sink import Sink

PAGE, RETURN = "account/mail", "account/mail/consent"
ADDRESS = "marta@gmail.example"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def certificate(tmp_path):
    return server_context("valid", tmp_path)


@pytest.fixture
def provider(certificate):
    with OAuthProvider(context=certificate[0], email=ADDRESS) as provider:
        yield provider


@pytest.fixture
def sink(certificate):
    with Sink(security="starttls", context=certificate[0], mechanisms="XOAUTH2", credentials=(ADDRESS, "")) as sink:
        yield sink


@pytest.fixture
def settings(settings, certificate, provider):
    return replace(
        settings,
        private_hosts=frozenset({"localhost"}),
        mail_ca_file=certificate[1],
        google_client_id=CLIENT[0],
        google_client_secret=CLIENT[1],
        google_endpoint=provider.url,
        microsoft_client_id=CLIENT[0],
        microsoft_client_secret=CLIENT[1],
        microsoft_endpoint=provider.url,
    )


@pytest.fixture
def typed(sink):
    return {
        "sender_email": ADDRESS,
        "provider": "google",
        "username": ADDRESS,
        "host": "localhost",
        "port": str(sink.port),
        "security": "starttls",
    }


def account_of(db):
    db.rollback()
    return db.scalars(select(MailAccount).execution_options(populate_existing=True)).one()


def address_in(page):
    """Where the page that leads to the provider leads."""
    assert page.status_code == 200, text_of(page)
    start = page.text.index('href="https://localhost') + len('href="')
    return page.text[start : page.text.index('"', start)].replace("&amp;", "&")


def come_back(desk, brought):
    """The page that people come back to, and what posting it leads to."""
    page = desk.get(RETURN, **brought)
    return page, desk.post(RETURN, brought)


def test_saving_leads_to_the_provider_and_back_with_tokens(desk, db, installation, provider, sink, typed):
    going = desk.post(PAGE, typed)
    brought = provider.consent(address_in(going))
    before = account_of(db)
    page, answer = come_back(desk, brought)
    done = desk.follow(answer)

    assert "Dé permiso en Google" in text_of(going)
    assert 'http-equiv="refresh"' in going.text
    assert "form-action 'self'" in going.headers["Content-Security-Policy"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address_in(going)).query).items()}
    assert (asked["login_hint"], asked["redirect_uri"]) == (ADDRESS, installation.link("/admin/account/mail/consent"))
    assert (before.provider, before.sealed_tokens) == (MailProvider.GOOGLE, "")
    assert "Permiso recibido" in text_of(page)
    assert (answer.headers["location"], "Google ha dado permiso." in text_of(done)) == ("/admin/account/mail", True)
    account = account_of(db)
    tokens = open_tokens(account, installation.keys)
    assert (tokens.access in provider.access, tokens.refresh in provider.refresh) == (True, True)
    assert (account.sealed_password, standing_of(account)) == ("", Standing.GOOD)
    assert [secret in done.text for secret in (tokens.access, tokens.refresh, account.sealed_tokens)] == [False] * 3

    sink.credentials = (ADDRESS, tokens.access)
    tested = desk.post(f"{PAGE}/test", {"recipient": "marta@tosma.example"})
    assert ("Todo funciona." in text_of(tested), len(sink.received)) == (True, 1)


def test_reading_the_page_one_comes_back_to_changes_nothing(desk, db, provider, typed):
    brought = provider.consent(address_in(desk.post(PAGE, typed)))

    for _ in range(3):
        desk.get(RETURN, **brought)

    assert (account_of(db).sealed_tokens, provider.asked) == ("", [])
    assert db.scalars(select(MailConsent.used_at)).all() == [None]


def test_a_consent_serves_once_and_whom_it_was_asked_for(desk, sit, db, provider, typed):
    mine = provider.consent(address_in(desk.post(PAGE, typed)))
    other = sit()
    other.post(PAGE, typed)

    stolen = other.follow(other.post(RETURN, mine))
    used = desk.follow(desk.post(RETURN, mine))
    again = desk.follow(desk.post(RETURN, mine))
    forged = desk.follow(desk.post(RETURN, mine | {"state": "x" * 43}))

    gone = "Ese permiso ya no vale: se pidió hace más de un cuarto de hora o ya se usó. Pídalo otra vez."
    assert [gone in text_of(page) for page in (stolen, used, again, forged)] == [True, False, True, True]
    db.rollback()
    assert sorted(bool(account.sealed_tokens) for account in db.scalars(select(MailAccount))) == [False, True]


def test_who_says_no_is_told_where_to_go_on(desk, db, typed):
    desk.post("mail-account", typed)
    state = parse_qs(urlsplit(address_in(desk.post("mail-account/permission"))).query)["state"][0]

    page = desk.get(RETURN, error="access_denied", state=state)

    assert "No se ha dado el permiso" in text_of(page)
    assert ('href="/admin/mail-account"' in page.text, account_of(db).sealed_tokens) == (True, "")


def test_google_s_consent_for_another_mailbox_is_given_back(desk, db, provider, typed):
    provider.email = "otra@gmail.example"
    _page, answer = come_back(desk, provider.consent(address_in(desk.post(PAGE, typed))))

    told = text_of(desk.follow(answer))
    assert "El permiso se ha dado para otra@gmail.example, y la cuenta es de marta@gmail.example." in told
    assert (account_of(db).sealed_tokens, provider.refresh, provider.asked[-1][0]) == ("", set(), "/revoke")


@SQLITE
def test_microsoft_lets_one_person_open_a_mailbox_that_several_share(desk, db, provider, typed):
    going = desk.post("mail-account", typed | {"provider": "microsoft", "username": "facturas@tosma.example"})
    _page, answer = come_back(desk, provider.consent(address_in(going)))

    told = text_of(desk.follow(answer))
    assert answer.headers["location"] == "/admin/mail-account"
    assert f"Lo ha dado {ADDRESS} para la cuenta facturas@tosma.example: la prueba dirá si puede." in told
    account = account_of(db)
    assert (account.user_id, bool(account.sealed_tokens)) == (None, True)


def test_the_company_s_consent_is_an_administrator_s(desk, sit, db, make, provider, typed):
    clerk = sit(Role.INVOICING)
    brought = provider.consent(address_in(desk.post("mail-account", typed)))

    stolen = clerk.follow(clerk.post(RETURN, brought))
    desk.post(RETURN, brought)

    assert "Ese permiso ya no vale" in text_of(stolen)
    assert bool(account_of(db).sealed_tokens)


def test_a_provider_that_refuses_is_told_and_the_account_stays(desk, db, provider, typed):
    provider.answers["/token"] = (400, b'{"error": "invalid_grant"}')

    _page, answer = come_back(desk, provider.consent(address_in(desk.post(PAGE, typed))))

    assert "Google ya no acepta el permiso que se le dio." in text_of(desk.follow(answer))
    assert account_of(db).host == "localhost"


def test_consent_that_ended_is_announced_and_given_again(desk, db, provider, sink, typed):
    come_back(desk, provider.consent(address_in(desk.post(PAGE, typed))))
    provider.take_back()
    tested = desk.post(f"{PAGE}/test", {"recipient": "marta@tosma.example"})
    page = text_of(desk.get(PAGE))
    again = desk.post(f"{PAGE}/permission")
    come_back(desk, provider.consent(address_in(again)))

    assert "Google ya no acepta el permiso que se le dio. Vuelva a darlo." in text_of(tested)
    assert "No sale nada de marta@gmail.example: Google no acepta el permiso desde el" in page
    assert "Dar permiso otra vez Terminado el" in page
    assert "No sale nada" not in text_of(desk.get(PAGE))
    assert account_of(db).consent_ended_at is None


def test_tokens_do_not_follow_to_another_server(desk, db, provider, typed):
    come_back(desk, provider.consent(address_in(desk.post(PAGE, typed))))

    kept = desk.post(PAGE, typed | {"sender_name": "Marta"})
    elsewhere = desk.post(PAGE, typed | {"host": "smtp.otro.example", "port": "587"})
    moved = desk.post(PAGE, typed | {"username": "otra@gmail.example"})

    assert (kept.status_code, elsewhere.status_code, moved.status_code) == (303, 422, 200)
    assert "El permiso solo sirve para los servidores de quien lo da." in text_of(elsewhere)
    assert "Dé permiso en Google" in text_of(moved)
    assert (account_of(db).sealed_tokens, provider.asked[-1][0]) == ("", "/revoke")


def test_removing_the_account_takes_the_consent_back(desk, db, provider, typed):
    come_back(desk, provider.consent(address_in(desk.post(PAGE, typed))))

    page = desk.follow(desk.post(f"{PAGE}/delete"))

    assert "Cuenta de correo eliminada." in text_of(page)
    assert (account_of(db).sealed_tokens, provider.refresh) == ("", set())


@SQLITE
def test_in_the_clear_there_is_no_consent(desk, db, typed):
    answer = desk.post(PAGE, typed | {"security": "none"})

    assert (answer.status_code, db.scalars(select(MailAccount)).all()) == (422, [])
    assert "El permiso del proveedor solo se usa en una conexión cifrada." in text_of(answer)


@SQLITE
def test_asking_for_consent_needs_an_account_that_enters_by_it(desk, typed):
    assert desk.post(f"{PAGE}/permission").status_code == 404


class TestUnregistered:
    """An installation that no provider knows."""

    @pytest.fixture
    def settings(self, settings):
        return replace(settings, google_client_id="", microsoft_client_id="")

    @SQLITE
    def test_only_passwords_are_offered(self, desk, db, typed):
        page = desk.get(PAGE)
        forged = desk.post(PAGE, typed)

        assert "Con el permiso de" not in text_of(page)
        assert (forged.status_code, db.scalars(select(MailAccount)).all()) == (409, [])
        assert "Falta dar de alta la aplicación de Google en los ajustes" in text_of(forged)
