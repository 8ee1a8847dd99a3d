"""PDF files of publications: rendered once, kept, and the same for whoever asks."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.adapters.storage import Storage
from app.domain.issuing import IssueDocument, issue_document
from app.errors import NotFound
from app.installation import Installation
from app.rendering import preview_pdf, publication_pdf, render_publication, stored_pdf, waiting_publications
from app.scope import CompanyScope, PortalScope
from app.secrets import Keys
from models import Attachment, Company, Publication, StoredFile
from models.enums import DocumentKind


@pytest.fixture
def installation(database, tmp_path):
    return Installation(
        settings=None, database=database, storage=Storage((tmp_path / "files").as_uri()), keys=Keys(("k" * 40,))
    )


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_publication_is_rendered_once_and_then_served_as_it_was(db, make, installation, company):
    invoice = make.invoice()
    publication = make.publication(invoice)
    db.commit()
    scope = PortalScope(company.id, invoice.contact_id)

    first = publication_pdf(installation, scope, publication.id)
    again = publication_pdf(installation, scope, publication.id)

    assert first == again
    assert first.name == f"Factura-{invoice.number_text}.pdf"
    db.refresh(publication)
    assert publication.pdf_sha256 == first.sha256 == hashlib.sha256(first.content).hexdigest()
    text = text_of(first.content)
    assert invoice.number_text in text
    assert "121,00" in text
    assert invoice.buyer_name in text


@pytest.mark.parametrize(
    ("kind", "name", "title"),
    [
        (DocumentKind.QUOTE, "Presupuesto-P26-0001.pdf", "Presupuesto P26-0001"),
        (DocumentKind.DELIVERY_NOTE, "Albaran-A26-0001.pdf", "Albarán A26-0001"),
        (DocumentKind.PURCHASE_ORDER, "Pedido-de-compra-PC26-0001.pdf", "Pedido de compra PC26-0001"),
    ],
)
def test_a_document_of_another_kind_is_printed_as_what_it_is(db, make, installation, company, kind, name, title):
    document = make.document(kind)
    publication = make.publication(document)
    db.commit()

    first = publication_pdf(installation, PortalScope(company.id, document.contact_id), publication.id)
    again = publication_pdf(installation, PortalScope(company.id, document.contact_id), publication.id)
    kept = stored_pdf(installation, company.id, first.sha256, document.number_text, kind)

    assert first == again == kept
    assert first.name == name
    assert title in text_of(first.content)


def test_the_pdf_that_came_with_an_imported_invoice_is_the_one_served(db, make, installation, company):
    invoice = make.invoice()
    file = installation.storage.keep(
        company.id, b"%PDF-1.7 the one it brought", name="a.pdf", media_type="application/pdf"
    )
    db.add(file)
    db.flush()
    db.add(Attachment(document_id=invoice.id, file_id=file.id, is_customer_pdf=True))
    publication = make.publication(invoice)
    db.commit()

    printed = publication_pdf(installation, PortalScope(company.id, invoice.contact_id), publication.id)

    assert (printed.content, printed.sha256) == (b"%PDF-1.7 the one it brought", file.sha256)


def test_ten_at_once_keep_one_file(db, make, installation, company):
    publication = make.publication()
    db.commit()

    with ThreadPoolExecutor(10) as pool:
        contents = set(pool.map(lambda _n: render_publication(installation, company.id, publication.id), range(10)))

    assert len(contents) == 1
    assert len(db.scalars(select(StoredFile)).all()) == 1
    with installation.database.read(CompanyScope(company.id)) as fresh:
        assert waiting_publications(fresh, 10) == []


def test_a_new_publication_prints_the_same_after_the_company_changed(db, make, installation, company):
    invoice = make.invoice()
    version = make.template()
    first = make.publication(invoice, version=version)
    db.commit()
    before = render_publication(installation, company.id, first.id)
    own = db.get_one(Company, company.id)
    own.name = own.address = own.phone = own.email = own.website = own.registration = own.city = "Otra cosa"
    first.withdrawn_at = first.created_at
    again = make.publication(invoice, version=version)
    db.commit()

    assert render_publication(installation, company.id, again.id) == before


def test_a_draft_already_shows_how_its_seller_will_be_printed(db, make, installation, company):
    own = db.get_one(Company, company.id)
    own.phone, own.registration = "960 000 000", "R. M. de Valencia, hoja V-1"
    draft = make.draft()
    db.commit()
    shown = text_of(preview_pdf(installation, CompanyScope(company.id), draft.id).content)

    issue_document(db, IssueDocument(document_id=draft.id, today=draft.issued_on))
    db.commit()
    printed = text_of(preview_pdf(installation, CompanyScope(company.id), draft.id).content)

    for words in ("960 000 000", "R. M. de Valencia, hoja V-1", "C/ Mayor, 1"):
        assert words in shown
        assert words in printed


@pytest.mark.parametrize("who", ["another customer", "another company", "withdrawn"])
def test_what_is_not_visible_has_no_pdf(db, make, installation, company, who):
    invoice = make.invoice()
    publication = make.publication(invoice)
    scope = PortalScope(company.id, invoice.contact_id)
    if who == "another customer":
        scope = PortalScope(company.id, make.contact().id)
    elif who == "another company":
        scope = PortalScope(company.id + 1, invoice.contact_id)
    else:
        publication.withdrawn_at = publication.created_at
    db.commit()

    with pytest.raises(NotFound):
        publication_pdf(installation, scope, publication.id)


def test_a_draft_shows_what_it_would_freeze_and_keeps_nothing(db, make, installation, company):
    draft = make.draft()
    db.commit()

    printed = preview_pdf(installation, CompanyScope(company.id), draft.id)

    assert "C/ Tejedores, 8" in text_of(printed.content)
    assert db.scalars(select(StoredFile)).all() == []
    assert db.scalars(select(Publication)).all() == []
