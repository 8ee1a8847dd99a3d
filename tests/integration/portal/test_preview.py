"""Staff looking with a customer's eyes."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from app import clock
from app.domain.customer_view import open_view
from app.errors import NotFound
from app.installation import Installation
from app.scope import ScopedSession
from models import DocumentEvent, Invoice, Membership, PortalSession, StaffUser
from models.enums import DocumentKind
from tests.factories import Make
from tests.integration.portal.conftest import Visitor


@pytest.fixture
def staff(make: Make) -> StaffUser:
    return make.user()


@pytest.fixture
def invoice(make: Make, db: ScopedSession) -> Invoice:
    invoice = make.published_invoice()
    db.commit()
    return invoice


@pytest.fixture
def secret(installation: Installation, invoice: Invoice, staff: StaffUser, db: ScopedSession) -> str:
    secret = open_view(db, installation.keys, invoice.contact_id, staff_user_id=staff.id)
    db.commit()
    return secret


def test_the_link_opens_the_customers_portal(visitor: Visitor, secret: str, invoice: Invoice) -> None:
    answer = visitor.get(f"/ver/{secret}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/in/Tosma")
    for path in ("", "/facturas", f"/facturas/{invoice.id}"):
        page = visitor.get(path)
        assert (page.status_code, "Vista de la oficina." in page.text) == (200, True)
    assert visitor.get(f"/facturas/{invoice.id}/pdf").content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("kind", "section"), [(DocumentKind.INVOICE, "facturas"), (DocumentKind.PURCHASE_ORDER, "pedidos-compra")]
)
def test_the_link_may_lead_to_a_document(
    visitor: Visitor, secret: str, invoice: Invoice, make: Make, db: ScopedSession, kind: DocumentKind, section: str
) -> None:
    document = make.published(kind, contact=invoice.contact)
    db.commit()

    answer = visitor.get(f"/ver/{secret}?documento={document.id}")

    assert answer.headers["location"] == f"/in/Tosma/{section}/{document.id}"
    assert visitor.follow(answer).status_code == 200


@pytest.mark.parametrize("wanted", ["", "0", "-1", "9" * 19, "1.0", "１", "../entrar", "%0d%0aX:1", "theirs"])
def test_another_document_is_not_looked_for(
    visitor: Visitor, secret: str, make: Make, system_db: ScopedSession, wanted: str
) -> None:
    if wanted == "theirs":
        theirs = Make(system_db, make.home)
        company = theirs.company()
        wanted = str(theirs.published_invoice(contact=theirs.contact(company_id=company.id)).id)
        system_db.commit()

    answer = visitor.get(f"/ver/{secret}?documento={wanted}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/in/Tosma")


def test_nothing_is_remembered(visitor: Visitor, secret: str, invoice: Invoice, db: ScopedSession) -> None:
    visitor.get(f"/ver/{secret}")

    visitor.get(f"/facturas/{invoice.id}")
    visitor.get(f"/facturas/{invoice.id}/pdf")
    visitor.client.app.state.footprints.flush()  # type: ignore[attr-defined]

    db.rollback()
    assert db.scalars(select(DocumentEvent)).all() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/perfil"),
        ("GET", "/elegir"),
        ("POST", "/perfil/nombre"),
        ("POST", "/perfil/clave"),
        ("POST", "/elegir"),
    ],
)
def test_nothing_can_be_done(visitor: Visitor, secret: str, method: str, path: str) -> None:
    visitor.get(f"/ver/{secret}")

    answer = visitor.get(path) if method == "GET" else visitor.post(path, nombre="Otra", cliente="1")

    assert (answer.status_code, "aquí no se puede cambiar nada" in answer.text) == (403, True)


def test_the_link_works_once(visitor: Visitor, secret: str) -> None:
    visitor.client.head(f"/in/Tosma/ver/{secret}")
    first = visitor.get(f"/ver/{secret}")
    visitor.client.cookies.clear()

    second = visitor.get(f"/ver/{secret}")

    assert (first.status_code, second.status_code) == (303, 404)
    assert visitor.get("/facturas").status_code == 303


def test_the_link_works_for_a_minute(visitor: Visitor, secret: str, db: ScopedSession) -> None:
    db.execute(update(PortalSession).values(created_at=clock.now() - dt.timedelta(seconds=61)))
    db.commit()

    assert visitor.get(f"/ver/{secret}").status_code == 404


def test_the_link_itself_is_no_cookie(visitor: Visitor, secret: str) -> None:
    visitor.cookie = secret

    assert visitor.get("/facturas").status_code == 303


def test_the_view_ends_after_half_an_hour(visitor: Visitor, secret: str, db: ScopedSession) -> None:
    visitor.get(f"/ver/{secret}")
    db.execute(update(PortalSession).values(seen_at=clock.now() - dt.timedelta(minutes=31)))
    db.commit()

    assert visitor.get("/facturas").status_code == 303


def test_the_view_ends_with_the_persons_place_in_the_company(
    visitor: Visitor, secret: str, staff: StaffUser, db: ScopedSession
) -> None:
    visitor.get(f"/ver/{secret}")
    db.execute(update(Membership).where(Membership.user_id == staff.id).values(ended_at=clock.now()))
    db.commit()

    assert visitor.get("/facturas").status_code == 303


def test_closing_the_view_ends_it(visitor: Visitor, secret: str) -> None:
    visitor.get(f"/ver/{secret}")

    visitor.post("/salir")

    assert visitor.get("/facturas").status_code == 303


def test_a_view_is_of_ones_own_customers(
    installation: Installation, make: Make, staff: StaffUser, db: ScopedSession, system_db: ScopedSession
) -> None:
    db.commit()
    theirs = Make(system_db, make.home)
    stranger = theirs.contact(company_id=theirs.company().id)
    system_db.commit()

    with pytest.raises(NotFound):
        open_view(db, installation.keys, stranger.id, staff_user_id=staff.id)


@pytest.mark.parametrize("secret", ["x", "%00", "x" * 3000])
def test_a_link_that_never_was_opens_nothing(visitor: Visitor, secret: str) -> None:
    assert visitor.get(f"/ver/{secret}").status_code == 404
