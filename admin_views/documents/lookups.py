"""What the form of a document looks up: the other party and its terms, articles and their tax."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select

from admin_views.formatters import price as spell_price
from app.domain.drafting import rates_on
from app.domain.fields import normal_tax_id
from app.domain.folding import contains, fold, starts_with
from app.domain.kinds import KINDS
from app.errors import InvalidValue
from app.money import short
from app.scope import ScopedSession
from app.texts import _
from models import Contact, Product, TaxRate
from models.enums import DocumentKind

MOST = 8
SEPARATOR = " · "


def parties(db: ScopedSession, kind: DocumentKind, term: str) -> list[dict[str, Any]]:
    """Customers (or suppliers) whose code, name, NIF or e-mail contains ``term``; the one with this very code first."""
    wanted = _mentioned(kind, term).order_by((Contact.code == term).desc(), Contact.sort_key, Contact.id).limit(MOST)
    return [party_card(contact, kind) for contact in db.scalars(wanted)]


def party_card(contact: Contact, kind: DocumentKind) -> dict[str, Any]:
    """A customer, or a supplier, as the form shows it, and what choosing it fills in."""
    screen = "supplier" if KINDS[kind].is_purchase else "customer"
    town = " ".join(part for part in (contact.postcode, contact.city) if part)
    facts = (contact.tax_id or _("Sin NIF"), contact.address or _("sin dirección"), town, spell_terms(contact))
    return {
        "id": str(contact.id),
        "code": contact.code,
        "text": spell_party(contact),
        "name": contact.name,
        "hint": contact.tax_id,
        "facts": SEPARATOR.join(fact for fact in facts if fact),
        "card": f"/admin/{screen}/edit/{contact.id}",
        "payment_method": contact.payment_method.value,
        "withholding_rate": short(contact.withholding_rate, 4),
        "has_surcharge": contact.has_surcharge,
        "terms": spell_terms(contact),
    }


def spell_party(contact: Contact) -> str:
    return f"{contact.code}{SEPARATOR}{contact.name}"


def spell_terms(contact: Contact) -> str:
    """``30, 60 días``, with the customer's payment day if there is one."""
    days = contact.payment_days.replace(",", ", ")
    terms = _("al contado") if days in ("", "0") else _("%(dias)s días") % {"dias": days}
    if contact.payment_day:
        terms += " " + _("(paga el día %(n)s)") % {"n": contact.payment_day}
    return terms


def find_party(db: ScopedSession, kind: DocumentKind, typed: str) -> Contact:
    """The one that somebody means who typed without choosing; raises ``InvalidValue`` when there are several."""
    code = typed.partition(SEPARATOR)[0].strip()
    exact = _mine(kind).where(
        or_(Contact.code == code, Contact.tax_id == normal_tax_id(typed), Contact.sort_key == fold(typed))
    )
    for statement in (exact, _mentioned(kind, typed)):
        found: list[Contact] = list(db.scalars(statement.order_by(Contact.id).limit(MOST)))
        if len(found) == 1:
            return found[0]
        if found:
            names = "; ".join(spell_party(contact) for contact in found[:3])
            raise InvalidValue(_("Hay varios: %(nombres)s… Escriba el código.") % {"nombres": names}, field="contact")
    if KINDS[kind].is_purchase:
        raise InvalidValue(_("No hay ningún proveedor así. Escriba su código, nombre o NIF."), field="contact")
    raise InvalidValue(_("No hay ningún cliente así. Escriba su código, nombre o NIF."), field="contact")


def articles(db: ScopedSession, term: str, day: dt.date) -> list[dict[str, Any]]:
    """Articles whose code or name contains ``term``; the one with this very code first, then codes that begin so."""
    begins = Product.code.like(starts_with(term.upper()), escape="\\")
    wanted = (
        select(Product)
        .where(Product.archived_at.is_(None), Product.search_key.like(contains(fold(term)), escape="\\"))
        .order_by((Product.code == term).desc(), begins.desc(), Product.code)
        .limit(MOST)
    )
    rates = rates_on(db, day)
    return [article_card(product, rates) for product in db.scalars(wanted)]


def article_card(product: Product, rates: list[TaxRate]) -> dict[str, Any]:
    """An article as the form shows it, and what choosing it fills in. An ambiguous tax is left to be chosen."""
    tax = tax_of(product.tax_rate, rates)
    return {
        "id": str(product.id),
        "code": product.code,
        "text": product.name,
        "hint": f"{spell_price(product.unit_price)}\u00a0€",
        "concept": product.description or product.name,
        "unit_price": typed_price(product.unit_price),
        "tax": str(tax.id) if tax else "",
    }


def find_article(db: ScopedSession, code: str) -> Product | None:
    """The article with this very code, in whatever case."""
    found = db.scalars(
        select(Product)
        .where(Product.archived_at.is_(None), Product.code.in_({code, code.upper(), code.lower()}))
        .limit(2)
    ).all()
    return found[0] if found else None


def tax_of(rate: Decimal, rates: list[TaxRate]) -> TaxRate | None:
    """The only tax of this rate; why there is none must be said by somebody."""
    fitting = [one for one in rates if one.rate == rate]
    return fitting[0] if len(fitting) == 1 or (fitting and rate) else None


def typed_price(amount: Decimal) -> str:
    """A price as a person would type it."""
    return spell_price(amount).replace(".", "")


def _mentioned(kind: DocumentKind, term: str) -> Select[Any]:
    return _mine(kind).where(Contact.search_key.like(contains(fold(term)), escape="\\"))


def _mine(kind: DocumentKind) -> Select[Any]:
    side = Contact.is_supplier if KINDS[kind].is_purchase else Contact.is_customer
    return select(Contact).where(side, Contact.archived_at.is_(None))
