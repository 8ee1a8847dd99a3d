"""Somebody with several customers."""

import re

import pytest

from app import clock
from app.scope import ScopedSession
from models import PortalAccount
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD_HASH, Arrive, Visitor


@pytest.fixture
def agent(make: Make, db: ScopedSession) -> PortalAccount:
    """An administrator of properties with two customers and one that is no longer theirs."""
    contacts = [make.contact(name=name) for name in ("Garajes del Turia", "Comunidad Ruzafa", "Antigua")]
    agent = make.account(*contacts, email="admin@fincas.example", name="Ana Gil", password_hash=PASSWORD_HASH)
    db.flush()
    db.refresh(agent)
    agent.memberships[2].ended_at = clock.now()
    db.commit()
    return agent


def test_one_is_asked_for_whom(visitor: Visitor, agent: PortalAccount) -> None:
    visitor.sign_in(agent.email)

    answer = visitor.get("/facturas")

    assert answer.headers["location"] == "/in/Tosma/elegir?volver=%2Fin%2FTosma%2Ffacturas"
    page = visitor.follow(answer)
    assert page.text.index("Comunidad Ruzafa") < page.text.index("Garajes del Turia")
    assert "Antigua" not in page.text


def test_the_choice_counts_and_can_change(arrive: Arrive, agent: PortalAccount, make: Make, db: ScopedSession) -> None:
    first, second = (membership.contact for membership in agent.memberships[:2])
    mine, other = make.published_invoice(contact=first), make.published_invoice(contact=second)
    visitor = arrive(agent)
    before = visitor.cookie

    answer = visitor.post("/elegir", cliente=str(first.id), volver="/in/Tosma/facturas")

    assert answer.headers["location"] == "/in/Tosma/facturas"
    assert visitor.cookie != before
    assert [visitor.get(f"/facturas/{invoice.id}").status_code for invoice in (mine, other)] == [200, 404]
    assert "Cambiar" in visitor.get().text
    visitor.post("/elegir", cliente=str(second.id))
    assert [visitor.get(f"/facturas/{invoice.id}").status_code for invoice in (mine, other)] == [404, 200]


@pytest.mark.parametrize(
    ("path", "back"), [("", ""), ("/pdf", ""), ("/pdf?ver=1", "/pdf?ver=1")], ids=["page", "file", "print"]
)
def test_a_link_to_another_customers_says_whose_it_is_and_changes_over(
    arrive: Arrive, agent: PortalAccount, make: Make, path: str, back: str
) -> None:
    first, second = (membership.contact for membership in agent.memberships[:2])
    theirs = f"/facturas/{make.published_invoice(contact=second).id}"
    visitor = arrive(agent, contact_id=first.id)

    page = visitor.get(theirs + path)

    assert (page.status_code, "Esta factura es de Comunidad Ruzafa" in page.text) == (404, True)
    assert f'name="cliente" value="{second.id}"' in page.text
    [volver] = re.findall(r'name="volver" value="([^"]*)"', page.text)
    answer = visitor.post("/elegir", cliente=str(second.id), volver=volver)
    assert answer.headers["location"] == f"/in/Tosma{theirs}{back}"
    assert visitor.follow(answer).status_code == 200


def test_what_is_of_none_of_ones_customers_does_not_exist(
    arrive: Arrive, agent: PortalAccount, make: Make, db: ScopedSession
) -> None:
    first, second, former = (membership.contact for membership in agent.memberships)
    hidden = make.publication(make.invoice(contact=second), withdrawn_at=clock.now()).document_id
    ids = [
        10**12,
        make.invoice(contact=second).id,
        hidden,
        make.published_invoice().id,
        make.published_invoice(contact=former).id,
    ]
    visitor = arrive(agent, contact_id=first.id)

    answers = [visitor.get(f"/facturas/{each}{path}") for each in ids for path in ("", "/pdf")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "No existe esa factura." in answers[0].text


def test_nobody_else_can_be_chosen(arrive: Arrive, agent: PortalAccount, make: Make) -> None:
    stranger = make.contact(name="Otra empresa")
    former = agent.memberships[2].contact_id
    visitor = arrive(agent)

    answers = [visitor.post("/elegir", cliente=str(contact)).status_code for contact in (stranger.id, former, 10**17)]

    assert answers == [404, 404, 404]


@pytest.mark.parametrize("typed", ["", "uno", "-1", "1" * 30, "１", "1\x00"])
def test_an_odd_choice_is_told(arrive: Arrive, agent: PortalAccount, typed: str) -> None:
    page = arrive(agent).post("/elegir", cliente=typed)

    assert (page.status_code, "Elija uno de los clientes" in page.text) == (422, True)


def test_with_one_customer_nothing_is_asked(visitor: Visitor, account: PortalAccount) -> None:
    visitor.sign_in(account.email)

    page = visitor.get()

    assert (page.status_code, "Cambiar" in page.text) == (200, False)
