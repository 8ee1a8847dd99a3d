"""One document, an invoice for the most part: to whom it shows, what it says, its PDF, the footprints of reading it."""

import hashlib
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app import clock, rendering
from app.scope import ScopedSession
from models import Attachment, Company, DocumentEvent, Invoice, PortalAccount, Publication, StoredFile
from models.enums import DocumentStatus, EventKind, TaxKind
from tests.factories import Make
from tests.integration.portal.conftest import PASSWORD_HASH, Arrive, Visitor, words_of

PATHS = ("/facturas/{}", "/facturas/{}/pdf", "/facturas/{}/pdf?ver=1")


@pytest.fixture
def reader(arrive: Arrive, account: PortalAccount) -> Visitor:
    return arrive(account)


@pytest.fixture
def invoice(account: PortalAccount, make: Make, db: ScopedSession) -> Invoice:
    """The reader's, published."""
    company = db.get_one(Company, account.company_id)
    company.address, company.postcode, company.city = "Calle del Telar, 8", "46015", "Valencia"
    invoice = make.published_invoice(contact=account.memberships[0].contact, subject="Cuadro general")
    db.commit()
    return invoice


def events(visitor: Visitor, db: ScopedSession) -> list[tuple[EventKind, int, int | None]]:
    visitor.client.app.state.footprints.flush()  # type: ignore[attr-defined]
    db.rollback()
    rows = db.scalars(select(DocumentEvent).order_by(DocumentEvent.id))
    return [(event.kind, event.document_id, event.account_id) for event in rows]


def test_the_page_reads_like_the_invoice(reader: Visitor, invoice: Invoice) -> None:
    page = words_of(reader.get(f"/facturas/{invoice.id}"))

    for words in (
        "Factura FV26-0001",
        "Pendiente",
        "Total a pagar",
        "121,00\u00a0€",
        "Suministros Tosma, S.L.",
        "NIF B12345674",
        "46015 Valencia",
        "C. P. Plaza del Olmo, 14",
        "Detalle: 1 línea",
        "Cuadro eléctrico de 24 módulos",
        "21\u00a0%",
        "Base imponible",
        "Cuota IVA",
        "Suministros Tosma, S.L. publicó la factura",
    ):
        assert words in page


def test_taxes_go_by_their_own_name(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    line = make.line(tax_kind=TaxKind.IGIC, tax_rate=Decimal(7))
    invoice = make.published_invoice(contact=account.memberships[0].contact, lines=[line])
    db.commit()

    page = words_of(reader.get(f"/facturas/{invoice.id}"))

    assert ("Cuota IGIC" in page, "IVA" in page) == (True, False)


@pytest.mark.parametrize(
    ("status", "days", "collected", "says"),
    [
        (DocumentStatus.PENDING, 5, 0, "dentro de 5 días"),
        (DocumentStatus.PENDING, 0, 0, "hoy"),
        (DocumentStatus.PENDING, -22, 0, "hace 22 días"),
        (DocumentStatus.PART_PAID, 5, 21, "Queda por pagar"),
        (DocumentStatus.PAID, -5, 121, "No queda nada por pagar."),
        (DocumentStatus.RETURNED, -5, 0, "El banco devolvió el cobro de esta factura."),
        (DocumentStatus.ISSUED, None, 0, "Emitida el"),
        (DocumentStatus.PENDING, None, 0, "Sin fecha de vencimiento."),
    ],
)
def test_how_much_by_when(
    reader: Visitor,
    invoice: Invoice,
    db: ScopedSession,
    status: DocumentStatus,
    days: int | None,
    collected: int,
    says: str,
) -> None:
    invoice.status, invoice.collected = status, Decimal(collected)
    invoice.due_on = None if days is None else clock.today() + clock.dt.timedelta(days=days)
    db.commit()

    assert says in words_of(reader.get(f"/facturas/{invoice.id}"))


@pytest.mark.parametrize(
    ("issued", "state", "says"), [(29, "Pendiente", "El próximo plazo vence el"), (31, "Vencida", "Un plazo venció el")]
)
def test_one_late_part_makes_an_invoice_late(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, issued: int, state: str, says: str
) -> None:
    contact = account.memberships[0].contact
    contact.payment_days = "30,60,90"
    day = clock.today() - clock.dt.timedelta(days=issued)
    invoice = make.published_invoice(contact=contact, issued_on=day)
    db.commit()

    page = " ".join(words_of(reader.get(f"/facturas/{invoice.id}")).split())
    listed = words_of(reader.get("/facturas"))

    first = f"{day + clock.dt.timedelta(days=30):%d/%m/%Y}"
    assert f"{says} {first}" in page
    assert state in page
    assert state in listed
    assert page.index(says) < page.index("Vencimientos")


def test_texts_are_texts(reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession) -> None:
    line = make.line(concept="Tornillo <M8> & tuerca 🔩", code="<b>")
    invoice = make.published_invoice(contact=account.memberships[0].contact, lines=[line], notes="<script>x</script>")
    db.commit()

    page = reader.get(f"/facturas/{invoice.id}")

    assert "Tornillo &lt;M8&gt; &amp; tuerca 🔩" in page.text
    assert "<script>x" not in page.text


def test_an_endless_invoice_stays_a_light_page(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    lines = [make.line(concept=f"Partida {n} " + "ñ" * 100, discount_rate=Decimal(5)) for n in range(300)]
    invoice = make.published_invoice(contact=account.memberships[0].contact, lines=lines)
    db.commit()

    page = reader.get(f"/facturas/{invoice.id}")

    assert len(page.content) < 60_000
    assert "Detalle: 300 líneas" in page.text
    assert "líneas más, que están en el PDF." in page.text


@pytest.mark.parametrize("whose", ["nobody's", "unpublished", "withdrawn", "another customer's", "another company's"])
def test_what_is_not_the_readers_does_not_exist(
    reader: Visitor, invoice: Invoice, make: Make, db: ScopedSession, system_db: ScopedSession, whose: str
) -> None:
    other = invoice.id
    if whose == "nobody's":
        other = 10**12
    elif whose == "unpublished":
        other = make.invoice(contact=invoice.contact).id
    elif whose == "withdrawn":
        db.execute(update(Publication).values(withdrawn_at=clock.now()))
    elif whose == "another customer's":
        other = make.published_invoice().id
    db.commit()
    if whose == "another company's":
        theirs = Make(system_db, make.home)
        company = theirs.company()
        other = theirs.published_invoice(contact=theirs.contact(company_id=company.id)).id
        system_db.commit()

    answers = [reader.get(path.format(other)) for path in PATHS]

    assert [(answer.status_code, "No existe esa factura." in answer.text) for answer in answers] == [(404, True)] * 3
    assert events(reader, db) == []


def test_odd_numbers_do_not_exist(reader: Visitor) -> None:
    odd = ("99999999999999999999", "9" * 5000, "-1", "0", "1.0", "1;2", "abc", "%00", "１")

    assert {reader.get(path.format(number)).status_code for number in odd for path in PATHS} == {404}


def test_a_colleague_sees_it_and_who_lost_access_does_not(
    arrive: Arrive, invoice: Invoice, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    colleague = make.account(invoice.contact, email="pau@fincasferrer.example", name="Pau", password_hash=PASSWORD_HASH)
    visitor, first = arrive(colleague), arrive(account)
    account.memberships[0].ended_at = clock.now()
    db.commit()

    assert [who.get(f"/facturas/{invoice.id}/pdf").status_code for who in (visitor, first)] == [200, 303]


def test_reading_and_taking_leave_footprints(
    reader: Visitor, invoice: Invoice, account: PortalAccount, db: ScopedSession
) -> None:
    for path in PATHS:
        reader.get(path.format(invoice.id), headers={"user-agent": "Navegador\x7f" + "x" * 500})

    assert events(reader, db) == [
        (EventKind.VIEWED, invoice.id, account.id),
        (EventKind.DOWNLOADED, invoice.id, account.id),
        (EventKind.PRINTED, invoice.id, account.id),
    ]


def test_asking_for_the_head_is_not_reading(reader: Visitor, invoice: Invoice, db: ScopedSession) -> None:
    answers = [reader.client.head(reader.base + path.format(invoice.id)) for path in PATHS]

    assert ([answer.status_code for answer in answers], events(reader, db)) == ([200] * 3, [])


def test_the_history_tells_who_did_what(
    reader: Visitor, invoice: Invoice, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    colleague = make.account(invoice.contact, email="pau@fincasferrer.example", name="Pau Soler")
    for who, kind in ((account, EventKind.VIEWED), (account, EventKind.VIEWED), (colleague, EventKind.DOWNLOADED)):
        db.add(DocumentEvent(document_id=invoice.id, contact_id=invoice.contact_id, account_id=who.id, kind=kind))
    db.commit()

    page = words_of(reader.get(f"/facturas/{invoice.id}"))

    assert "Usted vio la factura (2 veces)" in page
    assert "Pau Soler descargó el PDF" in page


def test_the_pdf_is_the_published_one(reader: Visitor, invoice: Invoice, db: ScopedSession) -> None:
    first, second = (reader.get(f"/facturas/{invoice.id}/pdf") for _ in range(2))

    digest = hashlib.sha256(first.content).hexdigest()
    assert (first.content[:5], first.content == second.content) == (b"%PDF-", True)
    assert {name: first.headers[name] for name in ("content-type", "cache-control", "etag", "content-disposition")} == {
        "content-type": "application/pdf",
        "cache-control": "private, no-store",
        "etag": f'"{digest}"',
        "content-disposition": "attachment; filename=\"Factura-FV26-0001.pdf\"; filename*=UTF-8''Factura-FV26-0001.pdf",
    }
    db.rollback()
    assert db.scalars(select(Publication.pdf_sha256)).one() == digest


def test_a_browser_saves_only_what_comes_as_a_file(reader: Visitor, invoice: Invoice) -> None:
    """Told so by the link, it would save the sign-in page of an idle reader too."""
    link = f'<a class="btn main" href="/in/Tosma/facturas/{invoice.id}/pdf">Descargar PDF</a>'

    assert link in reader.get(f"/facturas/{invoice.id}").text


def test_the_pdf_opens_in_the_browser_on_request(reader: Visitor, invoice: Invoice) -> None:
    shown = reader.get(f"/facturas/{invoice.id}/pdf?ver=1")

    assert shown.headers["content-disposition"].startswith('inline; filename="Factura-')


def test_a_pdf_one_has_is_not_sent_again(reader: Visitor, invoice: Invoice) -> None:
    tag = reader.get(f"/facturas/{invoice.id}/pdf").headers["etag"]

    answer = reader.get(f"/facturas/{invoice.id}/pdf", headers={"if-none-match": tag})

    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("trouble", ["the file is gone", "it cannot be printed", "the file to give instead is gone"])
def test_a_pdf_that_cannot_be_had_says_what_to_do(
    reader: Visitor, invoice: Invoice, db: ScopedSession, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    if trouble == "it cannot be printed":
        monkeypatch.setattr(rendering, "render", lambda sheet: 1 // 0)
    elif trouble == "the file is gone":
        db.execute(update(Publication).values(pdf_sha256="0" * 64))
    else:
        file = StoredFile(sha256="0" * 64, size=1, media_type="application/pdf", name="otra.pdf")
        db.add(file)
        db.flush()
        db.add(Attachment(document_id=invoice.id, file_id=file.id, is_customer_pdf=True))
    db.commit()

    answer = reader.get(f"/facturas/{invoice.id}/pdf")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "600")
    assert "Vuelva a intentarlo dentro de un rato." in answer.text
    assert events(reader, db) == []


def test_a_number_with_odd_letters_is_still_a_file_name(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession
) -> None:
    invoice = make.published_invoice(contact=account.memberships[0].contact, number_text='Ñ/26 "1"\\..')
    db.commit()

    answer = reader.get(f"/facturas/{invoice.id}/pdf")

    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Factura---26--1----.pdf\"; filename*=UTF-8''Factura-%C3%91-26--1----.pdf"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_one_or_three_lines_ask_the_same_queries(
    reader: Visitor, account: PortalAccount, make: Make, db: ScopedSession, statements: list[str], count: int
) -> None:
    invoice = make.published_invoice(
        contact=account.memberships[0].contact, lines=[make.line(concept=f"Partida {n}") for n in range(count)]
    )
    db.commit()
    statements.clear()

    page = reader.get(f"/facturas/{invoice.id}")

    assert (page.text.count("Partida"), len(statements)) == (count, 7)
