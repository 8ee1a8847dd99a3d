"""One publication dialogue: what it may act on, what it shows, what confirming it does."""

from typing import Any

from msgspec import Struct
from sqlalchemy import case, func, select
from starlette.requests import Request

from admin_views.auth import visit_of
from admin_views.filters import whole
from admin_views.formatters import count as spell_count
from admin_views.mail.troubles import Trouble, sending_trouble
from admin_views.mail.words import when_it_leaves
from admin_views.posted import posted
from admin_views.publishing import words
from admin_views.publishing.form import Aim, Choice, PublishForm, Reach, command_of, meant, new_key
from admin_views.searching import Search, replay
from admin_views.selection import MOST_TICKED, PKS, QUERY, SCOPE
from app import clock
from app.domain.kinds import KINDS, Words
from app.domain.mail.accounts import company_account
from app.domain.previewing import Preview, preview_publication, preview_withdrawal
from app.domain.publishing import PublishDocuments, Published, publish_documents
from app.domain.queries.publishing_choices import NumberedSeries, numbered_series, usable_versions
from app.domain.selections import DocumentSelection
from app.domain.withdrawing import Withdrawn, withdraw_documents
from app.errors import Refusal
from app.money import euros
from app.scope import ScopedSession
from app.texts import _, plural
from app.web import installation_of
from models import Company, Document


class Scope(Struct, frozen=True):
    """One way of choosing documents, as the dialogue offers it."""

    value: Reach
    label: str
    detail: str = ""


class Shown(Struct, frozen=True, kw_only=True):
    """What would happen, in figures and words; ``dry`` is none while something is missing, which ``missing`` says.

    ``waits`` and ``trouble``: what keeps the notices from leaving, if anything, in short and with its reason.
    """

    kind: Words
    aim: Aim
    dry: words.Dry | None
    missing: str
    cells: list[words.Cell]
    told: list[str]
    strip: str
    at: str
    series: NumberedSeries | None
    waits: str
    trouble: Trouble | None

    @property
    def title(self) -> str:
        return words.title_of(self.kind, self.aim, self.dry)

    @property
    def button(self) -> str:
        return words.button_of(self.kind, self.aim, self.dry)

    @property
    def can_confirm(self) -> bool:
        return self.dry is not None and self.dry.documents > 0

    @property
    def fingerprint(self) -> str:
        return self.dry.fingerprint.encode() if self.dry else ""

    @property
    def sample_id(self) -> int | None:
        """A document to look at with the chosen template."""
        return self.dry.fingerprint.id_max or None if self.dry else None


class Dialogue:
    """Read from a request; ``view`` is the list it was opened from."""

    def __init__(self, view: Any, request: Request) -> None:
        self.view, self.user_id = view, visit_of(request).user_id
        self.words = KINDS[view.kind].words
        self.is_demo = installation_of(request).settings.demo
        self.is_opening = request.method != "POST"
        asked = request.query_params if self.is_opening else posted(request)
        self.ids = _read_ids(asked.getlist(PKS))
        self.query: str | None = str(asked[QUERY]) if QUERY in asked else None
        self.wants_search = asked.get(SCOPE) == Reach.SEARCH
        search = view.search_of(replay(self.query)) if self.query is not None else None
        self.search: Search | None = search if search is not None and not search.wrong else None
        self.series: dict[str, NumberedSeries] = {}

    @property
    def hidden(self) -> dict[str, str]:
        kept = {PKS: ",".join(map(str, self.ids))}
        return kept if self.query is None else kept | {QUERY: self.query}

    @property
    def back(self) -> str:
        if self.query is None and len(self.ids) == 1:
            return str(self.view.details_address(self.ids[0]))
        return str(self.view.list_address + (self.search.link() if self.search else ""))

    @property
    def initial(self) -> dict[str, Any]:
        if self.wants_search and self.search is not None:
            scope = Reach.SEARCH
        else:
            scope = Reach.TICKED if self.ids else Reach.SEARCH if self.search else Reach.RANGE
        return {"aim": Aim.PUBLISH, "scope": scope, "key": new_key()}

    def prepare(self, db: ScopedSession, form: PublishForm) -> None:
        """Fill the choices; a dialogue just opened begins with the company's own wishes."""
        versions = usable_versions(db)
        form.template.choices = [
            (version.id, _("%(nombre)s · versión %(n)s") % {"nombre": version.template.name, "n": version.number})
            for version in versions
        ]
        self.series = {series.label: series for series in numbered_series(db, self.view.kind)}
        form.series.choices = [(label, label) for label in self.series]
        form.scope.choices = [(scope.value, scope.label) for scope in self._scopes(len(self.ids))]
        if self.is_opening:
            form.template.data = versions[0].id if versions else None
            form.notify.data = db.get_one(Company, db.company_id).notify_by_default

    def _scopes(self, ticked: int) -> list[Scope]:
        found = []
        if self.ids:
            many = self.words.agree("Las %(n)s marcadas", "Los %(n)s marcados")
            label = plural(_(self.words.this).capitalize(), many, ticked)
            found.append(Scope(Reach.TICKED, label))
        if self.search is not None:
            every = self.words.agree("Todas las %(que)s de la lista", "Todos los %(que)s de la lista")
            these = self.words.agree("Todas las de la búsqueda", "Todos los de la búsqueda")
            label = every % {"que": _(self.words.nouns)} if self.search.is_everything else these
            found.append(Scope(Reach.SEARCH, label))
        return [*found, Scope(Reach.RANGE, _("Un rango por serie y número"))]

    def scopes(self, db: ScopedSession) -> list[Scope]:
        """The ways of choosing, with how many or how much each is."""
        ticked, detail = self._ticked(db) if self.ids else (0, "")
        details = {Reach.TICKED: detail, Reach.SEARCH: self._search_detail(db) if self.search else ""}
        return [Scope(scope.value, scope.label, details.get(scope.value, "")) for scope in self._scopes(ticked)]

    def _ticked(self, db: ScopedSession) -> tuple[int, str]:
        """How many of the ticked ones are there, and the number of the only one or the total of several."""
        mine = (*self.view.own_rows(db.company_id), Document.id.in_(self.ids))
        found, total, number = db.execute(
            select(
                func.count(Document.id),
                func.sum(case((Document.currency == "EUR", Document.total), else_=0)),
                func.max(func.coalesce(Document.number_text, _("Borrador"))),
            ).where(*mine)
        ).one()
        return found, (number if found == 1 else euros(total) if found else "")

    def _search_detail(self, db: ScopedSession) -> str:
        found = db.scalar(select(func.count(Document.id)).where(*self.view.conditions(db.company_id, self.search)))
        return spell_count(found or 0)

    def show(self, db: ScopedSession, form: PublishForm) -> Shown:
        """What confirming would do now."""
        aim = Aim.WITHDRAW if form.aim.data is Aim.WITHDRAW else Aim.PUBLISH
        try:
            dry = self._dry_run(db, form, aim)
        except Refusal as refusal:
            return self._shown(db, form, aim, None, str(refusal))
        return self._shown(db, form, aim, dry, "" if dry.documents else words.nothing_to_do(self.words, dry))

    def _dry_run(self, db: ScopedSession, form: PublishForm, aim: Aim) -> words.Dry:
        selection = meant(form, self._choice(db), self.view.kind)
        if aim is Aim.WITHDRAW:
            return preview_withdrawal(db, selection)
        return preview_publication(db, selection, notify=form.notify.data, republish=form.republish.data)

    def _shown(self, db: ScopedSession, form: PublishForm, aim: Aim, dry: words.Dry | None, missing: str) -> Shown:
        gaps = dry.gaps if isinstance(dry, Preview) else None
        first = next(iter(self.series), "")
        return Shown(
            kind=self.words,
            aim=aim,
            dry=dry,
            missing=missing,
            cells=words.cells_of(self.words, gaps, republish=form.republish.data) if gaps else [],
            told=words.range_sentences(self.words, gaps) if gaps else [],
            strip=words.strip_summary(self.words, gaps) if gaps else "",
            at=clock.madrid(clock.now()).strftime("%H:%M"),
            series=self.series.get(form.series.data or first),
            waits=when_it_leaves(company_account(db), demo=self.is_demo),
            trouble=sending_trouble(db, demo=self.is_demo),
        )

    def perform(self, db: ScopedSession, form: PublishForm) -> Published | Withdrawn:
        selection = meant(form, self._choice(db), self.view.kind)
        command = command_of(form, selection, self.user_id)
        return (
            publish_documents(db, command) if isinstance(command, PublishDocuments) else withdraw_documents(db, command)
        )

    def _choice(self, db: ScopedSession) -> Choice:
        kind = self.view.kind
        ticked = searched = None
        if self.ids:
            ticked = DocumentSelection(kind=kind, label=self._ticked_label(db), ids=self.ids)
        if self.search is not None:
            wanted = self.view.wanted(self.search)
            searched = DocumentSelection(kind=kind, label=self._search_label(db, self.search), search=wanted)
        return Choice(ticked=ticked, searched=searched)

    def _ticked_label(self, db: ScopedSession) -> str:
        found, detail = self._ticked(db)
        if found == 1:
            return f"{_(self.words.title)} {detail}"
        one = self.words.agree("%(que)s marcada", "%(que)s marcado")
        many = self.words.agree("%(que)s marcadas", "%(que)s marcados")
        return (one if found == 1 else many) % {"que": self.words.count(found)}

    def _search_label(self, db: ScopedSession, search: Search) -> str:
        if search.is_everything:
            return self.words.agree("Todas las %(que)s", "Todos los %(que)s") % {"que": _(self.words.nouns)}
        said = [f"«{search.text}»"] if search.text else []
        said += [one.spell(db, search.values[one.name]) for one in self.view.filters if one.name in search.values]
        return _("Búsqueda: %(que)s") % {"que": " · ".join(said)}


def _read_ids(texts: list[Any]) -> tuple[int, ...]:
    """Ids as an address or a hidden field has them; nothing else, and not more than a list can tick."""
    typed = (part for text in texts for part in str(text).split(",", MOST_TICKED))
    return tuple(dict.fromkeys(pk for part in typed if (pk := whole(part)) is not None))[:MOST_TICKED]
