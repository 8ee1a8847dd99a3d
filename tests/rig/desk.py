"""Somebody of the office before the back office, signed in: a browser without JavaScript."""

import re
from html import unescape
from typing import Any

from sqlalchemy.orm import sessionmaker
from starlette.testclient import TestClient

from app import clock
from app.installation import Installation
from app.scope import SYSTEM, ScopedSession
from app.secrets import new_token, token_hash
from models import StaffSession, StaffUser

COOKIE = "ventanilla_admin"
_TAG = re.compile(r"<(input|option|select|textarea)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


class Desk:
    """A browser of its own. What it posts carries the token and the company that its pages would have given it."""

    def __init__(self, client: TestClient, installation: Installation, company_id: int) -> None:
        self.client, self.installation, self.company_id = client, installation, company_id

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/admin/{path}", params=query or None)

    def post(self, path: str, fields: Any = None, **options: Any) -> Any:
        cookie = self.client.cookies.get(COOKIE, path="/admin") or ""
        guard = {"csrf": self.installation.keys.sign("csrf", cookie), "company": str(self.company_id)}
        return self.client.post(f"/admin/{path}", data=guard | (fields or {}), **options)

    def create(self, screen: str, fields: dict[str, str]) -> Any:
        """Fill in the form of a new row and send it."""
        return self.change(f"{screen}/create", fields)

    def change(self, path: str, fields: dict[str, str]) -> Any:
        """Open a form, type over some of it and send it back to where it came from."""
        return self.post(path, fields_of(self.get(path)) | fields)

    def follow(self, answer: Any) -> Any:
        """The page a redirect leads to."""
        assert answer.status_code == 303, text_of(answer)
        return self.client.get(answer.headers["location"])


def seat(
    client: TestClient, installation: Installation, sessions: sessionmaker[ScopedSession], user: StaffUser
) -> Desk:
    """Sign ``user`` in at their first company."""
    token = new_token()
    with sessions(scope=SYSTEM) as db:
        company_id = db.get_one(StaffUser, user.id).memberships[0].company_id
        db.add(StaffSession(token_hash=token_hash(token), user_id=user.id, company_id=company_id, seen_at=clock.now()))
        db.commit()
    client.cookies.set(COOKIE, token, domain="127.0.0.1", path="/admin")
    return Desk(client, installation, company_id)


def fields_of(page: Any) -> dict[str, str]:
    """What the only form with fields of a page would post as it stands; the guard's own fields are the desk's."""
    found: dict[str, str] = {}
    select = ""
    for tag, inside in _TAG.findall(page.text):
        names = {name.lower(): unescape(value) for name, value in _ATTRIBUTE.findall(inside)}
        if tag == "select":
            select = names.get("name", "")
            continue
        if tag == "option":
            if select and (select not in found or "selected" in names):
                found[select] = names.get("value", "")
            continue
        if names.get("type") in {"radio", "checkbox"} and "checked" not in names:
            continue
        if name := names.get("name"):
            found[name] = names.get("value", "")
    return {name: value for name, value in found.items() if name not in {"csrf", "company", "to", "buscar"}}


def text_of(page: Any) -> str:
    """The words of a page, single spaces, without its tags."""
    inside = re.sub(r"<(script|template|noscript)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", inside)).split())


def renew(db: ScopedSession) -> None:
    """Let a session see what others have written since."""
    db.rollback()
    db.expire_all()
