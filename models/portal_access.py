"""Who may enter a company's intranet, for which contacts, and from which browsers."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import CompanyRecord, company_table, inside
from models.contact import Contact
from models.enums import Ending, TokenPurpose
from models.types import BigId, Email, Key, LongText, Name, Sha256, ShortText


class PortalAccount(CompanyRecord):
    """A person of the outside with an e-mail and, once activated, a password.

    ``told_at`` says when the person was last told how to enter: an account without it is *acceso sin comunicar*.
    ``batch_id`` is the publication that made the account, if one did.
    """

    __tablename__ = "portal_accounts"
    __table_args__ = company_table(
        inside("batch_id", "batches"), UniqueConstraint("company_id", "email"), Index(None, "company_id", "batch_id")
    )

    email: Mapped[Email]
    name: Mapped[Name] = mapped_column(default="")
    password_hash: Mapped[LongText] = mapped_column(default="")
    must_change_password: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[dt.datetime | None]
    opened_at: Mapped[dt.datetime | None]
    activated_at: Mapped[dt.datetime | None]
    bounced_at: Mapped[dt.datetime | None]
    last_sign_in_at: Mapped[dt.datetime | None]
    batch_id: Mapped[Key | None]

    memberships: Mapped[list["PortalMembership"]] = relationship(
        primaryjoin="PortalAccount.id == foreign(PortalMembership.account_id)",
        back_populates="account",
        order_by="PortalMembership.id",
    )

    def __str__(self) -> str:
        return self.email


class PortalMembership(CompanyRecord):
    """An account may act for a contact, from ``created_at`` until ``ended_at``.

    ``ending`` says why; none counts as withdrawn. A person whose access was withdrawn is not given it back by itself.
    """

    __tablename__ = "portal_memberships"
    __table_args__ = company_table(
        inside("account_id", "portal_accounts"),
        inside("contact_id", "contacts"),
        inside("batch_id", "batches"),
        Index(
            "uq_portal_memberships_live",
            "company_id",
            "contact_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index(None, "company_id", "account_id"),
        Index(None, "company_id", "contact_id"),
    )

    account_id: Mapped[Key]
    contact_id: Mapped[Key]
    batch_id: Mapped[Key | None]
    ended_at: Mapped[dt.datetime | None]
    ending: Mapped[Ending | None]
    ended_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))

    account: Mapped[PortalAccount] = relationship(
        primaryjoin="foreign(PortalMembership.account_id) == PortalAccount.id", back_populates="memberships"
    )
    contact: Mapped[Contact] = relationship(primaryjoin="foreign(PortalMembership.contact_id) == Contact.id")


class PortalSession(CompanyRecord):
    """One browser where a customer is signed in; ``contact_id`` once a customer is chosen.

    A preview is a member of staff looking at the portal as one customer: no account, read only, leaves no trace.
    """

    __tablename__ = "portal_sessions"
    __table_args__ = company_table(
        inside("account_id", "portal_accounts"),
        inside("contact_id", "contacts"),
        UniqueConstraint("company_id", "token_hash"),
        CheckConstraint("is_preview = (account_id IS NULL)", name="of_a_person_or_preview"),
        CheckConstraint("is_preview = (staff_user_id IS NOT NULL)", name="preview_of_staff"),
        Index(None, "company_id", "account_id"),
    )

    token_hash: Mapped[Sha256]
    account_id: Mapped[Key | None]
    contact_id: Mapped[Key | None]
    is_preview: Mapped[bool] = mapped_column(default=False)
    staff_user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    seen_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    address: Mapped[ShortText] = mapped_column(default="")
    browser: Mapped[Name] = mapped_column(default="")


class PortalToken(CompanyRecord):
    """A secret sent by mail, kept as its hash: one purpose, one use, and it expires."""

    __tablename__ = "portal_tokens"
    __table_args__ = company_table(
        inside("account_id", "portal_accounts"),
        UniqueConstraint("company_id", "token_hash"),
        Index(None, "company_id", "account_id"),
    )

    token_hash: Mapped[Sha256]
    purpose: Mapped[TokenPurpose]
    account_id: Mapped[Key]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
