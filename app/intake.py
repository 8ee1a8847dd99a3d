"""Invoice files from outside, from bytes to rows: read, keep the file, import each invoice on its own.

The screen and the command share it. Files are parsed and stored between transactions; each invoice then has one of
its own. A dry run does all of it and rolls back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from app.adapters.formats import read_file
from app.domain.companies import OpenCompany, open_company
from app.domain.foreign import ForeignInvoice, ForeignParty, Unreadable
from app.domain.importing import Imported, ImportInvoice, ImportVerdict, import_invoice
from app.errors import InvalidValue, Refusal
from app.installation import Installation
from app.money import euros
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.texts import _
from models import Company, StoredFile

MEDIA_TYPES = {"csv": "text/csv"}


@dataclass(frozen=True)
class Verdict:
    """What became of one invoice of one file, or of the whole file when ``number`` is empty.

    ``total`` is for people, ``amount`` the same for programs.
    """

    file: str
    number: str
    issuer: str
    customer: str
    total: str
    verdict: ImportVerdict
    detail: str
    document_id: int | None = field(default=None, compare=False)
    amount: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class TakeIn:
    """``company_id`` none lets each invoice go to the company whose tax id issued it."""

    name: str
    content: bytes
    company_id: int | None = None
    create_companies: bool = False
    dry_run: bool = False
    actor: Actor | None = None


class _Undo(Exception):
    """Carries the outcome of a dry run out of the transaction it undoes."""

    def __init__(self, outcome: Imported) -> None:
        super().__init__()
        self.outcome = outcome


def take_in(installation: Installation, command: TakeIn) -> Iterator[Verdict]:
    """One verdict per invoice of the file, in its order; one for the whole file when it is refused."""
    try:
        found = read_file(command.name, command.content)
    except Refusal as refusal:
        yield Verdict(command.name, "", "", "", "", ImportVerdict.REFUSED, str(refusal))
        return
    for invoice in found:
        yield _judge(installation, command, invoice)


def _judge(installation: Installation, command: TakeIn, invoice: ForeignInvoice | Unreadable) -> Verdict:
    if isinstance(invoice, Unreadable):
        return Verdict(command.name, invoice.number_text or "", "", "", "", ImportVerdict.REFUSED, invoice.reason)
    try:
        outcome = _import(installation, command, invoice)
    except Refusal as refusal:
        return _verdict(command, invoice, ImportVerdict.REFUSED, str(refusal))
    detail = _("Ya estaba importada.") if outcome.verdict is ImportVerdict.EXISTS else " ".join(outcome.notes)
    return _verdict(command, invoice, outcome.verdict, detail, outcome.document_id)


def _verdict(
    command: TakeIn, invoice: ForeignInvoice, verdict: ImportVerdict, detail: str, document_id: int | None = None
) -> Verdict:
    return Verdict(
        command.name,
        invoice.number_text,
        invoice.seller.tax_id,
        invoice.buyer.name,
        euros(invoice.total, invoice.currency),
        verdict,
        detail,
        document_id,
        format(invoice.total, ".2f"),
    )


def _import(installation: Installation, command: TakeIn, invoice: ForeignInvoice) -> Imported:
    company_id = command.company_id or _company_of(installation, command, invoice.seller)
    original, brought = _files(installation, command, invoice, company_id)

    def work(db: ScopedSession) -> Imported:
        outcome = import_invoice(db, ImportInvoice(invoice=invoice, original=original, brought_pdf=brought))
        if command.dry_run:
            raise _Undo(outcome)
        return outcome

    try:
        return installation.database.run(CompanyScope(company_id), work, command.actor)
    except _Undo as undo:
        return undo.outcome


def _files(
    installation: Installation, command: TakeIn, invoice: ForeignInvoice, company_id: int
) -> tuple[StoredFile | None, StoredFile | None]:
    if command.dry_run:
        return None, None
    keep = installation.storage.keep
    media_type = MEDIA_TYPES.get(invoice.format, "application/xml")
    original = keep(company_id, command.content, name=_safe_name(command.name), media_type=media_type)
    if invoice.attachment_pdf is None:
        return original, None
    name = f"{_safe_name(invoice.number_text)}.pdf"
    return original, keep(company_id, invoice.attachment_pdf, name=name, media_type="application/pdf")


def _safe_name(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(mark if mark.isalnum() or mark in " ._-" else "-" for mark in last).strip(" .")[:150] or "archivo"


def _company_of(installation: Installation, command: TakeIn, seller: ForeignParty) -> int:
    """The company whose tax id issued the invoice; made now, still to be reviewed, when the command says so."""
    if not seller.tax_id:
        raise InvalidValue(_("No dice quién la emite: indique la empresa con --company."))

    def find(db: ScopedSession) -> int | None:
        return db.scalar(select(Company.id).where(Company.tax_id == seller.tax_id))

    with installation.database.read(SYSTEM) as db:
        known = find(db)
    if known is not None:
        return known
    if not command.create_companies:
        raise InvalidValue(_("La emite %(nif)s, que no es ninguna empresa de aquí.") % {"nif": seller.tax_id})

    def create(db: ScopedSession) -> int:
        return find(db) or open_company(db, _as_seen(seller)).id

    return installation.database.run(SYSTEM, create, command.actor)


def _as_seen(seller: ForeignParty) -> OpenCompany:
    return OpenCompany(
        name=seller.name or seller.tax_id,
        tax_id=seller.tax_id,
        country=seller.country or "ES",
        address=seller.address,
        postcode=seller.postcode,
        city=seller.city,
        province=seller.province,
        phone=seller.phone,
    )
