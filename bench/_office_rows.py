"""Companies, customers and invoices for the office's lists: varied states, names and publications, by bulk SQL."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.secrets import token_hash
from models import (
    Batch,
    Company,
    Contact,
    Document,
    DocumentEvent,
    DocumentTemplate,
    Membership,
    Publication,
    StaffSession,
    StaffUser,
    TemplateVersion,
)
from models.base import utc_now
from models.enums import BatchKind, DocumentKind, DocumentStatus, EventKind, Role
from models.types import Scaled

TOKEN = "banco-de-pruebas"
COMPANIES, CONTACTS = 20, 2_000
FIRST_DAY, DAYS = dt.date(2022, 1, 1), 1_780
UNPUBLISHED = 54
NAMES = (
    "Talleres Ródano", "Hotel Mirador", "Instalaciones Merino", "Panadería La Espiga", "Clínica Sotomayor",
    "Ayuntamiento de Villar", "Grupo Levante", "Farmacia Cuesta Real", "Transportes Núñez", "Autoescuela Nueva Ruta",
    "Inmobiliaria Puerta Norte", "Colegio Santa Brígida", "Restaurante Casa Olmedo", "Óptica Vega Alta",
    "Bodegas Artieda", "Ferretería El Tornillo", "Gimnasio Pulso", "Librería Alfil", "Imprenta Cano", "Viveros Soto",
)  # fmt: skip
FOLDED = str.maketrans("áéíóúÓñ", "aeiouon")
HIT, MISS = "rodano", "zzyzx"
_MOST_ROWS_AT_ONCE = 50_000

_documents: Any = Document.__table__
_contacts: Any = Contact.__table__


def fill(engine: sa.Engine, *, invoices: int, companies: int = COMPANIES) -> int:
    """So many invoices shared out among companies; the id of the one that somebody is signed in to."""
    with Session(engine.execution_options(writes=True)) as db, db.begin():
        ids = [_company(db, number) for number in range(1, companies + 1)]
        for company_id in ids:
            db.connection().execute(_insert_contacts(company_id))
    for company_id in ids:
        with Session(engine.execution_options(writes=True)) as db, db.begin():
            _invoices(db, company_id, invoices // companies)
    with Session(engine.execution_options(writes=True)) as db, db.begin():
        _sign_in(db, ids[companies // 2])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")
    return ids[companies // 2]


def _company(db: Session, number: int) -> int:
    company = Company(
        name=f"Suministros Tosma {number}, S.L.",
        tax_id=f"B{number:08d}",
        slug=f"tosma-{number}",
        slug_key=f"tosma-{number}",
        short_code=f"t{number}",
        confirmed_at=utc_now(),
    )
    db.add(company)
    db.flush()
    return company.id


def _sign_in(db: Session, company_id: int) -> None:
    user = StaffUser(email="marta@tosma.example", name="Marta Ruiz Ortega")
    db.add(user)
    db.flush()
    db.add(Membership(company_id=company_id, user_id=user.id, role=Role.ADMINISTRATOR))
    db.add(StaffSession(token_hash=token_hash(TOKEN), user_id=user.id, company_id=company_id, seen_at=utc_now()))


def _numbers(first: int, last: int) -> Any:
    begin = sa.select(sa.literal(first).label("n")).cte("numbers", recursive=True)
    return begin.union_all(sa.select(begin.c.n + 1).where(begin.c.n < last))


def _insert_contacts(company_id: int) -> Any:
    n = _numbers(1, CONTACTS).c.n
    text = sa.cast(n, sa.String)
    name = _one_of(n, [f"{name} " for name in NAMES]) + text
    folded = _one_of(n, [f"{name.translate(FOLDED).lower()} " for name in NAMES]) + text
    values = {
        "company_id": sa.literal(company_id),
        "code": text,
        "name": name,
        "tax_id": sa.literal("B87654323"),
        "email": sa.literal("compras") + text + sa.literal("@cliente.example"),
        "sort_key": folded,
        "search_key": folded + sa.literal(" b87654323 compras") + text + sa.literal("@cliente.example"),
    }
    return sa.insert(_contacts).from_select(list(values), sa.select(*values.values()))


def _invoices(db: Session, company_id: int, many: int) -> None:
    template = DocumentTemplate(company_id=company_id, name="Clásica", is_default=True)
    db.add(template)
    db.flush()
    version = TemplateVersion(company_id=company_id, template_id=template.id, number=1)
    batch = Batch(company_id=company_id, kind=BatchKind.PUBLISH, key="banco", selection="Todas", figures={})
    db.add_all([version, batch])
    db.flush()
    first_contact = db.scalar(sa.select(sa.func.min(Contact.id)).where(Contact.company_id == company_id)) or 1
    for first in range(1, many + 1, _MOST_ROWS_AT_ONCE):
        last = min(first + _MOST_ROWS_AT_ONCE - 1, many)
        db.connection().execute(_insert_invoices(db, company_id, first_contact, (first, last, many)))
    db.connection().execute(_publish(company_id, batch.id, version.id, many))
    db.connection().execute(_look(company_id))


def _insert_invoices(db: Session, company_id: int, first_contact: int, numbers: tuple[int, int, int]) -> Any:
    first, last, many = numbers
    n = _numbers(first, last).c.n
    day = _day(db, n * DAYS / many)
    status = _one_of(n, [DocumentStatus.PENDING, DocumentStatus.PAID, DocumentStatus.PAID, DocumentStatus.PART_PAID])
    contact = sa.literal(first_contact) + (n * 7) % CONTACTS
    total = sa.type_coerce(sa.literal(1000, sa.Integer) + n % 900_000, Scaled(2))
    values = {
        "company_id": sa.literal(company_id),
        "kind": sa.literal(DocumentKind.INVOICE, _documents.c.kind.type),
        "status": status,
        "contact_id": contact,
        "series_label": sa.literal("FV"),
        "number": n,
        "number_text": sa.literal("FV-") + sa.cast(n, sa.String),
        "sort_number": n,
        "issued_on": day,
        "due_on": _day(db, n * DAYS / many + 30),
        "buyer_name": sa.literal("Cliente ") + sa.cast(n % CONTACTS, sa.String),
        "base_total": total,
        "total": total,
        "payable": total,
    }
    return sa.insert(_documents).from_select(list(values), sa.select(*values.values()))


def _publish(company_id: int, batch_id: int, version_id: int, many: int) -> Any:
    values = {
        "company_id": _documents.c.company_id,
        "document_id": _documents.c.id,
        "contact_id": _documents.c.contact_id,
        "batch_id": sa.literal(batch_id),
        "template_version_id": sa.literal(version_id),
    }
    chosen = sa.select(*values.values()).where(
        _documents.c.company_id == company_id, _documents.c.number <= many - UNPUBLISHED
    )
    return sa.insert(Publication.__table__).from_select(list(values), chosen)  # type: ignore[arg-type]


def _look(company_id: int) -> Any:
    """A customer has seen one published invoice in three."""
    publications: Any = Publication.__table__
    values = {
        "company_id": publications.c.company_id,
        "document_id": publications.c.document_id,
        "contact_id": publications.c.contact_id,
        "kind": sa.literal(EventKind.VIEWED, DocumentEvent.__table__.c.kind.type),
    }
    chosen = sa.select(*values.values()).where(
        publications.c.company_id == company_id, publications.c.document_id % 3 == 0
    )
    return sa.insert(DocumentEvent.__table__).from_select(list(values), chosen)  # type: ignore[arg-type]


def _one_of(n: Any, values: list[Any]) -> Any:
    kind = _documents.c.status.type if isinstance(values[0], DocumentStatus) else sa.String()
    return sa.case(
        *((n % len(values) == place, sa.literal(value, kind)) for place, value in enumerate(values[:-1])),
        else_=sa.literal(values[-1], kind),
    )


def _day(db: Session, after: Any) -> Any:
    """So many days after the first one, as each database counts them."""
    days = sa.cast(after, sa.Integer)
    if db.get_bind().dialect.name == "sqlite":
        return sa.func.date(FIRST_DAY.isoformat(), sa.cast(days, sa.String) + sa.literal(" days"))
    return sa.cast(sa.literal(FIRST_DAY) + days, sa.Date)
