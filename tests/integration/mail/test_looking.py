"""Looking for work costs the same whether a thousand mails have been sent or a million."""

import pytest
from sqlalchemy import event

from app import clock
from app.domain.mail.keeping_copies import forsaken_copies
from app.domain.mail.outbox import next_mails
from app.domain.queries.mailboxes import waiting_mailboxes
from app.domain.queries.outbox import due_for_long, due_queues, queue_figures, stale_companies
from app.printing import unprinted
from app.scope import SYSTEM, CompanyScope


def look(post) -> None:
    """Everything an idle worker asks, and a busy one before each group."""
    now = clock.now()
    with post.installation.database.read(SYSTEM) as db:
        due_queues(db, now)
        stale_companies(db, now)
        due_for_long(db, now)
        waiting_mailboxes(db, now)
        forsaken_copies(db, now)
    with post.installation.database.read(CompanyScope(post.company.id)) as db:
        next_mails(db, now)
        queue_figures(db)
    unprinted(post.installation.database, 1)


def plans(engine, work) -> set[str]:
    """How SQLite goes about the mails, copies and publications that ``work`` asks for."""
    asked = []
    listener = lambda connection, cursor, sql, parameters, *rest: asked.append((sql, parameters))  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    work()
    event.remove(engine, "before_cursor_execute", listener)
    connection = engine.raw_connection()
    explained = [
        connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        for sql, parameters in asked
        if sql.startswith("SELECT")
    ]
    connection.close()
    steps = {row[-1] for rows in explained for row in rows}
    return {step for step in steps if any(table in step for table in ("outgoing_mails", "publications", "sent_copies"))}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_look_goes_by_an_index_of_what_waits(post):
    post.notice()

    found = plans(post.installation.database.engine, lambda: look(post))

    assert found == {
        "SEARCH outgoing_mails USING INDEX ix_outgoing_mails_due (company_id=? AND due_at<?)",
        "SEARCH outgoing_mails USING INDEX ix_outgoing_mails_urgent (company_id=? AND due_at<?)",
        "SEARCH outgoing_mails USING INDEX ix_outgoing_mails_leased (leased_until<?)",
        "SEARCH outgoing_mails USING COVERING INDEX ix_outgoing_mails_company_id_status_id (company_id=? AND status=?)",
        "SEARCH resting USING INDEX ix_outgoing_mails_company_id_status_id (company_id=? AND status=?)",
        "SEARCH outgoing_mails USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH publications USING INDEX ix_publications_to_render (company_id>?)",
        "SEARCH publications USING INDEX ix_publications_to_render (company_id=?)",
        "SEARCH sent_copies USING INDEX ix_sent_copies_due (company_id=? AND account_id=? AND due_at<?)",
        "SCAN sent_copies USING INDEX ix_sent_copies_due",  # which holds only what waits
    }


def test_what_was_published_last_is_printed_first(post, make):
    first, last = (make.publication(make.invoice(), version=post.version, batch=post.batch) for _ in range(2))
    post.db.commit()

    found = [unprinted(post.installation.database, most) for most in (1, 9)]

    company_id = post.company.id
    assert found == [[(company_id, last.id)], [(company_id, last.id), (company_id, first.id)]]
