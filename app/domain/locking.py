"""The company's own lock: whoever publishes, withdraws or changes access in a company waits for whoever does so now."""

from sqlalchemy import select

from app.scope import ScopedSession
from models import Company


def lock_company(db: ScopedSession) -> Company:
    """The session's company, locked until the transaction ends: the first lock of all, before series and audit head.

    What the next statement reads was committed before: on PostgreSQL each statement sees what the one we waited for
    left behind; on SQLite the transaction itself began alone. Rows that point at the company are not held up.
    """
    return db.execute(
        select(Company)
        .where(Company.id == db.company_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()
