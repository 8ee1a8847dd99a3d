"""Giving and withdrawing access: from a list, from a file, by hand; and what a change of e-mail asks."""

import datetime as dt
import re

import pytest
from sqlalchemy import select

from app import clock
from app.domain.queries.access import AccessState
from models import (
    Batch,
    Company,
    ContactEmail,
    PortalMembership,
    PortalSession,
    PortalToken,
)
from models.enums import AccessDelivery, BatchKind, EmailPurpose, Ending, Role, TokenPurpose
from tests.factories import Make
from tests.integration.office.people import acting, mails, who
from tests.rig.desk import fields_of, text_of

BOX = re.compile(r'name="who" value="([^"]+)"')


def test_those_ticked_get_access_and_a_mail(desk, db, make, merino, nunez):
    make.contact(name="Talleres Ródano, S.L.", email=None)
    db.commit()

    page = desk.get("customer/access", scope="filter", q="")
    done = desk.post("customer/access", fields_of(page) | {"who": who(merino)})

    told = text_of(page)
    assert "3 personas de 3 clientes. Están marcadas las 2 que necesitan algo y pueden recibirlo." in told
    assert "Dar acceso a 2 personas" in told
    assert "— Talleres Ródano, S.L. Sin correo No se le puede invitar — Añadir correo" in told
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]
    assert mails(db) == ["lucia@merino.example"]
    batch = db.scalars(select(Batch)).one()
    assert (batch.kind, batch.selection) == (BatchKind.GRANT_ACCESS, "1 persona marcada")
    result = text_of(desk.follow(done))
    assert "Acceso dado a 1 persona" in result
    assert "Correos enviados 0 / 1" in result


def test_access_without_a_mail(desk, db, merino):
    db.commit()
    fields = fields_of(desk.get("customer/access", pks=merino.id))
    del fields["tell"]

    page = desk.follow(desk.post("customer/access", fields | {"who": who(merino)}))

    assert mails(db) == []
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]
    assert "Sin correos: hay que decirles cómo entrar." in text_of(page)
    assert "Acceso sin comunicar" in text_of(desk.get(f"customer/intranet/{merino.id}"))


def test_a_click_that_came_twice_is_one(desk, db, merino):
    db.commit()
    fields = fields_of(desk.get("customer/access", pks=merino.id)) | {"who": who(merino)}

    first, second = desk.post("customer/access", fields), desk.post("customer/access", fields)

    assert first.headers["location"] == second.headers["location"]
    assert len(mails(db)) == 1


def test_every_state_is_told(desk, db, make):
    now = clock.now()
    past = now - dt.timedelta(days=4)
    states = {
        "activa": {"password_hash": "x", "activated_at": now, "told_at": past, "last_sign_in_at": now},
        "invitada": {"told_at": past},
        "abrio": {"told_at": past, "opened_at": now},
        "sin-comunicar": {},
        "rebotado": {"told_at": past, "bounced_at": now},
    }
    for name, values in states.items():
        make.account(make.contact(name=f"Cliente {name}", email=f"{name}@merino.example"), **values)
    gone = make.account(make.contact(name="Cliente retirado", email="retirado@merino.example"), told_at=past)
    ended = gone.memberships[0]
    ended.ended_at, ended.ending = now, Ending.WITHDRAWN
    db.commit()

    lists = {name: text_of(desk.get("access/list", estado=name)) for name in (*states, "retirado")}
    dialogue = text_of(desk.get("customer/access", scope="filter", q=""))

    assert {name: f"Cliente {name}" in told for name, told in lists.items()} == dict.fromkeys(lists, True)
    assert [told.count("@merino.example") for told in lists.values()] == [1] * 6
    for words in (
        "Cliente activa Activa",
        "Cliente invitada Invitada el",
        "Cliente abrio Abrió el enlace Aún no ha puesto contraseña",
        "Cliente sin-comunicar Acceso sin comunicar No se le ha dicho cómo entrar",
        "Cliente rebotado Correo rebotado",
        "Cliente retirado Acceso retirado",
    ):
        assert words in dialogue
    assert "Están marcadas las 2 que necesitan algo" in dialogue


def test_accounts_that_an_undone_publication_left_are_not_called_withdrawn(desk, db, make):
    for name, ending in (("retirada", Ending.WITHDRAWN), ("deshecha", Ending.UNDONE), ("mudada", Ending.MOVED)):
        [membership] = make.account(make.contact(name=f"Cliente {name}", email=f"{name}@merino.example")).memberships
        membership.ended_at, membership.ending = clock.now(), ending
        if name == "mudada":
            membership.contact.email = "otra@merino.example"
    make.account(make.contact(email="activa@merino.example"))
    db.commit()

    told = text_of(desk.get("access/list"))
    lists = {name: text_of(desk.get("access/list", estado=name)) for name in ("retirado", "sin-acceso")}

    for words in (
        "Cliente retirada Acceso retirado",
        "Cliente deshecha Sin acceso Se deshizo la publicación que se lo dio",
        "Cliente mudada Sin acceso Pasó a otro correo",
    ):
        assert words in told
    found = {name: re.findall(r"(\w+)@merino", words) for name, words in lists.items()}
    assert found == {"retirado": ["retirada"], "sin-acceso": ["deshecha", "mudada"]}


def test_an_expired_link_is_worth_another(desk, db, make, merino):
    account = make.account(merino, told_at=clock.now() - dt.timedelta(days=4))
    db.add(
        PortalToken(
            account_id=account.id,
            token_hash="0" * 64,
            purpose=TokenPurpose.ACTIVATE,
            expires_at=clock.now() - dt.timedelta(days=1),
        )
    )
    db.commit()

    told = text_of(desk.get("customer/access", pks=merino.id))

    assert "El enlace caducó el" in told
    assert "Está marcada la que necesita algo" in told


def test_a_shared_email_must_be_confirmed(desk, db, make, merino):
    other = make.contact(name="Merino Eventos, S.L.", email=merino.email)
    db.commit()
    page = desk.get("customer/access", pks=f"{merino.id},{other.id}")
    fields = fields_of(page) | {"who": who(merino, other)}

    refused = desk.post("customer/access", fields)

    assert "es el correo de varios clientes (Instalaciones Merino, S.L.; Merino Eventos, S.L.)" in text_of(page)
    assert refused.status_code == 409
    assert "Confirme que es correcto." in text_of(refused)
    assert acting(db) == []

    desk.post("customer/access", fields | {"share_confirmed": "y"})

    assert len(acting(db)) == 2


def test_someone_who_enters_already_is_invited_only_when_ticked(desk, db, make, merino):
    make.account(merino, password_hash="x", activated_at=clock.now())
    db.commit()
    page = desk.get("customer/access", pks=merino.id)

    desk.post("customer/access", fields_of(page) | {"who": who(merino)})

    assert "Ninguna necesita nada" in text_of(page)
    assert "Ya entra: recordarle cómo" in text_of(page)
    assert mails(db) == ["lucia@merino.example"]


def test_one_person_from_the_file(desk, db, make, merino):
    db.add(
        ContactEmail(contact_id=merino.id, purpose=EmailPurpose.PORTAL, email="gestor@merino.example", name="Gestor")
    )
    db.commit()
    tab = desk.get(f"customer/intranet/{merino.id}")
    page = desk.get("customer/access", pks=merino.id, email="gestor@merino.example")

    done = desk.post("customer/access", fields_of(page))

    assert f"/admin/customer/access?pks={merino.id}&amp;email=gestor%40merino.example" in tab.text
    assert acting(db) == [("gestor@merino.example", "Instalaciones Merino, S.L.")]
    assert done.status_code == 303


def test_withdrawing_ends_everything_at_once(desk, db, make, merino, nunez):
    account = make.account(merino, password_hash="x", activated_at=clock.now())
    make.account(nunez)
    db.add(PortalSession(account_id=account.id, contact_id=merino.id, token_hash="1" * 64, seen_at=clock.now()))
    db.commit()

    page = desk.get("customer/withdraw-access", pks=f"{merino.id},{nunez.id}")
    done = desk.post("customer/withdraw-access", fields_of(page) | {"who": who(merino)})

    assert "2 personas tienen acceso." in text_of(page)
    assert "Retirar el acceso a 2 personas" in text_of(page)
    assert acting(db) == [("pilar@nunez.example", "Transportes Núñez, S.L.")]
    assert db.scalars(select(PortalSession.ended_at)).one() is not None
    result = text_of(desk.follow(done))
    assert "Acceso retirado a 1 persona" in result
    assert "Sesiones cerradas 1" in result
    assert "Lo retiró Marta Ruiz Ortega" in text_of(desk.get(f"customer/intranet/{merino.id}"))


def test_accounts_are_found_by_customer_and_withdrawn_from_their_list(desk, db, make, merino, nunez):
    accounts = [make.account(contact) for contact in (merino, nunez)]
    db.commit()

    found = text_of(desk.get("access/list", buscar="núñez"))
    page = desk.get("access/withdraw-access", pks=accounts[1].id)
    desk.post("access/withdraw-access", fields_of(page) | {"who": who(nunez)})
    person = text_of(desk.get(f"access/details/{accounts[1].id}"))

    assert "pilar@nunez.example" in found
    assert "lucia@merino.example" not in found
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]
    assert "Transportes Núñez, S.L." in person
    assert "Acceso retirado" in person


@pytest.fixture
def gestoria(db, make, merino, nunez):
    """Two people who each act for the same two customers: who is told of as ``customer: e-mail``."""
    for email in ("ana@gestoria.example", "luis@gestoria.example"):
        make.account(merino, nunez, email=email)
    db.commit()
    return [f"{merino.id}:ana@gestoria.example", f"{nunez.id}:luis@gestoria.example"]


def test_whoever_was_unticked_keeps_their_access(desk, db, gestoria, merino, nunez):
    page = desk.get("customer/withdraw-access", pks=f"{merino.id},{nunez.id}")

    desk.post("customer/withdraw-access", fields_of(page) | {"who": gestoria})

    assert "4 personas tienen acceso." in text_of(page)
    assert acting(db) == [
        ("ana@gestoria.example", "Transportes Núñez, S.L."),
        ("luis@gestoria.example", "Instalaciones Merino, S.L."),
    ]


def test_accounts_are_about_whom_they_act_for_now(desk, db, make, merino, nunez):
    nunez.email = merino.email
    account = make.account(merino, nunez)
    account.memberships[1].ended_at, account.memberships[1].ending = clock.now(), Ending.UNDONE
    bodega = make.contact(name="Bodegas Artieda", email="bodega@artieda.example")
    db.add(ContactEmail(contact_id=merino.id, purpose=EmailPurpose.PORTAL, email=bodega.email))
    other = make.account(bodega)
    db.commit()

    page = desk.get("access/access", pks=f"{account.id},{other.id}")

    assert "2 personas de 2 clientes." in text_of(page)
    assert BOX.findall(page.text) == [f"{merino.id}:{merino.email}", f"{bodega.id}:{bodega.email}"]


def test_who_acts_for_nobody_any_more_can_be_given_access_again(desk, db, make, merino):
    account = make.account(merino, told_at=clock.now())
    account.memberships[0].ended_at, account.memberships[0].ending = clock.now(), Ending.WITHDRAWN
    db.commit()
    page = desk.get("access/access", pks=account.id)

    desk.post("access/access", fields_of(page) | {"who": who(merino)})

    assert "Acceso retirado" in text_of(page)
    assert acting(db) == [("lucia@merino.example", "Instalaciones Merino, S.L.")]


def test_nobody_ticked_is_said(desk, db, merino):
    db.commit()
    fields = fields_of(desk.get("customer/access", pks=merino.id))

    answer = desk.post("customer/access", {name: value for name, value in fields.items() if name != "who"})

    assert answer.status_code == 409
    assert "No ha marcado a nadie." in text_of(answer)
    assert acting(db) == []


def test_nothing_selected_is_said(desk):
    answer = desk.get("customer/access", pks="")

    assert answer.status_code == 400
    assert "No hay nada marcado." in text_of(answer)


@pytest.mark.parametrize("delivery", AccessDelivery)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_how_it_is_sent_is_the_companys(desk, db, merino, company, delivery):
    db.get_one(Company, company.id).access_delivery = delivery
    db.commit()

    told = text_of(desk.get("customer/access", pks=merino.id))

    words = {AccessDelivery.LINK: "Un enlace de activación", AccessDelivery.PASSWORD: "Una contraseña generada"}
    assert words[delivery] in told
    assert "cuando se configure la cuenta de correo" in told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_customers_of_another_company_are_not_there(desk, db, company, merino, system_db):
    db.commit()
    everywhere = Make(system_db, company)
    theirs = everywhere.contact(company_id=everywhere.company().id, email="ajena@rodano.example")
    account = everywhere.account(theirs)
    system_db.commit()

    pages = [
        desk.get(f"customer/intranet/{theirs.id}"),
        desk.post(f"customer/password/{theirs.id}", {"email": theirs.email, "password": "tres tristes tigres"}),
        desk.post(f"customer/as-customer/{theirs.id}"),
        desk.get(f"access/details/{account.id}"),
    ]
    shown = desk.get("customer/access", pks=f"{theirs.id},{merino.id}")
    desk.post("customer/access", fields_of(shown) | {"who": who(theirs, merino)})
    desk.post("customer/withdraw-access", {"pks": str(theirs.id), "key": "a" * 32})

    assert [page.status_code for page in pages] == [404] * 4
    assert "ajena@rodano.example" not in shown.text
    assert "ajena@rodano.example" not in desk.get("access/list").text
    system_db.rollback()
    live = system_db.scalars(select(PortalMembership).where(PortalMembership.ended_at.is_(None))).all()
    assert sorted(membership.account.email for membership in live) == ["ajena@rodano.example", "lucia@merino.example"]


@pytest.mark.parametrize(
    "forged", ["x:y", ":", "1", "99999999999999999999:a", "1:\x00", "0:lucia@merino.example", "²:x"]
)
def test_people_that_are_none_are_nobody(desk, db, merino, forged):
    db.commit()
    fields = fields_of(desk.get("customer/access", pks=merino.id)) | {"who": forged}

    assert desk.post("customer/access", fields).status_code == 409
    assert acting(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("email", ["\x00", "nadie", "a@b.es\nBcc: c@d.es", "x" * 5000, "ajena@rodano.example"])
def test_emails_of_nobody_here(desk, db, merino, email):
    db.commit()

    page = desk.get("customer/access", pks=merino.id, email=email)
    answer = desk.post("customer/access", {"pks": merino.id, "email": email, "key": "a" * 32})

    assert page.status_code in (200, 404)
    assert answer.status_code in (404, 409)
    assert acting(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readers_look_and_change_nothing(sit, db, make, merino):
    make.account(merino)
    reader = sit(Role.READER)

    seen = [reader.get(path).status_code for path in (f"customer/intranet/{merino.id}", "access/list")]
    refused = [
        reader.get("customer/access", pks=merino.id).status_code,
        reader.post("customer/access", {"pks": merino.id}).status_code,
        reader.post("customer/withdraw-access", {"pks": merino.id}).status_code,
        reader.post(f"customer/password/{merino.id}", {"password": "x"}).status_code,
    ]

    assert (seen, refused) == ([200, 200], [403] * 4)
    assert "Invitar otra vez" not in text_of(reader.get(f"customer/intranet/{merino.id}"))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_list_asks_the_same_for_one_or_many(desk, db, make, statements, count):
    for _turn in range(count):
        make.account(make.contact())
    db.commit()
    statements.clear()

    page = desk.get("access/list")

    assert page.text.count(AccessState.UNTOLD.word) == count + 1
    assert len(statements) == 12
