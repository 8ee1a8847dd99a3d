"""Giving and withdrawing access to a selection: each person with their state, ticked or not, then one command."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, select
from starlette.requests import Request

from admin_views.access import words
from admin_views.auth import visit_of
from admin_views.filters import whole
from admin_views.forms import OfficeForm, Tick
from admin_views.mail.troubles import Trouble, sending_trouble
from admin_views.mail.words import when_it_leaves
from admin_views.posted import posted
from admin_views.publishing.form import Unseen
from admin_views.selection import Selection
from app import clock
from app.domain import fields
from app.domain.access import AccessWithdrawn, GrantAccess, Granted, WithdrawAccess, grant_access, withdraw_access
from app.domain.access_tables import contacts
from app.domain.mail.accounts import company_account
from app.domain.queries.access import AccessState, Person, access_states
from app.domain.queries.accounts import pairs_of
from app.domain.queries.people import chosen, people_figures, people_meant
from app.domain.selections import ContactSelection
from app.domain.shared_emails import Shared, joined_by, shared_among
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _, plural
from app.web import installation_of
from models import Company
from models.enums import AccessDelivery

MOST_SHOWN = 200
WHO, LISTED = "who", "listed"


class Deed(StrEnum):
    GRANT = "grant"
    WITHDRAW = "withdraw"


class AccessForm(OfficeForm):
    tell = Tick("Enviarles por correo cómo entrar")
    share_confirmed = Tick("Es correcto, lo confirmo")
    key = Unseen("Ventana", partial(fields.line, most=40))
    fingerprint = Unseen("Cálculo", partial(fields.line, most=120))


class Row(Struct, frozen=True):
    """A person in the table; ``value`` stands for them in the form."""

    person: Person
    sign: Any
    note: str
    deed: str
    is_ticked: bool
    is_able: bool

    @property
    def value(self) -> str:
        return _value(self.person)


class Shown(Struct, frozen=True, kw_only=True):
    """``rows`` is empty when there are too many to show: then it is about all who need it, told by ``states``.

    ``fingerprint`` says who these were.
    """

    contacts: int
    people: int
    rows: list[Row]
    states: list[tuple[Any, int]]
    wished: int
    fingerprint: str = ""
    shared: tuple[Shared, ...]
    sender: str
    waits: str
    trouble: Trouble | None
    delivery: AccessDelivery

    @property
    def ticked(self) -> int:
        return sum(row.is_ticked for row in self.rows) if self.rows else self.wished

    @property
    def can_confirm(self) -> bool:
        return any(row.is_able for row in self.rows) if self.rows else self.wished > 0


class AccessDialogue:
    """Read from a request. The view's ``access_reach`` turns the list's selection into one of the business."""

    def __init__(self, view: Any, request: Request, deed: Deed) -> None:
        form = posted(request) if request.method == "POST" else request.query_params
        self.view, self.deed, self.user_id = view, deed, visit_of(request).user_id
        self.is_demo = installation_of(request).settings.demo
        self.selection: Selection = view.selected(request)
        self.email = _known_email(str(form.get("email", "")))
        if self.email and len(self.selection.ids) != 1:
            raise NotFound(_("esa persona"))
        # All it reaches who need something or, to withdraw, who have access: unless some of them are ticked.
        self.reach: ContactSelection = replace(view.access_reach(self.selection), needing=deed is Deed.GRANT)
        self.ticked = {str(value) for value in form.getlist(WHO)} if LISTED in form else None

    @property
    def hidden(self) -> dict[str, str]:
        kept = dict(self.selection.fields)
        return kept | {"email": self.email} if self.email else kept

    @property
    def back(self) -> str:
        if self.email:
            return str(self.view.address(f"intranet/{self.selection.ids[0]}"))
        return str(self.view.list_address)

    @property
    def initial(self) -> dict[str, Any]:
        return {"tell": True, "key": uuid4().hex}

    def show(self, db: ScopedSession, form: AccessForm) -> Shown:
        account = company_account(db)
        people = self._shown_people(db)
        return Shown(
            **(self._figures(db) if people is None else self._one_by_one(db, people)),
            sender=account.sender_email if account else "",
            waits=when_it_leaves(account, demo=self.is_demo),
            trouble=sending_trouble(db, demo=self.is_demo),
            delivery=db.get_one(Company, db.company_id).access_delivery,
        )

    def _one_by_one(self, db: ScopedSession, people: list[Person]) -> dict[str, Any]:
        able = tuple(_pair(person) for person in people if person.email)
        return {
            "contacts": len({person.contact_id for person in people}),
            "people": len(people),
            "rows": [self._row(person) for person in people],
            "states": [],
            "wished": 0,
            "shared": self._shared(db, ContactSelection(label="", people=able)) if able else (),
        }

    def _figures(self, db: ScopedSession) -> dict[str, Any]:
        figures = people_figures(db, self.reach, acting=self.deed is Deed.WITHDRAW)
        return {
            "contacts": figures.contacts,
            "people": sum(figures.states.values()),
            "rows": [],
            "states": [(words.SIGNS[state], figures.states[state]) for state in AccessState if state in figures.states],
            "wished": figures.mailboxes,
            "fingerprint": figures.fingerprint,
            "shared": self._shared(db, self.reach),
        }

    def _shared(self, db: ScopedSession, selection: ContactSelection) -> tuple[Shared, ...]:
        if self.deed is Deed.WITHDRAW:
            return ()
        return shared_among(db, joined_by(db.company_id, people_meant(db.company_id, selection, clock.now())))

    def perform(self, db: ScopedSession, form: AccessForm) -> Granted | AccessWithdrawn:
        """Do it for who is ticked. Raises ``Refusal``: nobody ticked, others than were shown, nothing to do."""
        if not form.key.data or (self.ticked is None and not form.fingerprint.data):
            raise Refusal(_("El formulario está incompleto. Ábralo de nuevo."))
        people = None if self.ticked is None else self._ticked(db, self.ticked)
        asked: dict[str, Any] = {
            "selection": self._meant(db, people),
            "key": form.key.data,
            "user_id": self.user_id,
            "fingerprint": form.fingerprint.data if people is None else "",
        }
        if self.deed is Deed.WITHDRAW:
            return withdraw_access(db, WithdrawAccess(**asked))
        command = GrantAccess(
            **asked,
            tell=form.tell.data,
            again=any(person.state is AccessState.ACTIVE for person in people or ()),
            share_confirmed=form.share_confirmed.data,
        )
        return grant_access(db, command)

    def _meant(self, db: ScopedSession, people: list[Person] | None) -> ContactSelection:
        """These people or, when they were too many to show, all it reaches."""
        if people is None:
            return replace(self.reach, label=self.selection.label(db))
        return ContactSelection(label=self._label(people), people=tuple(sorted(map(_pair, people))))

    def _shown_people(self, db: ScopedSession) -> list[Person] | None:
        """Those the selection reaches, each for one contact; none when they are too many to show."""
        ids = self._contact_ids(db)
        return self._people(db, ids) if len(ids) <= MOST_SHOWN else None

    def _ticked(self, db: ScopedSession, ticked: set[str]) -> list[Person]:
        """Those ticked, among whom the selection reaches."""
        named = [contact_id for value in ticked if (contact_id := whole(value.partition(":")[0])) is not None]
        people = self._people(db, self._contact_ids(db, contacts.c.id.in_(named)))
        found = [person for person in people if self._is_able(person) and _value(person) in ticked]
        if not found:
            raise Refusal(_("No ha marcado a nadie. Marque al menos a una persona."))
        return found

    def _contact_ids(self, db: ScopedSession, *narrower: ColumnElement[bool]) -> Sequence[int]:
        """Contacts that the selection reaches; not many more than can be shown, unless narrowed."""
        wanted = select(contacts.c.id).where(*chosen(db.company_id, self.reach), *narrower).order_by(contacts.c.id)
        return db.connection().execute(wanted if narrower else wanted.limit(MOST_SHOWN + 1)).scalars().all()

    def _people(self, db: ScopedSession, contact_ids: Sequence[int]) -> list[Person]:
        only = None
        if self.reach.accounts is not None:
            only = {(row.contact_id, row.email) for row in db.execute(pairs_of(db.company_id, self.reach.accounts))}
        return [
            person
            for those in access_states(db, contact_ids).values()
            for person in those
            if (only is None or _pair(person) in only)
            and (not self.email or person.email == self.email)
            and (self.deed is Deed.GRANT or person.may_enter)
        ]

    def _is_meant(self, person: Person) -> bool:
        return self._is_wished(person) if self.ticked is None else _value(person) in self.ticked

    def _row(self, person: Person) -> Row:
        able = self._is_able(person)
        return Row(
            person=person,
            sign=words.sign_of(person),
            note=words.note_of(person, clock.now()),
            deed=words.deed_of(person) if self.deed is Deed.GRANT else _("Retirar"),
            is_ticked=able and self._is_meant(person),
            is_able=able,
        )

    def _is_able(self, person: Person) -> bool:
        return person.may_enter if self.deed is Deed.WITHDRAW else person.state is not AccessState.NO_EMAIL

    def _is_wished(self, person: Person) -> bool:
        """Whether it is about this person unless somebody unticks them."""
        if not self._is_able(person):
            return False
        return self.deed is Deed.WITHDRAW or bool(self.email) or person.needs_something(clock.now())

    def _label(self, people: list[Person]) -> str:
        if self.email:
            return self.email
        addresses = {person.email for person in people}
        return plural("%(n)s persona marcada", "%(n)s personas marcadas", len(addresses))


def _pair(person: Person) -> tuple[int, str]:
    return person.contact_id, person.email


def _value(person: Person) -> str:
    return f"{person.contact_id}:{person.email}"


def _known_email(typed: str) -> str:
    """The e-mail a page was asked about; raises ``NotFound`` for what is none."""
    try:
        return fields.email(typed, "email")
    except InvalidValue as error:
        raise NotFound(_("esa persona")) from error
