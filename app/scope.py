"""Whose rows a session may see: decided at its birth, added to every statement, failing closed.

A ``ScopedSession`` is made for one scope. Every ORM statement gets the scope's criterion for every class it names,
``get`` and lazy loads included; every flush is guarded, and changes nothing that is issued. A class without a rule
has no rows. What the ORM cannot see (Core statements) must carry ``company_id`` itself: composite keys hold it in the
database, and the tests listen to the SQL with ``unscoped_table``.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Engine, and_, event, false, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, sessionmaker, with_loader_criteria

from app.errors import Refusal
from app.texts import _
from models import Base, CompanyRecord
from models.frozen import changes_what_is_issued
from models.portal_rules import PORTAL_RULES, PORTAL_WRITES


class CompanyScope(Struct, frozen=True):
    """Everything of one company: staff, its workers, its portal's doors."""

    company_id: int


class PortalScope(Struct, frozen=True):
    """What one customer may see through the portal: rules per class, nothing else."""

    company_id: int
    contact_id: int


class SystemScope:
    """Every company: operator's commands and reports. Must be asked for by name."""


class NoScope:
    """Nobody said who is asking: no rows."""


SYSTEM = SystemScope()
NOTHING = NoScope()
Scope = CompanyScope | PortalScope | SystemScope | NoScope


class Actor(Struct, frozen=True):
    """Who is acting, for the audit: a member of staff by id, or a command or process by name."""

    name: str
    id: int | None = None


current_actor: ContextVar[Actor | None] = ContextVar("current_actor", default=None)
current_scope: ContextVar[Scope] = ContextVar("current_scope", default=NOTHING)


class OutsideScope(Refusal):
    """A write reached for a row that the session's scope does not own."""

    code = "outside_scope"

    def __init__(self) -> None:
        super().__init__(_("Esa ficha es de otra empresa."))


class IssuedStays(Refusal):
    """A write would change what has been issued; the law does not let anybody (RD 1619/2012, art. 15)."""

    code = "issued_stays"

    def __init__(self) -> None:
        super().__init__("Lo que se ha emitido no puede cambiar.")


class ScopedSession(Session):
    """A session bound to one scope and one actor for life; unless given, it takes the current ones as they are now."""

    def __init__(self, *args: Any, scope: Scope | None = None, actor: Actor | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.scope = current_scope.get() if scope is None else scope
        self.actor = current_actor.get() if actor is None else actor

    @property
    def company_id(self) -> int:
        """The company of the scope; asking it of a session without one is a programming error."""
        if isinstance(self.scope, CompanyScope | PortalScope):
            return self.scope.company_id
        raise LookupError("this session belongs to no company")


SessionMaker = Callable[..., ScopedSession]


def make_sessions(engine: Engine) -> sessionmaker[ScopedSession]:
    """``sessions(scope=...)`` opens one. Give SQLAdmin a maker of its own: it reconfigures what it is given."""
    return sessionmaker(engine, class_=ScopedSession, expire_on_commit=False)


@contextmanager
def scoped(scope: Scope, actor: Actor | None = None) -> Iterator[None]:
    """Sessions born inside, in this task or thread, have ``scope`` and ``actor`` unless told otherwise."""
    scope_before, actor_before = current_scope.set(scope), current_actor.set(actor)
    try:
        yield
    finally:
        current_scope.reset(scope_before)
        current_actor.reset(actor_before)


# Aliases too; loaders of relationships pass through the same event, so the option need not travel with them.
_EVERYWHERE: Any = {"include_aliases": True, "propagate_to_loaders": False}


def _portal_rule(entity: Any, company_id: Any, contact_id: Any) -> Any:
    """The rule of an entity's class; both values appear even where nothing is visible, or they would not be bound."""
    mapped = inspect(entity, raiseerr=False)
    bases = mapped.mapper.class_.__mro__ if mapped is not None else ()
    rule = next((PORTAL_RULES[base] for base in bases if base in PORTAL_RULES), None)
    if rule is None:
        return and_(entity.company_id == company_id, entity.company_id == contact_id, false())
    return rule(entity, company_id, contact_id)


@lru_cache(maxsize=1024)
def _criterion(scope: Scope) -> Any:
    """Kept per scope: making one costs as much as the statement it goes with."""
    if isinstance(scope, CompanyScope):
        company_id = scope.company_id
        return with_loader_criteria(CompanyRecord, lambda cls: cls.company_id == company_id, **_EVERYWHERE)
    if isinstance(scope, PortalScope):
        company_id, contact_id = scope.company_id, scope.contact_id
        return with_loader_criteria(CompanyRecord, lambda cls: _portal_rule(cls, company_id, contact_id), **_EVERYWHERE)
    return with_loader_criteria(CompanyRecord, lambda cls: false(), **_EVERYWHERE)


@event.listens_for(ScopedSession, "do_orm_execute")
def _limit(state: ORMExecuteState) -> None:
    scope = state.session.scope  # type: ignore[attr-defined]
    if scope is SYSTEM or state.is_column_load:
        return
    state.statement = state.statement.options(_criterion(scope))


@event.listens_for(ScopedSession, "before_flush")
def _guard(session: ScopedSession, context: UOWTransaction, instances: Any) -> None:
    scope = session.scope
    if scope is SYSTEM:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, CompanyRecord):
            _guard_row(row, scope)


def _guard_row(row: CompanyRecord, scope: Scope) -> None:
    if not isinstance(scope, CompanyScope | PortalScope):
        raise OutsideScope
    if isinstance(scope, PortalScope) and type(row).__name__ not in PORTAL_WRITES:
        raise OutsideScope
    if row.company_id is None:  # as a new row may be
        row.company_id = scope.company_id  # type: ignore[unreachable]
    if row.company_id != scope.company_id:
        raise OutsideScope


@event.listens_for(ScopedSession, "before_flush")
def _keep_issued(session: ScopedSession, context: UOWTransaction, instances: Any) -> None:
    if changes_what_is_issued(session):
        raise IssuedStays


SCOPED_TABLES = frozenset(
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, CompanyRecord)
)
_TABLES = re.compile(r'\b(?:FROM|JOIN|UPDATE|INTO)\s+"?(\w+)"?', re.IGNORECASE)
_READ = re.compile(r"\bSELECT\b(?!.*\bFROM \(VALUES\b)", re.IGNORECASE | re.DOTALL)  # several rows given, in order
_HELD = re.compile(r'\bcompany_id"?\s*(?:=|IN\b)|\bfalse\b|\b0 = 1\b')


def unscoped_table(sql: str) -> str | None:
    """A scoped table that ``sql`` reads or changes without naming ``company_id``, if any. For the tests' tripwire."""
    if sql.lstrip()[:6].upper() == "INSERT" and not _READ.search(sql):
        return None
    named = SCOPED_TABLES.intersection(_TABLES.findall(sql))
    return min(named) if named and not _HELD.search(sql) else None
