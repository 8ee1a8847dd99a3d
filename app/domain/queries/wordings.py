"""What the office has written for notices and accesses: one query for a group of mails while it has written nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from app.domain.mail.built_in_texts import LETTERS
from app.domain.mail.texts import NAMES, ChosenTexts, choose_texts
from app.scope import ScopedSession
from models import Batch, Company, MailText, StaffUser, StoredFile
from models.enums import TextKind

batches: Any = Batch.__table__
rows: Any = MailText.__table__


class Wording(Struct, frozen=True):
    """What somebody has written for letters of a kind, and who sends them, if anybody in particular."""

    texts: ChosenTexts
    user: StaffUser | None


Wordings = Mapping[tuple[str, int | None], Wording]
"""By kind and batch, those that are not all built in; mails of no batch have none."""


def wordings_of(db: ScopedSession, batch_ids: Iterable[int]) -> Wordings:
    among = list(batch_ids)
    asked = {"company_id": db.company_id, "batches": among}
    written = {(row.user_id, row.kind): row for row in db.connection().execute(_WRITTEN, asked)}
    if not written:
        return {}
    senders = _senders(db, among)
    found = {
        (kind, batch_id): Wording(_chosen(kind, written, user), user)
        for batch_id, user in senders.items()
        for kind in LETTERS
    }
    return {key: wording for key, wording in found.items() if not wording.texts.is_built_in}


def logo_of(db: ScopedSession, company: Company) -> str:
    """The SHA-256 of a company's logo; nothing without one."""
    if company.logo_id is None:
        return ""
    return db.scalar(sa.select(StoredFile.sha256).where(StoredFile.id == company.logo_id)) or ""


_COMPANY: Any = sa.bindparam("company_id")
_BATCHES: Any = sa.bindparam("batches", expanding=True)
_SENDERS = sa.select(batches.c.user_id).where(batches.c.company_id == _COMPANY, batches.c.id.in_(_BATCHES))
_WRITTEN = sa.select(rows.c.user_id, rows.c.kind, *(rows.c[name] for name in NAMES)).where(
    rows.c.company_id == _COMPANY,
    rows.c.kind.in_([sa.literal(kind, rows.c.kind.type) for kind in LETTERS]),
    sa.or_(rows.c.user_id.is_(None), rows.c.user_id.in_(_SENDERS)),
)


def _chosen(kind: TextKind, written: Mapping[tuple[int | None, str], Any], user: StaffUser | None) -> ChosenTexts:
    own = written.get((user.id, kind)) if user is not None else None
    return choose_texts(kind, own, written.get((None, kind)))


def _senders(db: ScopedSession, batch_ids: list[int]) -> dict[int | None, StaffUser | None]:
    """Who made each batch; nobody did none."""
    made = sa.select(Batch.id, StaffUser).outerjoin(StaffUser, StaffUser.id == Batch.user_id)
    found: dict[int | None, StaffUser | None] = {None: None}
    return found | {row[0]: row[1] for row in db.execute(made.where(Batch.id.in_(batch_ids)))}
