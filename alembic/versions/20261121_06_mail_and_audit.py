"""The outbox and the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "202611210106"
down_revision = "202611210105"


def upgrade() -> None:
    op.create_table(
        "mail_accounts",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sender_name", sa.String(length=200), nullable=False),
        sa.Column("sender_email", sa.String(length=254), nullable=False),
        sa.Column("reply_to", sa.String(length=254), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column(
            "security",
            sa.Enum("none", "starttls", "ssl", name="mailsecurity", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("sealed_password", sa.Text(), nullable=False),
        sa.Column("pinned_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_mail_accounts_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_mail_accounts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_accounts")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_mail_accounts_company_id_id")),
        sa.UniqueConstraint("company_id", "user_id", name=op.f("uq_mail_accounts_company_id_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outgoing_mails",
        sa.Column(
            "kind",
            sa.Enum("notice", "access", "recovery", "test", name="mailkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "sending",
                "retry",
                "sent",
                "failed",
                "unknown",
                "cancelled",
                name="mailstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("dedup_key", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("recipient_name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("portal_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("frozen", sa.LargeBinary(), nullable=True),
        sa.Column("claim", sa.String(length=40), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("breaks", sa.Integer(), nullable=False),
        sa.Column("last_reply", sa.Text(), nullable=False),
        sa.Column("deferred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("give_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_outgoing_mails_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_outgoing_mails_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_outgoing_mails_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "portal_account_id"],
            ["portal_accounts.company_id", "portal_accounts.id"],
            name=op.f("fk_outgoing_mails_company_id_portal_account_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_outgoing_mails_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mails")),
        sa.UniqueConstraint("company_id", "dedup_key", name=op.f("uq_outgoing_mails_company_id_dedup_key")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_outgoing_mails_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_outgoing_mails_company_id_batch_id_status"),
        "outgoing_mails",
        ["company_id", "batch_id", "status"],
        unique=False,
    )
    op.create_index(
        op.f("ix_outgoing_mails_company_id_portal_account_id_id"),
        "outgoing_mails",
        ["company_id", "portal_account_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_outgoing_mails_company_id_status_id"), "outgoing_mails", ["company_id", "status", "id"], unique=False
    )
    op.create_index(
        "ix_outgoing_mails_document",
        "outgoing_mails",
        ["company_id", "document_id"],
        unique=False,
        postgresql_where=sa.text("document_id IS NOT NULL"),
        sqlite_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outgoing_mails_due",
        "outgoing_mails",
        ["company_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'retry')"),
        sqlite_where=sa.text("status IN ('queued', 'retry')"),
    )
    op.create_index(
        "ix_outgoing_mails_leased",
        "outgoing_mails",
        ["leased_until"],
        unique=False,
        postgresql_where=sa.text("status = 'sending'"),
        sqlite_where=sa.text("status = 'sending'"),
    )
    op.create_index(
        "ix_outgoing_mails_urgent",
        "outgoing_mails",
        ["company_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'retry') AND kind <> 'notice'"),
        sqlite_where=sa.text("status IN ('queued', 'retry') AND kind <> 'notice'"),
    )
    op.create_table(
        "mail_attempts",
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "sending",
                "retry",
                "sent",
                "failed",
                "unknown",
                "cancelled",
                name="mailstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "mail_id"],
            ["outgoing_mails.company_id", "outgoing_mails.id"],
            name=op.f("fk_mail_attempts_company_id_mail_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_mail_attempts_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_attempts")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_mail_attempts_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_mail_attempts_company_id_mail_id"), "mail_attempts", ["company_id", "mail_id"], unique=False
    )
    op.create_table(
        "audit_heads",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_audit_heads_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_audit_heads_company_id_id")),
        sa.UniqueConstraint("company_id", name=op.f("uq_audit_heads_company_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_entries",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_audit_entries_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_audit_entries_company_id_id")),
        sa.UniqueConstraint("company_id", "position", name=op.f("uq_audit_entries_company_id_position")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_audit_entries_company_id_entity_entity_id"),
        "audit_entries",
        ["company_id", "entity", "entity_id"],
        unique=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Trying to compress base64 costs more than it saves.
        op.execute("ALTER TABLE outgoing_mails ALTER COLUMN frozen SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_table("audit_heads")
    op.drop_table("mail_attempts")
    op.drop_table("outgoing_mails")
    op.drop_table("mail_accounts")
