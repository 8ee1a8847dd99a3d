"""The two companies of the sample, their people, their look and what they sell."""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import select

from app.demo.catalogue import Article
from app.demo.logo import logo
from app.demo.rows import insert_all
from app.domain.companies import OpenCompany, open_company
from app.domain.folding import fold
from app.domain.kinds import KINDS
from app.domain.templates import default_version
from app.installation import Installation
from app.scope import ScopedSession
from models import (
    Company,
    MailAccount,
    Membership,
    Product,
    Series,
    StaffUser,
    StoredFile,
    TemplateVersion,
)
from models.enums import DocumentKind, MailSecurity, Role

ADMIN_EMAIL = "marta@tosma.example"


class Sample(Struct, frozen=True, kw_only=True):
    """What distinguishes one sample company from the other."""

    opening: OpenCompany
    trade_name: str
    iban: str
    website: str
    registration: str
    accent: str
    withholding: Decimal = Decimal(0)


TOSMA = Sample(
    opening=OpenCompany(
        name="Electricidad Tosma, S.L.",
        tax_id="B28991222",
        address="C/ Ebanistas, 14, nave 3",
        postcode="28500",
        city="Arganda del Rey",
        province="Madrid",
        phone="918700000",
        email="oficina@tosma.example",
        slug="Tosma_SL",
    ),
    trade_name="Tosma",
    iban="ES3509990001780000012345",
    website="www.tosma.example",
    registration="Registro Mercantil de Madrid, tomo 12.345, folio 67, hoja M-98.765, inscripción 1.ª",
    accent="#1f5f8b",
)
FERRER = Sample(
    opening=OpenCompany(
        name="Lucía Ferrer Ibáñez",
        tax_id="99123456B",
        address="Plaza de la Villa, 5, 2.º B",
        postcode="28802",
        city="Alcalá de Henares",
        province="Madrid",
        phone="918800000",
        email="lucia@ferrer.example",
        slug="Ferrer_Ingenieria",
    ),
    trade_name="Ferrer Ingeniería",
    iban="ES5609990001730000067890",
    website="www.ferrer.example",
    registration="Colegiada n.º 12345 del Colegio Oficial de Graduados e Ingenieros Técnicos Industriales de Madrid",
    accent="#2f6b4f",
    withholding=Decimal(15),
)
# Name, e-mail and role in each of the two companies.
STAFF = (
    ("Marta Ruiz Ortega", ADMIN_EMAIL, Role.ADMINISTRATOR, Role.ADMINISTRATOR),
    ("Javier Sanz Prieto", "javier@tosma.example", Role.INVOICING, None),
    ("Elena Vidal Roca", "elena@asesoriavidal.example", Role.READER, Role.READER),
)


def open_companies(db: ScopedSession, years: tuple[int, ...], now: dt.datetime) -> list[Company]:
    """Both, with their series of every year. Needs a session of the whole installation."""
    companies = []
    for sample in (TOSMA, FERRER):
        opening = {name: getattr(sample.opening, name) for name in OpenCompany.__struct_fields__}
        company = open_company(db, OpenCompany(**opening | {"confirmed_at": now, "first_year": years[-1]}))
        for name in ("trade_name", "iban", "website", "registration", "accent"):
            setattr(company, name, getattr(sample, name))
        company.opening_hours = "de lunes a viernes, de 8:00 a 15:00"
        # At first they only invoiced with it.
        db.add_all(_series(company, years[0], [DocumentKind.INVOICE]))
        db.add_all(_series(company, years[1], KINDS))
        companies.append(company)
    db.flush()
    return companies


def hire(db: ScopedSession, companies: list[Company], password_hash: str) -> StaffUser:
    """The people of the office. Only the administrator's password is known to anybody."""
    for name, email, *roles in STAFF:
        user = StaffUser(name=name, email=email, password_hash=password_hash if email == ADMIN_EMAIL else "")
        db.add(user)
        db.flush()
        db.add_all(
            Membership(company_id=company.id, user_id=user.id, role=role)
            for company, role in zip(companies, roles, strict=True)
            if role is not None
        )
    db.flush()
    return db.scalars(select(StaffUser).where(StaffUser.email == ADMIN_EMAIL)).one()


def draw_logo(installation: Installation, company_id: int) -> StoredFile:
    """Keeps the file; its row is still to be added. Files come before rows."""
    return installation.storage.keep(company_id, logo(), name="logotipo.png", media_type="image/png")


def furnish(db: ScopedSession, company: Company, sample: Sample, logo_file: StoredFile | None) -> TemplateVersion:
    """Its template with logo and legal footer, and its mail account."""
    if logo_file is not None:
        db.add(logo_file)
        db.flush()
        company.logo_id = logo_file.id
    version = default_version(db)
    version.accent, version.logo_id = sample.accent, logo_file.id if logo_file else None
    version.legal_footer = sample.registration
    db.add(
        MailAccount(
            company_id=company.id,
            sender_name=sample.trade_name,
            sender_email=sample.opening.email,
            host="smtp." + sample.opening.email.partition("@")[2],
            port=587,
            security=MailSecurity.STARTTLS,
        )
    )
    db.flush()
    return version


def stock(db: ScopedSession, company: Company, articles: list[Article], created_at: dt.datetime) -> None:
    insert_all(
        db,
        [
            Product(
                company_id=company.id,
                code=article.code,
                name=article.name,
                unit_price=article.price,
                tax_rate=Decimal(21),
                search_key=fold(f"{article.code} {article.name}"),
                created_at=created_at,
            )
            for article in articles
        ],
    )


def _series(company: Company, year: int, kinds: Iterable[DocumentKind]) -> Iterator[Series]:
    """Those of a year gone by."""
    for kind in kinds:
        code, name = KINDS[kind].series_code, KINDS[kind].words.plural_title
        yield Series(company_id=company.id, kind=kind, code=code, year=year, label=f"{code}{year % 100:02d}", name=name)
