"""What happens to a request: whose it is, what it says, the work, the answer. Everything in threads but its arrival."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.again import Repeatable
from app.api.endpoint import Call, Endpoint
from app.api.fields import Body
from app.api.programs import Permits, admit
from app.api.refusing import EXPECTED, Unfit, answer_to, unfit_body, unfit_query
from app.api.strict_json import read_json
from app.api.versions import respond
from app.domain.api_keys import Program
from app.errors import Refusal
from app.middleware import SAFE_METHODS
from app.problems import problem, spoken_to
from app.scope import CompanyScope, ScopedSession
from app.texts import _
from app.web import installation_of

JSON = "application/json"
_UTF8 = re.compile(r"""\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?""", re.IGNORECASE)


class BodyTooLarge(Refusal):
    status = 413
    code = "too_large"

    def __init__(self, most: int) -> None:
        super().__init__(_("Como mucho %(n)s KB.") % {"n": most // 1024})


class OtherFormat(Refusal):
    status = 415
    code = "unsupported_media_type"

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(_("Diga en Content-Type lo que envía: %(cuales)s.") % {"cuales": ", ".join(known)})


class Unfinished(Refusal):
    """Its end never came: nothing of it is done, though nobody is there to be told."""

    status = 400
    code = "unfinished"


class Resource:
    """All that may be asked of one address: an ASGI application that a route leads to."""

    audience = "program"

    def __init__(self, endpoints: list[Endpoint], permits: Permits) -> None:
        self.by_method = {endpoint.method: endpoint for endpoint in endpoints}
        self.permits = permits
        names = [*self.by_method, *(["HEAD"] if "GET" in self.by_method else [])]
        self.allowed = ", ".join(sorted(names))

    @property
    def declared(self) -> list[dict[str, Any]]:
        """Each method with what it needs, for the list of routes."""
        return [
            {
                "methods": ("GET", "HEAD") if method == "GET" else (method,),
                "name": endpoint.name,
                "audience": self.audience,
                "permission": endpoint.scope.value,
                "csrf": "safe" if method in SAFE_METHODS else "key",
            }
            for method, endpoint in self.by_method.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with spoken_to(scope):
            answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = self.by_method.get(method)
        if endpoint is None:
            sentence = _("Aquí se admite: %(cuales)s.") % {"cuales": self.allowed}
            return problem(405, sentence, code="method_not_allowed", headers={"Allow": self.allowed})
        if method in SAFE_METHODS:
            return await run_in_threadpool(_guarded, lambda: self._read(endpoint, request))
        admitted = await run_in_threadpool(_guarded, lambda: self._admit(endpoint, request))
        if isinstance(admitted, Response):
            return admitted
        try:
            content = await _content_of(request, endpoint.largest_body)
        except (BodyTooLarge, Unfinished) as refusal:
            return answer_to(refusal)
        return await run_in_threadpool(_guarded, lambda: self._write(endpoint, request, admitted, content))

    def _admit(self, endpoint: Endpoint, request: Request) -> Program:
        with installation_of(request).database.look() as connection:
            return admit(request, connection, self.permits, endpoint.scope)

    def _read(self, endpoint: Endpoint, request: Request) -> Response:
        """Who asks and what they see, over one connection."""
        database = installation_of(request).database
        with database.look() as connection:
            program = admit(request, connection, self.permits, endpoint.scope)
            call = _call_of(endpoint, request, program)
            if endpoint.db_mode == "read":
                with database.reads(scope=CompanyScope(program.company_id), bind=connection) as db:
                    return respond(endpoint, request, call, endpoint.work(db, call))
        return respond(endpoint, request, call, endpoint.work(call))

    def _write(self, endpoint: Endpoint, request: Request, program: Program, content: bytes) -> Response:
        repeatable = Repeatable.of(endpoint, request, program, content)
        call = _call_of(endpoint, request, program, content, repeatable.name if repeatable else None)
        if endpoint.before is not None:
            endpoint.before(call)
        if repeatable is None:
            return _done(endpoint, request, call, None)
        if (known := repeatable.begin()) is not None:
            return known
        with repeatable:
            return _done(endpoint, request, call, repeatable.keep)


def _guarded(work: Callable[[], Any]) -> Any:
    """Runs in a thread: what may go wrong becomes a problem, what may not is left to be reported."""
    try:
        return work()
    except EXPECTED as error:
        return answer_to(error)


def _done(
    endpoint: Endpoint, request: Request, call: Call, keep: Callable[[ScopedSession, Response], None] | None
) -> Response:
    database = call.installation.database
    if endpoint.db_mode == "apart":
        done = respond(endpoint, request, call, endpoint.work(call))
        if keep is not None:
            database.run(call.scope, lambda db: keep(db, done), call.actor)
        return done

    def work(db: ScopedSession) -> Response:
        answer = respond(endpoint, request, call, endpoint.work(db, call))
        if keep is not None:
            keep(db, answer)
        return answer

    return database.run(call.scope, work, call.actor)


def _call_of(
    endpoint: Endpoint, request: Request, program: Program, content: bytes = b"", key: str | None = None
) -> Call:
    """Raises ``Unfit`` with everything that is wrong, ``OtherFormat`` or ``BadJson``."""
    return Call(
        installation=installation_of(request),
        program=program,
        path=request.path_params,
        query=_query_of(endpoint, request),
        body=_body_of(endpoint, request, content),
        content=content,
        match=request.headers.get("if-match"),
        key=key,
    )


def _query_of(endpoint: Endpoint, request: Request) -> Any:
    given = request.query_params.multi_items()
    names = [name for name, _value in given]
    if twice := sorted({name[:100] for name in names if names.count(name) > 1}) if len(names) < 100 else names[:1]:
        raise Unfit([{"parameter": name, "code": "repeated", "detail": _("Está repetido.")} for name in twice])
    if endpoint.query is None and not given:
        return None
    try:
        return (endpoint.query or _Nothing).model_validate(dict(given))
    except ValidationError as error:
        raise unfit_query(error) from error


def _body_of(endpoint: Endpoint, request: Request, content: bytes) -> Any:
    if request.method in SAFE_METHODS or request.method == "DELETE":
        return None
    kind, semicolon, parameters = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if endpoint.media_types != (JSON,):
        if kind not in endpoint.media_types:
            raise OtherFormat(endpoint.media_types)
        return None
    if not content and (endpoint.body is None or endpoint.may_be_empty):
        return endpoint.body() if endpoint.body is not None else None
    if kind != JSON or not _UTF8.fullmatch(semicolon + parameters):
        raise OtherFormat(endpoint.media_types)
    try:
        return (endpoint.body or _Empty).model_validate(read_json(content))
    except ValidationError as error:
        raise unfit_body(error) from error


class _Empty(Body):
    """For what asks for nothing: at most ``{}``."""


_Nothing: Any = _Empty


async def _content_of(request: Request, most: int) -> bytes:
    """What a request carries, to its end. Raises ``BodyTooLarge`` or ``Unfinished``."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise BodyTooLarge(most)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Unfinished(_("La petición no llegó entera.")) from error
    return b"".join(chunks)
