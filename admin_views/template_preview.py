"""A template on paper before it is saved: over the company's newest invoice or, without any, over a made-up one."""

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import asdict
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin_views.acting import reading
from admin_views.documents.page import inline_pdf
from admin_views.filters import whole
from admin_views.posted import sent_files
from admin_views.templating import render
from app import clock
from app.adapters.pdf import HEAVIEST_LOGO, normalise_logo
from app.domain.issuing import freeze_seller
from app.domain.templates import Look
from app.domain.terms import Due, write_dues
from app.domain.totals import settle
from app.errors import InvalidValue, NotFound
from app.rendering import drawn, printed
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import Company, Document, DocumentLine, Invoice, Publication, TemplateVersion
from models.enums import DocumentKind, DocumentStatus, Origin, TaxKind

# The page shows it in a frame of its own.
FRAMED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'"


class VersionRow(NamedTuple):
    id: int
    number: int
    created_at: dt.datetime
    published: int


def versions_of(db: ScopedSession, template_id: int) -> list[VersionRow]:
    """A template's versions, newest first, with how many documents customers see with each."""
    live = (
        select(func.count(Publication.id))
        .where(
            Publication.company_id == db.company_id,
            Publication.template_version_id == TemplateVersion.id,
            Publication.withdrawn_at.is_(None),
        )
        .correlate(TemplateVersion)
        .scalar_subquery()
    )
    found = db.execute(
        select(TemplateVersion.id, TemplateVersion.number, TemplateVersion.created_at, live)
        .where(TemplateVersion.company_id == db.company_id, TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.number.desc())
    )
    return [VersionRow(*row) for row in found]


def preview_typed(view: Any, request: Request) -> Response:
    """Runs in a thread."""
    installation = installation_of(request)
    with reading(request) as db:
        row_id = whole(request.query_params.get("of", ""))
        row = view.find(db, row_id) if row_id is not None else None
        form = view.make_form(db, request, row)
        form.validate()
        logo = None
        try:
            logo = _posted_logo(request)
        except InvalidValue as refusal:
            form.refuse(refusal)
        if form.problems:
            context = {"title": _("Vista previa"), "form": form}
            page = render(request, "admin/template/unprinted.html", context)
            return HTMLResponse(page, status_code=422, headers=_framed())
        look: Look = form.look(view._logo_id(db, row))
        sheet = drawn(installation, db, _sample(db), TemplateVersion(number=0, **asdict(look)), logo)
    return _shown(inline_pdf(printed(sheet)))


def preview_version(view: Any, request: Request) -> Response:
    """Runs in a thread."""
    installation = installation_of(request)
    with reading(request) as db:
        version_id = whole(request.path_params["version"])
        version = db.get(TemplateVersion, version_id) if version_id is not None else None
        if version is None:
            raise NotFound(_("esa plantilla"))
        sheet = drawn(installation, db, _sample(db), version)
    return _shown(inline_pdf(printed(sheet)))


def _posted_logo(request: Request) -> bytes | None:
    sent = sent_files(request, "logo")
    return normalise_logo(sent[0].file.read(HEAVIEST_LOGO + 1)) if sent else None


def _shown(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = FRAMED
    return answer


def _framed() -> dict[str, str]:
    own = "default-src 'none'; style-src 'self'; font-src 'self'; script-src 'self'; img-src 'self'"
    return {"Content-Security-Policy": f"{own}; base-uri 'none'; frame-ancestors 'self'"}


def _sample(db: ScopedSession) -> Document:
    newest = db.scalar(
        select(Invoice)
        .where(Invoice.status != DocumentStatus.DRAFT, Invoice.origin == Origin.OWN)
        .options(selectinload(Document.lines), selectinload(Document.taxes), selectinload(Document.dues))
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc())
        .limit(1)
    )
    return newest or _made_up(db.get_one(Company, db.company_id))


def _made_up(company: Company) -> Invoice:
    """An invoice that nobody issued, to look at."""
    today = clock.today()
    articles = (
        ("CU-2210", _("Cuadro eléctrico de 24 módulos"), "1", "612", "0"),
        ("CB-0625", _("Cable RZ1-K 3×6 mm²"), "85", "4.2", "5"),
        ("MO-01", _("Mano de obra, oficial de 1.ª"), "13", "35.5", "0"),
    )
    lines = [
        DocumentLine(
            company_id=company.id,
            code=code,
            concept=concept,
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            discount_rate=Decimal(discount),
            tax_kind=TaxKind.VAT,
            tax_rate=Decimal(21),
            surcharge_rate=Decimal(0),
            exemption="",
        )
        for code, concept, quantity, price, discount in articles
    ]
    invoice = Invoice(
        company_id=company.id,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.PENDING,
        number_text=f"FV{today:%y}-0123",
        issued_on=today,
        buyer_name=_("Cliente de ejemplo, S.L."),
        buyer_tax_id="B12345674",
        buyer_address="C/ Tejedores, 8\n28045 Madrid",
        currency="EUR",
        notes="",
        mentions="",
        discount_rate=Decimal(0),
        withholding_rate=Decimal(0),
        lines=lines,
    )
    freeze_seller(invoice, company)
    settle(invoice)
    write_dues(invoice, [Due(day=today + dt.timedelta(days=30), amount=invoice.payable)])
    return invoice
