"""Invoices on their way in: the files somebody sent, and what was said of each invoice in them."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import CompanyRecord, company_table, inside
from models.enums import ImportStage, ImportVerdict
from models.types import BigId, Json, Key, LongText, Money, Name, ShortText


class ImportRun(CompanyRecord):
    """Files sent together: first judged, then, once somebody confirms, taken in. Both in the background.

    ``files`` are name, SHA-256, size and media type of each, or name and why it was ``refused`` at sight. ``done``
    counts the invoices behind it in its stage. ``claim`` is the fencing token of the worker that holds the run until
    ``leased_until``; ``tries`` counts the workers that took it in this stage and did not get to its end.
    """

    __tablename__ = "import_runs"
    __table_args__ = company_table(
        inside("batch_id", "batches"),
        Index(
            "ix_import_runs_waiting",
            "id",
            postgresql_where=text("stage IN (\x27reading\x27, \x27taking\x27)"),
            sqlite_where=text("stage IN (\x27reading\x27, \x27taking\x27)"),
        ),
    )

    stage: Mapped[ImportStage] = mapped_column(default=ImportStage.READING)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    claim: Mapped[ShortText | None]
    leased_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[dt.datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_users.id"))
    finished_at: Mapped[dt.datetime | None]
    batch_id: Mapped[Key | None]

    def __str__(self) -> str:
        names = [file["name"] for file in self.files]
        return names[0] if len(names) == 1 else f"{names[0]} y {len(names) - 1} más"


class ImportRow(CompanyRecord):
    """One invoice of a run, or a whole file that was refused (``number`` empty), in the order of the files.

    ``verdict`` is what would become of it while the run is only judged, and what became of it afterwards.
    ``is_new_customer`` marks the first invoice of each customer that is created.
    """

    __tablename__ = "import_rows"
    __table_args__ = company_table(
        inside("run_id", "import_runs", ondelete="CASCADE"),
        inside("document_id", "documents"),
        UniqueConstraint("company_id", "run_id", "position"),
    )

    run_id: Mapped[Key]
    position: Mapped[int]
    file: Mapped[Name]
    number: Mapped[Name] = mapped_column(default="")
    customer: Mapped[Name] = mapped_column(default="")
    issued_on: Mapped[dt.date | None]
    amount: Mapped[Money | None]
    currency: Mapped[ShortText] = mapped_column(default="")
    verdict: Mapped[ImportVerdict]
    detail: Mapped[LongText] = mapped_column(default="")
    is_new_customer: Mapped[bool] = mapped_column(default=False)
    document_id: Mapped[Key | None]
