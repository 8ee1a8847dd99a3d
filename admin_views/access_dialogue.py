"""Giving and withdrawing access to a selection: each person with their state, ticked or not, then one command."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from starlette.requests import Request

from admin_views import access_words as words
from admin_views.auth import visit_of
from admin_views.formatters import count
from admin_views.forms import OfficeForm, Tick
from admin_views.posted import posted
from admin_views.publish_form import Unseen
from admin_views.selection import MOST_TICKED, Selection
from app import clock
from app.domain import fields
from app.domain.access import AccessWithdrawn, GrantAccess, Granted, WithdrawAccess, grant_access, withdraw_access
from app.domain.access_sql import people_of
from app.domain.mail_accounts import company_account
from app.domain.queries.access import AccessState, Person, access_states
from app.domain.selections import ContactSelection
from app.domain.shared_emails import Shared, joined_by, shared_among
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _, plural
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


@dataclass(frozen=True)
class Row:
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


@dataclass(frozen=True, kw_only=True)
class Shown:
    """``rows`` is empty when there are too many to show: then it is about all who need it, told by ``states``."""

    contacts: int
    people: int
    rows: list[Row]
    states: list[tuple[Any, int]]
    wished: int
    shared: tuple[Shared, ...]
    sender: str
    delivery: AccessDelivery

    @property
    def ticked(self) -> int:
        return sum(row.is_ticked for row in self.rows) if self.rows else self.wished

    @property
    def can_confirm(self) -> bool:
        return any(row.is_able for row in self.rows) if self.rows else self.wished > 0


class AccessDialogue:
    """Read from a request. The view's ``access_reach`` turns the list's selection into contacts or people."""

    def __init__(self, view: Any, request: Request, deed: Deed) -> None:
        form = posted(request) if request.method == "POST" else request.query_params
        self.view, self.deed, self.user_id = view, deed, visit_of(request).user_id
        self.selection: Selection = view.selected(request)
        self.email = _known_email(str(form.get("email", "")))
        self.ticked = {str(value) for value in form.getlist(WHO)} if LISTED in form else None

    @property
    def hidden(self) -> dict[str, str]:
        kept = dict(self.selection.fields)
        return kept | {"email": self.email} if self.email else kept

    @property
    def back(self) -> str:
        if self.email and self.selection.ids:
            return str(self.view.address(f"intranet/{self.selection.ids[0]}"))
        return str(self.view.list_address)

    @property
    def initial(self) -> dict[str, Any]:
        return {"tell": True, "key": uuid4().hex}

    def show(self, db: ScopedSession, form: AccessForm) -> Shown:
        people = self._people(db)
        concerned = {person.contact_id for person in people}
        account = company_account(db)
        return Shown(
            contacts=len(concerned),
            people=len(people),
            rows=[self._row(person) for person in people] if len(concerned) <= MOST_SHOWN else [],
            states=_states(people),
            wished=len({person.email for person in people if self._is_wished(person)}),
            shared=self._shared(db, people) if self.deed is Deed.GRANT else (),
            sender=account.sender_email if account else "",
            delivery=db.get_one(Company, db.company_id).access_delivery,
        )

    def perform(self, db: ScopedSession, form: AccessForm) -> Granted | AccessWithdrawn:
        """Do it for who is ticked. Raises ``Refusal``: nobody ticked, a share nobody confirmed, nothing to do."""
        if not form.key.data:
            raise Refusal(_("El formulario está incompleto. Ábralo de nuevo."))
        people = self._chosen(db)
        selection = ContactSelection(label=self._label(people), people=tuple(sorted(map(_pair, people))))
        if self.deed is Deed.WITHDRAW:
            return withdraw_access(db, WithdrawAccess(selection=selection, key=form.key.data, user_id=self.user_id))
        command = GrantAccess(
            selection=selection,
            key=form.key.data,
            user_id=self.user_id,
            tell=form.tell.data,
            again=any(person.state is AccessState.ACTIVE for person in people),
            share_confirmed=form.share_confirmed.data,
        )
        return grant_access(db, command)

    def _people(self, db: ScopedSession) -> list[Person]:
        """Those the selection reaches, each for one contact."""
        reach: ContactSelection = self.view.access_reach(db, self.selection)
        only = set(reach.people)
        ids = reach.ids or tuple(dict.fromkeys(contact_id for contact_id, _email in reach.people))
        return [
            person
            for those in access_states(db, ids).values()
            for person in those
            if (not only or _pair(person) in only)
            and (not self.email or person.email == self.email)
            and (self.deed is Deed.GRANT or person.may_enter)
        ]

    def _chosen(self, db: ScopedSession) -> list[Person]:
        """Those ticked, among whom the selection reaches; those who need it when nobody could be ticked."""
        chosen = [person for person in self._people(db) if self._is_able(person) and self._is_meant(person)]
        if not chosen:
            raise Refusal(_("No ha marcado a nadie. Marque al menos a una persona."))
        return chosen

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
        return self.deed is Deed.WITHDRAW or bool(self.email) or words.needs_something(person, clock.now())

    @staticmethod
    def _shared(db: ScopedSession, people: list[Person]) -> tuple[Shared, ...]:
        able = [_pair(person) for person in people if person.email]
        return shared_among(db, joined_by(db.company_id, people_of(db.company_id, able))) if able else ()

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


def ids_of(db: ScopedSession, selection: Selection) -> tuple[int, ...]:
    """Ids of the rows of a selection, as many as one command takes; raises ``Refusal`` for more."""
    model = selection.view.model
    wanted = select(model.id).where(*selection.conditions(db.company_id)).order_by(model.id)
    ids = tuple(db.scalars(wanted.limit(MOST_TICKED + 1)))
    if len(ids) > MOST_TICKED:
        raise Refusal(_("Son más de %(n)s: acote la búsqueda y hágalo por partes.") % {"n": count(MOST_TICKED)})
    return ids


def _states(people: list[Person]) -> list[tuple[Any, int]]:
    counts = Counter(person.state for person in people)
    return [(words.SIGNS[state], counts[state]) for state in AccessState if counts[state]]
