"""Documents of all kinds with their lines, taxes, due dates and attachments."""

import sqlalchemy as sa
from alembic import op

revision = "202611210103"
down_revision = "202611210102"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column(
            "kind",
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
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "issued",
                "pending",
                "part_paid",
                "paid",
                "returned",
                "accepted",
                "rejected",
                "superseded",
                "confirmed",
                "delivered",
                "invoiced",
                "done",
                "received",
                "cancelled",
                name="documentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("origin", sa.Enum("own", "imported", name="origin", native_enum=False, length=32), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("series_label", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "number_text",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("sort_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("operation_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("draft_key", sa.String(length=40), nullable=True),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("seller_tax_id", sa.String(length=40), nullable=False),
        sa.Column("seller_address", sa.Text(), nullable=False),
        sa.Column("seller_contact", sa.Text(), nullable=False),
        sa.Column("seller_registration", sa.Text(), nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_tax_id", sa.String(length=40), nullable=False),
        sa.Column("buyer_address", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("discount_rate", sa.BigInteger(), nullable=False),
        sa.Column("withholding_rate", sa.BigInteger(), nullable=False),
        sa.Column("has_surcharge", sa.Boolean(), nullable=False),
        sa.Column("lines_total", sa.BigInteger(), nullable=False),
        sa.Column("discount_total", sa.BigInteger(), nullable=False),
        sa.Column("base_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("withheld_total", sa.BigInteger(), nullable=False),
        sa.Column("payable", sa.BigInteger(), nullable=False),
        sa.Column("collected", sa.BigInteger(), nullable=False),
        sa.Column(
            "payment_method",
            sa.Enum(
                "transfer",
                "direct_debit",
                "cash",
                "card",
                "cheque",
                "other",
                name="paymentmethod",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("corrects_text", sa.String(length=200), nullable=False),
        sa.Column("correction_reason", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Text(), nullable=False),
        sa.Column("internal_notes", sa.Text(), nullable=False),
        sa.Column("source_note", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'quote' AND status IN ('draft', 'issued', 'accepted', 'rejected', 'superseded')) OR (kind = 'sales_order' AND status IN ('draft', 'issued', 'confirmed', 'delivered', 'cancelled')) OR (kind = 'work_order' AND status IN ('draft', 'issued', 'done', 'cancelled')) OR (kind = 'delivery_note' AND status IN ('draft', 'issued', 'delivered', 'invoiced', 'cancelled')) OR (kind = 'invoice' AND status IN ('draft', 'issued', 'pending', 'part_paid', 'paid', 'returned')) OR (kind = 'proforma' AND status IN ('draft', 'issued', 'superseded')) OR (kind = 'purchase_order' AND status IN ('draft', 'issued', 'confirmed', 'received', 'cancelled'))",
            name=op.f("ck_documents_status_of_its_kind"),
        ),
        sa.CheckConstraint(
            "(status = 'draft') = (number_text IS NULL)", name=op.f("ck_documents_numbered_once_issued")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_documents_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "corrects_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_documents_company_id_corrects_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "made_from_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_documents_company_id_made_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "series_id"],
            ["series.company_id", "series.id"],
            name=op.f("fk_documents_company_id_series_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_documents_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_documents_company_id_id")),
        sa.UniqueConstraint("company_id", "kind", "number_text", name=op.f("uq_documents_company_id_kind_number_text")),
        sa.UniqueConstraint("company_id", "series_id", "number", name=op.f("uq_documents_company_id_series_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_documents_company_id_contact_id_kind_issued_on_id"),
        "documents",
        ["company_id", "contact_id", "kind", "issued_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_documents_company_id_kind_issued_on_id"),
        "documents",
        ["company_id", "kind", "issued_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_documents_company_id_kind_series_label_sort_number"),
        "documents",
        ["company_id", "kind", "series_label", "sort_number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_documents_company_id_kind_status_issued_on_id"),
        "documents",
        ["company_id", "kind", "status", "issued_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_documents_company_id_kind_total"), "documents", ["company_id", "kind", "total"], unique=False
    )
    for name in ("corrects_id", "made_from_id"):
        op.create_index(
            f"ix_documents_{name}",
            "documents",
            ["company_id", name],
            unique=False,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_index(
        "ix_documents_owed",
        "documents",
        ["company_id", "kind", "status", "currency", "due_on", "payable", "collected"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'part_paid', 'returned')"),
        sqlite_where=sa.text("status IN ('pending', 'part_paid', 'returned')"),
    )
    op.create_index(
        "uq_documents_draft_key",
        "documents",
        ["company_id", "draft_key"],
        unique=True,
        postgresql_where=sa.text("draft_key IS NOT NULL"),
        sqlite_where=sa.text("draft_key IS NOT NULL"),
    )
    op.create_table(
        "document_lines",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("discount_rate", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column(
            "tax_kind",
            sa.Enum("vat", "igic", "ipsi", "withholding", "other", name="taxkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("tax_rate", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_rate", sa.BigInteger(), nullable=False),
        sa.Column("exemption", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_document_lines_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_document_lines_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_lines")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_document_lines_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_document_lines_company_id_document_id"), "document_lines", ["company_id", "document_id"], unique=False
    )
    op.create_table(
        "document_taxes",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("vat", "igic", "ipsi", "withholding", "other", name="taxkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_rate", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_amount", sa.BigInteger(), nullable=False),
        sa.Column("exemption", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_document_taxes_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_document_taxes_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_taxes")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_document_taxes_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_document_taxes_company_id_document_id"), "document_taxes", ["company_id", "document_id"], unique=False
    )
    op.create_table(
        "due_dates",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "transfer",
                "direct_debit",
                "cash",
                "card",
                "cheque",
                "other",
                name="paymentmethod",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_due_dates_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_due_dates_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_dates")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_due_dates_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_due_dates_company_id_day"), "due_dates", ["company_id", "day"], unique=False)
    op.create_index(
        op.f("ix_due_dates_company_id_document_id"), "due_dates", ["company_id", "document_id"], unique=False
    )
    op.create_table(
        "attachments",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_original", sa.Boolean(), nullable=False),
        sa.Column("is_customer_pdf", sa.Boolean(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_attachments_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_files.company_id", "stored_files.id"],
            name=op.f("fk_attachments_company_id_file_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_attachments_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_attachments_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_attachments_company_id_document_id"), "attachments", ["company_id", "document_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("due_dates")
    op.drop_table("document_taxes")
    op.drop_table("document_lines")
    op.drop_table("documents")
