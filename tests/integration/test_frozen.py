"""What is issued stays: every way to change it through a session is refused, what lives on is not."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.domain.issuing import IssueDocument, issue_document
from app.scope import SYSTEM, IssuedStays
from models import Attachment, Document, DocumentLine, DocumentTax, DueDate, Invoice, StoredFile
from models.document import STATUSES
from models.enums import DocumentKind, DocumentStatus, Origin

TODAY = dt.date(2026, 11, 21)
LIVES_ON = {
    "status": DocumentStatus.PART_PAID,
    "collected": Decimal(21),
    "due_on": dt.date(2027, 1, 31),
    "internal_notes": "Llamar",
    "revision": 7,
}
FROZEN = [
    column.key
    for column in Document.__table__.columns
    if column.key not in {*LIVES_ON, "id", "kind", "company_id"}  # keys, and what the scope guards already
]


def _add_line(db, invoice):
    db.add(DocumentLine(document_id=invoice.id, position=2, concept="Otra"))


def _add_tax(db, invoice):
    db.add(DocumentTax(document_id=invoice.id, position=2, label="IVA", base=1, rate=1, amount=1))


def _add_due(db, invoice):
    db.add(DueDate(document_id=invoice.id, day=TODAY, amount=1))


def _append_line(db, invoice):
    invoice.lines.append(DocumentLine(company_id=invoice.company_id, position=2, concept="Otra"))


def _drop_dues(db, invoice):
    invoice.dues = []


def _change_line(db, invoice):
    invoice.lines[0].net += 1


def _change_tax(db, invoice):
    invoice.taxes[0].amount += 1


def _change_due(db, invoice):
    invoice.dues[0].day = TODAY


def _delete_line(db, invoice):
    db.delete(invoice.lines[0])


def _delete(db, invoice):
    db.delete(invoice)


def _make_draft(db, invoice):
    invoice.status = DocumentStatus.DRAFT


def _make_draft_and_change(db, invoice):
    invoice.status, invoice.total = DocumentStatus.DRAFT, Decimal(1)


WAYS = [
    _add_line, _add_tax, _add_due, _append_line, _drop_dues, _change_line, _change_tax, _change_due, _delete_line,
    _delete, _make_draft, _make_draft_and_change,
]  # fmt: skip


@pytest.fixture
def issued(db, make):
    invoice = make.invoice()
    db.commit()
    return invoice.id


@pytest.mark.parametrize("change", WAYS, ids=lambda way: way.__name__.strip("_"))
@pytest.mark.parametrize("is_loaded", [True, False], ids=["loaded", "expired"])
def test_what_is_issued_cannot_be_changed(db, issued, change, is_loaded):
    if not is_loaded:
        db.expire_all()

    change(db, db.get_one(Invoice, issued))

    with pytest.raises(IssuedStays):
        db.flush()


def test_none_of_its_facts_can_be_changed(db, issued):
    passed = []
    for name in FROZEN:
        invoice = db.get_one(Invoice, issued)
        setattr(invoice, name, another(getattr(invoice, name)))
        try:
            db.flush()
            passed.append(name)
        except IssuedStays:
            db.rollback()

    assert passed == []


def another(value):
    if isinstance(value, dt.date):
        return value + dt.timedelta(1)
    return value + 1 if isinstance(value, int | Decimal) else "x"


def test_not_even_without_a_company(make_session, issued):
    with make_session(scope=SYSTEM) as db:
        db.get_one(Invoice, issued).total = Decimal(1)

        with pytest.raises(IssuedStays):
            db.flush()


def test_a_line_cannot_be_taken_to_a_draft(db, make, issued):
    draft = make.draft()
    line = db.scalars(select(DocumentLine).where(DocumentLine.document_id == issued)).one()

    line.document_id = draft.id

    with pytest.raises(IssuedStays):
        db.flush()


@pytest.mark.parametrize("name", LIVES_ON)
def test_what_lives_on_may_change(db, issued, name):
    setattr(db.get_one(Invoice, issued), name, LIVES_ON[name])
    db.commit()

    assert getattr(db.get_one(Invoice, issued), name) == LIVES_ON[name]


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.INVOICE])
def test_the_day_of_anything_but_an_invoice_is_printed_on_it(db, make, kind):
    document = make.document(kind, due_on=TODAY)
    db.commit()

    document.status, document.internal_notes = STATUSES[kind][-1], "Llamar"
    db.commit()
    for name, value in {"due_on": LIVES_ON["due_on"], "collected": Decimal(21)}.items():
        setattr(document, name, value)
        with pytest.raises(IssuedStays):
            db.flush()
        db.rollback()

    assert (document.status, document.due_on, document.collected) == (STATUSES[kind][-1], TODAY, Decimal(0))


def test_a_file_may_come_with_it_later(db, issued):
    file = StoredFile(sha256="a" * 64, size=1, media_type="application/pdf", name="a.pdf")
    db.add(file)
    db.flush()
    db.add(Attachment(document_id=issued, file_id=file.id))
    db.commit()

    assert [attachment.file.name for attachment in db.get_one(Invoice, issued).attachments] == ["a.pdf"]


def test_drafts_change_until_they_are_issued_and_may_go(db, make):
    draft, other = make.draft(issued_on=TODAY), make.draft()
    draft.lines.append(make.line(position=2))
    draft.total = Decimal(7)
    db.flush()

    issue_document(db, IssueDocument(document_id=draft.id, today=TODAY))
    db.delete(other)
    db.commit()

    assert (draft.total, len(draft.lines), draft.status) == (Decimal("242.00"), 2, DocumentStatus.PENDING)
    assert db.scalars(select(Invoice.id)).all() == [draft.id]


def test_what_arrives_issued_is_written_with_its_parts(db, make):
    invoice = Invoice(
        contact_id=make.contact().id,
        origin=Origin.IMPORTED,
        status=DocumentStatus.PENDING,
        number_text="A-1",
        issued_on=TODAY,
        lines=[make.line(position=1)],
    )
    db.add(invoice)
    db.commit()

    assert [line.document_id for line in invoice.lines] == [invoice.id]
