"""Facturas de venta: the list, its filters and what it exports."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select, type_coerce

from admin_views.base import OfficeView
from admin_views.columns import Column
from admin_views.filters import Choice, DayRange, Lookup
from admin_views.formatters import DASH, INVOICE_SIGNS, OVERDUE, badge, day, dot, money, seen_on
from admin_views.importing import ImportPages
from admin_views.invoice_actions import InvoiceActions
from admin_views.invoice_page import InvoiceReading
from admin_views.invoice_writing import InvoiceWriting
from admin_views.list_pages import Tool
from admin_views.listing import COUNT_CAP, MOST, beyond_cursor, ordered
from admin_views.publishing import PublishingPages
from admin_views.saved_views import Tab
from admin_views.searching import Order, Search
from app import clock
from app.domain.queries import documents
from app.domain.queries.unpublished import count_unpublished
from app.domain.selections import DocumentFilter
from app.scope import ScopedSession
from app.texts import _
from models import Contact, Document, DocumentEvent, Invoice, Publication
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus, EventKind
from models.types import Scaled

# Words of the address for each state of the list.
STATES = {
    "borrador": DocumentStatus.DRAFT,
    "emitida": DocumentStatus.ISSUED,
    "pendiente": DocumentStatus.PENDING,
    "cobrada-en-parte": DocumentStatus.PART_PAID,
    "cobrada": DocumentStatus.PAID,
    "vencida": OVERDUE,
    "devuelta": DocumentStatus.RETURNED,
}
# The list says «Vencida» of what is pending past its day; the filter finds both.
STATE_WORDS = {"pendiente": "Pendiente de cobro"}

_LEFT = type_coerce(case((Document.status.in_(OPEN), Document.payable - Document.collected), else_=0), Scaled(2))


def _customer(what: Any) -> Any:
    """Something of the document's contact. Not by a join, for which SQLite would first read every contact there is."""
    mine = (Contact.company_id == Document.company_id, Contact.id == Document.contact_id)
    return select(what).where(*mine).correlate(Document).scalar_subquery()


def _in_euros(amount: Any) -> Any:
    """Currencies are never added up together: other ones count nothing."""
    return type_coerce(case((Document.currency == "EUR", amount), else_=0), Scaled(2))


# Which of some documents have a live publication, and when a customer last looked at each. Of the tables themselves,
# with their company: asked for every page, and half the cost of asking for rows.
_publications: Any = Publication.__table__.c
_events: Any = DocumentEvent.__table__.c
_PUBLISHED = (
    select(_publications.document_id, func.max(_events.created_at))
    .outerjoin(
        DocumentEvent.__table__,
        (_events.company_id == _publications.company_id)
        & (_events.document_id == _publications.document_id)
        & (_events.kind == EventKind.VIEWED),
    )
    .where(
        _publications.company_id == bindparam("company"),
        _publications.document_id.in_(bindparam("ids", expanding=True)),
        _publications.withdrawn_at.is_(None),
    )
    .group_by(_publications.document_id)
)


def _state(status: DocumentStatus, due_on: Any) -> str:
    is_late = status in (DocumentStatus.PENDING, DocumentStatus.PART_PAID) and due_on and due_on < clock.today()
    return OVERDUE if is_late else status


def show_state(status: DocumentStatus, due_on: Any) -> Markup:
    return badge(INVOICE_SIGNS[_state(status, due_on)])


def _published(status: DocumentStatus, found: tuple[Any] | None) -> Markup | str:
    """The live publication and, beside it, when the customer last looked."""
    if found is not None:
        return dot("Publicada", True) + seen_on(found[0])
    return DASH if status is DocumentStatus.DRAFT else dot("Sin publicar", False)


def _published_word(status: DocumentStatus, found: tuple[Any] | None) -> str:
    return _("Publicada") if found is not None else "" if status is DocumentStatus.DRAFT else _("Sin publicar")


def _due(status: DocumentStatus, due_on: Any) -> Markup | str:
    if _state(status, due_on) == OVERDUE:
        return Markup('<span class="t bad">{}</span>').format(day(due_on))
    return day(due_on)


def _amount(amount: Any, currency: str = "EUR") -> str:
    """The heading says euros; any other currency is said here."""
    if currency == "EUR":
        return money(amount)
    return Markup('{} <span class="v-currency">{}</span>').format(money(amount), currency)


def _owed(left: Any, currency: str = "EUR") -> str:
    """Nothing left is a dash."""
    return _amount(left, currency) if left else DASH


class InvoiceAdmin(
    InvoiceWriting, InvoiceReading, InvoiceActions, PublishingPages, ImportPages, OfficeView, model=Invoice
):
    identity = "invoice"
    name, name_plural, category, icon = "Factura", "Facturas de venta", "Ventas", "file-invoice"
    noun, nouns, new_label = "factura", "facturas", "Nueva factura"
    search_hint = "Número, cliente, NIF o importe"
    empty_text = "Cree la primera, o importe las que emitió con otro programa."
    toolbar = (Tool("Importar", "/admin/invoice/importar", "upload", "import"),)

    columns = (
        Column(
            name="numero",
            label="Número",
            value=func.coalesce(Document.number_text, "Borrador"),
            sort=func.coalesce(Document.number_text, ""),
            newest_first=True,
        ),
        Column(
            name="fecha",
            label="Fecha",
            value=Document.issued_on,
            show=day,
            css="hide",
            sort=Document.issued_on,
            newest_first=True,
        ),
        Column(
            name="cliente",
            label="Cliente",
            value=func.coalesce(func.nullif(Document.buyer_name, ""), _customer(Contact.name)),
            css="c-who",
            sort=_customer(Contact.sort_key),
        ),
        Column(
            name="estado",
            label="Estado",
            value=(Document.status, Document.due_on),
            show=show_state,
            csv=lambda status, due_on: INVOICE_SIGNS[_state(status, due_on)].word,
            css="c-state",
        ),
        Column(
            name="intranet",
            label="Intranet",
            value=Document.status,
            extra="published",
            show=_published,
            csv=_published_word,
            css="c-pub",
        ),
        Column(
            name="vencimiento",
            label="Vencimiento",
            value=(Document.status, Document.due_on),
            show=_due,
            csv=lambda status, due_on: due_on,
            css="hide",
        ),
        Column(
            name="base",
            label="Base imponible",
            value=(Document.base_total, Document.currency),
            show=_amount,
            css="num hide",
            currency=True,
            total=_in_euros(Document.base_total),
        ),
        Column(
            name="total",
            label="Total factura",
            value=(Document.total, Document.currency),
            show=_amount,
            css="num c-total",
            currency=True,
            sort=Document.total,
            newest_first=True,
            total=_in_euros(Document.total),
        ),
        Column(
            name="pendiente",
            label="Por cobrar",
            value=(_LEFT, Document.currency),
            show=_owed,
            css="num hide",
            currency=True,
            total=_in_euros(_LEFT),
        ),
    )
    # A spreadsheet has the currency in a column of its own, and bare figures.
    exported = (
        *(replace(column, currency=False) for column in columns),
        Column(name="moneda", label="Moneda", value=Document.currency),
    )
    default_order = Order("fecha", descending=True)
    sum_of_ticked = "total"
    filters = (
        Choice(
            name="estado",
            label="Estado",
            options=[(word, STATE_WORDS.get(word, INVOICE_SIGNS[status].word)) for word, status in STATES.items()],
        ),
        Choice(name="publicada", label="Intranet", options=[("si", "Publicada"), ("no", "Sin publicar")]),
        DayRange(name="fecha", label="Fecha", column=Document.issued_on),
        Lookup(name="cliente", label="Cliente", screen="customer", model=Contact),
    )
    tabs = (
        Tab("Todas"),
        Tab("Sin publicar", "publicada=no"),
        Tab("Pendientes de cobro", "estado=pendiente"),
        Tab("Vencidas", "estado=vencida"),
        Tab("Borradores", "estado=borrador"),
    )
    action_icons = {"publish": "world"}  # noqa: RUF012 - as the base declares it

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        return documents.conditions(company_id, self.wanted(search))

    def page_statement(self, company_id: int, search: Search, columns: Sequence[Any]) -> Select[Any]:
        """With words: the newest of what each way of mentioning finds, before any invoice is looked at."""
        if not search.text or search.order.name != self.default_order.name:
            return super().page_statement(company_id, search, columns)
        backwards = search.is_backwards
        found = documents.mentioning(company_id, self.wanted(search)).subquery()
        down = search.order.descending != backwards
        ways = [way.desc() if down else way.asc() for way in (found.c.issued_on, found.c.id)]
        newest = select(found.c.id, found.c.issued_on).order_by(*ways).limit(MOST)
        if (beyond := beyond_cursor(search, found.c.issued_on, found.c.id)) is not None:
            newest = newest.where(beyond)
        these = newest.subquery()
        # Ordered by what was found: by its own columns, the database would rather walk all invoices by date.
        order = [way.desc() if down else way.asc() for way in (these.c.issued_on, these.c.id)]
        rows = ordered(self, search, columns, backwards=backwards).order_by(None).order_by(*order)
        return rows.join(these, these.c.id == Document.id).where(Document.company_id == company_id)

    def count_statement(self, company_id: int, search: Search) -> Select[Any]:
        if search.text:
            found = documents.mentioning(company_id, self.wanted(search)).limit(COUNT_CAP + 1)
            return select(func.count()).select_from(found.subquery())
        return super().count_statement(company_id, search)

    def known_count(self, db: ScopedSession, search: Search) -> int | None:
        return count_unpublished(db, DocumentKind.INVOICE) if search.what == {"publicada": "no"} else None

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Document.company_id == company_id, Document.kind == DocumentKind.INVOICE]

    def wanted(self, search: Search) -> DocumentFilter:
        """A search as the business knows it: the list, its export and a publication cannot disagree."""
        values = search.values
        days = values.get("fecha")
        published = values.get("publicada")
        return DocumentFilter(
            kind=DocumentKind.INVOICE,
            text=search.text,
            state=STATES[values["estado"]] if "estado" in values else "",
            published=None if published is None else published == "si",
            issued_from=days.first if days else None,
            issued_to=days.last if days else None,
            contact_id=values.get("cliente"),
            today=clock.today(),
        )

    def extras(self, db: ScopedSession, ids: Sequence[int]) -> dict[str, dict[int, Any]]:
        found = db.connection().execute(_PUBLISHED, {"company": db.company_id, "ids": list(ids)})
        return {"published": {document_id: (at,) for document_id, at in found}}
