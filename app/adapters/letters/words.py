"""How letters call what they tell of: each kind of document in its gender, one or many, and what its day means."""

from app.domain.kinds import KINDS
from app.domain.queries.letters import ListedDocument
from app.texts import _, plural
from models.enums import DocumentKind


def kind_word(kind: DocumentKind) -> str:
    return _(KINDS[kind].words.title)


def day_word(document: ListedDocument) -> str:
    """``vence el 18/12/2026``; nothing for what has no day, or whose day no longer matters."""
    if document.due_on is None or document.kind not in _DAYS:
        return ""
    return _(_DAYS[document.kind]) % {"day": f"{document.due_on:%d/%m/%Y}"}


_DAYS = {
    DocumentKind.INVOICE: "vence el %(day)s",
    DocumentKind.QUOTE: "válido hasta el %(day)s",
    DocumentKind.SALES_ORDER: "entrega prevista el %(day)s",
    DocumentKind.WORK_ORDER: "previsto para el %(day)s",
    DocumentKind.PROFORMA: "válida hasta el %(day)s",
    DocumentKind.PURCHASE_ORDER: "entrega prevista el %(day)s",
}


def news(kind: DocumentKind | None, count: int, *, are_new: bool) -> str:
    """What there is, as the object of *Tiene …*; without ``kind``, documents of several. New only where all are."""
    one, many = (_NEW if are_new else _THERE)[kind]
    return plural(one, many, count)


_NEW = {
    DocumentKind.INVOICE: ("una factura nueva", "%(n)s facturas nuevas"),
    DocumentKind.QUOTE: ("un presupuesto nuevo", "%(n)s presupuestos nuevos"),
    DocumentKind.SALES_ORDER: ("un pedido nuevo", "%(n)s pedidos nuevos"),
    DocumentKind.WORK_ORDER: ("un parte de trabajo nuevo", "%(n)s partes de trabajo nuevos"),
    DocumentKind.DELIVERY_NOTE: ("un albarán nuevo", "%(n)s albaranes nuevos"),
    DocumentKind.PROFORMA: ("una factura proforma nueva", "%(n)s facturas proforma nuevas"),
    DocumentKind.PURCHASE_ORDER: ("un pedido de compra nuevo", "%(n)s pedidos de compra nuevos"),
    None: ("un documento nuevo", "%(n)s documentos nuevos"),
}
_THERE = {
    DocumentKind.INVOICE: ("una factura", "%(n)s facturas"),
    DocumentKind.QUOTE: ("un presupuesto", "%(n)s presupuestos"),
    DocumentKind.SALES_ORDER: ("un pedido", "%(n)s pedidos"),
    DocumentKind.WORK_ORDER: ("un parte de trabajo", "%(n)s partes de trabajo"),
    DocumentKind.DELIVERY_NOTE: ("un albarán", "%(n)s albaranes"),
    DocumentKind.PROFORMA: ("una factura proforma", "%(n)s facturas proforma"),
    DocumentKind.PURCHASE_ORDER: ("un pedido de compra", "%(n)s pedidos de compra"),
    None: ("un documento", "%(n)s documentos"),
}
