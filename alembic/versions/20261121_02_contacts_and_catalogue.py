"""Customers, suppliers, articles, taxes and series."""

import sqlalchemy as sa
from alembic import op

revision = "202611210102"
down_revision = "202611210101"


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("trade_name", sa.String(length=200), nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("is_customer", sa.Boolean(), nullable=False),
        sa.Column("is_supplier", sa.Boolean(), nullable=False),
        sa.Column("is_person", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=40), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("province", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=False),
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
        sa.Column("payment_days", sa.String(length=40), nullable=False),
        sa.Column("payment_day", sa.Integer(), nullable=True),
        sa.Column("iban", sa.String(length=40), nullable=False),
        sa.Column("has_surcharge", sa.Boolean(), nullable=False),
        sa.Column("withholding_rate", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("is_customer OR is_supplier", name=op.f("ck_contacts_has_a_side")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_contacts_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_contacts_company_id_code")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_contacts_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contacts_company_id_email"), "contacts", ["company_id", "email"], unique=False)
    op.create_index(
        op.f("ix_contacts_company_id_sort_key_id"), "contacts", ["company_id", "sort_key", "id"], unique=False
    )
    op.create_index(op.f("ix_contacts_company_id_tax_id"), "contacts", ["company_id", "tax_id"], unique=False)
    op.create_table(
        "contact_addresses",
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("delivery", "billing", "other", name="addresspurpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=40), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("province", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_contact_addresses_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_contact_addresses_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_addresses")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_contact_addresses_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_contact_addresses_company_id_contact_id"),
        "contact_addresses",
        ["company_id", "contact_id"],
        unique=False,
    )
    op.create_table(
        "contact_emails",
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("general", "invoices", "orders", "portal", name="emailpurpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_contact_emails_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_contact_emails_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_emails")),
        sa.UniqueConstraint(
            "company_id", "contact_id", "email", name=op.f("uq_contact_emails_company_id_contact_id_email")
        ),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_contact_emails_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "products",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.BigInteger(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_products_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_products_company_id_code")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_products_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tax_rates",
        sa.Column(
            "kind",
            sa.Enum("vat", "igic", "ipsi", "withholding", "other", name="taxkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_rate", sa.BigInteger(), nullable=False),
        sa.Column("exemption", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("rate >= 0 AND surcharge_rate >= 0", name=op.f("ck_tax_rates_not_negative")),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_tax_rates_days_in_order")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_tax_rates_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_tax_rates_company_id_id")),
        sa.UniqueConstraint(
            "company_id",
            "kind",
            "rate",
            "name",
            "valid_from",
            name=op.f("uq_tax_rates_company_id_kind_rate_name_valid_from"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series",
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
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("first_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=True),
        sa.Column("is_corrective", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "first_number >= 1 AND next_number >= first_number", name=op.f("ck_series_numbers_in_order")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_series_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_series_company_id_id")),
        sa.UniqueConstraint("company_id", "kind", "label", name=op.f("uq_series_company_id_kind_label")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series_defaults",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column("series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "series_id"],
            ["series.company_id", "series.id"],
            name=op.f("fk_series_defaults_company_id_series_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_series_defaults_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_series_defaults_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_defaults")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_series_defaults_company_id_id")),
        sa.UniqueConstraint("company_id", "user_id", "kind", name=op.f("uq_series_defaults_company_id_user_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stored_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_stored_files_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_stored_files_company_id_id")),
        sa.UniqueConstraint("company_id", "sha256", "name", name=op.f("uq_stored_files_company_id_sha256_name")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("stored_files")
    op.drop_table("series_defaults")
    op.drop_table("series")
    op.drop_table("tax_rates")
    op.drop_table("products")
    op.drop_table("contact_emails")
    op.drop_table("contact_addresses")
    op.drop_table("contacts")
