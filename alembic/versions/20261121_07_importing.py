"""Invoices on their way in."""

import sqlalchemy as sa
from alembic import op

revision = "202611210107"
down_revision = "202611210106"


def upgrade() -> None:
    op.create_table(
        "import_runs",
        sa.Column(
            "stage",
            sa.Enum("reading", "ready", "taking", "done", "broken", name="importstage", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=40), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_import_runs_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_import_runs_company_id")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["staff_users.id"], name=op.f("fk_import_runs_confirmed_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_import_runs_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_import_runs_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_import_runs_waiting",
        "import_runs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("stage IN ('reading', 'taking')"),
        sqlite_where=sa.text("stage IN ('reading', 'taking')"),
    )
    op.create_table(
        "import_rows",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("created", "exists", "refused", name="importverdict", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("is_new_customer", sa.Boolean(), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_import_rows_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "run_id"],
            ["import_runs.company_id", "import_runs.id"],
            name=op.f("fk_import_rows_company_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_import_rows_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_import_rows_company_id_id")),
        sa.UniqueConstraint("company_id", "run_id", "position", name=op.f("uq_import_rows_company_id_run_id_position")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("import_rows")
    op.drop_table("import_runs")
