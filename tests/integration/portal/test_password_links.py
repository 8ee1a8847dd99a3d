"""Links that let somebody set a password: once, in time, whoever else tries, and asked for again."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import clock
from app.installation import Installation
from app.scope import ScopedSession
from app.secrets import new_token, password_matches, token_hash
from app.settings import Settings
from models import AuditEntry, OutgoingMail, PortalAccount, PortalSession, PortalToken
from models.enums import MailKind, TokenPurpose
from tests.factories import Make
from tests.integration.portal.conftest import Arrive, Visitor

NEW = "tres tristes tigres 7"


@pytest.fixture
def invited(make: Make, db: ScopedSession) -> PortalAccount:
    """Somebody whose account is waiting for its password."""
    account = make.account(make.contact(name="Bar Nilo", email="nilo@bar.example"))
    db.commit()
    return account


@pytest.fixture
def link(db: ScopedSession, invited: PortalAccount) -> str:
    return mint(db, invited)


def mint(
    db: ScopedSession,
    account: PortalAccount,
    purpose: TokenPurpose = TokenPurpose.ACTIVATE,
    hours: float = 72,
    used: bool = False,
) -> str:
    """The address of a link as the mail carries it."""
    secret = new_token()
    db.add(
        PortalToken(
            token_hash=token_hash(secret),
            purpose=purpose,
            account_id=account.id,
            expires_at=clock.now() + dt.timedelta(hours=hours),
            used_at=clock.now() if used else None,
        )
    )
    db.commit()
    return f"/{'activar' if purpose is TokenPurpose.ACTIVATE else 'clave'}/{secret}"


def mails(db: ScopedSession) -> list[tuple[MailKind, str, int | None, bool]]:
    db.expire_all()
    rows = db.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
    return [(mail.kind, mail.recipient, mail.portal_account_id, mail.is_secret) for mail in rows]


def test_looking_at_a_link_does_not_use_it_up(visitor: Visitor, link: str) -> None:
    pages = [visitor.get(link) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert 'value="nilo@bar.example"' in pages[1].text


def test_opening_the_link_is_noted(visitor: Visitor, link: str, invited: PortalAccount, db: ScopedSession) -> None:
    visitor.client.head(visitor.base + link)
    footprints = visitor.client.app.state.footprints  # type: ignore[attr-defined]
    footprints.flush()
    db.refresh(invited)
    after_a_head = invited.opened_at
    db.commit()

    visitor.get(link)
    footprints.flush()
    db.refresh(invited)

    assert (after_a_head, invited.opened_at is not None) == (None, True)


def test_the_link_sets_the_password_and_leads_to_the_door(
    visitor: Visitor, link: str, invited: PortalAccount, db: ScopedSession
) -> None:
    answer = visitor.post(link, clave=NEW)

    page = visitor.follow(answer)
    assert "Su contraseña está guardada" in page.text
    assert 'value="nilo@bar.example"' in page.text
    assert "nilo" not in answer.headers["location"]
    db.refresh(invited)
    assert (password_matches(NEW, invited.password_hash), invited.activated_at is not None) == (True, True)
    assert db.scalars(select(PortalSession)).all() == []
    assert visitor.sign_in("nilo@bar.example", NEW).status_code == 303


def test_setting_a_password_is_audited_without_it(visitor: Visitor, link: str, db: ScopedSession) -> None:
    visitor.post(link, clave=NEW)

    entries = db.execute(select(AuditEntry.actor, AuditEntry.entity, AuditEntry.changes)).all()
    assert [(entry.actor, entry.entity, entry.changes["password_hash"]) for entry in entries] == [
        ("nilo@bar.example", "portal_accounts", ["••••", "••••"])
    ]


def test_a_used_link_offers_a_new_one_to_the_same_address(visitor: Visitor, link: str) -> None:
    visitor.post(link, clave=NEW)

    looked, posted = visitor.get(link), visitor.post(link, clave="otra frase distinta")

    assert (looked.status_code, posted.status_code) == (410, 410)
    assert "Este enlace ya se ha usado" in posted.text
    assert "n••••@bar.example" in posted.text
    assert "nilo@bar.example" not in posted.text


def test_an_expired_link_is_told_and_sets_nothing(visitor: Visitor, invited: PortalAccount, db: ScopedSession) -> None:
    link = mint(db, invited, hours=-1)

    looked, posted = visitor.get(link), visitor.post(link, clave=NEW)

    assert (looked.status_code, posted.status_code) == (410, 410)
    assert "Este enlace ha caducado" in looked.text
    db.refresh(invited)
    assert invited.password_hash == ""


def test_a_link_that_a_newer_one_followed_says_so(visitor: Visitor, invited: PortalAccount, db: ScopedSession) -> None:
    link, newer = mint(db, invited, hours=-1), mint(db, invited)

    looked, posted = visitor.get(link), visitor.post(link, clave=NEW)

    assert (looked.status_code, posted.status_code) == (410, 410)
    assert "Hay un enlace más reciente" in looked.text
    assert "abra el último correo que recibió de" in posted.text
    assert "Cree su contraseña" in visitor.get(newer).text


@pytest.mark.parametrize("secret", ["nada", "x" * 3000, "%00", "%E2%82%AC"])
def test_a_link_that_never_was_does_not_exist(visitor: Visitor, secret: str) -> None:
    assert [visitor.get(f"/{path}/{secret}").status_code for path in ("activar", "clave")] == [404, 404]
    assert visitor.post(f"/activar/{secret}", clave=NEW).status_code == 404


def test_who_has_a_link_that_is_no_more_is_shown_the_way_to_another(visitor: Visitor) -> None:
    pages = [visitor.get("/activar/nada"), visitor.post("/activar/nada", clave=NEW), visitor.post("/activar/nada/otro")]

    assert {(page.status_code, 'href="/in/Tosma/clave">Pedir un enlace nuevo' in page.text) for page in pages} == {
        (404, True)
    }


def test_no_other_page_is_told_the_address_of_a_link(
    visitor: Visitor, link: str, invited: PortalAccount, db: ScopedSession
) -> None:
    expired = mint(db, invited, hours=-1)

    answers = [
        *(visitor.get(path) for path in (link, expired, "/activar/nada", "/clave/nada", "/ver/nada")),
        *(visitor.post(path) for path in (link, expired, f"{link}/otro", f"{expired}/otro", "/activar/nada/otro")),
        *(visitor.post(f"{expired}/otro") for _ in range(20)),
    ]

    assert {answer.status_code for answer in answers} == {200, 303, 404, 410, 422, 429}
    assert {answer.headers["referrer-policy"] for answer in answers} == {"strict-origin"}
    assert visitor.get("/entrar").headers["referrer-policy"] == "same-origin"


def test_a_link_serves_one_purpose(visitor: Visitor, link: str, db: ScopedSession, invited: PortalAccount) -> None:
    secret = link.rsplit("/", 1)[1]
    recovery = mint(db, invited, TokenPurpose.RECOVER).rsplit("/", 1)[1]

    assert (visitor.get(f"/clave/{secret}").status_code, visitor.get(f"/activar/{recovery}").status_code) == (404, 404)


def test_a_link_of_another_company_does_not_exist(
    visitor: Visitor, link: str, make: Make, system_db: ScopedSession
) -> None:
    Make(system_db, make.home).company(slug="Rodano", slug_key="rodano", tax_id="B00000001", short_code="rodano")
    system_db.commit()

    assert visitor.client.get(f"/in/Rodano{link}").status_code == 404


def test_a_link_dies_with_the_access(visitor: Visitor, link: str, invited: PortalAccount, db: ScopedSession) -> None:
    invited.memberships[0].ended_at = clock.now()
    db.commit()

    assert (visitor.get(link).status_code, visitor.post(link, clave=NEW).status_code) == (404, 404)


def test_setting_a_password_ends_sessions_and_other_links(
    arrive: Arrive, visitor: Visitor, account: PortalAccount, db: ScopedSession
) -> None:
    signed_in = arrive(account)
    other = mint(db, account)
    recovery = mint(db, account, TokenPurpose.RECOVER, hours=0.5)

    visitor.post(recovery, clave=NEW)

    assert signed_in.get("/facturas").status_code == 303
    assert visitor.get(other).status_code == 410


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "Escriba su contraseña nueva"),
        ("corta", "Use al menos 10 caracteres."),
        ("Suministros2026", "de las primeras que alguien probaría"),
        ("nilo-nilo-2026", "de las primeras que alguien probaría"),
        ("x" * 129, "Como mucho 128 caracteres."),
        ("x" * 200_000, "Como mucho 128 caracteres."),
    ],
)
def test_a_guessable_password_is_told_beside_the_field(
    visitor: Visitor, link: str, invited: PortalAccount, db: ScopedSession, password: str, sentence: str
) -> None:
    page = visitor.post(link, clave=password)

    assert (page.status_code, page.text.count(sentence)) == (422, 2)
    db.refresh(invited)
    assert invited.password_hash == ""


def test_of_many_uses_at_once_one_succeeds(
    application: Starlette,
    installation: Installation,
    settings: Settings,
    link: str,
    invited: PortalAccount,
    db: ScopedSession,
) -> None:
    passwords = [f"una frase distinta, la {n}" for n in range(6)]

    def use(password: str) -> int:
        client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
        status: int = Visitor(client, installation, "/in/Tosma").post(link, clave=password).status_code
        return status

    with ThreadPoolExecutor(len(passwords)) as people:
        answers = list(people.map(use, passwords))

    assert sorted(answers) == [303] + [410] * (len(passwords) - 1)
    db.refresh(invited)
    assert [password_matches(password, invited.password_hash) for password in passwords] == [
        status == 303 for status in answers
    ]


def test_asking_for_a_link_tells_nothing(visitor: Visitor, account: PortalAccount, db: ScopedSession) -> None:
    visitor.cookie = "the same browser"

    known = visitor.post("/clave", correo="LUCIA@fincasferrer.example")
    unknown = visitor.post("/clave", correo="nadie@nowhere.example")

    assert (known.status_code, unknown.status_code) == (200, 200)
    assert known.text.replace("lucia@fincasferrer.example", "X") == unknown.text.replace("nadie@nowhere.example", "X")
    assert dict(known.headers).keys() == dict(unknown.headers).keys()
    assert mails(db) == [(MailKind.RECOVERY, "lucia@fincasferrer.example", account.id, True)]


def test_who_never_had_a_password_is_sent_an_activation(
    visitor: Visitor, invited: PortalAccount, db: ScopedSession
) -> None:
    visitor.post("/clave", correo="nilo@bar.example")

    assert mails(db) == [(MailKind.ACCESS, "nilo@bar.example", invited.id, True)]


def test_who_lost_access_is_sent_nothing(visitor: Visitor, account: PortalAccount, db: ScopedSession) -> None:
    account.memberships[0].ended_at = clock.now()
    db.commit()

    answer = visitor.post("/clave", correo=account.email)

    assert (answer.status_code, mails(db)) == (200, [])


def test_one_account_is_sent_three_mails_an_hour(visitor: Visitor, account: PortalAccount, db: ScopedSession) -> None:
    answers = [visitor.post("/clave", correo=account.email) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(mails(db)) == 3


def test_one_address_asks_twenty_times_an_hour(visitor: Visitor) -> None:
    answers = [visitor.post("/clave", correo=f"persona{n}@nowhere.example") for n in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert "Demasiados intentos" in answers[20].text
    assert int(answers[20].headers["retry-after"]) > 3500


def test_an_odd_email_is_told_beside_the_field(visitor: Visitor) -> None:
    page = visitor.post("/clave", correo="no es un correo\x00")

    assert (page.status_code, page.text.count("Hay caracteres que no se pueden usar aquí")) == (422, 2)


def test_a_new_link_goes_only_to_whom_the_old_one_was_for(
    visitor: Visitor, invited: PortalAccount, db: ScopedSession
) -> None:
    link = mint(db, invited, hours=-1)

    answer = visitor.post(f"{link}/otro", correo="intruso@evil.example")

    assert (answer.status_code, "n••••@bar.example" in answer.text) == (200, True)
    assert mails(db) == [(MailKind.ACCESS, "nilo@bar.example", invited.id, True)]


def test_a_live_link_needs_no_other(visitor: Visitor, link: str, db: ScopedSession) -> None:
    answer = visitor.post(f"{link}/otro")

    assert (answer.headers["location"], mails(db)) == (f"/in/Tosma{link}", [])
