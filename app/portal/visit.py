"""One request to one intranet, as the pages behind the doors see it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.footprints import Footprints
from app.installation import Installation
from app.portal.visitors import Host, Person
from app.scope import Actor, CompanyScope, PortalScope, ScopedSession
from app.secrets import SealBroken

Answer = TypeVar("Answer")


class Visit(Struct, frozen=True):
    """``person`` is who is signed in, if anybody; ``form`` what was posted."""

    request: Request
    installation: Installation
    host: Host
    person: Person | None
    form: Mapping[str, str]

    @property
    def base(self) -> str:
        """The intranet's own address, before everything else of it."""
        return self.host.path

    @property
    def someone(self) -> Person:
        """The person, behind a door that lets nobody else in."""
        assert self.person is not None, "a public door does not know who comes"
        return self.person

    @property
    def account_id(self) -> int:
        account_id = self.someone.account_id
        assert account_id is not None, "nobody gets this far with a customer's eyes only"
        return account_id

    @property
    def company_scope(self) -> CompanyScope:
        return CompanyScope(self.host.id)

    @property
    def customer_scope(self) -> PortalScope:
        contact_id = self.someone.contact_id
        assert contact_id is not None, "a customer's door lets nobody in without one"
        return PortalScope(self.host.id, contact_id)

    @property
    def actor(self) -> Actor | None:
        return Actor(name=self.person.email) if self.person else None

    @property
    def footprints(self) -> Footprints:
        found: Footprints = self.request.app.state.footprints
        return found

    @property
    def browser(self) -> str:
        return self.request.headers.get("user-agent", "")[:200]

    def field(self, name: str) -> str:
        return self.form.get(name, "")

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def redirect(self, path: str = "", **query: str) -> Response:
        """See another page of this intranet."""
        return RedirectResponse(self.base + path + (f"?{urlencode(query)}" if query else ""), status_code=303)

    @contextmanager
    def as_customer(self) -> Iterator[ScopedSession]:
        """A reading transaction of an errand, seeing what the customer sees."""
        with self.installation.database.read(self.customer_scope) as db:
            yield db

    @contextmanager
    def in_company(self) -> Iterator[ScopedSession]:
        """A reading transaction of an errand, in the company's scope."""
        with self.installation.database.read(self.company_scope) as db:
            yield db

    def change(self, work: Callable[[ScopedSession], Answer], actor: Actor | None = None) -> Answer:
        """``work(db)`` in a writing transaction of an errand, in the company's scope."""
        return self.installation.database.run(self.company_scope, work, actor)

    def sealed_email(self, email: str) -> str:
        """An e-mail to hand to the next page in its address, where nobody else can read it."""
        return self.installation.keys.seal_text(email, self._seal_context)

    def opened_email(self, sealed: str) -> str:
        """What ``sealed_email`` was given; nothing for anything else."""
        try:
            return self.installation.keys.open_text(sealed, self._seal_context)
        except (SealBroken, ValueError):
            return ""

    @property
    def _seal_context(self) -> str:
        return f"portal e-mail {self.host.id}"


def way_back(visit: Visit) -> str:
    """The address at hand, to come back to; nothing for what was posted, which is not done by looking again.

    A file to keep would leave its reader before the form they have just sent, so they come back to its page.
    """
    url = visit.request.url
    path = url.path + f"?{url.query}" if url.query else url.path.removesuffix("/pdf")
    return path if visit.request.method != "POST" and safe_return(visit, path) else ""


def safe_return(visit: Visit, wanted: str) -> str:
    """The part of ``wanted`` behind the intranet's own address; nothing when it leads elsewhere."""
    inside = wanted.startswith(f"{visit.base}/") and not any(trap in wanted for trap in ("//", "\\", "..", "\r", "\n"))
    return wanted.removeprefix(visit.base) if inside and len(wanted) < 500 else ""
