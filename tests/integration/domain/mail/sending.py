"""What the tests of sending say over and over: these documents, that command."""

from msgspec.structs import replace
from sqlalchemy import select

from app.domain.mail.checking_sendings import SendDocuments
from app.domain.mail.sending import send_documents
from app.domain.mail.sending_plans import Grouping, Wishes, plan_sending
from app.domain.queries.addressees import Addressee
from app.domain.selections import DocumentFilter, DocumentSelection
from models import OutgoingMail
from models.enums import DocumentKind

KIND = DocumentKind.INVOICE
PORTAL = "https://tosma.example/in/Tosma"
SUBJECT, BODY = "Adjunto {documento} {referencia}", "<p>Hola, {cliente}:</p><p>Total {total}.</p>"
LUCIA = Addressee("lucia@merino.example", "Lucía Merino")
OTHER = Addressee("asesor@gestoria.example")


def ticked(*documents, kind=KIND):
    return DocumentSelection(kind=kind, label="Las marcadas", ids=tuple(document.id for document in documents))


def everything(kind=KIND):
    return DocumentSelection(kind=kind, label="Todas", search=DocumentFilter(kind=kind))


def wishes(*documents, **values):
    return Wishes(selection=values.pop("selection", None) or ticked(*documents), **values)


def by_customer(*documents, **values):
    return wishes(*documents, grouping=Grouping.CUSTOMER, **values)


def command(db, wanted, user, **values):
    """What the dialogue posts when it was shown a moment ago."""
    known = {"subject": SUBJECT, "body": BODY, "key": "enviar", "fingerprint": plan_sending(db, wanted).fingerprint}
    return SendDocuments(wishes=wanted, user_id=user.id, portal=PORTAL, **known | values)


def send(db, wanted, user, **values):
    return send_documents(db, command(db, wanted, user, **values))


def queued(db, *names):
    """The mails in the outbox, by these columns."""
    db.expire_all()
    columns = [getattr(OutgoingMail, name) for name in names]
    return [tuple(row) for row in db.execute(select(*columns).order_by(OutgoingMail.id))]


def changed(wanted, **values):
    return replace(wanted, **values)
