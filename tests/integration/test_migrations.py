"""Migrations and models describe the same database, to the last rule."""

from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from app.db import make_engine
from app.migrations import _config, differences, latest_revision
from models import Base
from tests.conftest import KINDS

BOTH = pytest.mark.parametrize(("database_url", "empty_database_url"), [(kind, kind) for kind in KINDS], indirect=True)


def rules(engine: Engine) -> dict[str, Any]:
    """What comparing columns does not see: the text of checks, whole foreign keys, the conditions of indexes."""
    found, kind = inspect(engine), engine.dialect.name
    return {
        table: {
            "checks": {check["name"]: check["sqltext"] for check in found.get_check_constraints(table)},
            "keys": {key["name"]: key for key in found.get_foreign_keys(table)},
            "indexes": {
                index["name"]: (
                    index["column_names"],
                    bool(index["unique"]),
                    str(index.get("dialect_options", {}).get(f"{kind}_where", "")),
                )
                for index in found.get_indexes(table)
            },
            "unique": {one["name"]: one["column_names"] for one in found.get_unique_constraints(table)},
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


@BOTH
def test_a_migrated_database_is_as_the_models_say(engine: Engine, empty_database_url: str) -> None:
    by_models = make_engine(empty_database_url)
    Base.metadata.create_all(by_models)

    assert differences(engine) == []
    assert rules(engine) == rules(by_models)
    by_models.dispose()


def test_the_last_migration_is_known_without_the_library():
    assert latest_revision() == ScriptDirectory.from_config(_config()).get_current_head()
