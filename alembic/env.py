"""Runs migrations over the connection that ``app.migrations`` hands in."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from models import Base
from models.types import Moment, Scaled


def plain_types(kind: str, value: Any, autogen: AutogenContext) -> str | bool:
    """Migrations name the database's own types, never ours, so that they outlive the models."""
    if kind == "type" and isinstance(value, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, Scaled):
        return "sa.BigInteger()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
