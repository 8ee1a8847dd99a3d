"""Reading and acting as whoever asks: in the company of their visit and in their name. All of it runs in a thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqladmin import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin_views.auth import visit_of
from app.errors import Refusal
from app.scope import Actor, CompanyScope, Scope, ScopedSession
from app.web import installation_of

Result = TypeVar("Result")


@contextmanager
def reading(request: Request, scope: Scope | None = None) -> Iterator[ScopedSession]:
    """A transaction that changes nothing."""
    with installation_of(request).database.read(scope or _company(request)) as db:
        yield db


def read(request: Request, work: Callable[[ScopedSession], Result]) -> Result:
    """``work(db)`` in a transaction that changes nothing."""
    with reading(request) as db:
        return work(db)


def act(request: Request, work: Callable[[ScopedSession], Result], scope: Scope | None = None) -> Result:
    """``work(db)`` in one write transaction, done again where that may help; raises what it raises."""
    visit = visit_of(request)
    actor = Actor(visit.user_name, visit.user_id)
    return installation_of(request).database.run(scope or _company(request), work, actor)


def act_and_tell(request: Request, work: Callable[[ScopedSession], Any], address: str) -> Response:
    """Act, then go to ``address`` with the result as the message, or with the refusal."""
    try:
        return done(request, act(request, work), address)
    except Refusal as refusal:
        return not_done(request, refusal, address)


def done(request: Request, said: object, address: str) -> Response:
    """Go to ``address``, which says so."""
    Flash.success(request, str(said))
    return RedirectResponse(address, status_code=303)


def not_done(request: Request, why: object, address: str) -> Response:
    Flash.error(request, str(why))
    return RedirectResponse(address, status_code=303)


def _company(request: Request) -> CompanyScope:
    return CompanyScope(visit_of(request).company_id)
