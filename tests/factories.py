"""Rows for tests: believable Spanish defaults, no surprises. A test states only what it is about."""

import datetime as dt
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select, update

from app import clock
from app.domain.folding import fold
from app.domain.issuing import fold_document, freeze_seller
from app.domain.kinds import KINDS
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.scope import ScopedSession
from models import (
    Base,
    Batch,
    Company,
    Contact,
    Document,
    DocumentLine,
    DocumentTemplate,
    MailAccount,
    Membership,
    PortalAccount,
    PortalMembership,
    Product,
    Publication,
    Series,
    StaffUser,
    TaxRate,
    TemplateVersion,
)
from models.enums import BatchKind, DocumentKind, DocumentStatus, Origin, PaymentMethod, Role, TaxKind

Row = TypeVar("Row", bound=Base)

NIFS = ("B12345674", "A58818501", "B87654323", "A28015865", "12345678Z", "X1234567L")
EPOCH = dt.date(2020, 1, 1)


class Make:
    """Adds rows to one session and flushes; everything belongs to ``company`` unless the test says otherwise."""

    def __init__(self, db: ScopedSession, company: Company) -> None:
        self.db, self.home = db, company
        self._number = count(1)

    def _add(self, row: Row) -> Row:
        self.db.add(row)
        self.db.flush()
        return row

    def _next(self) -> int:
        return next(self._number)

    def company(self, **values: Any) -> Company:
        """Another company; only a session that may see it can use it."""
        n = self._next()
        defaults = {
            "name": f"Talleres Ródano {n}, S.L.",
            "tax_id": f"B{n:08d}",
            "slug": f"Rodano-{n}",
            "slug_key": f"rodano-{n}",
            "short_code": f"rodano{n}",
            "confirmed_at": clock.now(),
        }
        return self._add(Company(**defaults | values))

    def contact(self, **values: Any) -> Contact:
        n = self._next()
        name = values.pop("name", f"Instalaciones Merino {n}, S.L.")
        values.setdefault("email", f"compras{n}@merino.example")
        values.setdefault("company_id", self.home.id)
        contact = Contact(
            code=f"{n:05d}",
            name=name,
            tax_id=values.pop("tax_id", "B87654323"),
            address="C/ Tejedores, 8",
            postcode="28045",
            city="Madrid",
            province="Madrid",
            sort_key=fold(name),
            **values,
        )
        contact.search_key = fold(f"{contact.name} {contact.tax_id} {contact.email or ''} {contact.code}")
        return self._add(contact)

    def series(self, **values: Any) -> Series:
        values.setdefault("company_id", self.home.id)
        kind = values.setdefault("kind", DocumentKind.INVOICE)
        label = values.pop("label", f"{KINDS[kind].series_code}{self._next():02d}")
        defaults = {"code": label, "label": label}
        return self._add(Series(**defaults | values))

    def tax(self, rate: str = "21", **values: Any) -> TaxRate:
        values.setdefault("company_id", self.home.id)
        defaults = {
            "kind": TaxKind.VAT,
            "name": f"IVA {rate} %",
            "rate": Decimal(rate),
            "surcharge_rate": {"21": Decimal("5.2"), "10": Decimal("1.4"), "4": Decimal("0.5")}.get(rate, Decimal(0)),
            "valid_from": EPOCH,
        }
        return self._add(TaxRate(**defaults | values))

    def product(self, **values: Any) -> Product:
        n = self._next()
        values.setdefault("company_id", self.home.id)
        defaults = {"code": f"CB-{n:04d}", "name": "Cable RZ1-K 3×6 mm²", "unit_price": Decimal("4.20")}
        product = Product(**defaults | values)
        product.search_key = fold(f"{product.code} {product.name}")
        return self._add(product)

    def line(self, **values: Any) -> DocumentLine:
        """A line of 100,00 at 21 %, not yet in any document."""
        values.setdefault("company_id", self.home.id)
        defaults = {
            "concept": "Cuadro eléctrico de 24 módulos",
            "quantity": Decimal(1),
            "unit_price": Decimal(100),
            "discount_rate": Decimal(0),
            "tax_kind": TaxKind.VAT,
            "tax_rate": Decimal(21),
            "surcharge_rate": Decimal(0),
            "exemption": "",
        }
        return DocumentLine(**defaults | values)

    def draft(
        self, *, kind: DocumentKind = DocumentKind.INVOICE, lines: list[DocumentLine] | None = None, **values: Any
    ) -> Any:
        """A draft of 121,00 unless given other lines: an invoice, unless another ``kind`` is asked for."""
        contact = values.pop("contact", None) or self._party(kind)
        series = values.pop("series", None) or self.series(kind=kind, company_id=contact.company_id)
        values.setdefault("issued_on", clock.today())
        plain = {
            "discount_rate": Decimal(0),
            "withholding_rate": Decimal(0),
            "has_surcharge": False,
            "payment_method": PaymentMethod.TRANSFER,
        }
        document = KINDS[kind].cls(
            company_id=contact.company_id,
            contact_id=contact.id,
            series_id=series.id,
            series_label=series.label,
            buyer_name=contact.name,
            buyer_tax_id=contact.tax_id,
            lines=lines if lines is not None else [self.line(company_id=contact.company_id)],
            taxes=[],
            dues=[],
            **plain | values,
        )
        settle(document)
        if KINDS[kind].falls_due:
            plan_dues(document, contact, self.db.get_one(Company, contact.company_id))
        return self._add(document)

    def invoice(self, **values: Any) -> Any:
        return self.document(DocumentKind.INVOICE, **values)

    def document(self, kind: DocumentKind, **values: Any) -> Any:
        """An issued document, numbered as if by its series; an imported one keeps clear of its count."""
        first = DocumentStatus.PENDING if KINDS[kind].falls_due else DocumentStatus.ISSUED
        status, origin = values.pop("status", first), values.pop("origin", Origin.OWN)
        number_text = values.pop("number_text", None)
        series = values.pop("series", None) or self._default_series(kind, values)
        number = values.pop("number", series.next_number)
        document = self.draft(kind=kind, series=series, **values)
        company = self.db.get_one(Company, document.company_id)
        freeze_seller(document, company)
        document.sort_number, document.number_text = number, number_text or series.spell(number)
        document.status, document.origin, document.issued_at = status, origin, clock.now()
        fold_document(document)
        if origin is Origin.OWN:
            document.number = number
            series.next_number, series.last_issued_on = max(series.next_number, number + 1), document.issued_on
        self.db.flush()
        return document

    def _default_series(self, kind: DocumentKind, values: dict[str, Any]) -> Series:
        contact = values.setdefault("contact", self._party(kind))
        label = f"{KINDS[kind].series_code}26"
        ours = (Series.company_id == contact.company_id, Series.kind == kind, Series.label == label)
        found = self.db.scalar(select(Series).where(*ours))
        return found or self.series(kind=kind, label=label, company_id=contact.company_id)

    def _party(self, kind: DocumentKind) -> Contact:
        """Somebody new whom a document of this kind is for."""
        is_purchase = KINDS[kind].is_purchase
        return self.contact(is_customer=not is_purchase, is_supplier=is_purchase)

    def template(self, **values: Any) -> TemplateVersion:
        """The first version of a template."""
        values.setdefault("company_id", self.home.id)
        company_id = values["company_id"]
        template = self._add(DocumentTemplate(name=f"Plantilla {self._next()}", **{"is_default": True} | values))
        return self._add(TemplateVersion(company_id=company_id, template_id=template.id, number=1))

    def batch(self, **values: Any) -> Batch:
        values.setdefault("company_id", self.home.id)
        defaults = {
            "kind": BatchKind.PUBLISH,
            "key": f"prueba-{self._next()}",
            "selection": "Una factura",
            "figures": {},
        }
        return self._add(Batch(**defaults | values))

    def publication(self, document: Document | None = None, **values: Any) -> Publication:
        document = document or self.invoice()
        version = values.pop("version", None) or self.template(company_id=document.company_id)
        batch = values.pop("batch", None) or self.batch(company_id=document.company_id, template_version_id=version.id)
        return self._add(
            Publication(
                company_id=document.company_id,
                document_id=document.id,
                contact_id=document.contact_id,
                batch_id=batch.id,
                template_version_id=version.id,
                **values,
            )
        )

    def published_invoice(self, **values: Any) -> Any:
        return self.published(DocumentKind.INVOICE, **values)

    def published(self, kind: DocumentKind, **values: Any) -> Any:
        document = self.document(kind, **values)
        self.publication(document)
        return document

    def account(self, *contacts: Contact, **values: Any) -> PortalAccount:
        """A portal account with live access to each contact (a new one if none is given)."""
        contacts = contacts or (self.contact(),)
        values.setdefault("company_id", contacts[0].company_id)
        values.setdefault("email", contacts[0].email)
        account = self._add(PortalAccount(**values))
        for contact in contacts:
            self._add(PortalMembership(company_id=contact.company_id, account_id=account.id, contact_id=contact.id))
        return account

    def rewrite(self, document: Document, **values: Any) -> None:
        """What no session would let anybody do to a document that is issued."""
        self.db.flush()
        self.db.execute(update(Document).where(Document.id == document.id).values(**values))
        self.db.refresh(document)

    def user(self, role: Role = Role.ADMINISTRATOR, **values: Any) -> StaffUser:
        """A member of staff of the home company. Needs a session that may write people (system or company)."""
        n = self._next()
        defaults = {"email": f"marta{n}@tosma.example", "name": "Marta Ruiz Ortega"}
        company_id = values.pop("company_id", self.home.id)
        user = self._add(StaffUser(**defaults | values))
        self._add(Membership(company_id=company_id, user_id=user.id, role=role))
        return user

    def mail_account(self, **values: Any) -> MailAccount:
        values.setdefault("company_id", self.home.id)
        defaults = {
            "sender_name": "Suministros Tosma",
            "sender_email": "facturas@tosma.example",
            "host": "127.0.0.1",
            "port": 2525,
            "security": "none",
        }
        return self._add(MailAccount(**defaults | values))
