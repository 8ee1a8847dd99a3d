"""A company with as many contacts and issued invoices as asked for, written by the database itself."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Company, Contact, Document, DocumentTemplate, TemplateVersion
from models.base import utc_now
from models.enums import DocumentKind, DocumentStatus, Origin
from models.types import Scaled

FIRST_DAY = dt.date(2025, 1, 1)
IN_DEFAULT = Decimal("121.00")


def fill(engine: sa.Engine, *, invoices: int, contacts: int) -> int:
    """The new company's id. Every contact has an e-mail of its own and nobody has access yet."""
    with Session(engine.execution_options(writes=True)) as db, db.begin():
        company = Company(
            name="Suministros Tosma, S.L.",
            tax_id="B12345674",
            slug="Tosma",
            slug_key="tosma",
            short_code="tosma",
            confirmed_at=utc_now(),
        )
        db.add(company)
        db.flush()
        template = DocumentTemplate(company_id=company.id, name="Clásica", is_default=True)
        db.add(template)
        db.flush()
        db.add(TemplateVersion(company_id=company.id, template_id=template.id, number=1))
        db.connection().execute(_insert_contacts(company.id, contacts))
        db.connection().execute(_insert_invoices(company.id, invoices, contacts))
        company_id = company.id
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Only what has rows: PostgreSQL would take what it has seen empty for empty, and read it whole ever after.
        for table in ("contacts", "documents"):
            connection.exec_driver_sql(f"ANALYZE {table}")
    return company_id


def _numbers(most: int) -> Any:
    first = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    return first.union_all(sa.select(first.c.n + 1).where(first.c.n < most))


def _insert_contacts(company_id: int, most: int) -> Any:
    n = _numbers(most).c.n
    text = sa.cast(n, sa.String)
    rows = sa.select(
        sa.literal(company_id),
        text,
        sa.literal("Instalaciones Merino ") + text,
        sa.literal("compras") + text + sa.literal("@merino.example"),
        sa.literal("instalaciones merino ") + text,
        sa.literal("instalaciones merino ") + text,
    )
    names = ["company_id", "code", "name", "email", "sort_key", "search_key"]
    return sa.insert(Contact.__table__).from_select(names, rows)  # type: ignore[arg-type]


def _insert_invoices(company_id: int, most: int, contacts: int) -> Any:
    n = _numbers(most).c.n
    first = sa.select(sa.func.min(Contact.id)).where(Contact.company_id == company_id).scalar_subquery()
    day = sa.case(
        *((n % 365 == number, sa.literal(FIRST_DAY + dt.timedelta(days=number))) for number in range(1, 365)),
        else_=sa.literal(FIRST_DAY),
    )
    values = {
        "company_id": sa.literal(company_id),
        "kind": sa.literal(DocumentKind.INVOICE, Document.__table__.c.kind.type),
        "status": sa.literal(DocumentStatus.PENDING, Document.__table__.c.status.type),
        "origin": sa.literal(Origin.IMPORTED, Document.__table__.c.origin.type),
        "contact_id": first + n % contacts,
        "series_label": sa.literal("FV25"),
        "number": n,
        "number_text": sa.literal("FV25-") + sa.cast(n, sa.String),
        "sort_number": n,
        "search_key": sa.literal("fv25-") + sa.cast(n, sa.String),
        "issued_on": day,
        "base_total": sa.literal(Decimal("100.00"), Scaled(2)),
        "tax_total": sa.literal(Decimal("21.00"), Scaled(2)),
        "total": sa.literal(IN_DEFAULT, Scaled(2)),
        "payable": sa.literal(IN_DEFAULT, Scaled(2)),
    }
    return sa.insert(Document.__table__).from_select(list(values), sa.select(*values.values()))  # type: ignore[arg-type]
