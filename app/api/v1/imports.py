"""Invoices issued by another program: a file comes in, each invoice gets a verdict."""

import datetime as dt
from typing import Annotated

from msgspec import Struct

from app.api.endpoint import Call, working
from app.api.fields import Line, Query, Switch
from app.api.spelling import Ref, maybe_ref
from app.intake import TakeIn, safe_name, take_in
from app.verdicts import Verdict
from models.enums import ApiScope, ImportVerdict

TAG = ("imports", "Importar facturas")
LARGEST_FILE = 20 * 1024 * 1024
MOST_INVOICES = 500
LEASE = dt.timedelta(minutes=5)
MEDIA_TYPES = ("application/xml", "text/xml", "text/csv", "application/octet-stream")


class ImportedInvoice(Struct, kw_only=True):
    """What became of one invoice, or of the whole file when ``number`` is empty. ``detail`` says why, in Spanish."""

    number: str
    verdict: ImportVerdict
    detail: str
    document_id: Ref | None
    issuer: str
    customer: str
    amount: str
    currency: str
    issued_on: dt.date | None
    is_new_customer: bool


class ImportDone(Struct, kw_only=True):
    created: int
    exists: int
    refused: int
    invoices: list[ImportedInvoice]


class ImportQuery(Query):
    """``dry_run``: says what would happen and does nothing."""

    name: Annotated[str, Line(200)] = "factura"
    dry_run: Switch = False


@working(
    "POST",
    "/imports",
    summary="Importa un archivo Facturae, UBL o CSV con sus facturas; lo que ya estaba se queda como está",
    scope=ApiScope.ISSUE,
    query=ImportQuery,
    answer=ImportDone,
    media_types=MEDIA_TYPES,
    largest_body=LARGEST_FILE,
    lease=LEASE,
)
def create(call: Call) -> ImportDone:
    asked: ImportQuery = call.query
    command = TakeIn(
        name=safe_name(asked.name),
        content=call.content,
        company_id=call.program.company_id,
        dry_run=asked.dry_run,
        actor=call.actor,
        most=MOST_INVOICES,
    )
    verdicts = list(take_in(call.installation, command))
    counts = {verdict: sum(one.verdict is verdict for one in verdicts) for verdict in ImportVerdict}
    return ImportDone(
        created=counts[ImportVerdict.CREATED],
        exists=counts[ImportVerdict.EXISTS],
        refused=counts[ImportVerdict.REFUSED],
        invoices=[_imported(one, is_real=not asked.dry_run) for one in verdicts],
    )


def _imported(verdict: Verdict, *, is_real: bool) -> ImportedInvoice:
    """A rehearsal leaves no document behind: what it made has no id any more."""
    is_there = is_real or verdict.verdict is ImportVerdict.EXISTS
    return ImportedInvoice(
        number=verdict.number,
        verdict=verdict.verdict,
        detail=verdict.detail,
        document_id=maybe_ref(verdict.document_id) if is_there else None,
        issuer=verdict.issuer,
        customer=verdict.customer,
        amount=verdict.amount,
        currency=verdict.currency,
        issued_on=verdict.issued_on,
        is_new_customer=verdict.is_new_customer,
    )


endpoints = (create,)
