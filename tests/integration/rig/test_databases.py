"""Databases of the rig: clean, migrated, and visible to every connection."""

import pytest
from sqlalchemy import Engine, inspect, select, text

from app.db import make_engine
from app.scope import ScopedSession
from models import Company, Contact


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_with_a_clean_database(system_db: ScopedSession, turn: int) -> None:
    system_db.add(Company(name=f"{turn}", tax_id="B12345674", slug="Uno", slug_key="uno", short_code="uno"))

    system_db.commit()

    assert system_db.execute(select(Company.id, Company.name)).all() == [(1, f"{turn}")]


def test_other_connections_see_what_was_committed(db: ScopedSession, engine: Engine, company: Company) -> None:
    db.add(Contact(code="1", name="Ana"))
    db.commit()

    with engine.connect() as other:
        seen = other.scalar(text("SELECT count(*) FROM contacts WHERE company_id = :id"), {"id": company.id})

    assert seen == 1


def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)

    assert inspect(engine).get_table_names() == []

    engine.dispose()


def test_statements_are_recorded(db: ScopedSession, statements: list[str]) -> None:
    db.scalars(select(Contact)).all()
    db.get(Contact, 5)

    assert [sql.split()[0] for sql in statements] == ["SELECT", "SELECT"]
