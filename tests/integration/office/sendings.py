"""The dialogue that sends documents by mail, from the desk of somebody who does."""

from sqlalchemy import select

from models import OutgoingMail
from tests.rig.desk import renew
from tests.rig.forms import form_of

SEND = "invoice/send"


def opened(desk, *documents, screen="invoice", **query):
    return desk.get(f"{screen}/send", pks=",".join(str(document.id) for document in documents), **query)


def looked(desk, fields, *, screen="invoice", **options):
    """The parts that are worked out again."""
    return desk.post(f"{screen}/send/preview", fields, **options)


def again(fields, parts):
    """The same dialogue, with what its parts say now."""
    return fields | form_of(parts)


def queued(db, *names):
    renew(db)
    columns = [getattr(OutgoingMail, name) for name in names]
    return [tuple(row) for row in db.execute(select(*columns).order_by(OutgoingMail.id))]
