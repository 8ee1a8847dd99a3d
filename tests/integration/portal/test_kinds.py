"""Every kind of document in the portal: its address, its words, its states, and nothing of another kind."""

import datetime as dt
import re

import pytest
from sqlalchemy import select, update

from app import clock
from app.scope import ScopedSession
from models import DocumentEvent, PortalAccount, Publication
from models.enums import DocumentKind, DocumentStatus, EventKind
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD_HASH, Arrive, Visitor, words_of

QUOTE, ORDER, PROFORMA = DocumentKind.QUOTE, DocumentKind.SALES_ORDER, DocumentKind.PROFORMA
NOTE, WORK, PURCHASE = DocumentKind.DELIVERY_NOTE, DocumentKind.WORK_ORDER, DocumentKind.PURCHASE_ORDER
S = DocumentStatus

PLACES = {
    DocumentKind.INVOICE: "facturas",
    QUOTE: "presupuestos",
    ORDER: "pedidos",
    NOTE: "albaranes",
    WORK: "partes",
    PROFORMA: "proformas",
    PURCHASE: "pedidos-compra",
}
OTHERS = [kind for kind in PLACES if kind is not DocumentKind.INVOICE]
UNKNOWN = {
    DocumentKind.INVOICE: "No existe esa factura.",
    QUOTE: "No existe ese presupuesto.",
    ORDER: "No existe ese pedido.",
    NOTE: "No existe ese albarán.",
    WORK: "No existe ese parte de trabajo.",
    PROFORMA: "No existe esa proforma.",
    PURCHASE: "No existe ese pedido de compra.",
}


@pytest.fixture
def reader(arrive: Arrive, account: PortalAccount) -> Visitor:
    return arrive(account)


def numbers(page: object, kind: DocumentKind) -> list[str]:
    return re.findall(rf'<a href="/in/Tosma/{PLACES[kind]}/\d+">([^<]+)</a>', page.text)  # type: ignore[attr-defined]


def heading(page: object) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page.text)  # type: ignore[attr-defined]
    return re.sub(r"<[^>]+>", "", found)


def told(page: object) -> str:
    return " ".join(re.split(r"[ \n]+", words_of(page)))


def sections(page: object) -> list[str]:
    nav = page.text.partition('<nav class="nav"')[2].partition("</nav>")[0]  # type: ignore[attr-defined]
    return list(dict.fromkeys(re.findall(r'<a href="/in/Tosma/([a-z-]+)"', nav)))


@pytest.mark.parametrize(
    ("kind", "title", "counted"),
    [
        (DocumentKind.INVOICE, "Facturas", "2 facturas de 2026"),
        (QUOTE, "Presupuestos", "2 presupuestos de 2026"),
        (ORDER, "Pedidos", "2 pedidos de 2026"),
        (NOTE, "Albaranes", "2 albaranes de 2026"),
        (WORK, "Partes de trabajo", "2 partes de trabajo de 2026"),
        (PROFORMA, "Proformas", "2 proformas de 2026"),
        (PURCHASE, "Pedidos de compra", "2 pedidos de compra de 2026"),
    ],
)
def test_each_kind_has_a_list_of_its_own(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, kind: DocumentKind, title: str, counted: str
) -> None:
    mine, day = account.memberships[0].contact, dt.date(2026, 11, 20)
    for each in PLACES:
        make.published(each, contact=mine, issued_on=day)
    newest = make.published(kind, contact=mine, issued_on=day + dt.timedelta(days=1), subject="Obra de la azotea")
    make.published(kind, contact=mine, issued_on=day.replace(year=2025))
    make.document(kind, contact=mine, issued_on=day)
    make.published(kind, issued_on=day)
    db.commit()

    page, found = reader.get(f"/{PLACES[kind]}?ano=2026"), reader.get(f"/{PLACES[kind]}?q=azotea")

    assert heading(page) == title
    assert len(numbers(page, kind)) == 2
    assert numbers(page, kind)[0] == newest.number_text
    assert f"{counted} 242,00\u00a0€" in told(page)
    assert numbers(found, kind) == [newest.number_text]


@pytest.mark.parametrize(
    ("kind", "title", "file", "history"),
    [
        (QUOTE, "Presupuesto P26-0001", "Presupuesto-P26-0001", "publicó el presupuesto"),
        (ORDER, "Pedido PV26-0001", "Pedido-PV26-0001", "publicó el pedido"),
        (NOTE, "Albarán A26-0001", "Albaran-A26-0001", "publicó el albarán"),
        (WORK, "Parte de trabajo PT26-0001", "Parte-de-trabajo-PT26-0001", "publicó el parte de trabajo"),
        (PROFORMA, "Factura proforma PF26-0001", "Factura-proforma-PF26-0001", "publicó la proforma"),
        (PURCHASE, "Pedido de compra PC26-0001", "Pedido-de-compra-PC26-0001", "publicó el pedido de compra"),
    ],
)
def test_each_kind_is_read_and_taken(
    reader: Visitor,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    kind: DocumentKind,
    title: str,
    file: str,
    history: str,
) -> None:
    document = make.published(kind, contact=account.memberships[0].contact, subject="Cuadro general")
    db.commit()

    page = reader.get(f"/{PLACES[kind]}/{document.id}")
    pdfs = [reader.get(f"/{PLACES[kind]}/{document.id}/pdf{how}") for how in ("", "?ver=1")]

    assert heading(page) == title
    for words in ("Cuadro general", "Cuadro eléctrico de 24 módulos", "Detalle: 1 línea", history):
        assert words in words_of(page)
    assert "Forma de pago" not in page.text
    assert [pdf.content[:5] for pdf in pdfs] == [b"%PDF-"] * 2
    assert [f"filename*=UTF-8''{file}.pdf" in pdf.headers["content-disposition"] for pdf in pdfs] == [True] * 2
    reader.client.app.state.footprints.flush()  # type: ignore[attr-defined]
    db.rollback()
    left = db.scalars(select(DocumentEvent.kind).where(DocumentEvent.document_id == document.id)).all()
    assert sorted(left) == sorted(EventKind)


@pytest.mark.parametrize(
    ("kind", "status", "days", "state", "says"),
    [
        (QUOTE, S.ISSUED, 5, "Pendiente de respuesta", "Válido hasta el {day} , dentro de 5 días"),
        (QUOTE, S.ISSUED, None, "Pendiente de respuesta", "Esperamos su respuesta."),
        (QUOTE, S.ISSUED, -1, "Caducado", "Era válido hasta el {day} , ayer"),
        (QUOTE, S.ACCEPTED, -1, "Aceptado", "Ya está aceptado."),
        (ORDER, S.ISSUED, 2, "Recibido", "Entrega prevista el {day} , dentro de 2 días"),
        (ORDER, S.DELIVERED, 2, "Servido", "Ya está servido."),
        (WORK, S.ISSUED, 1, "Pendiente", "Previsto para el {day} , mañana"),
        (NOTE, S.ISSUED, None, "Pendiente de entrega", "Todavía no está entregado."),
        (PROFORMA, S.ISSUED, 0, "Emitida", "Válida hasta el {day} , hoy"),
        (PROFORMA, S.ISSUED, None, "Emitida", "Emitida el {day}"),
        (PURCHASE, S.ISSUED, None, "Pendiente de confirmar", "Esperamos su confirmación."),
        (PURCHASE, S.RECEIVED, 3, "Recibido", "Ya lo hemos recibido."),
    ],
)
def test_how_much_and_how_it_stands(
    reader: Visitor,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    kind: DocumentKind,
    status: DocumentStatus,
    days: int | None,
    state: str,
    says: str,
) -> None:
    today = clock.today()
    day = today + dt.timedelta(days=days) if days is not None else None
    document = make.published(kind, contact=account.memberships[0].contact, status=status, due_on=day)
    db.commit()

    page = told(reader.get(f"/{PLACES[kind]}/{document.id}"))

    assert f"{state} Total 121,00\u00a0€ {says.format(day=f'{day or today:%d/%m/%Y}')}" in page


@pytest.mark.parametrize("kind", PLACES)
def test_under_another_kind_it_does_not_exist(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, kind: DocumentKind
) -> None:
    document = make.published(kind, contact=account.memberships[0].contact)
    db.commit()
    elsewhere = {place: UNKNOWN[other] for other, place in PLACES.items() if other is not kind}

    for place, sentence in elsewhere.items():
        answers = [reader.get(f"/{place}/{id}{file}") for id in (document.id, 10**12) for file in ("", "/pdf")]

        assert [(answer.status_code, sentence in answer.text) for answer in answers] == [(404, True)] * 4
        assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("whose", ["unpublished", "withdrawn", "another customer's", "another company's"])
def test_what_is_not_the_readers_does_not_exist(
    reader: Visitor,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    system_db: ScopedSession,
    kind: DocumentKind,
    whose: str,
) -> None:
    other = make.document(kind, contact=account.memberships[0].contact)
    if whose == "withdrawn":
        make.publication(other, withdrawn_at=clock.now())
    elif whose == "another customer's":
        other = make.published(kind)
    db.commit()
    if whose == "another company's":
        theirs = Make(system_db, make.home)
        other = theirs.published(kind, contact=theirs.contact(company_id=theirs.company().id))
        system_db.commit()

    answers = [reader.get(f"/{PLACES[kind]}/{other.id}{file}") for file in ("", "/pdf")]

    assert [(answer.status_code, UNKNOWN[kind] in answer.text) for answer in answers] == [(404, True)] * 2
    assert numbers(reader.get(f"/{PLACES[kind]}"), kind) == []


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(QUOTE, "Este presupuesto es de Garajes del Turia"), (PROFORMA, "Esta proforma es de Garajes del Turia")],
)
def test_a_link_to_another_customers_says_whose_it_is(
    arrive: Arrive, make: Make, kind: DocumentKind, sentence: str
) -> None:
    first, second = make.contact(), make.contact(name="Garajes del Turia")
    agent = make.account(first, second, password_hash=PASSWORD_HASH)
    theirs = make.published(kind, contact=second)
    visitor = arrive(agent, contact_id=first.id)

    page = visitor.get(f"/{PLACES[kind]}/{theirs.id}")

    assert (page.status_code, heading(page)) == (404, sentence)


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        (QUOTE, "pendiente-de-respuesta", ["today", "no day"]),
        (QUOTE, "caducado", ["past"]),
        (QUOTE, "aceptado", ["moved"]),
        (ORDER, "recibido", ["past", "today", "no day"]),
        (ORDER, "confirmado", ["moved"]),
        (NOTE, "entregado", ["moved"]),
        (WORK, "terminado", ["moved"]),
        (PROFORMA, "emitida", ["today", "no day"]),
        (PROFORMA, "caducada", ["past"]),
        (PROFORMA, "sustituida", ["moved"]),
        (PURCHASE, "pendiente-de-confirmar", ["past", "today", "no day"]),
        (PURCHASE, "confirmado", ["moved"]),
    ],
)
def test_lists_are_asked_for_a_state(
    reader: Visitor,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    kind: DocumentKind,
    asked: str,
    found: list[str],
) -> None:
    mine, today = account.memberships[0].contact, clock.today()
    moved = {QUOTE: S.ACCEPTED, NOTE: S.DELIVERED, WORK: S.DONE, PROFORMA: S.SUPERSEDED}.get(kind, S.CONFIRMED)
    days = {"no day": None, "today": today, "past": today - dt.timedelta(days=1)}
    named = {str(make.published(kind, contact=mine, due_on=day)): name for name, day in days.items()}
    named[str(make.published(kind, contact=mine, status=moved, due_on=days["past"]))] = "moved"
    db.commit()

    page = reader.get(f"/{PLACES[kind]}?estado={asked}")

    assert [named[number] for number in numbers(page, kind)] == found


def test_a_list_is_not_asked_for_states_of_another(reader: Visitor) -> None:
    answers = [reader.get(path).status_code for path in ("/presupuestos?estado=vencida", "/facturas?estado=aceptado")]

    assert answers == [422, 422]


def test_only_sections_with_something_to_see_are_shown(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    mine = account.memberships[0].contact
    make.document(NOTE, contact=mine)
    make.published(WORK)
    hidden = make.published(ORDER, contact=mine)
    db.execute(update(Publication).where(Publication.document_id == hidden.id).values(withdrawn_at=clock.now()))
    db.commit()

    before = sections(reader.get())
    make.published(QUOTE, contact=mine, due_on=clock.today())
    make.published(QUOTE, contact=mine, due_on=clock.today() - dt.timedelta(days=1))
    db.commit()
    after = reader.get("/facturas")

    assert before == ["facturas", "perfil"]
    assert sections(after) == ["facturas", "presupuestos", "perfil"]
    assert "Presupuestos 1 por responder" in told(after)


def test_what_the_bar_has_no_room_for_is_behind_more(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    for kind in PLACES:
        make.published(kind, contact=account.memberships[0].contact)
    db.commit()

    page = reader.get("/albaranes")

    assert sections(page) == [*PLACES.values(), "perfil"]
    aside = page.text.partition("<details>")[2].partition("</details>")[0]
    assert re.findall(r'href="/in/Tosma/([a-z-]+)"', aside) == [
        "albaranes",
        "partes",
        "proformas",
        "pedidos-compra",
        "perfil",
    ]
    assert '<summary aria-current="true">' in page.text


def test_a_supplier_is_here_for_purchase_orders(arrive: Arrive, make: Make) -> None:
    supplier = make.contact(is_customer=False, is_supplier=True)
    reader = arrive(make.account(supplier, password_hash=PASSWORD_HASH))

    before = reader.get()
    order = make.published(PURCHASE, contact=supplier, due_on=clock.today())
    make.db.commit()
    after = reader.get()

    assert sections(before) == ["pedidos-compra", "perfil"]
    assert "Ver sus pedidos de compra" in before.text
    words = told(after)
    assert "1 pedido de compra por confirmar 121,00\u00a0€" in words
    assert f"Pedido de compra {order.number_text} Entrega prevista el" in words


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", OTHERS)
def test_one_or_three_ask_the_same_queries(
    reader: Visitor,
    account: PortalAccount,
    make: Make,
    db: ScopedSession,
    statements: list[str],
    kind: DocumentKind,
    count: int,
) -> None:
    lines = [[make.line(concept=f"Partida {n}") for n in range(count)] for _ in range(count)]
    made = [make.published(kind, contact=account.memberships[0].contact, lines=each) for each in lines]
    db.commit()
    statements.clear()

    listed, asked = reader.get(f"/{PLACES[kind]}"), len(statements)
    page = reader.get(f"/{PLACES[kind]}/{made[0].id}")

    assert (len(numbers(listed, kind)), asked) == (count, 4)
    assert (page.text.count("Partida"), len(statements) - asked) == (count, 6)
