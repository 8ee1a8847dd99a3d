"""People before the portal: someone with an account, already signed in or not, as browsers without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import clock
from app.installation import Installation
from app.scope import ScopedSession
from app.secrets import hash_password, new_token, token_hash
from app.settings import Settings
from models import Company, PortalAccount, PortalSession
from tests.factories import Make

PASSWORD = "mi perro come pienso"
PASSWORD_HASH = hash_password(PASSWORD)
COOKIE = "ventanilla_portal"


class Visitor:
    """A browser of its own at one company's intranet. Forms carry the token that its pages would have given it."""

    def __init__(self, client: TestClient, installation: Installation, base: str) -> None:
        self.client, self.installation, self.base = client, installation, base

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(COOKIE, path=self.base)

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.cookies.clear()
        self.client.cookies.set(COOKIE, value, domain="127.0.0.1", path=self.base)

    def get(self, path: str = "", **options: Any) -> Any:
        return self.client.get(self.base + path, **options)

    def post(self, path: str, **fields: str) -> Any:
        if self.cookie is None:
            self.cookie = new_token()
        fields.setdefault("csrf", self.installation.keys.sign("csrf", self.cookie or ""))
        return self.client.post(self.base + path, data=fields)

    def follow(self, response: Any) -> Any:
        """The page a redirect leads to."""
        assert response.status_code == 303, response.text
        return self.client.get(response.headers["location"])

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> Any:
        return self.post("/entrar", correo=email, clave=password, **fields)


@pytest.fixture
def visitor(application: Starlette, installation: Installation, settings: Settings, company: Company) -> Visitor:
    """Nobody in particular."""
    client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
    return Visitor(client, installation, f"/in/{company.slug}")


@pytest.fixture
def account(make: Make, db: ScopedSession) -> PortalAccount:
    """Somebody with a password who may act for one customer."""
    contact = make.contact(name="C. P. Plaza del Olmo, 14", email="lucia@fincasferrer.example")
    account = make.account(contact, name="Lucía Ferrer", password_hash=PASSWORD_HASH)
    db.commit()
    return account


Arrive = Callable[..., Visitor]


@pytest.fixture
def arrive(application: Starlette, installation: Installation, settings: Settings, db: ScopedSession) -> Arrive:
    """``arrive(account)``: a browser where they are signed in. Commits what the test has made so far."""

    def arrive(account: PortalAccount, *, slug: str = "Tosma", **session: Any) -> Visitor:
        token = new_token()
        chosen = [membership.contact_id for membership in account.memberships if membership.ended_at is None]
        values = {
            "company_id": account.company_id,
            "account_id": account.id,
            "contact_id": chosen[0] if len(chosen) == 1 else None,
            "seen_at": clock.now(),
        }
        db.add(PortalSession(token_hash=token_hash(token), **values | session))
        db.commit()
        client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
        visitor = Visitor(client, installation, f"/in/{slug}")
        visitor.cookie = token
        return visitor

    return arrive


def words_of(page: Any) -> str:
    """What a page says, without its markup."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&nbsp;", "\u00a0").split(" ")).replace("\n", " ")
