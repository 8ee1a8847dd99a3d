"""What our mails say: a folder of templates per kind, in the reader's language, as text and as HTML."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import clock, money, texts
from app.colours import light_accent
from app.domain.kinds import KINDS
from app.domain.mail_secrets import Secret
from app.domain.outbox import DueMail
from app.domain.queries.letters import LetterFacts, ListedDocument, Listing
from app.texts import _, ending, plural
from models import Company
from models.enums import DocumentKind, MailKind, TokenPurpose

TEMPLATES = Path(__file__).parents[1] / "templates" / "mail"
HIDDEN = "••••"


class Letter(NamedTuple):
    subject: str
    text: str
    html: str


class Letters:
    """Writes the letters of one company, from facts gathered for a whole group of mails."""

    def __init__(self, base_url: str, facts: LetterFacts) -> None:
        self.facts = facts
        self.portal = f"{base_url}/in/{facts.company.slug}"
        self._sender = _sender(facts.company)

    def write(self, mail: DueMail, secret: Secret | None, now: dt.datetime) -> Letter:
        """One letter; ``secret`` is what its reader enters with, if they need something to."""
        with _speaking(mail.language):
            context = self._context(mail, secret, now)
            pages = templates(mail.kind)
            return Letter(*(page.render(context) for page in pages))

    def _context(self, mail: DueMail, secret: Secret | None, now: dt.datetime) -> dict[str, Any]:
        account_id = mail.portal_account_id or 0
        reader = self.facts.readers.get(account_id)
        context = self._sender | {
            "language": texts.spoken(),
            "name": mail.recipient_name,
            "user": reader.email if reader else mail.recipient,
            "portal": self.portal,
            "entry": self._entry(secret),
            "until": secret.expires_at if secret else None,
            "password": secret.text if secret and secret.purpose is None else None,
            "now": now,
            "checked": (mail.facts or {}).get("checked", ()),
            "is_own": self.facts.account is not None and self.facts.account.user_id is not None,
        }
        if mail.kind is MailKind.NOTICE:
            listing = self.facts.listings[mail.batch_id or 0, account_id]
            context |= self._told(listing)
        return context

    def _entry(self, secret: Secret | None) -> str | None:
        """The link that lets its reader set a password."""
        if secret is None or secret.purpose is None:
            return None
        section = "activar" if secret.purpose is TokenPurpose.ACTIVATE else "clave"
        return f"{self.portal}/{section}/{secret.text}"

    def _told(self, listing: Listing) -> dict[str, Any]:
        only = listing.documents[0] if listing.count == 1 else None
        is_purchase = listing.kind is not None and KINDS[listing.kind].is_purchase
        return {
            "listing": listing,
            "news": _news(listing.kind, listing.count, are_new=listing.are_new),
            "only": only,
            "area": _("área de proveedor") if is_purchase else _("área de cliente"),
            "kind_word": kind_word,
            "day_word": _day_word,
            "address": lambda document: f"{self.portal}/{KINDS[document.kind].slug}/{document.id}",
            "all_of_them": f"{self.portal}/{KINDS[listing.kind].slug}" if listing.kind else self.portal,
        }


def _sender(company: Company) -> dict[str, Any]:
    """What every letter of a company says of who writes it."""
    name = company.shown_name
    town = " ".join(filter(None, (company.postcode, company.city)))
    return {
        "company": name,
        "initial": next((letter for letter in name if letter.isalnum()), "·").upper(),
        "accent": light_accent(company.accent).accent,
        "phone": company.phone,
        "phone_link": re.sub(r"[^\d+]", "", company.phone),
        "hours": company.opening_hours,
        "legal_name": company.name,
        "tax_id": company.tax_id,
        "place": ", ".join(filter(None, (company.address, town))),
    }


def kind_word(kind: DocumentKind) -> str:
    return _(KINDS[kind].words.title)


def _day_word(document: ListedDocument) -> str:
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


def _news(kind: DocumentKind | None, count: int, *, are_new: bool) -> str:
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


@lru_cache
def templates(kind: MailKind) -> tuple[Any, Any, Any]:
    """Subject, text and HTML of a kind of mail."""
    environment = _environment()
    subject, text, html = (
        environment.get_template(f"{kind}/{name}") for name in ("subject.txt", "body.txt", "body.html")
    )
    return subject, text, html


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"_": _, "plural": plural}
    environment.filters |= {
        "ending": ending,
        "euros": money.euros,
        "day": lambda day: f"{day:%d/%m/%Y}",
        "moment": lambda moment: f"{clock.madrid(moment):%d/%m/%Y, %H:%M}",
    }
    return environment


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    before = texts.language.set(language)
    try:
        yield
    finally:
        texts.language.reset(before)
