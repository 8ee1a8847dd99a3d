"""What nobody meant to happen: reported once with a reference, which the person is shown and nothing else."""

import logging
import secrets
from contextlib import AbstractContextManager
from types import TracebackType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Refusal
from app.middleware import CODES, refusal, refuse
from app.problems import is_for_programs, problem, spoken_to
from app.texts import _
from app.web import retry_after

log = logging.getLogger(__name__)

SENTENCES = {
    400: "No hemos entendido la petición.",
    404: "No existe esa página.",
    405: "Esa operación no se puede hacer así.",
    413: "Lo enviado es demasiado grande.",
}

_FAILED = "Algo ha fallado por nuestra parte. Si nos escribe, cite la referencia %(cual)s."


class Reported:
    """Logs whatever escapes from the application, under ``scope["reference"]``, and lets it pass on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["reference"] = secrets.token_hex(4).upper()
        with _Report(scope):
            await self.app(scope, receive, send)


class _Report(AbstractContextManager[None]):
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            where = {name: self.scope[name] for name in ("reference", "method", "path")}
            log.error("unexpected error", exc_info=error, extra=where)


async def failed(request: Request, error: Exception) -> Response:
    sentence, facts = _FAILED, {"cual": request.scope.get("reference", "")}
    if not is_for_programs(request.url.path):
        return refusal(500, _(sentence) % facts)
    with spoken_to(request.scope):
        return problem(500, _(sentence) % facts, code=CODES[500])


async def refused_by_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = refuse(request.scope, error.status_code, SENTENCES.get(error.status_code, SENTENCES[400]))
    answer.headers.update(error.headers or {})
    return answer


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    answer = refusal(error.status, str(error))
    answer.headers.update(retry_after(error))
    return answer
