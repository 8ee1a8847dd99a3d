"""*Dar acceso* and *Retirar acceso*: over what is ticked in a list, over a whole search, or for one person."""

from typing import Any

from sqladmin import action
from starlette.requests import Request
from starlette.responses import Response

from admin_views.access import words
from admin_views.access.dialogue import AccessDialogue, AccessForm, Deed
from admin_views.acting import done
from admin_views.base import page
from admin_views.command_page import Command
from admin_views.selection import Selection
from app.domain.selections import ContactSelection


class AccessPages:
    """Mixed into a view whose rows lead to contacts: see ``access_reach``."""

    def access_reach(self: Any, selection: Selection) -> ContactSelection:
        """Whom a selection of rows is about. Here the rows are contacts, with all their people."""
        search = self.wanted(selection.search) if selection.search is not None else None
        return ContactSelection(label="", ids=selection.ids, search=search)

    def _visible_custom_actions(self, request: Request, in_detail: bool = False) -> dict[str, str]:
        """Giving access first: it is the filled button."""
        found: dict[str, str] = super()._visible_custom_actions(request, in_detail)  # type: ignore[misc]
        return dict(sorted(found.items(), key=lambda named: named[0] != "access"))

    @action("access", label="Dar acceso a la intranet")
    async def access(self: Any, request: Request) -> Response:
        answer: Response = self.to_page(request, "access")
        return answer

    @action("withdraw-access", label="Retirar acceso")
    async def withdraw(self: Any, request: Request) -> Response:
        answer: Response = self.to_page(request, "withdraw-access")
        return answer

    @page("/access", needs="action:access")
    async def access_page(self: Any, request: Request) -> Response:
        answer: Response = await _ask(self, request, Deed.GRANT)
        return answer

    @page("/withdraw-access", needs="action:withdraw-access")
    async def withdraw_page(self: Any, request: Request) -> Response:
        answer: Response = await _ask(self, request, Deed.WITHDRAW)
        return answer


async def _ask(view: Any, request: Request, deed: Deed) -> Any:
    dialogue = AccessDialogue(view, request, deed)
    title = (words.grant_title if deed is Deed.GRANT else words.withdraw_title)(2)
    return await view.command_page(
        request,
        Command(
            title=title,
            submit=title,
            form_class=AccessForm,
            run=dialogue.perform,
            preview=dialogue.show,
            answer=lambda result: done(request, result, f"/admin/batch/details/{result.batch_id}"),
            back=dialogue.back,
            template=f"admin/access/{deed}.html",
            hidden=dialogue.hidden,
            initial=dialogue.initial,
            destroys=deed is Deed.WITHDRAW,
            context={"words": words},
        ),
    )
