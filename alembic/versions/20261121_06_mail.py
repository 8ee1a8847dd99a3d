"""Mail accounts, what is sent from them, and the outbox."""

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
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column(
            "security",
            sa.Enum("none", "starttls", "ssl", name="mailsecurity", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("pinned_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("sealed_password", sa.Text(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "provider", sa.Enum("google", "microsoft", name="mailprovider", native_enum=False, length=32), nullable=True
        ),
        sa.Column("sealed_tokens", sa.Text(), nullable=False),
        sa.Column("consent_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_fault", sa.String(length=40), nullable=False),
        sa.Column("imap_host", sa.String(length=200), nullable=False),
        sa.Column("imap_port", sa.Integer(), nullable=False),
        sa.Column(
            "imap_security",
            sa.Enum("none", "starttls", "ssl", name="mailsecurity", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("imap_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("sent_folder", sa.String(length=200), nullable=False),
        sa.Column("imap_failures", sa.Integer(), nullable=False),
        sa.Column("imap_paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imap_error", sa.Text(), nullable=False),
        sa.Column("imap_fault", sa.String(length=40), nullable=False),
        sa.Column("inbox_validity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("inbox_uid", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inbox_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dkim_domain", sa.String(length=200), nullable=False),
        sa.Column("dkim_selector", sa.String(length=40), nullable=False),
        sa.Column("sealed_dkim_key", sa.Text(), nullable=False),
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
    op.create_index(
        "uq_mail_accounts_of_company",
        "mail_accounts",
        ["company_id"],
        unique=True,
        postgresql_where=sa.text("user_id IS NULL"),
        sqlite_where=sa.text("user_id IS NULL"),
    )
    op.create_table(
        "dispatches",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reply_to", sa.String(length=254), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        sa.Column("has_links", sa.Boolean(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "batch_id"],
            ["batches.company_id", "batches.id"],
            name=op.f("fk_dispatches_company_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "contact_id"],
            ["contacts.company_id", "contacts.id"],
            name=op.f("fk_dispatches_company_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_dispatches_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_dispatches_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatches")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_dispatches_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_dispatches_company_id_batch_id"), "dispatches", ["company_id", "batch_id"], unique=False)
    op.create_index(
        op.f("ix_dispatches_company_id_contact_id"), "dispatches", ["company_id", "contact_id"], unique=False
    )
    op.create_table(
        "dispatch_documents",
        sa.Column("dispatch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "dispatch_id"],
            ["dispatches.company_id", "dispatches.id"],
            name=op.f("fk_dispatch_documents_company_id_dispatch_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["documents.company_id", "documents.id"],
            name=op.f("fk_dispatch_documents_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "template_version_id"],
            ["template_versions.company_id", "template_versions.id"],
            name=op.f("fk_dispatch_documents_company_id_template_version_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_dispatch_documents_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_documents")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_dispatch_documents_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_dispatch_documents_company_id_dispatch_id"),
        "dispatch_documents",
        ["company_id", "dispatch_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dispatch_documents_company_id_document_id"),
        "dispatch_documents",
        ["company_id", "document_id"],
        unique=False,
    )
    op.create_table(
        "dispatch_files",
        sa.Column("dispatch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "dispatch_id"],
            ["dispatches.company_id", "dispatches.id"],
            name=op.f("fk_dispatch_files_company_id_dispatch_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "file_id"],
            ["stored_files.company_id", "stored_files.id"],
            name=op.f("fk_dispatch_files_company_id_file_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_dispatch_files_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_files")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_dispatch_files_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_dispatch_files_company_id_dispatch_id"), "dispatch_files", ["company_id", "dispatch_id"], unique=False
    )
    op.create_table(
        "outgoing_mails",
        sa.Column(
            "kind",
            sa.Enum("notice", "access", "recovery", "test", "document", name="mailkind", native_enum=False, length=32),
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
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("dispatch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
            ["company_id", "account_id"],
            ["mail_accounts.company_id", "mail_accounts.id"],
            name=op.f("fk_outgoing_mails_company_id_account_id"),
        ),
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
            ["company_id", "dispatch_id"],
            ["dispatches.company_id", "dispatches.id"],
            name=op.f("fk_outgoing_mails_company_id_dispatch_id"),
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
        "ix_outgoing_mails_dispatch",
        "outgoing_mails",
        ["company_id", "dispatch_id"],
        unique=False,
        postgresql_where=sa.text("dispatch_id IS NOT NULL"),
        sqlite_where=sa.text("dispatch_id IS NOT NULL"),
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
        "ix_outgoing_mails_message",
        "outgoing_mails",
        ["company_id", "message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
        sqlite_where=sa.text("message_id IS NOT NULL"),
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
    if op.get_bind().dialect.name == "postgresql":
        # Trying to compress base64 costs more than it saves.
        op.execute("ALTER TABLE outgoing_mails ALTER COLUMN frozen SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("mail_attempts")
    op.drop_table("outgoing_mails")
    op.drop_table("dispatch_files")
    op.drop_table("dispatch_documents")
    op.drop_table("dispatches")
    op.drop_table("mail_accounts")
