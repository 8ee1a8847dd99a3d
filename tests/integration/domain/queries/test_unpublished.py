"""Counting what no customer can see: remembered, but never older than what was done last."""

import pytest
from sqlalchemy import event, select

from app.domain.issuing import IssueDocument, issue_document
from app.domain.queries.unpublished import count_unpublished
from app.domain.selections import DocumentFilter, DocumentSelection
from app.domain.withdrawing import UndoBatch, undo_batch
from models import Publication
from models.enums import DocumentKind, DocumentStatus
from tests.factories import Make
from tests.integration.domain.publishing import publish, ticked, withdraw


@pytest.fixture
def counted(db):
    def count():
        db.commit()
        return count_unpublished(db, DocumentKind.INVOICE)

    return count


def test_it_follows_what_is_issued_published_withdrawn_and_undone(db, make, counted):
    first, second, draft = make.invoice(), make.invoice(), make.draft()
    seen = [counted()]

    published = publish(db, ticked(first, second))
    seen.append(counted())
    withdraw(db, ticked(first))
    seen.append(counted())
    issue_document(db, IssueDocument(document_id=draft.id, today=draft.issued_on))
    seen.append(counted())
    undo_batch(db, UndoBatch(batch_id=published.batch_id, user_id=None))
    seen.append(counted())

    assert seen == [2, 0, 1, 2, 3]


def test_documents_of_other_companies_do_not_count(db, make, system_db, counted):
    others = Make(system_db, make.home)
    others.invoice(contact=others.contact(company_id=others.company().id))
    system_db.commit()
    make.invoice()

    assert counted() == 1


def test_nothing_is_counted_again_while_nothing_changes(db, make, counted):
    make.invoice()
    asked = []
    counted()

    event.listen(db.connection(), "before_cursor_execute", lambda *what: asked.append(what[2]))
    counts = [count_unpublished(db, DocumentKind.INVOICE) for _ in range(2)]

    assert (counts, len(asked)) == ([1, 1], 2)


@pytest.mark.parametrize(
    ("kind", "gone"),
    [(DocumentKind.SALES_ORDER, DocumentStatus.CANCELLED), (DocumentKind.QUOTE, DocumentStatus.SUPERSEDED)],
)
def test_what_is_no_longer_in_use_is_neither_counted_nor_published_by_a_search(db, make, kind, gone):
    kept = make.document(kind)
    make.document(kind, status=gone)
    db.commit()
    search = DocumentFilter(kind=kind, published=False)

    counted = count_unpublished(db, kind)
    published = publish(db, DocumentSelection(kind=kind, label="Sin publicar", search=search))

    assert (counted, published.documents, published.drafts) == (1, 1, 0)
    assert db.scalars(select(Publication.document_id)).all() == [kept.id]
