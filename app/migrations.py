"""Bringing a database to the shape the models describe, and refusing one that is newer."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from models import Base

ROOT = Path(__file__).parent.parent


class NewerDatabase(Exception):
    """The database was migrated by a later version of this program."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"La base de datos es de una versión posterior de Ventanilla ({revision}). Actualice el programa."
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Run what is missing, from an empty database too. Safe to repeat; two at once wait for each other.

    Raises ``NewerDatabase`` when the database knows revisions this program does not.
    """
    with engine.execution_options(writes=True).begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and not is_known(current):
            raise NewerDatabase(current)
        command.upgrade(_config(connection), "head")


def is_known(revision: str) -> bool:
    """Whether this program has that migration; otherwise a later one made the database."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: Engine) -> bool:
    return revision_of(engine) == ScriptDirectory.from_config(_config()).get_current_head()


def differences(engine: Engine) -> list[object]:
    """What migrations and models disagree about; nothing, when all is well."""
    with engine.connect() as connection:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
        )
