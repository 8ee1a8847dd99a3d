"""What our mails say, as somebody of the office has written it."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table
from models.enums import TextKind
from models.types import BigId, LongText, Name


class MailText(CompanyRecord):
    """The texts of one kind of mail: a user's, or the company's (``user_id`` none).

    What is empty comes from the next: the user's, the company's, the built-in one. ``body`` and ``signature`` are
    sanitised HTML; variables stand in all three as ``{name}``.
    """

    __tablename__ = "mail_texts"
    __table_args__ = company_table(
        UniqueConstraint("company_id", "user_id", "kind"),
        Index(
            "uq_mail_texts_of_company",
            "company_id",
            "kind",
            unique=True,
            postgresql_where=text("user_id IS NULL"),
            sqlite_where=text("user_id IS NULL"),
        ),
    )

    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    kind: Mapped[TextKind]
    subject: Mapped[Name] = mapped_column(default="")
    body: Mapped[LongText] = mapped_column(default="")
    signature: Mapped[LongText] = mapped_column(default="")

    def __str__(self) -> str:
        return self.kind
