"""Bringing a database to the shape the models describe, and refusing one that is newer."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from models import Base

# Alembic takes a tenth of a start, and there is seldom anything for it to do.
if TYPE_CHECKING:
    from alembic.config import Config

ROOT = Path(__file__).parent.parent
VERSIONS = ROOT / "alembic" / "versions"


class NewerDatabase(Exception):
    """The database was migrated by a later version of this program."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"La base de datos es de una versión posterior de Ventanilla ({revision}). Actualice el programa."
        )


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Run what is missing, from an empty database too. Safe to repeat; two at once wait for each other.

    Raises ``NewerDatabase`` when the database knows revisions this program does not.
    """
    if is_current(engine):
        return
    from alembic import command

    with engine.execution_options(writes=True).begin() as connection:
        current = _revision(connection)
        if current is not None and not is_known(current):
            raise NewerDatabase(current)
        command.upgrade(_config(connection), "head")


def is_known(revision: str) -> bool:
    """Whether this program has that migration; otherwise a later one made the database."""
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def is_current(engine: Engine) -> bool:
    return revision_of(engine) == latest_revision()


@cache
def latest_revision() -> str:
    """The last migration's: they follow one another in the order of their names."""
    last = max(path for path in VERSIONS.iterdir() if path.suffix == ".py")
    found = re.search(r'^revision = "(\w+)"$', last.read_text(), re.MULTILINE)
    assert found is not None, last
    return found[1]


def differences(engine: Engine) -> list[object]:
    """What migrations and models disagree about; nothing, when all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
        )
