"""What tells the seven kinds of document apart: one table that forms, numbering, paper and portal read."""

from collections.abc import Mapping

from msgspec import Struct

from app.texts import _, plural
from models import (
    DeliveryNote,
    Document,
    Invoice,
    Proforma,
    PurchaseOrder,
    Quote,
    SalesOrder,
    WorkOrder,
)
from models.enums import DocumentKind, DocumentStatus

Moves = Mapping[DocumentStatus, tuple[DocumentStatus, ...]]


class Words(Struct, frozen=True, kw_only=True):
    """A kind as sentences need it, each a message of its own: other languages have other genders and articles."""

    title: str
    noun: str
    nouns: str
    the: str
    of_the: str
    this: str
    that: str
    plural_title: str
    is_feminine: bool = False

    def agree(self, feminine: str, masculine: str) -> str:
        """The sentence of the two that goes with the kind: *publicada*, *publicado*."""
        return _(feminine if self.is_feminine else masculine)

    def count(self, number: int) -> str:
        """``1 factura``, ``4.312 facturas``."""
        return plural(f"%(n)s {self.noun}", f"%(n)s {self.nouns}", number)


class Kind(Struct, frozen=True, kw_only=True):
    """What holds for all documents of a kind.

    ``falls_due``: it is to be paid, in parts on their days (and nothing else is). ``day_label`` names ``due_on`` of the
    others: until when it holds, or when it is expected; empty where there is no such day. ``is_fiscal``: the law says
    what it must name and how it is corrected (RD 1619/2012). ``moves``: where it may go from each state once it is
    issued, by hand; an invoice is moved by what is paid of it. ``becomes``: what may be made from it, and the state it
    is in once that one is issued, if that changes it. ``slug`` is its part of the portal's addresses, which customers
    are told: it never changes.
    """

    cls: type[Document]
    words: Words
    slug: str
    series_code: str
    is_purchase: bool = False
    falls_due: bool = False
    is_fiscal: bool = False
    day_label: str = ""
    moves: Moves = {}
    becomes: Mapping[DocumentKind, DocumentStatus | None] = {}


_ISSUED, _CONFIRMED, _CANCELLED = DocumentStatus.ISSUED, DocumentStatus.CONFIRMED, DocumentStatus.CANCELLED
_ACCEPTED, _REJECTED, _DELIVERED = DocumentStatus.ACCEPTED, DocumentStatus.REJECTED, DocumentStatus.DELIVERED
_DONE, _RECEIVED = DocumentStatus.DONE, DocumentStatus.RECEIVED

KINDS: dict[DocumentKind, Kind] = {
    DocumentKind.QUOTE: Kind(
        cls=Quote,
        words=Words(
            title="Presupuesto",
            plural_title="Presupuestos",
            noun="presupuesto",
            nouns="presupuestos",
            the="el presupuesto",
            of_the="del presupuesto",
            this="este presupuesto",
            that="ese presupuesto",
        ),
        slug="presupuestos",
        series_code="P",
        day_label="Válido hasta",
        moves={_ISSUED: (_ACCEPTED, _REJECTED), _ACCEPTED: (_ISSUED,), _REJECTED: (_ISSUED,)},
        becomes={
            DocumentKind.QUOTE: DocumentStatus.SUPERSEDED,
            DocumentKind.SALES_ORDER: _ACCEPTED,
            DocumentKind.WORK_ORDER: _ACCEPTED,
            DocumentKind.PROFORMA: None,
            DocumentKind.INVOICE: _ACCEPTED,
        },
    ),
    DocumentKind.SALES_ORDER: Kind(
        cls=SalesOrder,
        words=Words(
            title="Pedido",
            plural_title="Pedidos",
            noun="pedido",
            nouns="pedidos",
            the="el pedido",
            of_the="del pedido",
            this="este pedido",
            that="ese pedido",
        ),
        slug="pedidos",
        series_code="PV",
        day_label="Entrega prevista",
        moves={
            _ISSUED: (_CONFIRMED, _CANCELLED),
            _CONFIRMED: (_DELIVERED, _CANCELLED),
            _DELIVERED: (_CONFIRMED,),
            _CANCELLED: (_ISSUED,),
        },
        becomes={
            DocumentKind.DELIVERY_NOTE: _DELIVERED,
            DocumentKind.WORK_ORDER: None,
            DocumentKind.PROFORMA: None,
            DocumentKind.INVOICE: _DELIVERED,
        },
    ),
    DocumentKind.WORK_ORDER: Kind(
        cls=WorkOrder,
        words=Words(
            title="Parte de trabajo",
            plural_title="Partes de trabajo",
            noun="parte de trabajo",
            nouns="partes de trabajo",
            the="el parte de trabajo",
            of_the="del parte de trabajo",
            this="este parte de trabajo",
            that="ese parte de trabajo",
        ),
        slug="partes",
        series_code="PT",
        day_label="Fecha prevista",
        moves={_ISSUED: (_DONE, _CANCELLED), _DONE: (_ISSUED,), _CANCELLED: (_ISSUED,)},
        becomes={DocumentKind.DELIVERY_NOTE: _DONE, DocumentKind.INVOICE: _DONE},
    ),
    DocumentKind.DELIVERY_NOTE: Kind(
        cls=DeliveryNote,
        words=Words(
            title="Albarán",
            plural_title="Albaranes",
            noun="albarán",
            nouns="albaranes",
            the="el albarán",
            of_the="del albarán",
            this="este albarán",
            that="ese albarán",
        ),
        slug="albaranes",
        series_code="A",
        moves={
            _ISSUED: (_DELIVERED, _CANCELLED),
            _DELIVERED: (_ISSUED, _CANCELLED),
            _CANCELLED: (_ISSUED,),
            DocumentStatus.INVOICED: (_DELIVERED,),
        },
        becomes={DocumentKind.INVOICE: DocumentStatus.INVOICED},
    ),
    DocumentKind.PROFORMA: Kind(
        cls=Proforma,
        words=Words(
            title="Factura proforma",
            plural_title="Proformas",
            noun="proforma",
            nouns="proformas",
            the="la proforma",
            of_the="de la proforma",
            this="esta proforma",
            that="esa proforma",
            is_feminine=True,
        ),
        slug="proformas",
        series_code="PF",
        day_label="Válida hasta",
        becomes={DocumentKind.PROFORMA: DocumentStatus.SUPERSEDED, DocumentKind.INVOICE: DocumentStatus.SUPERSEDED},
    ),
    DocumentKind.INVOICE: Kind(
        cls=Invoice,
        words=Words(
            title="Factura",
            plural_title="Facturas de venta",
            noun="factura",
            nouns="facturas",
            the="la factura",
            of_the="de la factura",
            this="esta factura",
            that="esa factura",
            is_feminine=True,
        ),
        slug="facturas",
        series_code="FV",
        falls_due=True,
        is_fiscal=True,
    ),
    DocumentKind.PURCHASE_ORDER: Kind(
        cls=PurchaseOrder,
        words=Words(
            title="Pedido de compra",
            plural_title="Pedidos de compra",
            noun="pedido de compra",
            nouns="pedidos de compra",
            the="el pedido de compra",
            of_the="del pedido de compra",
            this="este pedido de compra",
            that="ese pedido de compra",
        ),
        slug="pedidos-compra",
        series_code="PC",
        is_purchase=True,
        day_label="Entrega prevista",
        moves={
            _ISSUED: (_CONFIRMED, _CANCELLED),
            _CONFIRMED: (_RECEIVED, _CANCELLED),
            _RECEIVED: (_CONFIRMED,),
            _CANCELLED: (_ISSUED,),
        },
    ),
}
