"""*Rectificar*: a corrective invoice of one that was issued."""

from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin_views.base import page
from admin_views.command_page import Command
from admin_views.documents.actions import to_draft
from admin_views.form_pages import find_row
from admin_views.forms import OfficeForm, Strict
from admin_views.printable import printable
from app import clock
from app.domain import fields
from app.domain.correcting import CorrectInvoice, correct_invoice
from app.texts import _


class CorrectForm(OfficeForm):
    reason = Strict(
        "Motivo",
        printable(fields.line),
        required=True,
        css="s6",
        hint="Va impreso en la rectificativa: precio equivocado, devolución, datos del cliente…",
    )


class CorrectingPages:
    """Mixed into the view of invoices."""

    can_correct = True

    @page("/correct/{pk}", needs="action:correct")
    async def correct_page(self: Any, request: Request) -> Response:
        invoice = await run_in_threadpool(find_row, self, request)
        if invoice.is_draft:
            raise HTTPException(404)
        command = Command(
            title=_("Rectificar la factura %(numero)s") % {"numero": invoice},
            subtitle=_("Se crea un borrador que deshace la factura entera; cambie o quite en él lo que no proceda."),
            submit=_("Crear rectificativa de %(numero)s") % {"numero": invoice},
            form_class=CorrectForm,
            run=lambda db, form: correct_invoice(
                db, CorrectInvoice(document_id=invoice.id, reason=form.reason.data, today=clock.today())
            ),
            answer=partial(to_draft, request),
            back=self.details_address(invoice.id),
        )
        answer: Response = await self.command_page(request, command)
        return answer
