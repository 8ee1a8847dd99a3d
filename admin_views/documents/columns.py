"""The columns of a list of documents: the same for every kind, but for what a kind does not have."""

from functools import partial
from typing import Any

from markupsafe import Markup
from msgspec.structs import replace
from sqlalchemy import bindparam, case, func, select, type_coerce

from admin_views.columns import Column
from admin_views.documents.states import SIGNS, show_day, show_state, state_of
from admin_views.formatters import DASH, day, dot, money, seen_on
from app.domain.kinds import KINDS
from app.texts import _
from models import Contact, Document, DocumentEvent, Publication
from models.document import OPEN
from models.enums import DocumentKind, DocumentStatus, EventKind
from models.types import Scaled

_LEFT = type_coerce(case((Document.status.in_(OPEN), Document.payable - Document.collected), else_=0), Scaled(2))


def contact_of(what: Any) -> Any:
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
PUBLISHED = (
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


def _published(kind: DocumentKind, status: DocumentStatus, found: tuple[Any] | None) -> Markup | str:
    """The live publication and, beside it, when the customer last looked."""
    if found is not None:
        return dot(_published_word(kind, status, found), True) + seen_on(found[0])
    return DASH if status is DocumentStatus.DRAFT else dot("Sin publicar", False)


def _published_word(kind: DocumentKind, status: DocumentStatus, found: tuple[Any] | None) -> str:
    if found is not None:
        return KINDS[kind].words.agree("Publicada", "Publicado")
    return "" if status is DocumentStatus.DRAFT else _("Sin publicar")


def _amount(amount: Any, currency: str = "EUR") -> str:
    """The heading says euros; any other currency is said here."""
    if currency == "EUR":
        return money(amount)
    return Markup('{} <span class="v-currency">{}</span>').format(money(amount), currency)


def _owed(left: Any, currency: str = "EUR") -> str:
    """Nothing left is a dash."""
    return _amount(left, currency) if left else DASH


def columns_of(kind: DocumentKind) -> tuple[Column, ...]:
    """Of the list of a kind, in their order."""
    falls_due, label = KINDS[kind].falls_due, KINDS[kind].day_label
    columns = [*_head(kind), *_state(kind)]
    if falls_due or label:
        columns.append(
            Column(
                name="vencimiento",
                label="Vencimiento" if falls_due else label,
                value=(Document.status, Document.due_on),
                show=partial(show_day, kind),
                csv=lambda status, due_on: due_on,
                css="hide",
            )
        )
    columns += _amounts("Total factura" if falls_due else "Total")
    if falls_due:
        columns.append(
            Column(
                name="pendiente",
                label="Por cobrar",
                value=(_LEFT, Document.currency),
                show=_owed,
                css="num hide",
                currency=True,
                total=_in_euros(_LEFT),
            )
        )
    return tuple(columns)


def exported(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """A spreadsheet has the currency in a column of its own, and bare figures."""
    plain = (replace(column, currency=False) for column in columns)
    return (*plain, Column(name="moneda", label="Moneda", value=Document.currency))


def _head(kind: DocumentKind) -> list[Column]:
    return [
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
            label="Proveedor" if KINDS[kind].is_purchase else "Cliente",
            value=func.coalesce(func.nullif(Document.buyer_name, ""), contact_of(Contact.name)),
            css="c-who",
            sort=contact_of(Contact.sort_key),
        ),
    ]


def _state(kind: DocumentKind) -> list[Column]:
    return [
        Column(
            name="estado",
            label="Estado",
            value=(Document.status, Document.due_on),
            show=partial(show_state, kind),
            csv=lambda status, due_on: SIGNS[kind][state_of(kind, status, due_on)].word,
            css="c-state",
        ),
        Column(
            name="intranet",
            label="Intranet",
            value=Document.status,
            extra="published",
            show=partial(_published, kind),
            csv=partial(_published_word, kind),
            css="c-pub",
        ),
    ]


def _amounts(total_label: str) -> list[Column]:
    return [
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
            label=total_label,
            value=(Document.total, Document.currency),
            show=_amount,
            css="num c-total",
            currency=True,
            sort=Document.total,
            newest_first=True,
            total=_in_euros(Document.total),
        ),
    ]
