"""Publishing documents to the customers' intranet."""

from msgspec import Struct
from msgspec.structs import replace

from app import clock
from app.domain import access_sql
from app.domain import publishing_sql as sql
from app.domain.batches import batch_of, close_batch, first_result, open_batch
from app.domain.bulk import hashed_joins, look_again, write
from app.domain.confirming import check_confirmed
from app.domain.locking import lock_company
from app.domain.mail import outbox
from app.domain.previewing import Fingerprint, Preview, WithdrawalPreview, preview_publication
from app.domain.selections import DocumentSelection
from app.domain.telling import tell
from app.domain.templates import usable_version
from app.errors import Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from models import Batch
from models.enums import BatchKind, WebhookEvent

NAMES_KEPT = 50


class SelectionChanged(Refusal):
    """What would be done now is not what was shown: nothing was done, and ``preview`` says what it would be."""

    code = "selection_changed"

    def __init__(self, sentence: str, preview: Preview | WithdrawalPreview) -> None:
        super().__init__(sentence)
        self.preview = preview


class NothingSelected(Refusal):
    code = "nothing_selected"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class PublishDocuments(Struct, frozen=True, kw_only=True):
    """``key`` is the unique key of the dialogue, ``fingerprint`` what it showed. No template: the default one."""

    selection: DocumentSelection
    fingerprint: Fingerprint
    key: str
    user_id: int | None
    template_version_id: int | None = None
    notify: bool = True
    republish: bool = False


class Published(Struct, frozen=True, kw_only=True):
    """What a publication did. ``again``: it had been done already, by the same dialogue."""

    batch_id: int
    documents: int = 0
    customers: int = 0
    mails: int = 0
    accounts: int = 0
    drafts: int = 0
    already_published: int = 0
    republished: int = 0
    without_email: int = 0
    shut_out: int = 0
    again: bool = False

    def __str__(self) -> str:
        sentences = [plural("%(n)s documento publicado.", "%(n)s documentos publicados.", self.documents)]
        if self.mails:
            sentences.append(plural("%(n)s aviso en cola.", "%(n)s avisos en cola.", self.mails))
        if self.accounts:
            sentences.append(plural("%(n)s persona recibe acceso.", "%(n)s personas reciben acceso.", self.accounts))
        if self.already_published and not self.republished:
            sentences.append(plural("%(n)s ya lo estaba.", "%(n)s ya lo estaban.", self.already_published))
        if self.drafts:
            sentences.append(plural("%(n)s borrador queda fuera.", "%(n)s borradores quedan fuera.", self.drafts))
        if unreached := self.without_email + self.shut_out:
            one, many = "A %(n)s destinatario no se le avisa.", "A %(n)s destinatarios no se les avisa."
            sentences.append(plural(one, many, unreached))
        return " ".join(sentences)


class _NotAsShown(Exception):
    """What was done is not what was shown: the savepoint takes it back."""


def publish_documents(db: ScopedSession, command: PublishDocuments) -> Published:
    """Make the selected documents visible, give access to who has none, and queue one notice per reader.

    A handful of set-based statements whatever the number, all or nothing. What was done is then counted and compared
    with what the dialogue showed, which no reading beforehand could promise: raises ``SelectionChanged`` when it
    differs. The same dialogue sent again gets its first result. Two people at once wait for each other; the second
    finds nothing left to publish. Drafts are left out; what is already published stays as it is unless ``republish``
    withdraws it in favour of a new publication. People whose access was withdrawn on purpose get none by this.
    """
    company = lock_company(db)
    if (batch := batch_of(db, command.key)) is not None:
        return _first_result(batch, command)
    check_confirmed(company)
    version_id = usable_version(db, command.template_version_id).id
    try:
        with db.connection().begin_nested():
            published, fingerprint = _publish(db, command, version_id)
            if fingerprint != command.fingerprint:
                raise _NotAsShown
    except _NotAsShown:
        raise _changed(db, command) from None
    if not published.documents:
        raise NothingSelected(_("No hay nada que publicar en esta selección."))
    return published


def _first_result(batch: Batch, command: PublishDocuments) -> Published:
    return first_result(
        batch,
        Published,
        kind=BatchKind.PUBLISH,
        document_kind=command.selection.kind,
        fingerprint=command.fingerprint.encode(),
        notify=command.notify,
    )


def _changed(db: ScopedSession, command: PublishDocuments) -> SelectionChanged:
    preview = preview_publication(db, command.selection, notify=command.notify, republish=command.republish)
    if not preview.documents and preview.already_published:
        sentence = plural(
            "Ese documento ya está publicado: no queda nada por publicar.",
            "Esos %(n)s documentos ya están publicados: no queda nada por publicar.",
            preview.already_published,
        )
    else:
        sentence = _("Algo ha cambiado desde que se calculó. Revise las cifras nuevas y confirme otra vez.")
    return SelectionChanged(sentence, preview)


def _publish(db: ScopedSession, command: PublishDocuments, version_id: int) -> tuple[Published, Fingerprint]:
    company_id, now = db.company_id, clock.now()
    issued, drafts = _count_selected(db, command.selection)
    batch = open_batch(
        db,
        BatchKind.PUBLISH,
        command.key,
        now,
        document_kind=command.selection.kind,
        user_id=command.user_id,
        selection=command.selection.label,
        fingerprint=command.fingerprint.encode(),
        notify=command.notify,
        template_version_id=version_id,
    )
    republished = _write_publications(db, command, batch, version_id)
    documents, id_sum, id_max, customers = db.connection().execute(sql.what_was_published(company_id, batch.id)).one()
    with hashed_joins(db):
        accounts = _give_access(db, batch)
        mails = write(db, sql.insert_notices(company_id, batch.id, now)) if command.notify else 0
        look_again(db, outbox.mails, mails)
        look_again(db, sql.publications, documents)
        without_email, shut_out = db.connection().execute(sql.count_left_out(company_id, batch.id)).one()
    published = Published(
        batch_id=batch.id,
        documents=documents,
        customers=customers,
        mails=mails,
        accounts=accounts,
        drafts=drafts,
        already_published=republished + max(issued - documents, 0),
        republished=republished,
        without_email=without_email,
        shut_out=shut_out,
    )
    left_out = _left_out(db, batch) if without_email or shut_out else []
    close_batch(db, batch, published, "publish", left_out=left_out)
    told = {"kind": command.selection.kind.value, "documents": documents, "customers": customers, "mails": mails}
    tell(db, WebhookEvent.DOCUMENTS_PUBLISHED, "batch", batch.id, **told)
    return published, Fingerprint(documents, id_sum, id_max, accounts, mails)


def _count_selected(db: ScopedSession, selection: DocumentSelection) -> tuple[int, int]:
    """How many of the selection were issued, and how many are drafts. A search for the unpublished has no others."""
    if selection.search is not None and selection.search.published is False:
        return 0, 0
    everything, drafts = db.connection().execute(sql.count_selected(db.company_id, selection)).one()
    return everything - drafts, drafts


def _write_publications(db: ScopedSession, command: PublishDocuments, batch: Batch, version_id: int) -> int:
    """Publish what is not, and with ``republish`` replace what is. How many were replaced."""
    company_id, selection, now = batch.company_id, command.selection, batch.created_at
    search = selection.search
    if search is None or search.published is not True:
        # The unique index says what is published: a search for what is not need not ask as well.
        issued = selection
        if search is not None and search.published is False:
            issued = replace(selection, search=replace(search, published=None, in_use=True))
        sql.publish_new(db, issued, batch_id=batch.id, version_id=version_id, now=now)
    if not command.republish:
        return 0
    # Only then withdraw: a search for what is published would no longer find what has just been withdrawn.
    write(db, sql.replace_live(company_id, selection, batch_id=batch.id, now=now))
    return write(db, sql.publish_replaced(company_id, batch_id=batch.id, version_id=version_id, now=now))


def _give_access(db: ScopedSession, batch: Batch) -> int:
    """Accounts and accesses for the people of those contacts of the batch that nobody acts for. How many accesses."""
    people = access_sql.newcomers(batch.company_id, sql.of_batch(batch.company_id, batch.id))
    return access_sql.give_access(db, people, batch_id=batch.id, now=batch.created_at)


def _left_out(db: ScopedSession, batch: Batch) -> list[str]:
    """The names the office has to look after, kept with the batch as they are now."""
    rows = db.connection().execute(sql.left_out(batch.company_id, batch.id).limit(NAMES_KEPT))
    return [row.name for row in rows]
