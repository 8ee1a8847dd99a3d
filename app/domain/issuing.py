"""Issuing a document: the moment it gets its number and stops changing."""

import datetime as dt
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import select

from app import clock
from app.domain.drafting import SaveDraft, lock_draft, save_draft
from app.domain.folding import fold
from app.domain.following import follow
from app.domain.kinds import KINDS, Kind, Words
from app.domain.numbering import lock_series, take_number
from app.domain.telling import tell
from app.domain.terms import plan_dues
from app.domain.totals import settle
from app.errors import InvalidValue, NotFound, Refusal
from app.money import euros
from app.scope import ScopedSession
from app.texts import _
from models import Company, Contact, ContactAddress, Document
from models.enums import AddressPurpose, DocumentKind, DocumentStatus, Origin, WebhookEvent

# The series is what a clash with an imported number can be cured by.
_OWN_NUMBER_TAKEN = "El número %(numero)s ya lo lleva uno de otro programa. Revise los números de la serie."


class NothingToIssue(Refusal):
    code = "nothing_to_issue"

    def __init__(self, words: Words) -> None:
        sentence = words.agree(
            "La %(que)s no tiene líneas: añada al menos una.", "El %(que)s no tiene líneas: añada al menos una."
        )
        super().__init__(sentence % {"que": _(words.noun)}, field="lines")


class NegativeTotal(Refusal):
    """What was invoiced is taken back by a corrective document (RD 1619/2012, art. 15)."""

    code = "negative_total"

    def __init__(self) -> None:
        sentence = _("El total es negativo. Para devolver o rebajar lo facturado, abra la factura y elija Rectificar.")
        super().__init__(sentence, field="lines")


class CustomerIncomplete(Refusal):
    """An invoice must name its customer in full (RD 1619/2012, art. 6.1); one from abroad may have no tax id."""

    code = "customer_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(
            _("Al cliente le falta %(dato)s. Complételo en su ficha.") % {"dato": missing}, field="contact"
        )


class SellerIncomplete(Refusal):
    """And its seller (the same article)."""

    code = "seller_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(
            _("A su empresa le falta %(dato)s. Complételo en Administración → Empresa.") % {"dato": missing}
        )


class DateInFuture(Refusal):
    code = "date_in_future"

    def __init__(self) -> None:
        super().__init__(_("La fecha no puede ser posterior a hoy."), field="issued_on")


class NumberTaken(Refusal):
    code = "number_taken"

    def __init__(self, number_text: str) -> None:
        super().__init__(_(_OWN_NUMBER_TAKEN) % {"numero": number_text}, field="series")


class IssueDocument(Struct, frozen=True, kw_only=True):
    document_id: int
    today: dt.date


class IssueDraft(Struct, frozen=True, kw_only=True):
    """Save what the form says and issue it, both or neither."""

    draft: SaveDraft
    today: dt.date


class Issued(Struct, frozen=True):
    document_id: int
    kind: DocumentKind
    number_text: str
    total: str

    def __str__(self) -> str:
        words = KINDS[self.kind].words
        sentence = words.agree("%(que)s %(numero)s emitida por %(total)s.", "%(que)s %(numero)s emitido por %(total)s.")
        return sentence % {"que": _(words.title), "numero": self.number_text, "total": self.total}


def issue_draft(db: ScopedSession, command: IssueDraft) -> Issued:
    """Save a draft and issue it. Raises whatever ``save_draft`` and ``issue_document`` say."""
    if command.draft.series_id is not None and command.draft.document_id is not None:
        _lock_if_known(db, command.draft.series_id, command.draft.kind)
    document = save_draft(db, command.draft)
    return issue_document(db, IssueDocument(document_id=document.id, today=command.today))


def issue_document(db: ScopedSession, command: IssueDocument) -> Issued:
    """Give a draft the next number of its series and freeze it.

    The series row is locked first and the draft is read again under that lock, so that two people cannot issue it
    twice and no number is skipped or repeated. Raises ``AlreadyIssued``, ``NothingToIssue``, ``NegativeTotal``,
    ``CustomerIncomplete``, ``DateInFuture``, ``OriginEnded``, or what ``take_number`` says.
    """
    draft = select(Document.series_id, Document.kind).where(Document.id == command.document_id)
    found = db.execute(draft).one_or_none()
    if found is None or found.series_id is None:
        raise NotFound(_("ese borrador"))
    series = lock_series(db, found.series_id, found.kind)
    document = lock_draft(db, command.document_id)
    company = db.get_one(Company, document.company_id)
    kind = KINDS[document.kind]
    _check(document, kind, company, command.today)
    settle(document)
    if kind.is_fiscal and document.corrects_id is None and min(document.total, document.base_total) < 0:
        raise NegativeTotal
    if kind.falls_due and sum(due.amount for due in document.dues) != max(document.payable, 0):
        plan_dues(document, document.contact, company)

    with db.no_autoflush:  # one change in the audit
        freeze(document, company)
        number = take_number(series, document.issued_on)
        _check_free(db, document.kind, series.spell(number))
        document.number = document.sort_number = number
        document.number_text, document.series_label = series.spell(number), series.label
        is_owed = kind.falls_due and document.payable > 0
        document.status = DocumentStatus.PENDING if is_owed else DocumentStatus.ISSUED
        document.issued_at, document.origin = clock.now(), Origin.OWN
        document.revision += 1
        fold_document(document)
        follow(db, document)
    db.flush()
    facts = {"kind": document.kind.value, "number": document.number_text, "contact_id": str(document.contact_id)}
    tell(db, WebhookEvent.DOCUMENT_ISSUED, "document", document.id, **facts, total=str(document.total))
    return Issued(document.id, document.kind, document.number_text, euros(document.total, document.currency))


def freeze(document: Document, company: Company) -> None:
    """Copy what the paper must say and later changes may not touch: both parties and the mentions the law asks for."""
    contact = document.contact
    freeze_seller(document, company)
    billing = next((one for one in contact.addresses if one.purpose is AddressPurpose.BILLING), contact)
    document.buyer_name, document.buyer_tax_id = contact.name, contact.tax_id
    document.buyer_address = address_of(billing)
    document.mentions = "\n".join(_with(document.mentions.split("\n"), required_mentions(document)))


def fold_document(document: Document) -> None:
    """Fill the folded copy that customers search: the words of the page. Whoever numbers a document calls it."""
    lines = (part for line in document.lines for part in (line.code, line.concept))
    parts = (document.number_text, document.subject, document.corrects_text, *lines)
    document.search_key = fold(" ".join(part for part in parts if part))


def freeze_seller(document: Document, company: Company) -> None:
    """Copy all that is printed of the company: letterhead and foot."""
    document.seller_name, document.seller_tax_id = company.name, company.tax_id
    document.seller_address, document.seller_contact = address_of(company), contact_of(company)
    document.seller_registration = company.registration


def contact_of(company: Company) -> str:
    """How to reach it, as printed: telephone, e-mail, web."""
    return "\n".join(way for way in (company.phone, company.email, company.website) if way)


def address_of(party: Company | Contact | ContactAddress) -> str:
    """A postal address as printed: street, postcode and town, province, country unless Spain."""
    town = " ".join(part for part in (party.postcode, party.city) if part)
    country = "" if party.country == "ES" else party.country
    province = "" if party.province == party.city else party.province  # Madrid is in Madrid
    return "\n".join(part for part in (party.address, town, province, country) if part)


def required_mentions(document: Document) -> list[str]:
    """Why there is no tax (RD 1619/2012, art. 6.1.j and m) and why another document is corrected (art. 15.4)."""
    mentions = []
    if document.correction_reason:
        mentions.append(_("Motivo de la rectificación: %(motivo)s") % {"motivo": document.correction_reason})
    mentions += [tax.exemption for tax in document.taxes if tax.exemption and not tax.rate]
    return mentions


def _with(there: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Both, each once; what somebody wrote first."""
    return list(dict.fromkeys(line for line in (*there, *wanted) if line.strip()))


def _lock_if_known(db: ScopedSession, series_id: int, kind: DocumentKind) -> None:
    """Series before draft, like everybody. Saving says it better when there is no such series."""
    try:
        lock_series(db, series_id, kind)
    except NotFound as error:
        raise InvalidValue(_("Elija una serie de la lista."), field="series") from error


def _check(document: Document, kind: Kind, company: Company, today: dt.date) -> None:
    if not document.lines:
        raise NothingToIssue(kind.words)
    if document.issued_on > today:
        raise DateInFuture
    if not kind.is_fiscal:
        return
    if missing := _missing(document.contact, needs_tax_id=document.contact.country == "ES"):
        raise CustomerIncomplete(missing)
    if missing := _missing(company):
        raise SellerIncomplete(missing)
    if document.corrects_id is not None and not document.correction_reason.strip():
        raise InvalidValue(_("Diga por qué se rectifica: va impreso en la factura."), field="correction_reason")


def _missing(party: Company | Contact, *, needs_tax_id: bool = True) -> str:
    """What a full invoice must say of a party and nobody has written."""
    if needs_tax_id and not party.tax_id:
        return _("el NIF")
    if not party.address:
        return _("la dirección")
    if not party.city:
        return _("la población")
    if party.country == "ES" and not party.postcode:
        return _("el código postal")
    return ""


def _check_free(db: ScopedSession, kind: DocumentKind, number_text: str) -> None:
    taken = select(Document.id).where(Document.kind == kind, Document.number_text == number_text)
    if db.scalar(taken) is not None:
        raise NumberTaken(number_text)
