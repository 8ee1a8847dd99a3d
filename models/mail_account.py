"""Mail accounts: where mail leaves from, where its copies are kept and its answers come in; and consent to use them."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.enums import MailProvider, MailSecurity
from models.types import BigId, Email, LongText, Name, Sha256, ShortText


class MailAccount(CompanyRecord):
    """Where mail leaves from: the company's own account (``user_id`` none) or a user's.

    Everything sealed can only be opened by the installation's key, for this company, row and field. After repeated
    authentication failures the account is paused and says so; its queue waits. ``last_fault`` and ``imap_fault`` are
    which ``Fault`` of ``app.errors`` the error kept beside them was, if any. With a ``provider`` it signs in with
    tokens that somebody consented to instead of a password; ``consent_ended_at`` is since when they no longer serve.
    User and password are the same for SMTP and IMAP. Without ``imap_host`` there are no copies and no answers; without
    ``sent_folder``, no copies. ``inbox_validity`` and ``inbox_uid`` are up to where the inbox has been read (RFC 3501),
    ``inbox_due_at`` when it is read again. Until ``imap_paused_until`` a worker is at it, or nobody knocks.
    The company's account may sign what it sends (DKIM, RFC 6376) as ``dkim_selector`` of ``dkim_domain``.
    One without ``host`` has been removed: its row stays, empty, for what was sent with it, and serves again.
    """

    __tablename__ = "mail_accounts"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "user_id"),
        Index(
            "uq_mail_accounts_of_company",
            "company_id",
            unique=True,
            postgresql_where=text("user_id IS NULL"),
            sqlite_where=text("user_id IS NULL"),
        ),
    )

    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    sender_name: Mapped[Name] = mapped_column(default="")
    sender_email: Mapped[Email]
    reply_to: Mapped[Email] = mapped_column(default="")
    wants_receipt: Mapped[bool] = mapped_column(default=False)

    host: Mapped[Name]
    port: Mapped[int] = mapped_column(default=587)
    security: Mapped[MailSecurity] = mapped_column(default=MailSecurity.STARTTLS)
    pinned_fingerprint: Mapped[Sha256 | None]
    username: Mapped[Name] = mapped_column(default="")
    sealed_password: Mapped[LongText] = mapped_column(default="")
    password_changed_at: Mapped[dt.datetime | None]
    provider: Mapped[MailProvider | None]
    sealed_tokens: Mapped[LongText] = mapped_column(default="")
    consent_ended_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[dt.datetime | None]
    last_error: Mapped[LongText] = mapped_column(default="")
    last_fault: Mapped[ShortText] = mapped_column(default="")

    imap_host: Mapped[Name] = mapped_column(default="")
    imap_port: Mapped[int] = mapped_column(default=993)
    imap_security: Mapped[MailSecurity] = mapped_column(default=MailSecurity.SSL)
    imap_fingerprint: Mapped[Sha256 | None]
    sent_folder: Mapped[Name] = mapped_column(default="")
    imap_failures: Mapped[int] = mapped_column(default=0)
    imap_paused_until: Mapped[dt.datetime | None]
    imap_error: Mapped[LongText] = mapped_column(default="")
    imap_fault: Mapped[ShortText] = mapped_column(default="")
    inbox_validity: Mapped[int | None] = mapped_column(BigId)
    inbox_uid: Mapped[int] = mapped_column(BigId, default=0)
    inbox_due_at: Mapped[dt.datetime | None]

    dkim_domain: Mapped[Name] = mapped_column(default="")
    dkim_selector: Mapped[ShortText] = mapped_column(default="")
    sealed_dkim_key: Mapped[LongText] = mapped_column(default="")

    @property
    def own_id(self) -> int | None:
        """As mails and dispatches name the account they leave from: none for the company's."""
        return self.id if self.user_id is not None else None

    @property
    def keeps_copies(self) -> bool:
        """Whether what it sends is stored in a folder of its own as well."""
        return bool(self.imap_host and self.sent_folder)

    def __str__(self) -> str:
        return self.sender_email


class MailConsent(CompanyRecord):
    """A consent that somebody has gone to give at their provider: what they come back with must match it, once.

    ``is_for_company``: for the company's account instead of the user's own.
    """

    __tablename__ = "mail_consents"
    __table_args__ = company_table(UniqueConstraint("company_id", "state_hash"))

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff_users.id"))
    is_for_company: Mapped[bool] = mapped_column(default=False)
    provider: Mapped[MailProvider]
    state_hash: Mapped[Sha256]
    sealed_verifier: Mapped[LongText]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
