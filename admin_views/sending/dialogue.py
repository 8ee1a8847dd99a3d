"""One sending of documents by mail: what it may act on, what it shows, what confirming it does."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request

from admin_views.auth import visit_of
from admin_views.mail.troubles import Trouble, sending_trouble
from admin_views.mail.words import when_it_leaves
from admin_views.posted import posted, sent_files
from admin_views.publishing.form import new_key
from admin_views.selection import Selection
from admin_views.sending import words
from admin_views.sending.files import keep, seal, unseal
from admin_views.sending.form import TO_SUPPLIERS, Enclosing, SendForm, When
from app import clock
from app.domain.folding import fold
from app.domain.kinds import KINDS, Words
from app.domain.mail.accounts import account_of
from app.domain.mail.checking_sendings import SendDocuments, check_sending
from app.domain.mail.enclosures import NewFile
from app.domain.mail.letter_texts import Letterhead, filled_texts
from app.domain.mail.senders import senders_for
from app.domain.mail.sending import Sent, send_documents
from app.domain.mail.sending_plans import Grouping, Plan, Wishes, plan_sending
from app.domain.mail.texts import PICTURES, CleanHtml, texts_for
from app.domain.mail.unsendable import nothing_to_send, too_large
from app.domain.mail.variables import VARIABLES
from app.domain.queries.addressees import Addressee, addresses_of, meant_for
from app.domain.queries.publishing_choices import usable_versions
from app.domain.queries.sendable import Chosen, chosen_of
from app.domain.queries.wordings import logo_of
from app.domain.selections import DocumentSelection
from app.errors import InvalidValue, Refusal
from app.scope import ScopedSession
from app.texts import _
from app.web import installation_of
from models import Company
from models.enums import TextKind

KEPT, DROP = "kept", "drop "
AS_PUBLISHED = 0


class Shown(Struct, frozen=True, kw_only=True):
    """What would happen; ``plan`` is none while something is missing; ``missing`` says why none is sent.

    ``waits`` and ``trouble``: what keeps mail from leaving, in short and with its reason.

    ``talks_of_files``: the words do, and there are none.
    """

    kind: Words
    chosen: Chosen
    plan: Plan | None
    missing: str
    at: str
    waits: str
    trouble: Trouble | None
    later: bool
    talks_of_files: bool
    copied: frozenset[str]

    @property
    def copies(self) -> int:
        """Mails to who is copied, besides: whoever is written to gets no copy."""
        planned = self.plan.dispatches if self.plan else ()
        return sum(len(self.copied - {reader.email for reader in one.to}) for one in planned)

    @property
    def why_too_large(self) -> str:
        return too_large(self.plan.too_large.count) if self.plan else ""

    @property
    def title(self) -> str:
        return words.title_of(self.kind, self.chosen.documents, self.chosen.number)

    @property
    def button(self) -> str:
        return words.button_of(self.plan, later=self.later)

    @property
    def can_confirm(self) -> bool:
        return self.plan is not None and bool(self.plan.dispatches) and not self.missing

    @property
    def fingerprint(self) -> str:
        return self.plan.fingerprint if self.plan else ""


class SendDialogue:
    """Read from a request, in a thread: files that came with it are kept at once."""

    def __init__(self, view: Any, request: Request) -> None:
        self.view, self.user_id = view, visit_of(request).user_id
        self.kind: Words = KINDS[view.kind].words
        installation = installation_of(request)
        self.is_demo = installation.settings.demo
        self.portal = installation.intranet(visit_of(request).company_slug)
        self.is_opening = request.method != "POST"
        self.selection: Selection = view.selected(request)
        self.chosen = Chosen()
        self.wrong_files = ""
        self.kept = [] if self.is_opening else self._kept(request)

    def _kept(self, request: Request) -> list[tuple[NewFile, str]]:
        form = posted(request)
        asked = str(form.get("_preview", ""))
        dropped = asked.removeprefix(DROP) if asked.startswith(DROP) else ""
        known = unseal(request, [text for value in form.getlist(KEPT) if (text := str(value)) != dropped])
        try:
            known = keep(request, sent_files(request, "files"), known)
        except InvalidValue as refusal:
            self.wrong_files = str(refusal)
        return [(file, seal(request, file)) for file in known]

    @property
    def hidden(self) -> dict[str, str]:
        return dict(self.selection.fields)

    @property
    def back(self) -> str:
        if self.is_from_page:
            return str(self.view.details_address(self.selection.ids[0]))
        return (
            f"{self.view.list_address}?{self.selection.query}" if self.selection.query else str(self.view.list_address)
        )

    @property
    def is_from_page(self) -> bool:
        return len(self.selection.ids) == 1 and not self.selection.query

    @property
    def initial(self) -> dict[str, Any]:
        return {
            "key": new_key(),
            "grouping": Grouping.DOCUMENT,
            "enclosing": Enclosing.PDF,
            "template": AS_PUBLISHED,
            "sender": 0,
            "when": When.NOW,
        }

    def prepare(self, db: ScopedSession, form: SendForm) -> None:
        """Fill the choices; a dialogue just opened begins with the texts and the addresses there are."""
        self.chosen = chosen_of(db, self._meant())
        form.is_single = self._is_single(form)
        self._prepare_choices(db, form)
        kind, addresses = self.view.kind, []
        if self.chosen.contact_id is not None:
            addresses = addresses_of(db, [self.chosen.contact_id]).get(self.chosen.contact_id, [])
        form.to.known = addresses
        form.files.kept = self.kept
        for people in (form.to, form.cc, form.bcc):
            people.errors = list(people.process_errors)  # told at sight, not only when it is sent
        if self.wrong_files:
            form.files.process_errors = [self.wrong_files]
            form.files.errors = [self.wrong_files]
        if self.is_opening:
            form.to.data = meant_for(kind, addresses)
            self._begin(db, form)

    def _is_single(self, form: SendForm) -> bool:
        """One message, whose readers are asked for; those of several are each contact's own."""
        one_each = form.grouping.data is Grouping.CUSTOMER and self.chosen.contacts == 1
        return self.chosen.documents == 1 or one_each

    def _prepare_choices(self, db: ScopedSession, form: SendForm) -> None:
        usual = words.usual_look(self.chosen.documents, self.chosen.published)
        versions = [(version.id, version.template.name) for version in usable_versions(db)]
        form.template.choices = [(AS_PUBLISHED, usual), *versions]
        senders = senders_for(db, self.user_id)
        form.sender.choices = [(one.account_id or 0, f"{one.name} <{one.email}>") for one in senders]
        form.reply_to.hint = words.where_answers_go(senders)
        if KINDS[self.view.kind].is_purchase:
            form.grouping.choices = [(value.value, _(word)) for value, word in TO_SUPPLIERS.items()]
        if self.is_opening and senders:
            form.sender.data, form.receipt.data = senders[0].account_id or 0, senders[0].wants_receipt
        company = db.get_one(Company, db.company_id)
        logo = logo_of(db, company)
        form.body.variables, form.body.logo = VARIABLES[TextKind(self.view.kind)], f"{PICTURES}{logo}" if logo else ""

    def _begin(self, db: ScopedSession, form: SendForm) -> None:
        """With the words there are; of one document, as it would be sent, unless its own words look like variables."""
        texts = texts_for(db, TextKind(self.view.kind), self.user_id)
        subject, body = texts.subject.text, str(texts.letter)
        # Who has no address yet is written to all the same.
        somebody = replace(self.wishes(form), to=(Addressee("alguien@empresa.example"),))
        if self.chosen.documents == 1 and (planned := plan_sending(db, somebody).dispatches):
            letterhead = Letterhead.of(db, self.user_id, self.portal)
            said, letter = filled_texts(db, letterhead, planned, subject, CleanHtml(body), has_links=False)[0]
            if not {"{", "}"} & {*said, *letter}:
                subject, body = said, letter
        form.subject.data, form.body.data = subject, body

    def show(self, db: ScopedSession, form: SendForm) -> Shown:
        """What confirming would do now."""
        plan, missing = None, form.wrong_at_sight
        if not missing:
            try:
                plan = self._plan(db, form)
            except Refusal as refusal:
                missing = str(refusal)
        if plan is not None and not plan.dispatches:
            missing = nothing_to_send(self.kind, plan)
        elif plan is not None:
            missing = self._unwritable(db, form)
        sender = account_of(db, form.sender.data or None)
        return Shown(
            kind=self.kind,
            chosen=self.chosen,
            plan=plan,
            missing=missing,
            at=clock.madrid(clock.now()).strftime("%H:%M"),
            waits=when_it_leaves(sender, demo=self.is_demo),
            trouble=sending_trouble(db, demo=self.is_demo, account_id=form.sender.data or None),
            later=form.when.data is When.LATER,
            copied=frozenset(one.email for one in (*form.cc.people(), *form.bcc.people())),
            talks_of_files=form.has_no_files and "adjunt" in fold(f"{form.subject.data} {form.body.data}"),
        )

    def _unwritable(self, db: ScopedSession, form: SendForm) -> str:
        """Why what is planned could not be written; empty where it can."""
        try:
            check_sending(db, self.command(form))
        except Refusal as refusal:
            named = [field.label.text for field in form if field.name == refusal.field]
            return ": ".join([*named, str(refusal)])
        return ""

    def _plan(self, db: ScopedSession, form: SendForm) -> Plan:
        return plan_sending(db, self.wishes(form))

    def wishes(self, form: SendForm) -> Wishes:
        return Wishes(
            selection=self._meant(),
            grouping=Grouping.CUSTOMER if form.grouping.data is Grouping.CUSTOMER else Grouping.DOCUMENT,
            to=form.to.people() if form.is_single else None,
            template_version_id=form.template.data or None,
            has_links=form.enclosing.data is Enclosing.LINK,
            octets=sum(file.size for file in form.files.files),
        )

    def _meant(self) -> DocumentSelection:
        """The list's selection as the business knows it, in words once it is known what is in it."""
        one = self.chosen.documents == 1
        label = f"{_(self.kind.title)} {self.chosen.number}" if one else self.kind.count(self.chosen.documents)
        if self.selection.search is not None:
            wanted = self.view.wanted(self.selection.search)
            return DocumentSelection(kind=self.view.kind, label=label, search=wanted)
        return DocumentSelection(kind=self.view.kind, label=label, ids=self.selection.ids)

    def perform(self, db: ScopedSession, form: SendForm) -> Sent:
        if not form.key.data or not form.fingerprint.data:
            raise Refusal(_("El formulario está incompleto. Ábralo de nuevo."))
        return send_documents(db, self.command(form))

    def command(self, form: SendForm) -> SendDocuments:
        return SendDocuments(
            wishes=self.wishes(form),
            fingerprint=form.fingerprint.data or "",
            key=form.key.data or "",
            user_id=self.user_id,
            subject=form.subject.data or "",
            body=CleanHtml(form.body.data or ""),
            portal=self.portal,
            cc=form.cc.people(),
            bcc=form.bcc.people(),
            files=form.files.files,
            account_id=form.sender.data or None,
            reply_to=form.reply_to.data or "",
            wants_receipt=bool(form.receipt.data),
            due_at=form.due_at,
        )
