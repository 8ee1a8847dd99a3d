"""PDF files of documents: stored bytes when there are, rendered once and kept when there are not.

Rendering happens between transactions: read what to print, print, then record the file if nobody did meanwhile. The
same publication gives the same bytes whoever prints it, so whoever comes second loses nothing.
"""

import hashlib

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.adapters.pdf import render
from app.adapters.pdf.from_document import document_file_name, sheet_of
from app.adapters.pdf.sheet import Sheet
from app.domain.issuing import freeze
from app.errors import NotFound
from app.installation import Installation
from app.scope import CompanyScope, Scope, ScopedSession
from app.texts import _
from models import Attachment, Company, Document, Publication, StoredFile, TemplateVersion
from models.enums import DocumentKind
from models.file import file_key

PDF = "application/pdf"


class Printed(Struct, frozen=True):
    """A PDF: its bytes, their SHA-256 in hexadecimal, and the name to save it under."""

    content: bytes
    sha256: str
    name: str


def publication_pdf(installation: Installation, scope: Scope, publication_id: int) -> Printed:
    """The PDF of a live publication that ``scope`` may see; raises ``NotFound``.

    Publications are rendered in the background; one that is looked at before is rendered here and now.
    """
    with installation.database.read(scope) as db:
        found = db.execute(
            select(Publication.company_id, Document.kind, Document.number_text, StoredFile)
            .join(Document, Document.id == Publication.document_id)
            .outerjoin(StoredFile, StoredFile.id == Publication.file_id)
            .where(Publication.id == publication_id, Publication.withdrawn_at.is_(None))
        ).one_or_none()
        if found is None:
            raise NotFound(_("ese documento"))
        company_id, kind, number, joined = found
    file: StoredFile | None = joined
    name = document_file_name(kind, number)
    if file is not None:
        return Printed(installation.storage.get(file.key), file.sha256, name)
    content = render_publication(installation, company_id, publication_id)
    return Printed(content, hashlib.sha256(content).hexdigest(), name)


def stored_pdf(
    installation: Installation, company_id: int, sha256: str, number: str | None, kind: DocumentKind
) -> Printed:
    """The file of a publication that has one, for whoever has found it among what they may see."""
    return Printed(installation.storage.get(file_key(company_id, sha256)), sha256, document_file_name(kind, number))


def render_publication(installation: Installation, company_id: int, publication_id: int) -> bytes:
    """Render one publication, keep the file, and return its bytes. Safe to repeat and to race."""
    scope = CompanyScope(company_id)
    with installation.database.read(scope) as db:
        publication = db.get(Publication, publication_id)
        if publication is None:
            raise NotFound(_("esa publicación"))
        document_id, version_id = publication.document_id, publication.template_version_id
        own = _brought_pdf(db, document_id)
        source = own or _sheet(installation, db, document_id, version_id)
    content = render(source) if isinstance(source, Sheet) else installation.storage.get(source.key)
    row = own or installation.storage.keep(company_id, content, name=f"{publication_id}.pdf", media_type=PDF)

    def record(db: ScopedSession) -> None:
        waiting = db.scalar(select(Publication).where(Publication.id == publication_id).with_for_update())
        if waiting is None or waiting.file_id is not None:
            return
        if own is None:
            db.add(row)
            db.flush()
        waiting.file_id, waiting.pdf_sha256 = row.id, row.sha256

    installation.database.run(scope, record)
    return content


def preview_pdf(
    installation: Installation, scope: Scope, document_id: int, template_version_id: int | None = None
) -> Printed:
    """What the PDF of a document is or would be, for staff; nothing is kept. Raises ``NotFound``."""
    with installation.database.read(scope) as db:
        own = _brought_pdf(db, document_id)
        sheet = _sheet(installation, db, document_id, template_version_id)
    return printed(sheet, installation.storage.get(own.key) if own else None)


def printed(sheet: Sheet, content: bytes | None = None) -> Printed:
    """A sheet as a file; ``content`` when there is one already. Not inside a transaction: it takes its time."""
    content = content or render(sheet)
    return Printed(content, hashlib.sha256(content).hexdigest(), sheet.file_name)


def drawn(
    installation: Installation,
    db: ScopedSession,
    document: Document,
    version: TemplateVersion | None,
    logo: bytes | None = None,
) -> Sheet:
    """What a document would say on paper; a draft says what it would freeze. It may belong to no session.

    ``logo`` is one that is not kept yet, instead of the version's.
    """
    company = db.get_one(Company, document.company_id)
    version = version or TemplateVersion(
        number=0, accent=company.accent, columns="code,discount,tax", intro="", legal_footer=""
    )
    if logo is None and version.logo_id:
        logo = installation.storage.get(db.get_one(StoredFile, version.logo_id).key)
    if document.is_draft:
        freeze(document, company)
        if document in db:
            db.expunge(document)
    return sheet_of(document, version, logo)


def waiting_publications(db: ScopedSession, limit: int) -> list[int]:
    """Live publications of the session's company that have no file yet, oldest first."""
    return list(
        db.scalars(
            select(Publication.id)
            .where(Publication.file_id.is_(None), Publication.withdrawn_at.is_(None))
            .order_by(Publication.id)
            .limit(limit)
        )
    )


def _brought_pdf(db: ScopedSession, document_id: int) -> StoredFile | None:
    """The PDF that came with an imported invoice: that one is what the customer gets."""
    return db.scalar(
        select(StoredFile)
        .join(Attachment, Attachment.file_id == StoredFile.id)
        .where(Attachment.document_id == document_id, Attachment.is_customer_pdf)
    )


def _sheet(installation: Installation, db: ScopedSession, document_id: int, template_version_id: int | None) -> Sheet:
    document = db.scalar(
        select(Document)
        .where(Document.id == document_id)
        .options(
            selectinload(Document.lines),
            selectinload(Document.taxes),
            selectinload(Document.dues),
            selectinload(Document.contact),
        )
    )
    if document is None:
        raise NotFound(_("ese documento"))
    version = db.get(TemplateVersion, template_version_id) if template_version_id else None
    return drawn(installation, db, document, version)
