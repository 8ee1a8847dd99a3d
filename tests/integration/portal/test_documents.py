"""The list of a kind, of invoices for the most part: what is in it, in what order, and what it adds up to."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from sqlalchemy import update

from app import clock
from app.scope import ScopedSession
from models import PortalAccount, Publication
from models.enums import DocumentKind, DocumentStatus
from tests.factories import Make
from tests.integration.portal.conftest import Arrive, Visitor, words_of

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def reader(arrive: Arrive, account: PortalAccount) -> Visitor:
    return arrive(account)


def numbers(page: object) -> list[str]:
    return re.findall(r'<a href="/in/Tosma/facturas/\d+">([^<]+)</a>', page.text)  # type: ignore[attr-defined]


def totals(page: object) -> list[list[str]]:
    foot = page.text.partition("<tfoot")[2].partition("</tfoot>")[0]  # type: ignore[attr-defined]
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in foot.split("</tr>")[:-1]
    ]


def test_the_customers_published_invoices_newest_first(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    mine = account.memberships[0].contact
    for number, day in ((1, 3), (2, 1), (3, 2)):
        make.published_invoice(contact=mine, number=number, issued_on=TODAY.replace(day=day))
    make.invoice(contact=mine, number=4)
    make.draft(contact=mine)
    make.published_invoice(number=5)
    withdrawn = make.published_invoice(contact=mine, number=6)
    db.execute(update(Publication).where(Publication.document_id == withdrawn.id).values(withdrawn_at=clock.now()))
    make.published(DocumentKind.QUOTE, contact=mine)
    db.commit()

    page = reader.get("/facturas")

    assert numbers(page) == ["FV26-0001", "FV26-0003", "FV26-0002"]
    assert totals(page) == [["3 facturas", "363,00\u00a0€", "363,00\u00a0€"]]


def test_currencies_never_mix(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    mine = account.memberships[0].contact
    make.published_invoice(contact=mine)
    make.published_invoice(contact=mine, currency="USD")
    paid = make.published_invoice(contact=mine, currency="USD", status=DocumentStatus.PAID)
    paid.collected = paid.payable
    db.commit()

    page = reader.get("/facturas")

    assert totals(page) == [
        ["1 factura", "121,00\u00a0€", "121,00\u00a0€"],
        ["2 facturas", "242,00\u00a0USD", "121,00\u00a0USD"],
    ]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("por-pagar", ["returned", "part", "late part", "late", "pending"]),
        ("vencida", ["late part", "late"]),
        ("pendiente", ["pending"]),
        ("cobrada-en-parte", ["part"]),
        ("cobrada", ["paid"]),
        ("devuelta", ["returned"]),
        ("", ["issued", "returned", "paid", "part", "late part", "late", "pending"]),
    ],
)
def test_states_are_those_of_the_page(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, state: str, found: list[str]
) -> None:
    today = clock.today()
    before, after = today - dt.timedelta(days=1), today + dt.timedelta(days=1)
    cases = {
        "pending": (DocumentStatus.PENDING, today),
        "late": (DocumentStatus.PENDING, before),
        "late part": (DocumentStatus.PART_PAID, before),
        "part": (DocumentStatus.PART_PAID, after),
        "paid": (DocumentStatus.PAID, before),
        "returned": (DocumentStatus.RETURNED, before),
        "issued": (DocumentStatus.ISSUED, None),
    }
    named = {}
    for name, (status, due_on) in cases.items():
        invoice = make.published_invoice(contact=account.memberships[0].contact, status=status)
        invoice.due_on = due_on
        named[invoice.number_text] = name
    db.commit()

    page = reader.get(f"/facturas?estado={state}")

    assert [named[number] for number in numbers(page)] == found


def test_searching_number_subject_and_concept_without_accents(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    lines = [make.line(concept='Válvula de ½" y 1ª calidad', code="VA-12"), make.line(concept="3×6 mm² Crêperie")]
    make.published_invoice(
        contact=account.memberships[0].contact, subject="REPARACIÓN  del ascensor nº 3 – L’Eliana", lines=lines
    )
    db.commit()
    hits = (
        *(
            "FV26-0001",
            "fv26",
            "0001",
            "REPARACION",
            "ascensór",
            "reparación del   ascensor",
            "nº 3",
            "no 3",
            "- l'eliana",
        ),
        *("valvula", "½", "1/2", "1ª", "va-12", "3x6", "3×6", "mm2", "mm²", "crêperie", "creperie"),
    )
    misses = ("100%", "_", "fontanería", "\\")

    pages = {text: reader.client.get("/in/Tosma/facturas", params={"q": text}) for text in (*hits, *misses)}

    assert {text for text, page in pages.items() if numbers(page) == ["FV26-0001"]} == set(hits)
    assert {text for text, page in pages.items() if "Ninguna factura coincide" in page.text} == set(misses)


def test_a_year_and_the_years_there_are(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    mine = account.memberships[0].contact
    for day in (dt.date(2023, 12, 31), dt.date(2024, 1, 1), dt.date(2024, 12, 31), dt.date(2026, 1, 1)):
        make.published_invoice(contact=mine, issued_on=day)
    db.commit()

    page = reader.get("/facturas?ano=2024")

    assert totals(page)[0][:2] == ["2 facturas de 2024", "242,00\u00a0€"]
    assert re.findall(r"<option( selected)?>(\d+)<", page.text) == [
        ("", "2026"),
        ("", "2025"),
        (" selected", "2024"),
        ("", "2023"),
    ]


def test_pages_go_on_where_the_last_one_ended(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    mine = account.memberships[0].contact
    for number in range(1, 61):
        make.published_invoice(contact=mine, number=number, issued_on=TODAY - dt.timedelta(days=number // 7))
    db.commit()

    pages, path = [], "/in/Tosma/facturas?q=FV26"
    while path:
        page = reader.client.get(path)
        pages.append(numbers(page))
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = following[1].replace("&amp;", "&") if following else ""

    assert [len(page) for page in pages] == [25, 25, 10]
    everything = [number for page in pages for number in page]
    newest_first = sorted(range(1, 61), key=lambda number: (-(number // 7), number), reverse=True)
    assert everything == [f"FV26-{number:04d}" for number in newest_first]
    assert totals(page)[0][0] == "60 facturas"


@pytest.mark.parametrize("count", [1, 3])
def test_one_or_three_invoices_ask_the_same_queries(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, statements: list[str], count: int
) -> None:
    for _ in range(count):
        make.published_invoice(contact=account.memberships[0].contact)
    db.commit()
    statements.clear()

    page = reader.get("/facturas")

    assert (len(numbers(page)), len(statements)) == (count, 4)


def test_a_full_page_is_light(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    for _ in range(26):
        make.published_invoice(contact=account.memberships[0].contact, subject="Ñ" * 200)
    db.commit()

    assert len(reader.get("/facturas").content) < 60_000


def test_a_customer_without_invoices_is_told_what_will_be_here(reader: Visitor) -> None:
    page = reader.get("/facturas")

    assert (page.status_code, "Todavía no tiene facturas aquí" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("q=a%00b", "Hay caracteres que no se pueden usar aquí"),
        ("q=" + "x" * 5000, "Como mucho 80 caracteres."),
        ("ano=-5", "Elija un año de la lista"),
        ("ano=%EF%BC%92%EF%BC%90%EF%BC%92%EF%BC%96", "Elija un año de la lista"),
        ("ano=99999999999999999999", "Elija un año de la lista"),
        ("ano=1e3", "Elija un año de la lista"),
        ("estado=abierta", "Elija un estado de la lista"),
        ("estado=%27%20OR%201=1", "Elija un estado de la lista"),
    ],
)
def test_a_search_that_makes_no_sense_is_told_beside_its_field(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, query: str, sentence: str
) -> None:
    make.published_invoice(contact=account.memberships[0].contact)
    db.commit()

    page = reader.get(f"/facturas?{query}")

    assert (page.status_code, page.text.count(sentence)) == (422, 2)
    assert "<title>Error: Facturas" in page.text


def test_an_odd_place_to_go_on_from_is_the_beginning(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    make.published_invoice(contact=account.memberships[0].contact)
    db.commit()

    odd = ("x", "2026-13-45.1", "2026-11-21.", "2026-11-21." + "9" * 40, "-5", "%00")
    pages = [reader.get(f"/facturas?desde={after}") for after in odd]

    assert [(page.status_code, len(numbers(page))) for page in pages] == [(200, 1)] * len(odd)


def test_what_is_left_of_a_part_paid_invoice(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    invoice = make.published_invoice(contact=account.memberships[0].contact, status=DocumentStatus.PART_PAID)
    invoice.collected = Decimal("21.00")
    db.commit()

    page = words_of(reader.get("/facturas"))

    assert "121,00\u00a0€" in page
    assert "100,00\u00a0€" in page
    assert "Cobrada en parte" in page
