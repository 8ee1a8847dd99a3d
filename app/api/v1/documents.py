"""Documents of all seven kinds, as they are read: lists, one with its lines, its PDF."""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import select

from app import clock
from app.api.endpoint import Answer, Call, Page, Paged, reading, working
from app.api.fields import Day, Id, Line, Switch, one_of, rule
from app.api.paging import page_of, place_of
from app.api.v1.document_answers import DocumentDetail, DocumentSummary, found_detail, summary_of
from app.domain.queries.documents import EXPIRED, OVERDUE
from app.domain.queries.whole_documents import page_of_documents
from app.domain.selections import DocumentFilter
from app.errors import InvalidValue
from app.rendering import PDF, Printed, preview_pdf, publication_pdf
from app.scope import ScopedSession
from app.texts import _, speaking
from models import Publication
from models.document import STATUSES
from models.enums import ApiScope, DocumentKind

TAG = ("documents", "Documentos")
STATES = (*sorted({status for statuses in STATUSES.values() for status in statuses}), OVERDUE, EXPIRED)


def state(typed: str, field: str) -> str:
    if typed not in STATES:
        raise InvalidValue(_("Debe ser uno de: %(cuales)s.") % {"cuales": ", ".join(STATES)})
    return typed


class DocumentFields(BaseModel):
    """What documents are narrowed by, in an address as in a body.

    ``status`` may also be ``overdue`` (not paid in time) or ``expired`` (a quote nobody answered in time).
    """

    status: Annotated[str, rule(state, enum=list(STATES))] | None = None
    published: bool | None = None
    issued_from: Day | None = None
    issued_to: Day | None = None
    contact_id: Id | None = None
    series: Annotated[str, Line(40)] = ""
    q: Annotated[str, Line(100)] = ""

    def wanted(self, kind: DocumentKind) -> DocumentFilter:
        """As the business knows it."""
        return DocumentFilter(
            kind=kind,
            text=self.q,
            state=self.status or "",
            published=self.published,
            issued_from=self.issued_from,
            issued_to=self.issued_to,
            contact_id=self.contact_id,
            series_label=self.series,
            today=clock.today(),
        )


class DocumentQuery(DocumentFields, Paged):
    kind: Annotated[DocumentKind, one_of(DocumentKind)] = DocumentKind.INVOICE
    published: Switch | None = None


@reading(
    "/documents",
    summary="Los documentos de una clase, el más reciente primero; «q» busca número, cliente o total",
    scope=ApiScope.READ,
    query=DocumentQuery,
    answer=Page[DocumentSummary],
    sparse=DocumentSummary,
)
def index(db: ScopedSession, call: Call) -> Page[DocumentSummary]:
    asked: DocumentQuery = call.query
    after = place_of(asked.cursor, dt.date, int)
    found = page_of_documents(db, asked.wanted(asked.kind), after, asked.limit + 1)
    today = clock.today()
    return page_of(found, asked.limit, lambda row: (row.issued_on, row.id), lambda row: summary_of(row, today))


@reading(
    "/documents/{id}",
    summary="Un documento con sus líneas, impuestos y vencimientos",
    scope=ApiScope.READ,
    answer=DocumentDetail,
    sparse=DocumentDetail,
    has_version=True,
)
def show(db: ScopedSession, call: Call) -> DocumentDetail:
    return found_detail(db, call.id(_("ese documento")))


@working(
    "GET",
    "/documents/{id}/pdf",
    summary="El PDF: el publicado o, si no lo está, como quedaría",
    scope=ApiScope.READ,
    answers_with=PDF,
)
def pdf(call: Call) -> Answer:
    document_id = call.id(_("ese documento"))
    with speaking("es"):  # paper is, whoever asks for it: a publication's is kept
        printed = _printed(call, document_id)
    headers = {"Content-Disposition": f'attachment; filename="{printed.name}"', "ETag": f'"{printed.sha256}"'}
    return Answer(content=printed.content, media_type=PDF, headers=headers)


def _printed(call: Call, document_id: int) -> Printed:
    with call.installation.database.read(call.scope) as db:
        live = select(Publication.id).where(Publication.document_id == document_id, Publication.withdrawn_at.is_(None))
        publication_id = db.scalar(live)
    if publication_id is not None:
        return publication_pdf(call.installation, call.scope, publication_id)
    return preview_pdf(call.installation, call.scope, document_id)


endpoints = (index, show, pdf)
