"""Templates, batches and publications."""

import sqlalchemy as sa
from alembic import op

revision = "202611210104"
down_revision = "202611210103"


def upgrade() -> None:
    op.create_table(
        "document_templates",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_document_templates_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_templates")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_document_templates_company_id_id")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_document_templates_company_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "template_versions",
        sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("accent", sa.String(length=40), nullable=False),
        sa.Column("logo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("columns", sa.String(length=40), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("legal_footer", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "logo_id"],
            ["stored_files.company_id", "stored_files.id"],
            name=op.f("fk_template_versions_company_id_logo_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "template_id"],
            ["document_templates.company_id", "document_templates.id"],
            name=op.f("fk_template_versions_company_id_template_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_template_versions_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_template_versions_company_id_id")),
        sa.UniqueConstraint(
            "company_id", "template_id", "number", name=op.f("uq_template_versions_company_id_template_id_number")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "batches",
        sa.Column(
            "kind",
            sa.Enum(
                "publish",
                "withdraw",
                "grant_access",
                "withdraw_access",
                "import",
                "send",
                name="batchkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "document_kind",
            sa.Enum(
                "quote",
                "sales_order",
                "work_order",
                "delivery_note",
                "invoice",
                "proforma",
                "purchase_order",
                name="documentkind",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("selection", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=200), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("template_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_figures", sa.JSON(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "template_version_id"],
            ["template_versions.company_id", "template_versions.id"],
            name=op.f("fk_batches_company_id_template_version_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_batches_company_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["staff_users.id"], name=op.f("fk_batches_undone_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_batches_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_batches_company_id_id")),
        sa.UniqueConstraint("company_id", "key", name=op.f("uq_batches_company_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_batches_company_id_kind_id"), "batches", ["company_id", "kind", "id"], unique=False)
    op.create_table(
        "publications",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("render_tries", sa.Integer(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_publications_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_publications_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_publications_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_files.company_id", "stored_files.id"],
            name=op.f("fk_publications_company_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "template_version_id"],
            ["template_versions.company_id", "template_versions.id"],
            name=op.f("fk_publications_company_id_template_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "withdrawn_by_batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_publications_company_id_withdrawn_by_batch_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_publications_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_publications_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_publications_company_id_batch_id_contact_id_document_id"),
        "publications",
        ["company_id", "batch_id", "contact_id", "document_id"],
        unique=False,
    )
    op.create_index(
        "ix_publications_of_contact",
        "publications",
        ["company_id", "contact_id", "document_id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(
        "ix_publications_past",
        "publications",
        ["company_id", "contact_id", "document_id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
        sqlite_where=sa.text("withdrawn_at IS NOT NULL"),
    )
    op.create_index(
        "ix_publications_to_render",
        "publications",
        ["company_id", "id"],
        unique=False,
        postgresql_where=sa.text("file_id IS NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("file_id IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_index(
        "ix_publications_withdrawn_by",
        "publications",
        ["company_id", "withdrawn_by_batch_id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_by_batch_id IS NOT NULL"),
        sqlite_where=sa.text("withdrawn_by_batch_id IS NOT NULL"),
    )
    op.create_index(
        "uq_publications_live",
        "publications",
        ["company_id", "document_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_table("batches")
    op.drop_table("template_versions")
    op.drop_table("document_templates")
