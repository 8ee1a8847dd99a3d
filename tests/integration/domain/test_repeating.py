"""Drafts made from other documents: the same again, a new version, the next kind; and what the first learns of it."""

import datetime as dt

import pytest

from app.domain.copying import NoSeries, OtherCurrency
from app.domain.following import (
    CannotMove,
    MoveDocument,
    OriginEnded,
    StaysInvoiced,
    invoiced_before,
    move_document,
)
from app.domain.issuing import IssueDocument, issue_document
from app.domain.kinds import KINDS
from app.domain.repeating import (
    ConvertDocument,
    NothingToMake,
    NotRepeated,
    RepeatDocument,
    convert_document,
    repeat_document,
)
from app.errors import NotFound
from app.scope import CompanyScope
from models import Document, SeriesDefault
from models.document import STATUSES
from models.enums import DocumentKind, DocumentStatus

TODAY = dt.date(2026, 11, 21)
QUOTE, ORDER, NOTE, INVOICE = (
    DocumentKind.QUOTE,
    DocumentKind.SALES_ORDER,
    DocumentKind.DELIVERY_NOTE,
    DocumentKind.INVOICE,
)
STEPS = [(kind, to) for kind in DocumentKind for to in KINDS[kind].becomes]
MOVES = [(kind, seen, to) for kind in DocumentKind for seen, moves in KINDS[kind].moves.items() for to in moves]


@pytest.fixture
def document(make):
    """One issued a month ago, with a series of every kind to go on in."""
    for kind in DocumentKind:
        make.series(kind=kind, label=f"{KINDS[kind].series_code}26", year=2026)

    def issued(kind, **values):
        return make.document(kind, issued_on=dt.date(2026, 10, 21), **values)

    return issued


def repeat(db, original, **values):
    command = RepeatDocument(document_id=original.id, kind=original.kind, today=TODAY, **values)
    return db.get_one(Document, repeat_document(db, command).document_id)


def convert(db, original, to, **values):
    command = ConvertDocument(document_id=original.id, kind=original.kind, to=to, today=TODAY, **values)
    return db.get_one(Document, convert_document(db, command).document_id)


def issue(db, draft):
    return issue_document(db, IssueDocument(document_id=draft.id, today=TODAY))


@pytest.mark.parametrize("kind", DocumentKind)
def test_what_is_repeated_is_an_ordinary_draft_of_today(db, document, kind):
    original = document(kind, subject="Mantenimiento")

    copy = repeat(db, original)

    assert (copy.kind, copy.is_draft, copy.issued_on, copy.subject) == (kind, True, TODAY, "Mantenimiento")
    assert (copy.total, copy.made_from_id, copy.corrects_id) == (original.total, None, None)
    assert [due.amount for due in copy.dues] == ([copy.payable] if kind is INVOICE else [])
    assert {line.id for line in copy.lines}.isdisjoint({line.id for line in original.lines})


def test_a_button_pressed_twice_repeats_once(db, document):
    original = document(QUOTE)

    assert repeat(db, original, key="una").id == repeat(db, original, key="una").id
    assert repeat(db, original, key="otra").id != repeat(db, original, key="una").id


def test_a_draft_begun_from_it_is_the_answer_until_it_is_issued(db, document):
    original = document(ORDER)
    first = convert(db, original, NOTE)
    again = convert(db, original, NOTE, key="otra")
    issue(db, first)

    assert (again.id, convert(db, original, NOTE).id == first.id) == (first.id, False)


@pytest.mark.parametrize(("kind", "to"), STEPS)
def test_the_first_learns_of_the_next_once_it_is_issued(db, document, kind, to):
    original = document(kind)
    before = original.status

    draft = convert(db, original, to)
    meanwhile = original.status
    issue(db, draft)

    assert (draft.kind, draft.made_from_id, draft.total) == (to, original.id, original.total)
    assert (meanwhile, original.status) == (before, KINDS[kind].becomes[to] or before)


@pytest.mark.parametrize(("kind", "to", "end"), [(QUOTE, QUOTE, "sustituyó"), (NOTE, INVOICE, "facturó")])
def test_what_is_replaced_or_invoiced_is_not_so_again(db, make, document, kind, to, end):
    original = document(kind)
    first, second = convert(db, original, to), make.draft(kind=to, made_from_id=original.id, issued_on=TODAY)
    issue(db, first)

    with pytest.raises(OriginEnded, match=end):
        issue(db, second)
    with pytest.raises(NothingToMake):
        convert(db, original, to)


def test_a_rejected_quote_becomes_but_another_version(db, document):
    quote = document(QUOTE, status=DocumentStatus.REJECTED)

    with pytest.raises(NothingToMake, match="No se puede hacer una factura desde el presupuesto"):
        convert(db, quote, INVOICE)
    assert convert(db, quote, QUOTE).made_from_id == quote.id


def test_a_cancelled_delivery_note_becomes_nothing_until_it_is_taken_up_again(db, document):
    note = document(NOTE)

    def move(seen, to):
        return move_document(db, MoveDocument(document_id=note.id, kind=NOTE, seen=seen, to=to)).status

    before, cancelled = note.status, move(note.status, DocumentStatus.CANCELLED)
    with pytest.raises(NothingToMake):
        convert(db, note, INVOICE)

    assert cancelled is DocumentStatus.CANCELLED
    assert move(cancelled, DocumentStatus.ISSUED) is before
    assert convert(db, note, INVOICE).made_from_id == note.id


def test_what_was_invoiced_stays_so_until_the_invoice_is_taken_back(db, make, document):
    note = document(NOTE)
    invoice = convert(db, note, INVOICE)
    issue(db, invoice)
    back = MoveDocument(document_id=note.id, kind=NOTE, seen=DocumentStatus.INVOICED, to=DocumentStatus.DELIVERED)

    with pytest.raises(StaysInvoiced, match=f"se facturó con {invoice.number_text}"):
        move_document(db, back)
    correction = make.draft(corrects_id=invoice.id, lines=[make.line(quantity=-1)])
    make.document(INVOICE, corrects_id=invoice.id, lines=[make.line(quantity=-1)])

    assert correction.total == -invoice.total
    assert move_document(db, back).status is DocumentStatus.DELIVERED


def test_before_an_invoice_it_is_known_what_was_invoiced_of_the_same(db, document):
    order = document(ORDER)
    first = convert(db, order, INVOICE)
    issue(db, first)
    note = convert(db, order, NOTE)
    issue(db, note)
    second = convert(db, note, INVOICE)

    assert [invoiced_before(db, one) for one in (first, note, second)] == [[], [first], [first]]


def test_an_invoice_of_what_was_delivered_before_says_when(db, document):
    note = document(NOTE)

    invoice = convert(db, note, INVOICE)

    assert (invoice.operation_on, invoice.issued_on) == (dt.date(2026, 10, 21), TODAY)
    assert invoice.subject == f"Albarán {note}"


def test_a_correction_is_not_repeated(db, make, document):
    with pytest.raises(NotRepeated):
        repeat(db, document(INVOICE, corrects_text="FV26-0001"))


def test_the_next_takes_one_s_own_series(db, make, document):
    user, mine = make.user(), make.series(kind=ORDER, label="PX26", code="PX", year=2026)
    make.series(kind=ORDER, label="PY26", code="PY", year=2026, is_default=True)
    db.add(SeriesDefault(user_id=user.id, company_id=db.company_id, kind=ORDER, series_id=mine.id))
    db.flush()

    drafts = [convert(db, document(QUOTE), ORDER, user_id=one) for one in (user.id, None)]

    assert [draft.series_id == mine.id for draft in drafts] == [True, False]


def test_not_everything_is_made_from_everything(db, make, document):
    with pytest.raises(NothingToMake):
        convert(db, document(INVOICE), QUOTE)
    with pytest.raises(NothingToMake):
        convert(db, make.draft(kind=QUOTE), INVOICE)
    with pytest.raises(OtherCurrency):
        repeat(db, document(INVOICE, currency="USD"))


def test_without_a_series_of_the_next_kind_it_says_so(db, make):
    with pytest.raises(NoSeries, match="una serie para pedidos en Administración"):
        convert(db, make.document(QUOTE), ORDER)


def test_documents_of_others_or_of_another_kind_do_not_exist(db, make, make_session, company, document):
    original = document(QUOTE)
    db.commit()

    with make_session(scope=CompanyScope(company.id + 1)) as theirs:
        for act in (repeat, lambda db, one: convert(db, one, INVOICE)):
            with pytest.raises(NotFound):
                act(theirs, original)
    with pytest.raises(NotFound, match="ese pedido"):
        repeat_document(db, RepeatDocument(document_id=original.id, kind=ORDER, today=TODAY))
    with pytest.raises(NotFound, match="ese pedido"):
        move_document(db, MoveDocument(document_id=original.id, kind=ORDER, seen=original.status, to=original.status))


@pytest.mark.parametrize(("kind", "seen", "to"), MOVES)
def test_a_document_is_moved_by_hand(db, make, kind, seen, to):
    document = make.document(kind, status=seen)

    move_document(db, MoveDocument(document_id=document.id, kind=kind, seen=seen, to=to))
    again = move_document(db, MoveDocument(document_id=document.id, kind=kind, seen=seen, to=to))

    assert (document.status, again.status) == (to, to)


def test_it_only_moves_where_it_may_and_from_where_it_was_seen(db, make):
    quote = make.document(QUOTE)
    draft = make.draft(kind=QUOTE)

    for document, seen, to in (
        (quote, DocumentStatus.ISSUED, DocumentStatus.SUPERSEDED),
        (quote, DocumentStatus.REJECTED, DocumentStatus.ACCEPTED),
        (draft, DocumentStatus.DRAFT, DocumentStatus.ACCEPTED),
    ):
        with pytest.raises(CannotMove):
            move_document(db, MoveDocument(document_id=document.id, kind=QUOTE, seen=seen, to=to))


def test_every_move_stays_among_the_states_of_its_kind():
    for kind in DocumentKind:
        reached = {to for moves in KINDS[kind].moves.values() for to in moves} | set(KINDS[kind].moves)
        reached |= {status for status in KINDS[kind].becomes.values() if status}
        assert reached <= set(STATUSES[kind])
