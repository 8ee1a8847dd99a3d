"""The same request again (``Idempotency-Key``): what was answered the first time is answered again, but for secrets."""

import hashlib
import re
from types import TracebackType
from typing import Self

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app import clock
from app.api.endpoint import Endpoint
from app.api.refusing import Unfit
from app.domain.api_keys import Program
from app.domain.remembering import LONGEST, Asked, Remembered, begin, give_up, remember
from app.installation import Installation
from app.scope import CompanyScope, ScopedSession
from app.secrets import new_token
from app.texts import _
from app.web import installation_of

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("content-type", "location", "etag")
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}", re.ASCII)


class Repeatable:
    """One request that may come again. As a block: what does not get to its end leaves nothing behind."""

    def __init__(self, installation: Installation, endpoint: Endpoint, program: Program, asked: Asked) -> None:
        self.database, self.keys, self.endpoint = installation.database, installation.keys, endpoint
        self.scope, self.asked = CompanyScope(program.company_id), asked

    @classmethod
    def of(cls, endpoint: Endpoint, request: Request, program: Program, content: bytes) -> Self | None:
        """None for a request without the header. Raises ``Unfit`` for a key that cannot be one."""
        given = request.headers.getlist(HEADER)
        if not given:
            return None
        if len(given) > 1 or not _KEY.fullmatch(given[0]):
            sentence = _("De 1 a %(n)s caracteres visibles de ASCII, una sola vez.") % {"n": LONGEST}
            raise Unfit([{"header": HEADER, "code": "invalid_value", "detail": sentence}])
        said = "\0".join((request.method, request.url.path, request.url.query, request.headers.get("if-match", "")))
        fingerprint = hashlib.sha256(said.encode() + b"\0" + content).hexdigest()
        asked = Asked(api_key_id=program.key_id, key=given[0], fingerprint=fingerprint, claim=new_token()[:32])
        return cls(installation_of(request), endpoint, program, asked)

    @property
    def name(self) -> str:
        """The same for the same request: what is done once in the business can be found by it again."""
        whole = f"{self.asked.api_key_id} {self.asked.key} {self.asked.fingerprint}"
        return f"api-{hashlib.sha256(whole.encode()).hexdigest()[:36]}"

    def begin(self) -> Response | None:
        """What was answered before; none when it is to be done now. Raises ``OtherRequest`` or ``StillWorking``."""
        known = self.database.run(self.scope, lambda db: begin(db, self.asked, clock.now(), self.endpoint.lease))
        if known is None:
            return None
        headers = known.headers | {"Cache-Control": "no-store, private", "Idempotency-Replayed": "true"}
        return Response(self.keys.open(known.body, self._context), known.status, headers)

    def keep(self, db: ScopedSession, answer: Response) -> None:
        """In the transaction that does the work, or right after it. Sealed, as it says what a company's files say."""
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        sealed = self.keys.seal(self._without_secrets(bytes(answer.body)), self._context)
        remember(db, self.asked, Remembered(answer.status_code, headers, sealed))

    def _without_secrets(self, body: bytes) -> bytes:
        if not self.endpoint.once:
            return body
        return msgspec.json.encode(msgspec.json.decode(body) | dict.fromkeys(self.endpoint.once))

    @property
    def _context(self) -> str:
        return f"idempotency_keys/{self.scope.company_id}/{self.asked.api_key_id}/{self.asked.key}/body"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.database.run(self.scope, lambda db: give_up(db, self.asked))
