"""Writing down a document of the sample: settled by the rules of the house, both parties as they are, numbered."""

import datetime as dt
from decimal import Decimal
from typing import Any

from app.domain.issuing import address_of, fold_document, freeze_seller
from app.domain.kinds import KINDS
from app.domain.terms import plan_dues
from app.domain.totals import settle
from models import Company, Contact, Document, DocumentLine, Series
from models.enums import DocumentKind, DocumentStatus, Origin


class Clerk:
    """Of one company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._addresses: dict[int, str] = {}

    def write(self, kind: DocumentKind, day: dt.date, contact: Contact, lines: list[DocumentLine], subject: str) -> Any:
        """A document for a contact, as its form would make it."""
        document = self.blank(kind, day, lines)
        document.contact_id = contact.id
        document.buyer_name, document.buyer_tax_id = contact.name, contact.tax_id
        document.buyer_address = self._addresses.get(contact.id) or self._remember(contact)
        document.has_surcharge, document.withholding_rate = contact.has_surcharge, contact.withholding_rate
        document.payment_method = contact.payment_method
        document.subject = subject
        document.mentions = "\n".join({line.exemption: None for line in lines if line.exemption})
        settle(document)
        if KINDS[kind].falls_due:
            plan_dues(document, contact, self.company)
        return document

    def blank(self, kind: DocumentKind, day: dt.date, lines: list[DocumentLine]) -> Any:
        document = KINDS[kind].cls(
            company_id=self.company.id,
            origin=Origin.OWN,
            issued_on=day,
            discount_rate=Decimal(0),
            withholding_rate=Decimal(0),
            has_surcharge=False,
            collected=Decimal(0),
            lines=lines,
            taxes=[],
            dues=[],
        )
        freeze_seller(document, self.company)
        return document

    @staticmethod
    def number(document: Document, series: Series, moment: dt.datetime) -> None:
        """Issue it: the next number of its series, which moves on."""
        number = series.next_number
        document.series_id, document.series_label = series.id, series.label
        document.number = document.sort_number = number
        document.number_text = series.spell(number)
        document.issued_at = document.created_at = moment
        fold_document(document)
        series.next_number, series.last_issued_on = number + 1, document.issued_on

    @staticmethod
    def leave(document: Document, series: Series, moment: dt.datetime) -> None:
        """Leave it a draft, which follows its contact."""
        document.status, document.series_id, document.series_label = DocumentStatus.DRAFT, series.id, series.label
        document.seller_name = document.seller_tax_id = document.seller_address = document.buyer_address = ""
        document.seller_contact = document.seller_registration = ""
        document.created_at = moment

    def _remember(self, contact: Contact) -> str:
        address = self._addresses[contact.id] = address_of(contact)
        return address
