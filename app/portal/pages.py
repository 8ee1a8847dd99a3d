"""How a page of the portal is made: one environment of templates, two frames, and what every page knows.

``gate`` is the frame of a single question (sign-in, activation, an error); ``shell`` the one with the sections.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app import clock
from app.domain.queries.customer_documents import overview
from app.errors import InvalidValue, Refusal
from app.portal import words
from app.portal.navigation import tabs
from app.portal.visit import Visit
from app.portal.visitors import Host
from app.scope import ScopedSession
from app.texts import _
from app.web import TEMPLATES, form_token, make_environment, retry_after
from models.enums import DocumentKind


class _DirectTexts(CodeGenerator):
    """``_("…")`` straight to gettext: a page has fifty, and Jinja's own way of calling costs more than they do."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        sentence = node.args[0] if node.args else None
        if isinstance(node.node, nodes.Name) and node.node.name == "_" and isinstance(sentence, nodes.Const):
            self.write(f"environment.globals['_']({sentence.value!r})")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


environment = make_environment(TEMPLATES)
environment.auto_reload = False
environment.code_generator_class = _DirectTexts

Errors = Mapping[str, str]
NO_ERRORS: Errors = {}


class _Sentences(dict[str, str]):
    """The error of each field for a template; a field without one has the empty sentence."""

    def __missing__(self, field: str) -> str:
        return ""


def gate(visit: Visit, template: str, *, status: int = 200, errors: Errors = NO_ERRORS, **context: Any) -> Response:
    """One question. ``errors`` are sentences by field, each shown beside it and all of them above."""
    return _render(visit, template, status, errors=errors, **context)


def shell(  # noqa: PLR0913 - what a page is made of
    visit: Visit,
    db: ScopedSession,
    template: str,
    *,
    section: str,
    status: int = 200,
    errors: Errors = NO_ERRORS,
    waiting: Mapping[DocumentKind, int] | None = None,
    **context: Any,
) -> Response:
    """A page among the sections. ``db`` sees what the customer sees: the sections tell what waits in them.

    ``waiting`` is that of every kind there is, when the page knows it already.
    """
    if waiting is None:
        waiting = {kind: row.waiting for kind, row in overview(db, clock.today()).items()}
    shown = tabs(visit.someone, waiting)
    aside = [tab for tab in shown if tab.is_aside]
    return _render(visit, template, status, section=section, tabs=shown, aside=aside, errors=errors, **context)


def resume_page(visit: Visit, error: Refusal | None = None) -> Response:
    """Asks only for the password and carries what was posted, so that nothing typed is lost but other passwords."""
    carried = visit.form if "_destino" in visit.form else {**visit.form, "_destino": visit.request.url.path}
    kept = {name: text for name, text in carried.items() if not name.startswith("clave") and name != "csrf"}
    return gate(
        visit,
        "portal/access/resume.html",
        status=error.status if error else 200,
        errors={"clave": str(error)} if error else NO_ERRORS,
        kept=kept,
        email=visit.someone.email,
    )


def refusal_page(request: Request, host: Host | None, refusal: Refusal) -> Response:
    """A refusal as a page of the portal. It has no form, so it gives no cookie."""
    template = environment.get_template("portal/refusal.html" if host else "portal/nowhere.html")
    title = words.refusal_title(refusal.status)
    text = template.render(
        host=host, base=host.path if host else "", title=title, sentence=str(refusal), errors=NO_ERRORS
    )
    return HTMLResponse(text, status_code=refusal.status, headers=retry_after(refusal))


def notice_of(notices: Mapping[str, str], visit: Visit) -> str | None:
    """What the page before has to say: the sentence that the address names, if there is such a one."""
    sentence = notices.get(visit.query("aviso"))
    return _(sentence) if sentence else None


def field_errors(refusal: Refusal, default: str) -> Errors:
    """A refusal beside the field it is about, or beside ``default``."""
    return {(refusal.field if isinstance(refusal, InvalidValue) else None) or default: str(refusal)}


def _render(visit: Visit, template: str, status: int, *, errors: Errors, **context: Any) -> Response:
    host = visit.host
    errors = _Sentences(errors)
    text = environment.get_template(template).render(
        host=host, base=host.path, person=visit.person, csrf=form_token(visit.request), errors=errors, **context
    )
    return HTMLResponse(text, status_code=status)
