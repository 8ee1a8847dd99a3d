"""What the variables of a mail text stand for: facts of documents, of the company, and of whoever sends it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from app import money
from app.domain.kinds import KINDS, Words
from app.texts import _, plural
from models import Company, Document, StaffUser

MOST_NAMED = 5


def document_values(
    documents: Sequence[Document], *, company: Company, user: StaffUser | None, portal: str, today: dt.date
) -> dict[str, str]:
    """Of one document, or of several of the same kind and contact that go in one mail.

    ``portal`` is the address of the company's intranet, without a slash at its end.
    """
    first = documents[0]
    facts = KINDS[first.kind]
    words, dues = facts.words, sorted(document.due_on for document in documents if document.due_on)
    buyer = first.buyer_name or first.contact.name
    address, series = f"{portal}/{facts.slug}", _same(document.series_label for document in documents)
    return sender_values(company, user, portal=portal) | {
        "documento": _(words.title) if len(documents) == 1 else _(words.nouns).capitalize(),
        "el_documento": _(words.the) if len(documents) == 1 else _the_many(words),
        "serie": series,
        "numero": _listed([_bare_number(document, series) for document in documents]),
        "referencia": _listed([str(document) for document in documents]),
        "fecha": _span(sorted(document.issued_on for document in documents)),
        "vencimiento": _day(dues[0]) if dues else "",
        "base": _sum(documents, [document.base_total for document in documents]),
        "total": _sum(documents, [document.total for document in documents]),
        "pendiente": _sum(documents, [document.outstanding for document in documents]),
        "asunto": _same(document.subject for document in documents),
        "cliente": buyer,
        "proveedor": buyer,
        "enlace": f"{address}/{first.id}" if len(documents) == 1 else address,
        "dias": str(max((today - dues[0]).days, 0)) if dues else "0",
    }


def sender_values(company: Company, user: StaffUser | None, *, portal: str) -> dict[str, str]:
    """What every text can say of who writes it. Without a user, the company does."""
    name = company.shown_name
    return {
        "empresa": name,
        "telefono": company.phone,
        "correo": company.email,
        "usuario": user.name if user is not None else name,
        "intranet": portal,
    }


def _bare_number(document: Document, series: str) -> str:
    """``0446`` of ``FV26-0446``: what is left beside the series that all of them have."""
    text = str(document)
    rest = text.removeprefix(series) if series else text
    return rest.lstrip("-/ ") or text


def _the_many(words: Words) -> str:
    return words.agree("las %(que)s", "los %(que)s") % {"que": _(words.nouns)}


def _listed(names: Sequence[str]) -> str:
    """``0446, 0447 y 0450``; of many, the first ones and how many more."""
    if len(names) == 1:
        return names[0]
    if len(names) > MOST_NAMED:
        rest = plural("%(n)s más", "%(n)s más", len(names) - MOST_NAMED + 1)
        names = [*names[: MOST_NAMED - 1], rest]
    return _("%(names)s y %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _same(texts: Iterable[str]) -> str:
    found = set(texts)
    return found.pop() if len(found) == 1 else ""


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"


def _span(days: Sequence[dt.date]) -> str:
    if days[0] == days[-1]:
        return _day(days[0])
    return _("%(first)s a %(last)s") % {"first": _day(days[0]), "last": _day(days[-1])}


def _sum(documents: Sequence[Document], amounts: Sequence[Decimal]) -> str:
    """Totals of several currencies do not mix: each has its own."""
    sums: dict[str, Decimal] = {}
    for document, amount in zip(documents, amounts, strict=True):
        sums[document.currency] = sums.get(document.currency, Decimal(0)) + amount
    return " + ".join(money.euros(total, currency) for currency, total in sums.items())
