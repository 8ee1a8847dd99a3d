"""The first page: what waits and what happened."""

import datetime as dt

import pytest

from app import clock
from app.scope import ScopedSession
from models import DocumentEvent, PortalAccount
from models.enums import DocumentKind, DocumentStatus, EventKind
from tests.factories import Make
from tests.integration.portal.conftest import Arrive, Visitor, words_of


@pytest.fixture
def reader(arrive: Arrive, account: PortalAccount) -> Visitor:
    return arrive(account)


def owed(make: Make, account: PortalAccount, days: int, **values: object) -> object:
    invoice = make.published_invoice(contact=account.memberships[0].contact, **values)
    invoice.due_on = clock.today() + dt.timedelta(days=days)
    return invoice


def test_what_is_to_be_paid_the_oldest_first(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    for days in (30, -10, 3, 60, 90):
        owed(make, account, days)
    owed(make, account, -100, status=DocumentStatus.PAID)
    make.published_invoice()
    db.commit()

    page = words_of(reader.get())

    assert "5 facturas por pagar" in page
    assert "605,00\u00a0€" in page
    assert "1 de ellas, vencida" in page
    in_words = ["hace 10 días", "dentro de 3 días", "dentro de 30 días", "dentro de 2 meses"]
    assert sorted(in_words, key=page.index) == in_words
    assert "1 factura más por pagar" in page


def test_each_currency_on_its_own(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    owed(make, account, 5)
    owed(make, account, 5, currency="USD")
    db.commit()

    page = words_of(reader.get())

    assert page.count("1 factura por pagar") == 2
    assert "121,00\u00a0USD" in page
    assert "242,00" not in page


def test_quotes_to_answer_wait_as_well(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    mine, today = account.memberships[0].contact, clock.today()
    owed(make, account, 5)
    for days in (9, 0, None, -1):
        day = None if days is None else today + dt.timedelta(days=days)
        make.published(DocumentKind.QUOTE, contact=mine, due_on=day)
    make.published(DocumentKind.QUOTE, contact=mine, status=DocumentStatus.ACCEPTED)
    make.published(DocumentKind.QUOTE, due_on=today)
    db.commit()

    answer = reader.get()
    page = " ".join(words_of(answer).split(" "))

    assert "3 presupuestos por responder" in page
    assert "363,00\u00a0€" in page
    in_order = ["Pendiente de pago", "Factura FV26-0001", "Presupuesto P26-0002", "P26-0001", "P26-0003"]
    assert sorted(in_order, key=page.index) == in_order
    assert "Caducado" not in page
    assert 'href="/in/Tosma/presupuestos?estado=pendiente-de-respuesta"' in answer.text
    assert answer.text.count("btn main") == 1


def test_nothing_to_pay(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    owed(make, account, -5, status=DocumentStatus.PAID)
    db.commit()

    page = words_of(reader.get())

    assert "No tiene nada pendiente de pago" in page
    assert "Recibió la" in page


def test_nothing_at_all(reader: Visitor) -> None:
    page = words_of(reader.get())

    assert "Aquí verá lo que reciba y lo que haga con ello." in page


def test_what_happened_is_told_once_each(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    invoice = owed(make, account, 5)
    for kind in (EventKind.VIEWED, EventKind.VIEWED, EventKind.DOWNLOADED):
        db.add(DocumentEvent(document_id=invoice.id, contact_id=invoice.contact_id, account_id=account.id, kind=kind))
    db.commit()

    page = words_of(reader.get())

    assert (page.count("Usted vio la"), page.count("Usted descargó la"), page.count("Recibió la")) == (1, 1, 1)


def test_what_happened_names_the_kind_and_leads_to_it(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    note = make.published(DocumentKind.DELIVERY_NOTE, contact=account.memberships[0].contact)
    db.add(
        DocumentEvent(document_id=note.id, contact_id=note.contact_id, account_id=account.id, kind=EventKind.DOWNLOADED)
    )
    db.commit()

    page = reader.get().text

    link = f'<a href="/in/Tosma/albaranes/{note.id}">A26-0001</a>'
    assert f"Recibió el albarán {link}" in page
    assert f"Usted descargó el albarán {link}" in page


@pytest.mark.parametrize(
    ("name", "greeting"), [("Lucía Ferrer", "Hola, Lucía"), ("C. P. Plaza del Olmo, 14", "Resumen"), ("", "Resumen")]
)
def test_people_are_greeted_and_companies_are_not(
    reader: Visitor, account: PortalAccount, db: ScopedSession, name: str, greeting: str
) -> None:
    account.name = name
    db.commit()

    assert f"<h1>{greeting}</h1>" in reader.get().text


@pytest.mark.parametrize("count", [1, 3])
def test_one_or_three_ask_the_same_queries(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, statements: list[str], count: int
) -> None:
    for days in range(count):
        owed(make, account, days)
    db.commit()
    statements.clear()

    page = reader.get()

    assert (page.text.count('<span class="state'), len(statements)) == (count, 6)
