"""A screen over one kind of document: its list, its filters and what it exports. ``kind`` is all that differs."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, func, select

from admin_views.base import OfficeView
from admin_views.documents.actions import DocumentActions
from admin_views.documents.columns import PUBLISHED, columns_of, exported
from admin_views.documents.page import DocumentReading
from admin_views.documents.states import STATES, VALUES, screen_of
from admin_views.documents.writing import DocumentWriting
from admin_views.filters import Choice, DayRange, Filter, Lookup
from admin_views.listing import COUNT_CAP, MOST, beyond_cursor, ordered
from admin_views.publishing.pages import PublishingPages
from admin_views.searching import Order, Search
from admin_views.sending.pages import SendingPages
from app import clock
from app.domain.kinds import KINDS
from app.domain.queries import documents
from app.domain.queries.unpublished import count_unpublished
from app.domain.selections import DocumentFilter
from app.scope import ScopedSession
from models import Contact, Document
from models.enums import DocumentKind


def filters_of(kind: DocumentKind) -> tuple[Filter, ...]:
    published = KINDS[kind].words.agree("Publicada", "Publicado")
    party, screen = ("Proveedor", "supplier") if KINDS[kind].is_purchase else ("Cliente", "customer")
    return (
        Choice(name="estado", label="Estado", options=[(one.word, one.label) for one in STATES[kind]]),
        Choice(name="publicada", label="Intranet", options=[("si", published), ("no", "Sin publicar")]),
        DayRange(name="fecha", label="Fecha", column=Document.issued_on),
        Lookup(name="cliente", label=party, screen=screen, model=Contact),
    )


class DocumentAdmin(DocumentWriting, DocumentReading, DocumentActions, PublishingPages, SendingPages, OfficeView):
    """What a view does not take from its kind (``of_kind``) it says itself: icon, tabs, words for an empty list."""

    kind: ClassVar[DocumentKind]
    default_order = Order("fecha", descending=True)
    sum_of_ticked = "total"
    action_icons = {"publish": "world", "send": "mail"}  # noqa: RUF012 - as the base declares it

    @property
    def party_screen(self) -> str:
        """The screen of those the documents are for."""
        return "supplier" if KINDS[self.kind].is_purchase else "customer"

    def conditions(self, company_id: int, search: Search) -> list[ColumnElement[bool]]:
        return documents.conditions(company_id, self.wanted(search))

    def page_statement(self, company_id: int, search: Search, columns: Sequence[Any]) -> Select[Any]:
        """With words: the newest of what each way of mentioning finds, before any document is looked at."""
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
        # Ordered by what was found: by its own columns, the database would rather walk all documents by date.
        order = [way.desc() if down else way.asc() for way in (these.c.issued_on, these.c.id)]
        rows = ordered(self, search, columns, backwards=backwards).order_by(None).order_by(*order)
        return rows.join(these, these.c.id == Document.id).where(Document.company_id == company_id)

    def count_statement(self, company_id: int, search: Search) -> Select[Any]:
        if search.text:
            found = documents.mentioning(company_id, self.wanted(search)).limit(COUNT_CAP + 1)
            return select(func.count()).select_from(found.subquery())
        return super().count_statement(company_id, search)

    def known_count(self, db: ScopedSession, search: Search) -> int | None:
        return count_unpublished(db, self.kind) if search.what == {"publicada": "no"} else None

    def own_rows(self, company_id: int) -> list[ColumnElement[bool]]:
        return [Document.company_id == company_id, Document.kind == self.kind]

    def wanted(self, search: Search) -> DocumentFilter:
        """A search as the business knows it: the list, its export and a publication cannot disagree."""
        values = search.values
        days = values.get("fecha")
        published = values.get("publicada")
        return DocumentFilter(
            kind=self.kind,
            text=search.text,
            state=VALUES[self.kind][values["estado"]] if "estado" in values else "",
            published=None if published is None else published == "si",
            issued_from=days.first if days else None,
            issued_to=days.last if days else None,
            contact_id=values.get("cliente"),
            today=clock.today(),
        )

    def extras(self, db: ScopedSession, ids: Sequence[int]) -> dict[str, dict[int, Any]]:
        found = db.connection().execute(PUBLISHED, {"company": db.company_id, "ids": list(ids)})
        return {"published": {document_id: (at,) for document_id, at in found}}


def of_kind(kind: DocumentKind) -> Callable[[type[DocumentAdmin]], type[DocumentAdmin]]:
    """Give a view the address, the words, the columns and the filters of its kind."""

    def declare(view: type[DocumentAdmin]) -> type[DocumentAdmin]:
        words, is_purchase = KINDS[kind].words, KINDS[kind].is_purchase
        view.kind, view.identity = kind, screen_of(kind)
        view.name, view.name_plural = words.title, words.plural_title
        view.noun, view.nouns = words.noun, words.nouns
        view.category = "Compras" if is_purchase else "Ventas"
        view.search_hint = "Número, proveedor, NIF o importe" if is_purchase else "Número, cliente, NIF o importe"
        view.columns = columns_of(kind)
        view.exported = exported(view.columns)
        view.filters = filters_of(kind)
        return view

    return declare
