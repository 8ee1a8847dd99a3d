"""Who may enter the intranet, and what they did there."""

import sqlalchemy as sa
from alembic import op

revision = "202611210105"
down_revision = "202611210104"


def upgrade() -> None:
    op.create_table(
        "portal_accounts",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_portal_accounts_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_portal_accounts_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_accounts")),
        sa.UniqueConstraint("company_id", "email", name=op.f("uq_portal_accounts_company_id_email")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_portal_accounts_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_portal_accounts_company_id_batch_id"), "portal_accounts", ["company_id", "batch_id"], unique=False
    )
    op.create_table(
        "portal_memberships",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ending",
            sa.Enum("withdrawn", "moved", "undone", name="ending", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["portal_accounts.company_id", "portal_accounts.id"],
            name=op.f("fk_portal_memberships_company_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_portal_memberships_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_portal_memberships_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_portal_memberships_company_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff_users.id"], name=op.f("fk_portal_memberships_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_memberships")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_portal_memberships_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_portal_memberships_company_id_account_id"),
        "portal_memberships",
        ["company_id", "account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_portal_memberships_company_id_contact_id"),
        "portal_memberships",
        ["company_id", "contact_id"],
        unique=False,
    )
    op.create_index(
        "uq_portal_memberships_live",
        "portal_memberships",
        ["company_id", "contact_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "portal_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("staff_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("is_preview = (account_id IS NULL)", name=op.f("ck_portal_sessions_of_a_person_or_preview")),
        sa.CheckConstraint(
            "is_preview = (staff_user_id IS NOT NULL)", name=op.f("ck_portal_sessions_preview_of_staff")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["portal_accounts.company_id", "portal_accounts.id"],
            name=op.f("fk_portal_sessions_company_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_portal_sessions_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_portal_sessions_company_id")),
        sa.ForeignKeyConstraint(["staff_user_id"], ["staff_users.id"], name=op.f("fk_portal_sessions_staff_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_sessions")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_portal_sessions_company_id_id")),
        sa.UniqueConstraint("company_id", "token_hash", name=op.f("uq_portal_sessions_company_id_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_portal_sessions_company_id_account_id"), "portal_sessions", ["company_id", "account_id"], unique=False
    )
    op.create_table(
        "portal_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "purpose", sa.Enum("activate", "recover", name="tokenpurpose", native_enum=False, length=32), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["portal_accounts.company_id", "portal_accounts.id"],
            name=op.f("fk_portal_tokens_company_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_portal_tokens_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_tokens")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_portal_tokens_company_id_id")),
        sa.UniqueConstraint("company_id", "token_hash", name=op.f("uq_portal_tokens_company_id_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_portal_tokens_company_id_account_id"), "portal_tokens", ["company_id", "account_id"], unique=False
    )
    op.create_table(
        "document_events",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("viewed", "downloaded", "printed", name="eventkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["portal_accounts.company_id", "portal_accounts.id"],
            name=op.f("fk_document_events_company_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_document_events_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_document_events_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_document_events_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_events")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_document_events_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_document_events_company_id_contact_id_id"),
        "document_events",
        ["company_id", "contact_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_document_events_company_id_document_id_id"),
        "document_events",
        ["company_id", "document_id", "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("document_events")
    op.drop_table("portal_tokens")
    op.drop_table("portal_sessions")
    op.drop_table("portal_memberships")
    op.drop_table("portal_accounts")
