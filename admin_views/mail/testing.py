"""A test of a mail account as a page that fills in while it goes on: each step as soon as it begins and ends.

The test runs in a thread of its own and is finished and recorded whether or not anybody still watches.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from admin_views.auth import visit_of
from admin_views.mail.account_form import TestForm
from admin_views.mail.account_shown import Shown, Whose, read_account, show, throttle
from admin_views.posted import posted
from admin_views.templating import environment, render
from app.domain.throttling import TooManyTries
from app.errors import InvalidValue, Refusal
from app.mail.steps import MailTestStep
from app.mail.testing import MailTested, NoAccount, RunMailTest, can_test, run_mail_test
from app.texts import _
from app.web import installation_of

if TYPE_CHECKING:
    from admin_views.base import OfficePage

MARK = "<!-- pasos -->"
AT_ONCE = BoundedSemaphore(4)
"""Each holds a thread and a connection for as long as a server likes to think."""


class TooManyTests(Refusal):
    status = 503
    code = "too_many_tests"

    def __init__(self) -> None:
        super().__init__(_("Hay varias pruebas en marcha a la vez. Espere unos segundos y vuelva a probar."))


async def test_page(view: "OfficePage", request: Request, whose: Whose) -> Response:
    form = TestForm(posted(request))
    try:
        command = await run_in_threadpool(_admit, request, whose, form)
    except Refusal as refusal:
        form.refuse(refusal)
        shown = Shown(test=form, status=refusal.status)
        answer = await run_in_threadpool(show, view, request, whose, shown)
        if isinstance(refusal, TooManyTries):
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    context = whose.context | {"view": view, "whose": whose, "recipient": command.recipient, "mark": MARK}
    page = await run_in_threadpool(render, request, "admin/mail/test.html", context)
    # A proxy that waits for the whole answer would show nothing until the end.
    return StreamingResponse(_told(request, command, page), media_type="text/html", headers={"X-Accel-Buffering": "no"})


def _admit(request: Request, whose: Whose, form: TestForm) -> RunMailTest:
    """Runs in a thread. Raises ``Refusal`` while there is nothing to try, or too much has been tried."""
    if not form.validate():
        raise InvalidValue("", field="")
    demo, visit = installation_of(request).settings.demo, visit_of(request)
    if not can_test(read_account(request, whose), is_own=whose.is_own, demo=demo):
        raise NoAccount
    throttle(request, "mail test", 5, dt.timedelta(minutes=1))
    throttle(request, "mail tests", 30, dt.timedelta(hours=1))
    if not AT_ONCE.acquire(blocking=False):
        raise TooManyTests
    return RunMailTest(company_id=visit.company_id, user_id=whose.user_id, recipient=str(form.recipient.data))


async def _told(request: Request, command: RunMailTest, page: str) -> AsyncIterator[str]:
    """The page up to its steps, each step as it is told, the verdict, and the rest of the page."""
    head, tail = page.split(MARK)
    loop, told = asyncio.get_running_loop(), asyncio.Queue[MailTestStep | MailTested | None]()

    def tell(what: MailTestStep | MailTested | None) -> None:
        with suppress(RuntimeError):  # the server has stopped: nobody listens any more
            loop.call_soon_threadsafe(told.put_nowait, what)

    Thread(target=_run, args=(request, command, tell), name="mail-test", daemon=True).start()
    yield head
    while isinstance(step := await told.get(), MailTestStep):
        yield _part("_step.html", step=step)
    yield _part("_verdict.html", tested=step) + tail


def _run(request: Request, command: RunMailTest, tell: Any) -> None:
    """Whatever happens, somebody is told that it is over."""
    tested: MailTested | None = None
    try:
        tested = run_mail_test(installation_of(request), command, tell)
    finally:
        AT_ONCE.release()
        tell(tested)


def _part(name: str, **context: Any) -> str:
    return environment().get_template(f"admin/mail/{name}").render(context)
