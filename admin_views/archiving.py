"""Putting rows of a list away, and taking them out again: the same page for every screen that can."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from admin_views.command_page import Command
from admin_views.forms import OfficeForm
from admin_views.searching import replay
from app.domain.archiving import ArchiveRows, archive_rows
from app.scope import ScopedSession
from app.texts import _, plural

if TYPE_CHECKING:
    from admin_views.base import OfficeView

ARCHIVED = ("1 ficha archivada.", "%(n)s fichas archivadas.")
RESTORED = ("1 ficha recuperada.", "%(n)s fichas recuperadas.")


async def archive_command(view: "OfficeView", request: Request) -> Response:
    """Over what was ticked or searched for; the tab of archived rows brings them back."""
    selection = view.selected(request)
    is_stored = "estado" in view.search_of(replay(selection.query)).values

    def run(db: ScopedSession, form: OfficeForm) -> str:
        command = ArchiveRows(
            model=view.model,
            which=selection.conditions(db.company_id),
            selection=selection.told,
            archived=not is_stored,
        )
        return plural(*(RESTORED if is_stored else ARCHIVED), archive_rows(db, command))

    which = await view.in_words(request, selection)
    title = (_("Recuperar %(que)s") if is_stored else _("Archivar %(que)s")) % {"que": which}
    command = Command(
        title=title,
        submit=title,
        form_class=OfficeForm,
        run=run,
        back=view.list_address,
        template="admin/archive.html",
        hidden=dict(selection.fields),
        context={"stored": is_stored},
    )
    return await view.command_page(request, command)
