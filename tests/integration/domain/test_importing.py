"""Taking in one invoice issued elsewhere: whose it is, whether it is known, and what it becomes."""

import datetime as dt
from decimal import Decimal as D

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from app import clock
from app.domain.adding_up import FiguresDisagree
from app.domain.foreign import ForeignDue, ForeignInvoice, ForeignLine, ForeignParty, ForeignTax, InvoiceClass
from app.domain.importing import Imported, ImportInvoice, NumberTaken, OtherIssuer, import_invoice
from app.domain.numbering import DateBeforePredecessor, take_number
from app.errors import Refusal
from models import Company, Contact, ContactEmail, Document, Invoice, StoredFile
from models.enums import DocumentStatus, ImportVerdict, Origin, PaymentMethod, TaxKind

MARCH = dt.date(2026, 3, 2)
SELLER = ForeignParty(tax_id="B12345674", country="ES", name="Suministros Tosma, S.L.")
BUYER = ForeignParty(
    tax_id="B87654323",
    country="ES",
    name="Talleres Ródano, S.L.",
    address="C/ Tejedores, 8",
    postcode="28045",
    city="Madrid",
    province="Madrid",
    email="compras@rodano.example",
)
VAT = ForeignTax(kind=TaxKind.VAT, label="IVA 21 %", base=D("100.00"), rate=D(21), amount=D("21.00"))
INVOICE = ForeignInvoice(
    format="facturae",
    series_code="F26",
    number_text="F26-7",
    number=7,
    sort_number=7,
    issued_on=MARCH,
    seller=SELLER,
    buyer=BUYER,
    lines=(
        ForeignLine(
            concept="Cuadro eléctrico",
            quantity=D(4),
            unit_price=D(25),
            net=D("100.00"),
            taxes=(VAT,),
        ),
    ),
    taxes=(VAT,),
    lines_total=D("100.00"),
    base_total=D("100.00"),
    tax_total=D("21.00"),
    total=D("121.00"),
    payable=D("121.00"),
    declared_total=D("121.00"),
    dues=(ForeignDue(day=dt.date(2026, 4, 2), amount=D("121.00"), method=PaymentMethod.DIRECT_DEBIT),),
)


def take_in(db, **changes) -> Imported:
    return import_invoice(db, ImportInvoice(invoice=replace(INVOICE, **changes)))


def count(db, cls) -> int:
    return db.scalar(select(func.count()).select_from(cls))


def test_an_invoice_keeps_its_number_and_is_frozen_on_arrival(db):
    outcome = take_in(db)

    invoice = db.get_one(Invoice, outcome.document_id)
    assert (outcome.verdict, outcome.notes) == (ImportVerdict.CREATED, ("Cliente nuevo: Talleres Ródano, S.L.",))
    assert (invoice.number_text, invoice.sort_number, invoice.number, invoice.series_id) == ("F26-7", 7, None, None)
    assert (invoice.status, invoice.origin) == (DocumentStatus.PENDING, Origin.IMPORTED)
    assert (invoice.seller_name, invoice.seller_tax_id) == ("Suministros Tosma, S.L.", "B12345674")
    assert invoice.buyer_address == "C/ Tejedores, 8\n28045 Madrid\nMadrid"
    assert (invoice.base_total, invoice.tax_total, invoice.total) == (D("100.00"), D("21.00"), D("121.00"))
    assert [(line.concept, line.quantity, line.net) for line in invoice.lines] == [
        ("Cuadro eléctrico", D(4), D("100.00"))
    ]
    assert [(due.day, due.amount, due.method) for due in invoice.dues] == [
        (dt.date(2026, 4, 2), D("121.00"), PaymentMethod.DIRECT_DEBIT)
    ]
    assert invoice.due_on == dt.date(2026, 4, 2)
    assert invoice.search_key == "f26-7 cuadro electrico cuadro electrico"


def test_an_invoice_in_parts_is_due_on_the_first_day(db):
    parts = [ForeignDue(day=day, amount=D("60.50")) for day in (dt.date(2026, 5, 2), dt.date(2026, 4, 2))]

    outcome = take_in(db, dues=tuple(parts))

    assert db.get_one(Invoice, outcome.document_id).due_on == dt.date(2026, 4, 2)


def test_an_invoice_with_surcharge_says_so(db):
    vat = replace(VAT, surcharge_rate=D("5.2"), surcharge_amount=D("5.20"))
    with_surcharge = {"total": D("126.20"), "payable": D("126.20"), "declared_total": D("126.20"), "dues": ()}

    outcome = take_in(
        db, lines=(replace(INVOICE.lines[0], taxes=(vat,)),), taxes=(vat,), surcharge_total=D("5.20"), **with_surcharge
    )

    invoice = db.get_one(Invoice, outcome.document_id)
    assert (invoice.has_surcharge, invoice.surcharge_total) == (True, D("5.20"))
    assert [line.surcharge_rate for line in invoice.lines] == [D("5.2")]


def test_the_same_invoice_again_is_already_there(db):
    first = take_in(db)

    again = take_in(db)

    assert again == Imported(ImportVerdict.EXISTS, first.document_id)
    assert count(db, Invoice) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"issued_on": dt.date(2026, 3, 3)},
        {"total": D("121.01"), "tax_total": D("21.01"), "payable": D("121.01")},
        {"currency": "USD"},
    ],
)
def test_the_same_number_with_other_figures_is_refused(db, other):
    take_in(db)

    with pytest.raises(NumberTaken, match=r"Ya hay otra factura F26-7, del 02/03/2026 y por 121,00"):
        take_in(db, **other)

    assert count(db, Invoice) == 1


def test_an_invoice_of_another_company_is_refused(db):
    with pytest.raises(OtherIssuer, match=r"La emite A58818501, que no es Suministros Tosma, S\.L\. \(B12345674\)"):
        take_in(db, seller=replace(SELLER, tax_id="A58818501"))

    assert (count(db, Invoice), count(db, Contact)) == (0, 0)


SELLER_FACTS = ("seller_name", "seller_tax_id", "seller_address", "seller_contact", "seller_registration")


@pytest.mark.parametrize(
    ("seller", "address", "contact"),
    [
        (ForeignParty(), "C/ Mayor, 1\n28013 Madrid", "960 000 000"),
        (
            replace(SELLER, address="Av. Vieja, 3", city="Vigo", email="v@tosma.example"),
            "Av. Vieja, 3\nVigo",
            "v@tosma.example",
        ),
    ],
    ids=["says nothing", "says it all"],
)
def test_what_an_invoice_does_not_say_of_its_issuer_is_the_company_s(db, company, seller, address, contact):
    own = db.get_one(Company, company.id)
    own.phone, own.registration = "960 000 000", "R. M. de Valencia, hoja V-1"

    outcome = take_in(db, seller=seller)

    invoice = db.get_one(Invoice, outcome.document_id)
    assert [getattr(invoice, name) for name in SELLER_FACTS] == [
        company.name,
        company.tax_id,
        address,
        contact,
        "R. M. de Valencia, hoja V-1",
    ]


def test_figures_that_disagree_are_refused_and_leave_nothing(db):
    with pytest.raises(FiguresDisagree):
        take_in(db, total=D("131.00"), payable=D("131.00"))

    assert (count(db, Invoice), count(db, Contact)) == (0, 0)


def test_the_contact_is_found_by_tax_id_before_anything_else(db, make):
    make.contact(name="Talleres Ródano, S.L.", tax_id="")
    known = make.contact(name="Otro nombre, S.L.", tax_id="B87654323")

    outcome = take_in(db)

    assert db.get_one(Invoice, outcome.document_id).contact_id == known.id
    assert outcome.notes == ()


@pytest.mark.parametrize(
    ("contact", "is_found"),
    [
        ({"name": "TALLERES RODANO, S.L.", "tax_id": ""}, True),
        ({"name": "Talleres Ródano, S.L.", "tax_id": "A58818501"}, False),
        ({"name": "Talleres Ródano", "tax_id": ""}, False),
    ],
)
def test_else_by_name_and_postcode(db, make, contact, is_found):
    known = make.contact(**contact)

    outcome = take_in(db)

    assert (db.get_one(Invoice, outcome.document_id).contact_id == known.id) is is_found


def test_a_supplier_who_buys_becomes_a_customer_too(db, make):
    supplier = make.contact(name="Talleres Ródano, S.L.", is_customer=False, is_supplier=True)

    outcomes = [take_in(db), take_in(db, number_text="F26-8", number=8, sort_number=8)]

    db.refresh(supplier)
    assert (supplier.is_customer, supplier.is_supplier) == (True, True)
    assert [outcome.notes for outcome in outcomes] == [
        ("Talleres Ródano, S.L. era solo proveedor y pasa a ser también cliente.",),
        (),
    ]


@pytest.mark.parametrize("tax_id", ["B87654323", ""])
def test_of_two_the_one_that_is_not_archived(db, make, tax_id):
    make.contact(name="Talleres Ródano, S.L.", tax_id=tax_id, archived_at=clock.now())
    known = make.contact(name="Talleres Ródano, S.L.", tax_id=tax_id)

    outcome = take_in(db)

    assert db.get_one(Invoice, outcome.document_id).contact_id == known.id


def test_a_namesake_elsewhere_is_somebody_else(db, make):
    make.contact(name="Talleres Ródano, S.L.", tax_id="")

    outcome = take_in(db, buyer=replace(BUYER, tax_id="", postcode="41001"))

    assert outcome.notes == ("Cliente nuevo: Talleres Ródano, S.L.",)


def test_a_new_contact_has_what_the_invoice_says(db, make):
    make.contact(tax_id="A58818501").code = "00217"

    outcome = take_in(db)

    contact = db.get_one(Contact, db.get_one(Invoice, outcome.document_id).contact_id)
    assert (contact.code, contact.tax_id, contact.email, contact.city) == (
        "00218",
        "B87654323",
        "compras@rodano.example",
        "Madrid",
    )
    assert contact.search_key.startswith("talleres rodano, s.l.")


@pytest.mark.parametrize(
    ("email", "kept", "told"),
    [
        ("otra@merino.example", None, "El correo otra@merino.example ya es de otro cliente y no se guarda en este."),
        ("a b@c", None, "El correo «a b@c» no es válido y no se guarda."),
        ("Compras@Rodano.example", "compras@rodano.example", None),
        ("", None, None),
    ],
)
def test_an_e_mail_is_taken_only_if_it_is_one_and_nobody_else_s(db, make, email, kept, told):
    make.contact(email="otra@merino.example", tax_id="A58818501")

    outcome = take_in(db, buyer=replace(BUYER, email=email))

    contact = db.get_one(Contact, db.get_one(Invoice, outcome.document_id).contact_id)
    assert contact.email == kept
    assert [note for note in outcome.notes if "correo" in note] == ([told] if told else [])


@pytest.mark.parametrize("whose", ["further", "portal"])
def test_an_e_mail_that_somebody_reads_already_is_not_taken(db, make, whose):
    other = make.contact(tax_id="A58818501")
    if whose == "further":
        db.add(ContactEmail(contact_id=other.id, email=BUYER.email))
    else:
        make.account(other, email=BUYER.email)
    db.flush()

    outcome = take_in(db)

    assert db.get_one(Invoice, outcome.document_id).contact.email is None
    assert outcome.notes == (
        "El correo compras@rodano.example ya es de otro cliente y no se guarda en este.",
        "Cliente nuevo: Talleres Ródano, S.L.",
    )


def test_a_series_without_own_numbers_moves_beyond_the_imported_one(db, make):
    series = make.series(label="F26", first_number=1, next_number=1)

    outcome = take_in(db)

    assert (series.first_number, series.next_number, series.last_issued_on) == (8, 8, MARCH)
    assert db.get_one(Invoice, outcome.document_id).series_id == series.id


@pytest.mark.parametrize(("last", "kept"), [(MARCH, MARCH), (dt.date(2026, 3, 3), dt.date(2026, 3, 3)), (None, MARCH)])
def test_a_series_does_not_move_backwards(db, make, last, kept):
    series = make.series(label="F26", first_number=20, next_number=20, last_issued_on=last)

    take_in(db)

    assert (series.first_number, series.next_number, series.last_issued_on) == (20, 20, kept)


def test_our_first_number_is_not_dated_before_the_imported_one(db, make):
    series = make.series(label="F26")
    take_in(db)

    with pytest.raises(DateBeforePredecessor):
        take_number(series, MARCH - dt.timedelta(1))

    assert take_number(series, MARCH) == 8


def test_a_series_with_own_numbers_takes_none_from_elsewhere(db, make):
    make.series(label="F26", first_number=1, next_number=3)

    with pytest.raises(Refusal, match=r"La serie F26 ya numera sus propios documentos: no admite el 7"):
        take_in(db)


def test_a_corrective_invoice_points_at_what_it_corrects(db):
    original = take_in(db)

    correction = take_in(
        db,
        number_text="R-1",
        number=1,
        sort_number=1,
        series_code="R",
        invoice_class=InvoiceClass.CORRECTIVE,
        corrects_text="F26-7",
        reason="Devolución",
    )

    invoice = db.get_one(Document, correction.document_id)
    assert (invoice.corrects_id, invoice.corrects_text, invoice.correction_reason) == (
        original.document_id,
        "F26-7",
        "Devolución",
    )


def test_files_that_came_with_it_belong_to_it(db, company):
    original = StoredFile(company_id=company.id, sha256="a" * 64, size=10, media_type="application/xml", name="f.xml")
    brought = StoredFile(company_id=company.id, sha256="b" * 64, size=20, media_type="application/pdf", name="f.pdf")

    outcome = import_invoice(db, ImportInvoice(invoice=INVOICE, original=original, brought_pdf=brought))

    invoice = db.get_one(Invoice, outcome.document_id)
    assert [(kept.file.name, kept.is_original, kept.is_customer_pdf) for kept in invoice.attachments] == [
        ("f.xml", True, False),
        ("f.pdf", False, True),
    ]
