"""Drafts: saved whole or not at all, by one person at a time."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from app.domain import audit  # noqa: F401 - listens
from app.domain.drafting import (
    AlreadyIssued,
    AlreadySaved,
    DraftChanged,
    LineDraft,
    SaveDraft,
    delete_draft,
    estimate_draft,
    rates_on,
    save_draft,
)
from app.domain.issuing import Issued, IssueDraft, issue_draft
from app.domain.terms import Due
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import SYSTEM, Actor, CompanyScope
from models import AuditEntry, Contact, DocumentLine, Invoice, Series
from models.enums import DocumentKind, PaymentMethod, TaxKind
from tests.factories import Make

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def form(make):
    """A form of one line of 100,00 at 21 %, never sent."""
    contact, series, tax = make.contact(payment_days="30,60"), make.series(), make.tax()

    def fill(**values):
        line = LineDraft(concept="Cuadro eléctrico", unit_price=Decimal(100), tax_rate_id=tax.id)
        defaults = {"contact_id": contact.id, "series_id": series.id, "issued_on": TODAY, "lines": (line,)}
        return SaveDraft(**{"kind": DocumentKind.INVOICE} | defaults | values)

    return fill


def again(draft, command, **values):
    """The same form, opened again and changed."""
    return replace(command, document_id=draft.id, revision=draft.revision, key=None, **values)


def test_a_draft_is_settled_and_follows_its_customer(db, form):
    draft = save_draft(db, form(withholding_rate=Decimal(15), subject="Obra"))

    assert (draft.buyer_name, draft.buyer_tax_id, draft.subject, draft.revision) == (
        db.get(Contact, draft.contact_id).name,
        "B87654323",
        "Obra",
        1,
    )
    assert [str(figure) for figure in (draft.base_total, draft.total, draft.payable)] == ["100.00", "121.00", "106.00"]
    assert [(due.day.isoformat(), str(due.amount)) for due in draft.dues] == [
        ("2026-12-21", "53.00"),
        ("2027-01-20", "53.00"),
    ]


def test_lines_are_kept_changed_added_moved_and_dropped(db, make, form):
    command = form()
    (only,) = command.lines
    draft = save_draft(
        db, replace(command, lines=(only, replace(only, concept="Cable"), replace(only, concept="Lámpara")))
    )
    first, _second, third = (line.id for line in draft.lines)

    save_draft(
        db,
        again(
            draft,
            command,
            lines=(
                replace(only, concept="Tubo"),
                replace(only, concept="Lámpara", id=third),
                replace(only, concept="Cuadro grande", id=first, quantity=Decimal(2)),
            ),
        ),
    )
    db.expire_all()

    assert [(line.concept, line.position, str(line.net)) for line in draft.lines] == [
        ("Tubo", 1, "100.00"),
        ("Lámpara", 2, "100.00"),
        ("Cuadro grande", 3, "200.00"),
    ]
    assert [line.id for line in draft.lines][1:] == [third, first]
    assert db.scalar(select(func.count(DocumentLine.id))) == 3


@pytest.mark.parametrize("values", [{"discount_rate": Decimal(10)}, {"has_surcharge": True}, {"lines": ()}], ids=str)
def test_the_estimate_is_what_saving_computes(db, form, values):
    command = form(**values)

    estimate = estimate_draft(db, command)
    saved = save_draft(db, command)

    def figures(invoice):
        lines = [line.net for line in invoice.lines]
        taxes = [(tax.label, tax.base, tax.amount, tax.surcharge_amount) for tax in invoice.taxes]
        dues = [(due.day, due.amount, due.method, due.account) for due in invoice.dues]
        return (lines, taxes, dues, invoice.base_total, invoice.total, invoice.payable)

    assert figures(estimate) == figures(saved)


def test_an_estimate_leaves_nothing_behind(db, form):
    draft = save_draft(db, form())
    line = replace(form().lines[0], id=draft.lines[0].id, quantity=Decimal(9))

    estimate = estimate_draft(db, again(draft, form(), lines=(line,), contact_id=None))

    assert (str(estimate.total), estimate.dues) == ("1089.00", [])
    db.flush()
    db.expire_all()
    assert (draft.lines[0].quantity, str(draft.total)) == (Decimal(1), "121.00")
    assert db.scalar(select(func.count(Invoice.id))) == 1


@pytest.mark.parametrize(
    ("values", "line", "field"),
    [
        ({"contact_id": None}, {}, "contact"),
        ({"contact_id": 10**15}, {}, "contact"),
        ({"series_id": None}, {}, "series"),
        ({"series_id": 10**15}, {}, "series"),
        ({}, {"tax_rate_id": 10**15}, "lines-1-tax"),
        ({}, {"tax_rate_id": None}, "lines-1-tax"),
        ({}, {"id": 10**15}, "lines-1-concept"),
        ({}, {"unit_price": Decimal(10**9), "quantity": Decimal(10**9)}, "lines-1-unit_price"),
        ({"dues": (Due(day=TODAY, amount=Decimal("241.99")),)}, {}, "dues"),
        ({"dues": (Due(day=TODAY, amount=Decimal(0)),)}, {}, "dues-0-amount"),
        ({"dues": (Due(day=dt.date(2026, 11, 20), amount=Decimal(242)),)}, {}, "dues-0-day"),
        ({"dues": (Due(day=TODAY, amount=Decimal(1)),) * 25}, {}, "dues"),
    ],
    ids=range(12),
)
def test_what_cannot_be_is_told_beside_its_field(db, form, values, line, field):
    first = form().lines[0]
    command = form(lines=(first, replace(first, **line)), **values)

    with pytest.raises(InvalidValue) as refused:
        save_draft(db, command)

    assert refused.value.field == field
    assert not db.new


def test_an_invoice_has_a_thousand_lines_at_most(db, form):
    command = form(lines=form().lines * 1001)

    with pytest.raises(InvalidValue) as refused:
        save_draft(db, command)

    assert (refused.value.field, str(refused.value)) == ("lines", "Como mucho 1000 líneas.")


@pytest.fixture
def theirs(make_session, company):
    """Rows of another company, by the field a form would name them in."""
    with make_session(scope=SYSTEM) as db:
        make = Make(db, company)
        company_id = make.company().id
        contact = make.contact(company_id=company_id)
        draft = make.draft(contact=contact)
        ids = {
            "contact_id": contact.id,
            "series_id": draft.series_id,
            "tax_rate_id": make.tax(company_id=company_id).id,
            "id": draft.lines[0].id,
            "document_id": draft.id,
        }
        db.commit()
    return ids


@pytest.mark.parametrize("field", ["contact_id", "series_id", "tax_rate_id", "id", "document_id"])
def test_rows_of_another_company_are_nobodys(db, theirs, form, field):
    forged = {field: theirs[field]}
    line = form().lines[0]
    values = {"lines": (replace(line, **forged),)} if field in ("tax_rate_id", "id") else forged

    with pytest.raises(NotFound if field == "document_id" else InvalidValue):
        save_draft(db, form(revision=1, **values))


@pytest.mark.parametrize(
    ("days", "is_refused"),
    [
        ({"issued_on": dt.date(2012, 8, 31)}, True),
        ({"issued_on": dt.date(2012, 9, 1)}, False),
        ({"issued_on": dt.date(2024, 12, 31)}, False),
        ({"issued_on": dt.date(2025, 1, 1)}, True),
        ({"issued_on": dt.date(2025, 1, 1), "operation_on": dt.date(2024, 12, 31)}, False),
    ],
    ids=["eve", "first", "last", "after", "operation"],
)
def test_taxes_hold_on_the_day_of_the_operation(db, make, form, days, is_refused):
    tax = make.tax("5", valid_from=dt.date(2012, 9, 1), valid_until=dt.date(2024, 12, 31))
    command = form(lines=(replace(form().lines[0], tax_rate_id=tax.id),), **days)

    refused = ""
    try:
        save_draft(db, command)
    except InvalidValue as refusal:
        refused = refusal.field

    assert refused == ("lines-0-tax" if is_refused else "")


def test_a_withholding_is_no_tax_of_a_line(db, make, form):
    tax = make.tax("15", kind=TaxKind.WITHHOLDING, name="IRPF 15 %")

    with pytest.raises(InvalidValue):
        save_draft(db, form(lines=(replace(form().lines[0], tax_rate_id=tax.id),)))


@pytest.mark.parametrize(
    ("contact", "series"),
    [
        ({"is_customer": False, "is_supplier": True}, {}),
        ({"archived_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, {}),
        ({}, {"closed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}),
        ({}, {"is_corrective": True}),
        ({}, {"kind": DocumentKind.QUOTE}),
    ],
    ids=["supplier", "archived", "closed", "corrective", "quotes"],
)
def test_only_customers_and_open_series_of_invoices_serve(db, make, form, contact, series):
    command = form(contact_id=make.contact(**contact).id, series_id=make.series(**series).id)

    with pytest.raises(Refusal) as refused:
        save_draft(db, command)

    assert refused.value.field == ("contact" if contact else "series")


def test_a_draft_keeps_a_customer_archived_since(db, form):
    draft = save_draft(db, form())
    draft.contact.archived_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    save_draft(db, again(draft, form(), subject="Sigue"))

    assert draft.subject == "Sigue"


def test_due_dates_by_hand_are_kept_in_order(db, form):
    dues = (
        Due(day=dt.date(2027, 2, 1), amount=Decimal(100), method=PaymentMethod.DIRECT_DEBIT, account="ES91"),
        Due(day=TODAY, amount=Decimal(21), method=PaymentMethod.CASH),
    )

    draft = save_draft(db, form(dues=dues))

    assert [(due.day, due.amount, due.method, due.account) for due in draft.dues] == [
        (TODAY, Decimal(21), PaymentMethod.CASH, ""),
        (dt.date(2027, 2, 1), Decimal(100), PaymentMethod.DIRECT_DEBIT, "ES91"),
    ]
    assert draft.due_on == TODAY


def test_the_second_of_two_editors_is_told(db, form):
    draft = save_draft(db, form())
    opened = again(draft, form(), subject="La mía")
    save_draft(db, replace(opened, subject="La de otra persona"))

    with pytest.raises(DraftChanged) as refused:
        save_draft(db, opened)

    assert str(refused.value).startswith("Otra persona ha cambiado este borrador.")
    assert draft.subject == "La de otra persona"


def test_a_new_form_sent_twice_is_one_draft(db, form):
    draft = save_draft(db, form(key="una-clave"))

    with pytest.raises(AlreadySaved) as refused:
        save_draft(db, form(key="una-clave"))

    assert refused.value.document_id == draft.id
    issue_draft(db, IssueDraft(draft=again(draft, form()), today=TODAY))
    with pytest.raises(AlreadyIssued) as refused:
        save_draft(db, form(key="una-clave"))
    assert refused.value.document_id == draft.id


def test_a_draft_can_be_deleted_by_who_has_seen_it(db, form):
    draft = save_draft(db, form())
    with pytest.raises(DraftChanged):
        delete_draft(db, draft.id, draft.revision - 1)

    delete_draft(db, draft.id, draft.revision)

    assert db.scalar(select(func.count(DocumentLine.id))) == 0
    with pytest.raises(NotFound):
        delete_draft(db, draft.id, 1)


def test_an_issued_invoice_is_neither_changed_nor_deleted(db, make, form):
    invoice = make.invoice()

    with pytest.raises(AlreadyIssued):
        save_draft(db, again(invoice, form()))
    with pytest.raises(AlreadyIssued):
        delete_draft(db, invoice.id, invoice.revision)


@pytest.mark.parametrize("is_new", [True, False])
def test_two_clicks_on_issue_number_one_invoice(db, database, company, form, is_new):
    command = form(key="dos-clics") if is_new else again(save_draft(db, form()), form())
    db.commit()

    def click(_turn):
        try:
            return database.run(
                CompanyScope(company.id), lambda db: issue_draft(db, IssueDraft(draft=command, today=TODAY))
            )
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(click, range(4)))

    assert [type(answer) for answer in answers if isinstance(answer, Issued)] == [Issued]
    assert {type(answer) for answer in answers} <= {Issued, AlreadyIssued, DraftChanged}
    db.expire_all()
    assert db.scalars(select(Invoice.number)).all() == [1]
    assert db.get(Series, command.series_id).next_number == 2


def test_saving_again_tells_the_audit_only_what_changed(db, database, company, form):
    draft = save_draft(db, form())
    db.commit()
    command = again(draft, form(), subject="Reforma", lines=(replace(form().lines[0], id=draft.lines[0].id),))

    database.run(CompanyScope(company.id), lambda db: save_draft(db, command), Actor(name="Marta"))

    entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.entity, entry.action, entry.changes) for entry in entries] == [
        ("documents", "change", {"subject": ["", "Reforma"]})
    ]


def test_rates_are_offered_by_kind_and_height(db, make, form):
    for rate, values in (("4", {}), ("7", {"kind": TaxKind.IGIC}), ("10", {}), ("0", {"name": "Exento"})):
        make.tax(rate, **values)
    make.tax("18", valid_until=TODAY - dt.timedelta(days=1))

    offered = rates_on(db, TODAY)

    assert [rate.name for rate in offered] == ["IVA 21 %", "IVA 10 %", "IVA 4 %", "Exento", "IVA 7 %"]


def test_what_was_made_for_one_customer_is_not_the_other_s(db, make, form):
    order = make.document(DocumentKind.SALES_ORDER)
    draft = save_draft(db, form(key="uno"))
    draft.made_from_id = order.id
    same = form(document_id=draft.id, revision=draft.revision)
    kept = save_draft(db, same).made_from_id

    moved = save_draft(db, replace(same, revision=draft.revision, contact_id=make.contact().id))

    assert (kept, moved.made_from_id) == (order.id, None)
