"""Invoice files from outside, from bytes to rows: read, keep the file, import each invoice on its own.

The screen and the command share it. Files are parsed and stored between transactions; each invoice then has one of
its own. A dry run does all of it and rolls back.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.adapters.formats import read_file
from app.domain.companies import OpenCompany, open_company
from app.domain.fields import is_spanish_tax_id
from app.domain.folding import fold
from app.domain.foreign import ForeignInvoice, ForeignParty, Unreadable
from app.domain.importing import Imported, ImportInvoice, import_invoice
from app.errors import InvalidValue, Refusal
from app.installation import Installation
from app.money import euros
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.texts import _
from app.verdicts import Foresight, Verdict
from models import Company, StoredFile
from models.enums import ImportVerdict

log = logging.getLogger(__name__)

MEDIA_TYPES = {"csv": "text/csv"}
TRIES = 8
UNEXPECTED = "No se puede importar. El porqué está en el registro de la instalación."


class TakeIn(Struct, frozen=True, kw_only=True):
    """``company_id`` none lets each invoice go to the company whose tax id issued it.

    ``skip``: so many invoices at the beginning of the file have been dealt with before. ``foresight`` is shared by the
    files of one dry run. ``most``: a file with more is refused whole.
    """

    name: str
    content: bytes
    company_id: int | None = None
    create_companies: bool = False
    dry_run: bool = False
    foresight: Foresight = field(default_factory=Foresight)
    actor: Actor | None = None
    skip: int = 0
    most: int | None = None


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
        if not command.skip:
            yield Verdict(command.name, "", "", "", "", ImportVerdict.REFUSED, str(refusal))
        return
    except (ArithmeticError, ValueError):
        log.exception("a file cannot be read")
        if not command.skip:
            yield Verdict(command.name, "", "", "", "", ImportVerdict.REFUSED, _(UNEXPECTED))
        return
    if command.most is not None and len(found) > command.most:
        sentence = _("Trae %(n)s facturas y aquí se admiten %(most)s de una vez: repártalas en varios archivos.")
        told = sentence % {"n": len(found), "most": command.most}
        yield Verdict(command.name, "", "", "", "", ImportVerdict.REFUSED, told)
        return
    originals: dict[int, StoredFile] = {}
    for invoice in found[command.skip :]:
        verdict = replace(_judge(installation, command, invoice, originals), count=len(found))
        yield command.foresight.amend(verdict, command.company_id or verdict.issuer) if command.dry_run else verdict


def _judge(
    installation: Installation,
    command: TakeIn,
    invoice: ForeignInvoice | Unreadable,
    originals: dict[int, StoredFile],
) -> Verdict:
    if isinstance(invoice, Unreadable):
        return Verdict(command.name, invoice.number_text or "", "", "", "", ImportVerdict.REFUSED, invoice.reason)
    if command.create_companies:
        invoice = _with_doubts(invoice)
    try:
        outcome = _import(installation, command, invoice, originals)
    except Refusal as refusal:
        return _verdict(command, invoice, ImportVerdict.REFUSED, str(refusal))
    except OperationalError:
        raise  # the database is away, which says nothing of the invoice
    except (ArithmeticError, ValueError, DBAPIError):
        log.exception("an invoice cannot be imported", extra={"number": invoice.number_text})
        return _verdict(command, invoice, ImportVerdict.REFUSED, _(UNEXPECTED))
    detail = _("Ya estaba importada.") if outcome.verdict is ImportVerdict.EXISTS else " ".join(outcome.notes)
    return replace(
        _verdict(command, invoice, outcome.verdict, detail),
        document_id=outcome.document_id,
        notes=outcome.notes,
        is_new_customer=outcome.is_new_customer,
    )


def _verdict(command: TakeIn, invoice: ForeignInvoice, verdict: ImportVerdict, detail: str) -> Verdict:
    buyer = invoice.buyer
    return Verdict(
        command.name,
        invoice.number_text,
        invoice.seller.tax_id,
        buyer.name,
        euros(invoice.total, invoice.currency),
        verdict,
        detail,
        amount=format(invoice.total, ".2f"),
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        customer_key=buyer.tax_id or f"{fold(buyer.name)} {buyer.postcode}",
    )


def _import(
    installation: Installation, command: TakeIn, invoice: ForeignInvoice, originals: dict[int, StoredFile]
) -> Imported:
    """Looks again when somebody else made the same company at this very moment."""
    for _attempt in range(TRIES - 1):
        with suppress(IntegrityError):
            return _import_once(installation, command, invoice, originals)
    return _import_once(installation, command, invoice, originals)


def _import_once(
    installation: Installation, command: TakeIn, invoice: ForeignInvoice, originals: dict[int, StoredFile]
) -> Imported:
    company_id = command.company_id or _company_of(installation, command, invoice.seller)
    if company_id is None and command.dry_run:
        return _imagine(installation, invoice)
    if company_id is None:
        company_id = _make_company(installation, command, invoice.seller)
    original = brought = None
    if not command.dry_run:
        original = originals.get(company_id) or _keep_original(installation, command, invoice, company_id)
        originals[company_id] = original
        brought = _keep_brought(installation, invoice, company_id)

    def work(db: ScopedSession) -> Imported:
        outcome = import_invoice(db, ImportInvoice(invoice=invoice, original=original, brought_pdf=brought))
        if command.dry_run:
            raise _Undo(outcome)
        return outcome

    try:
        return installation.database.run(CompanyScope(company_id), work, command.actor)
    except _Undo as undo:
        return undo.outcome


def _keep_original(installation: Installation, command: TakeIn, invoice: ForeignInvoice, company_id: int) -> StoredFile:
    media_type = MEDIA_TYPES.get(invoice.format, "application/xml")
    return installation.storage.keep(company_id, command.content, name=safe_name(command.name), media_type=media_type)


def _keep_brought(installation: Installation, invoice: ForeignInvoice, company_id: int) -> StoredFile | None:
    if invoice.attachment_pdf is None:
        return None
    name = f"{safe_name(invoice.number_text)}.pdf"
    return installation.storage.keep(company_id, invoice.attachment_pdf, name=name, media_type="application/pdf")


def safe_name(name: str) -> str:
    """The last part of a file's name, with nothing in it that a file system or a header could take amiss."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(mark if mark.isalnum() or mark in " ._-" else "-" for mark in last).strip(" .")[:150] or "archivo"


def _company_of(installation: Installation, command: TakeIn, seller: ForeignParty) -> int | None:
    """The company whose tax id issued the invoice; none when the command says to make it. Raises ``InvalidValue``."""
    if not seller.tax_id:
        raise InvalidValue(_("No dice quién la emite: indique la empresa con --company."))
    with installation.database.read(SYSTEM) as db:
        known = _find_company(db, seller)
    if known is None and not command.create_companies:
        raise InvalidValue(_("La emite %(nif)s, que no es ninguna empresa de aquí.") % {"nif": seller.tax_id})
    return known


def _with_doubts(invoice: ForeignInvoice) -> ForeignInvoice:
    """A company made of a tax id that its own form would refuse waits for its review with a word about it."""
    seller = invoice.seller
    if seller.country not in ("", "ES") or is_spanish_tax_id(seller.tax_id):
        return invoice
    doubt = _("El NIF del emisor, %(nif)s, no es correcto: corríjalo al revisar la empresa.") % {"nif": seller.tax_id}
    return replace(invoice, notes_on_reading=(*invoice.notes_on_reading, doubt))


def _find_company(db: ScopedSession, seller: ForeignParty) -> int | None:
    return db.scalar(select(Company.id).where(Company.tax_id == seller.tax_id))


def _make_company(installation: Installation, command: TakeIn, seller: ForeignParty) -> int:
    def make(db: ScopedSession) -> int:
        if (known := _find_company(db, seller)) is not None:
            return known
        try:
            return open_company(db, _as_seen(seller)).id
        except InvalidValue:  # somebody has made it since we looked
            if (known := _find_company(db, seller)) is None:
                raise
            return known

    return installation.database.run(SYSTEM, make, command.actor)


def _imagine(installation: Installation, invoice: ForeignInvoice) -> Imported:
    """A dry run for a company that is still to be made: both in one transaction, which is undone."""
    database = installation.database
    engine = database.engine.execution_options(writes=True)
    with engine.connect() as connection, connection.begin() as undone:
        with database.writes(scope=SYSTEM, bind=connection) as db:
            company_id = open_company(db, _as_seen(invoice.seller)).id
            db.commit()  # of the session's part only: the connection's transaction goes on
        with database.writes(scope=CompanyScope(company_id), bind=connection) as db:
            outcome = import_invoice(db, ImportInvoice(invoice=invoice))
            db.commit()
        undone.rollback()
    return outcome


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
