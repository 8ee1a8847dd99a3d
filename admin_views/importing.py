"""*Importar facturas*: files from other programs, judged before anything is written, taken in when confirmed.

Uploading keeps the bytes and a run; whatever takes time is done in the background, and the page of the run shows how
far it has come, what would happen, and afterwards what happened. No request waits for an import.
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_views.acting import act, done, reading
from admin_views.auth import visit_of
from admin_views.base import page
from admin_views.filters import whole
from admin_views.formatters import Sign
from admin_views.posted import sent_files
from admin_views.templating import render
from app.domain import import_runs
from app.domain.import_runs import ArrivedFile
from app.domain.queries.import_runs import figures_of, latest_runs, new_customers_of, rows_of
from app.errors import Refusal
from app.installation import Installation
from app.texts import _, plural
from app.web import installation_of
from models import ImportRun, StaffUser
from models.enums import ImportStage, ImportVerdict

MOST_FILES = 200

# Words of the address for each verdict.
VERDICTS = {
    "nuevas": ImportVerdict.CREATED,
    "ya-importadas": ImportVerdict.EXISTS,
    "rechazadas": ImportVerdict.REFUSED,
}
FORESEEN = {
    ImportVerdict.CREATED: Sign("Nueva", "plus", "info"),
    ImportVerdict.EXISTS: Sign("Ya importada", "equal"),
    ImportVerdict.REFUSED: Sign("Rechazada", "x", "bad"),
}
HAPPENED = FORESEEN | {ImportVerdict.CREATED: Sign("Importada", "check", "ok")}

STAGES = {
    ImportStage.READING: Sign("Comprobando", "loader-2", "info"),
    ImportStage.READY: Sign("Sin confirmar", "question-mark", "warn"),
    ImportStage.TAKING: Sign("Importando", "loader-2", "info"),
    ImportStage.DONE: Sign("Terminada", "check", "ok"),
    ImportStage.BROKEN: Sign("Interrumpida", "alert-triangle", "bad"),
}


class ImportPages:
    """Mixed into the view over invoices."""

    @page("/importar", needs="import")
    async def import_page(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_upload if request.method == "POST" else _ask, self, request)

    @page("/plantilla-facturas.csv", needs="import", methods=("GET",))
    async def import_template(self: Any, request: Request) -> Response:
        from admin_views.import_help import template_csv

        headers = {"Content-Disposition": 'attachment; filename="plantilla-facturas.csv"'}
        return Response(template_csv(), media_type="text/csv; charset=utf-8", headers=headers)

    @page("/importar/{run}", needs="import", methods=("GET",))
    async def import_run_page(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_show, self, request)

    @page("/importar/{run}/confirmar", needs="import", methods=("POST",))
    async def import_confirm(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_confirm, self, request)

    @page("/importar/{run}/descartar", needs="import", methods=("POST",))
    async def import_discard(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_discard, self, request)

    @page("/importar/{run}/reintentar", needs="import", methods=("POST",))
    async def import_retry(self: Any, request: Request) -> Response:
        return await run_in_threadpool(_retry, self, request)


def _ask(view: Any, request: Request, problems: tuple[str, ...] = ()) -> Response:
    """The page that asks for files, and what came of the last ones."""
    from admin_views.import_help import COLUMN_HELP

    visit = visit_of(request)
    with reading(request) as db:
        runs = [(run, figures_of(db, run.id), _name_of(db, run.user_id)) for run in latest_runs(db)]
    context = {
        "view": view,
        "problems": problems,
        "runs": runs,
        "stages": STAGES,
        "columns": COLUMN_HELP,
        "company": visit.company_name,
        "tax_id": visit.company_tax_id,
    }
    return HTMLResponse(render(request, "admin/import/upload.html", context), status_code=422 if problems else 200)


def _name_of(db: Any, user_id: int | None) -> str:
    user = db.get(StaffUser, user_id) if user_id else None
    return user.name if user else ""


def _upload(view: Any, request: Request) -> Response:
    """Keep what can be kept and have it judged; say at once what is wrong with each of the others."""
    sent = sent_files(request, "archivos")
    if not sent:
        return _ask(view, request, (_("Elija al menos un archivo."),))
    if len(sent) > MOST_FILES:
        return _ask(view, request, (_("Como mucho %(n)s archivos de una vez.") % {"n": MOST_FILES},))
    visit, installation = visit_of(request), installation_of(request)
    files = [_arrived(installation, visit.company_id, file) for file in sent]
    refused = tuple(file.refused for file in files if file.refused)
    if len(refused) == len(files):
        return _ask(view, request, refused)
    run = act(request, lambda db: import_runs.open_run(db, files, visit.user_id))
    return RedirectResponse(view.address(f"importar/{run.id}"), status_code=303)


def _arrived(installation: Installation, company_id: int, file: UploadFile) -> ArrivedFile:
    # The readers of every format are nothing that other pages should wait for.
    from app.adapters.formats import check_at_sight
    from app.adapters.formats.fields import clipped
    from app.adapters.formats.xml import is_markup

    name = clipped((file.filename or "").replace("\\", "/").rpartition("/")[2], 150) or _("archivo")
    content = file.file.read()
    try:
        check_at_sight(name, content)
    except Refusal as refusal:
        return ArrivedFile(name=name, refused=str(refusal))
    media_type = "application/xml" if is_markup(content) else "text/csv"
    kept = installation.storage.keep(company_id, content, name=name, media_type=media_type)
    return ArrivedFile(name=name, sha256=kept.sha256, size=kept.size, media_type=media_type)


def _show(view: Any, request: Request) -> Response:
    """A run at whatever stage it is: being judged, judged, being taken in, done."""
    wanted = request.query_params.get("ver", "")
    after = whole(request.query_params.get("tras", "")) or 0
    if wanted and wanted not in VERDICTS:
        raise HTTPException(404)
    with reading(request) as db:
        run = import_runs.find_run(db, _run_id(request))
        figures = figures_of(db, run.id)
        is_over = run.stage is ImportStage.DONE
        context = {
            "view": view,
            "run": run,
            "figures": figures,
            "tabs": _tabs(view, run, figures, wanted),
            "page": rows_of(db, run.id, VERDICTS.get(wanted), after),
            "address": _address(view, run),
            "wanted": wanted,
            "after": after,
            "signs": HAPPENED if is_over else FORESEEN,
            "title": _title(run, figures),
            "customers": new_customers_of(db, run.id),
            "who": _name_of(db, run.confirmed_by_id or run.user_id),
        }
    return HTMLResponse(render(request, f"admin/import/{TEMPLATES[run.stage]}.html", context))


TEMPLATES = {
    ImportStage.READING: "working",
    ImportStage.TAKING: "working",
    ImportStage.BROKEN: "broken",
    ImportStage.READY: "judged",
    ImportStage.DONE: "result",
}


def _title(run: ImportRun, figures: Any) -> str:
    if run.stage is ImportStage.READING:
        return _("Comprobando los archivos")
    if run.stage is ImportStage.TAKING:
        return _("Importando las facturas")
    if run.stage is ImportStage.DONE:
        return plural("%(n)s factura importada", "%(n)s facturas importadas", figures.created)
    if run.stage is ImportStage.READY and figures.created:
        return plural("Importar %(n)s factura", "Importar %(n)s facturas", figures.created)
    return _("Importar facturas")


def _tabs(view: Any, run: ImportRun, figures: Any, wanted: str) -> list[tuple[str, str, int, bool]]:
    new = _("Importadas") if run.stage is ImportStage.DONE else _("Nuevas")
    words = (
        ("", _("Todas"), figures.all),
        ("nuevas", new, figures.created),
        ("ya-importadas", _("Ya importadas"), figures.exists),
        ("rechazadas", _("Rechazadas"), figures.refused),
    )
    base = _address(view, run)
    return [
        (f"{base}?ver={word}" if word else base, name, count, word == wanted)
        for word, name, count in words
        if count or word in ("", wanted)
    ]


def _confirm(view: Any, request: Request) -> Response:
    """Begins what the background then does. Twice is once."""
    visit, run_id = visit_of(request), _run_id(request)
    return _change(view, request, lambda db: import_runs.confirm_run(db, run_id, visit.user_id))


def _retry(view: Any, request: Request) -> Response:
    run_id = _run_id(request)
    return _change(view, request, lambda db: import_runs.retry_run(db, run_id))


def _discard(view: Any, request: Request) -> Response:
    run_id = _run_id(request)
    act(request, lambda db: import_runs.discard_run(db, run_id))
    return done(request, _("No se ha importado nada."), view.address("importar"))


def _change(view: Any, request: Request, work: Any) -> Response:
    act(request, work)
    return RedirectResponse(view.address(f"importar/{_run_id(request)}"), status_code=303)


def _address(view: Any, run: ImportRun) -> str:
    address: str = view.address(f"importar/{run.id}")
    return address


def _run_id(request: Request) -> int:
    run_id = whole(request.path_params["run"])
    if run_id is None:
        raise HTTPException(404)
    return run_id
