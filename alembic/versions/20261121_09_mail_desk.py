"""Consent to use a mailbox, copies of what was sent, what came back, and texts."""

import sqlalchemy as sa
from alembic import op

revision = "202611210109"
down_revision = "202611210108"


def upgrade() -> None:
    op.create_table(
        "mail_consents",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_for_company", sa.Boolean(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("google", "microsoft", name="mailprovider", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_verifier", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_mail_consents_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_mail_consents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_consents")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_mail_consents_company_id_id")),
        sa.UniqueConstraint("company_id", "state_hash", name=op.f("uq_mail_consents_company_id_state_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mail_texts",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
                "notice",
                "access",
                "licence",
                "reminder",
                name="textkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_mail_texts_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_mail_texts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_texts")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_mail_texts_company_id_id")),
        sa.UniqueConstraint("company_id", "user_id", "kind", name=op.f("uq_mail_texts_company_id_user_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_mail_texts_of_company",
        "mail_texts",
        ["company_id", "kind"],
        unique=True,
        postgresql_where=sa.text("user_id IS NULL"),
        sqlite_where=sa.text("user_id IS NULL"),
    )
    op.create_table(
        "mail_reports",
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "bounced", "delayed", "delivered", "read", "discarded", name="reportkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("report_key", sa.String(length=200), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "mail_id"],
            ["outgoing_mails.company_id", "outgoing_mails.id"],
            name=op.f("fk_mail_reports_company_id_mail_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_mail_reports_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_reports")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_mail_reports_company_id_id")),
        sa.UniqueConstraint(
            "company_id", "report_key", "recipient", name=op.f("uq_mail_reports_company_id_report_key_recipient")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mail_reports_company_id_mail_id"), "mail_reports", ["company_id", "mail_id"], unique=False)
    op.create_index(
        op.f("ix_mail_reports_company_id_recipient_reported_at"),
        "mail_reports",
        ["company_id", "recipient", "reported_at"],
        unique=False,
    )
    op.create_index(
        "ix_mail_reports_bounced",
        "mail_reports",
        ["company_id", "recipient"],
        unique=False,
        postgresql_where=sa.text("kind = 'bounced' AND dismissed_at IS NULL"),
        sqlite_where=sa.text("kind = 'bounced' AND dismissed_at IS NULL"),
    )
    op.create_table(
        "sent_copies",
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum("waiting", "stored", "found", "failed", name="copystatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["mail_accounts.company_id", "mail_accounts.id"],
            name=op.f("fk_sent_copies_company_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "mail_id"],
            ["outgoing_mails.company_id", "outgoing_mails.id"],
            name=op.f("fk_sent_copies_company_id_mail_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_sent_copies_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_copies")),
        sa.UniqueConstraint(
            "company_id", "account_id", "message_id", name=op.f("uq_sent_copies_company_id_account_id_message_id")
        ),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_sent_copies_company_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sent_copies_company_id_mail_id"), "sent_copies", ["company_id", "mail_id"], unique=False)
    op.create_index(
        "ix_sent_copies_due",
        "sent_copies",
        ["company_id", "account_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
        sqlite_where=sa.text("status = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("mail_texts")
    op.drop_table("mail_reports")
    op.drop_table("sent_copies")
    op.drop_table("mail_consents")
