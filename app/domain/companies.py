"""Opening a company in this installation, with what it needs to work on the first day."""

import datetime as dt
import re
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import func, select

from app.domain.fields import RESERVED_SLUGS
from app.domain.folding import fold
from app.domain.kinds import KINDS
from app.domain.numbering import first_free
from app.errors import InvalidValue
from app.scope import ScopedSession
from app.texts import _
from models import Company, CompanySlug, DocumentTemplate, Series, TaxRate, TemplateVersion
from models.enums import DocumentKind, TaxKind

# General, reduced and super-reduced IVA with their equivalence surcharges: arts. 90, 91 and 161 LIVA.
_EXEMPT_SINCE = dt.date(1993, 1, 1)
_LAW = "de la Ley 37/1992"
_RATES = (
    ("IVA 21 %", "21", "5.2", "", dt.date(2012, 9, 1)),
    ("IVA 10 %", "10", "1.4", "", dt.date(2012, 9, 1)),
    ("IVA 4 %", "4", "0.5", "", dt.date(1995, 1, 1)),
    ("Exento (art. 20)", "0", "0", f"Operación exenta de IVA, art. 20 {_LAW}", _EXEMPT_SINCE),
    ("Entrega intracomunitaria", "0", "0", f"Operación exenta de IVA, art. 25 {_LAW}", _EXEMPT_SINCE),
    ("Exportación", "0", "0", f"Operación exenta de IVA, art. 21 {_LAW}", _EXEMPT_SINCE),
    ("Inversión del sujeto pasivo", "0", "0", f"Inversión del sujeto pasivo, art. 84 {_LAW}", _EXEMPT_SINCE),
)
CORRECTIVE_CODE = "R"

_COPIED = (
    *("name", "tax_id", "country", "address", "postcode", "city", "province", "phone", "email"),
    "confirmed_at",
)


class OpenCompany(Struct, frozen=True, kw_only=True):
    """``confirmed_at`` none opens it *pendiente de revisar*: an import made it, nobody has looked at it yet."""

    name: str
    tax_id: str
    country: str = "ES"
    address: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    phone: str = ""
    email: str = ""
    slug: str = ""
    confirmed_at: dt.datetime | None = None
    first_year: int | None = None


def open_company(db: ScopedSession, command: OpenCompany) -> Company:
    """Create a company with tax rates and a template; with ``first_year``, also its series for that year.

    Needs a session of the whole installation. Raises ``InvalidValue`` when its tax id is already here.
    """
    if db.scalar(select(Company.id).where(Company.tax_id == command.tax_id)) is not None:
        raise InvalidValue(_("Ya hay una empresa con ese NIF."), field="tax_id")
    slug = _free_slug(db, command.slug or command.name)
    company = Company(
        slug=slug,
        slug_key=slug.lower(),
        short_code=_short_code(db),
        **{name: getattr(command, name) for name in _COPIED},
    )
    db.add(company)
    db.flush()
    _furnish(db, company, command.first_year)
    db.flush()
    return company


def slug_is_free(db: ScopedSession, slug: str, company_id: int | None = None) -> bool:
    """Nobody else has, or has had, this address."""
    key = slug.lower()
    others = select(Company.id).where(Company.slug_key == key, Company.id != (company_id or 0))
    former = select(CompanySlug.id).where(CompanySlug.slug_key == key, CompanySlug.company_id != (company_id or 0))
    return key not in RESERVED_SLUGS and db.scalar(others) is None and db.scalar(former) is None


def _free_slug(db: ScopedSession, wanted: str) -> str:
    plain = wanted if re.fullmatch(r"[A-Za-z0-9_-]{3,40}", wanted) else fold(wanted)
    base = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:34] or "empresa"
    base = base if len(base) >= 3 else f"empresa-{base}"
    candidates = (base if turn == 1 else f"{base}-{turn}" for turn in range(1, 100_000))
    return next(candidate for candidate in candidates if slug_is_free(db, candidate))


def _short_code(db: ScopedSession) -> str:
    """What tokens and keys of this company begin with, so that they can be looked up inside it."""
    return f"e{(db.scalar(select(func.max(Company.id))) or 0) + 1}"


def _furnish(db: ScopedSession, company: Company, year: int | None) -> None:
    db.add_all(
        TaxRate(
            company_id=company.id,
            kind=TaxKind.VAT,
            name=name,
            rate=Decimal(rate),
            surcharge_rate=Decimal(surcharge),
            exemption=exemption,
            valid_from=since,
        )
        for name, rate, surcharge, exemption, since in _RATES
    )
    template = DocumentTemplate(company_id=company.id, name=_("Clásica"), is_default=True)
    db.add(template)
    db.flush()
    db.add(TemplateVersion(company_id=company.id, template_id=template.id, number=1, accent=company.accent))
    if year is not None:
        open_series(db, company, year)


def open_series(db: ScopedSession, company: Company, year: int) -> None:
    """A year's series: one for each kind of document, and one for what corrects invoices. After what was imported."""
    plain = [(kind, each.series_code, _(each.words.plural_title)) for kind, each in KINDS.items()]
    corrective = (DocumentKind.INVOICE, CORRECTIVE_CODE, _("Facturas rectificativas"))
    for kind, code, name in (*plain, corrective):
        label = f"{code}{year % 100:02d}"
        first = first_free(db, company.id, kind, label)
        db.add(
            Series(
                company_id=company.id,
                kind=kind,
                code=code,
                year=year,
                label=label,
                name=name,
                first_number=first,
                next_number=first,
                is_default=code != CORRECTIVE_CODE,
                is_corrective=code == CORRECTIVE_CODE,
            )
        )
