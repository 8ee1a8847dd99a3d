"""A program that works for the home company: its key in the header, JSON in and out."""

import json
from typing import Any

from starlette.testclient import TestClient

from app.domain.api_keys import USUAL_REQUESTS, CreateApiKey, NewKey, create_api_key
from app.scope import Actor, ScopedSession
from models import StaffUser
from models.enums import ApiScope

EVERYTHING = tuple(ApiScope)


class Robot:
    """``robot.post("contacts", {...})`` is an answer; its ``json()`` what it says."""

    def __init__(self, client: TestClient, key: NewKey) -> None:
        self.client, self.key = client, key

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self._ask("GET", path, None, headers, query)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self._ask("POST", path, body, headers, query)

    def patch(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        return self._ask("PATCH", path, body, headers, {})

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self._ask("DELETE", path, None, headers, {})

    def send(self, method: str, path: str, content: bytes, kind: str = "application/json", **headers: str) -> Any:
        """Bytes as they are."""
        given = {"Authorization": f"Bearer {self.key.secret}", "Content-Type": kind, **headers}
        return self.client.request(method, f"/api/v1/{path}", content=content, headers=given)

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str] | None, query: dict[str, Any]) -> Any:
        given = {"Authorization": f"Bearer {self.key.secret}", **(headers or {})}
        content = None
        if body is not None:
            content, given["Content-Type"] = json.dumps(body).encode(), "application/json"
        return self.client.request(method, f"/api/v1/{path}", content=content, headers=given, params=query or None)


def key_for(
    db: ScopedSession,
    user: StaffUser,
    scopes: tuple[ApiScope, ...] = EVERYTHING,
    *,
    name: str = "Tienda",
    expires_at: Any = None,
    per_minute: int = USUAL_REQUESTS,
) -> NewKey:
    """A key of somebody who works in the session's company. Not committed."""
    db.actor = db.actor or Actor(user.name, user.id)
    return create_api_key(
        db,
        CreateApiKey(user_id=user.id, name=name, scopes=scopes, expires_at=expires_at, per_minute=per_minute),
    )


def problem_of(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, code, and each error's place and code."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    errors = [
        (error.get("pointer", error.get("parameter", error.get("header"))), error["code"])
        for error in told.get("errors", [])
    ]
    return answer.status_code, told["code"], errors
