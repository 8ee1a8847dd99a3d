"""Publishing with nothing around it: the statements by hand, on the driver's own connection.

They recount, and write the same publications, accounts, accesses, mails and audit entry; as fast as we know how, so
without the plans PostgreSQL makes for tables it believes empty.
"""

import sqlite3
from typing import Any

import psycopg

NOW = "2026-11-21 10:00:00.000000"

RECOUNT = """
SELECT count(*), sum(d.id), max(d.id) FROM documents d
WHERE d.company_id = {company} AND d.kind = 'invoice' AND d.status = 'pending' AND NOT EXISTS (
    SELECT 1 FROM publications p WHERE p.company_id = {company} AND p.document_id = d.id AND p.withdrawn_at IS NULL)
"""
BATCH = """
INSERT INTO batches (company_id, created_at, kind, document_kind, key, selection, fingerprint, notify, figures)
VALUES ({company}, '{now}', 'publish', 'invoice', 'suelo', 'Todas', '', {yes}, '{{}}')
"""
PUBLICATIONS = """
INSERT INTO publications (company_id, created_at, document_id, contact_id, batch_id, template_version_id)
SELECT {company}, {moment}, d.id, d.contact_id, {batch}, {version} FROM documents d
WHERE d.company_id = {company} AND d.kind = 'invoice' AND d.status = 'pending'
ORDER BY d.id + 0
ON CONFLICT (company_id, document_id) WHERE withdrawn_at IS NULL DO NOTHING
"""
OF_BATCH = """
EXISTS (SELECT 1 FROM publications p WHERE p.company_id = {company} AND p.batch_id = {batch} AND p.contact_id = c.id)
"""
ACCOUNTS = f"""
INSERT INTO portal_accounts (company_id, created_at, email, name, password_hash, must_change_password, batch_id)
SELECT {{company}}, {{moment}}, c.email, min(c.name), '', {{no}}, {{batch}} FROM contacts c
WHERE c.company_id = {{company}} AND c.email <> '' AND {OF_BATCH}
AND NOT EXISTS (SELECT 1 FROM portal_memberships m WHERE m.company_id = {{company}} AND m.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM portal_accounts a WHERE a.company_id = {{company}} AND a.email = c.email)
GROUP BY c.email
"""
MEMBERSHIPS = f"""
INSERT INTO portal_memberships (company_id, created_at, account_id, contact_id, batch_id)
SELECT {{company}}, {{moment}}, a.id, c.id, {{batch}} FROM contacts c
JOIN portal_accounts a ON a.company_id = {{company}} AND a.email = c.email
WHERE c.company_id = {{company}} AND {OF_BATCH}
AND NOT EXISTS (SELECT 1 FROM portal_memberships m WHERE m.company_id = {{company}} AND m.contact_id = c.id)
"""
MAILS = f"""
INSERT INTO outgoing_mails (company_id, created_at, kind, status, dedup_key, recipient, recipient_name, language,
    contact_id, portal_account_id, batch_id, is_secret, due_at, subject, search_key, attempts, breaks, last_reply)
SELECT {{company}}, {{moment}}, 'notice', 'queued', 'notice:{{batch}}:' || a.id, a.email, a.name, min(c.language),
    CASE WHEN count(*) = 1 THEN min(c.id) END, a.id, {{batch}}, a.password_hash = '', {{moment}}, '', '', 0, 0, ''
FROM contacts c
JOIN portal_memberships m ON m.company_id = {{company}} AND m.contact_id = c.id AND m.ended_at IS NULL
JOIN portal_accounts a ON a.company_id = {{company}} AND a.id = m.account_id
WHERE c.company_id = {{company}} AND {OF_BATCH} GROUP BY a.id
"""
HEAD = """
INSERT INTO audit_heads (company_id, created_at, position, hash) VALUES ({company}, '{now}', 1, 'x')
"""
ENTRY = """
INSERT INTO audit_entries
    (company_id, created_at, position, at, actor, action, entity, label, changes, previous_hash, hash, search_key)
VALUES ({company}, '{now}', 1, '{now}', 'suelo', 'publish', 'batches', '', '{{}}', '', 'x', '')
"""


def publish_raw(connection: "sqlite3.Connection | psycopg.Connection[Any]", company_id: int, version_id: int) -> int:
    """Everything, committed; how many publications."""
    on_sqlite = isinstance(connection, sqlite3.Connection)
    moment = f"'{NOW}'" if on_sqlite else f"'{NOW}+00'::timestamptz"
    yes, no = ("1", "0") if on_sqlite else ("true", "false")
    words: dict[str, object] = {"company": company_id, "now": NOW, "moment": moment, "yes": yes, "no": no}
    cursor: Any = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE" if on_sqlite else "BEGIN")
    cursor.execute(RECOUNT.format(**words))
    cursor.execute(BATCH.format(**words) + ("" if on_sqlite else " RETURNING id"))
    words |= {"batch": cursor.lastrowid if on_sqlite else cursor.fetchone()[0], "version": version_id}
    cursor.execute(PUBLICATIONS.format(**words))
    published = int(cursor.rowcount)
    plans = () if on_sqlite else ("SET LOCAL enable_nestloop = off", ACCOUNTS, "ANALYZE portal_accounts")
    for statement in (*(plans or (ACCOUNTS,)), MEMBERSHIPS, MAILS, HEAD, ENTRY):
        cursor.execute(statement.format(**words))
    cursor.execute("COMMIT")
    return published
