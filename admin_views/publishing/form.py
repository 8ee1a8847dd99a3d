"""What the publication dialogue asks, and what its answers mean for the business."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import uuid4

from msgspec import Struct

from admin_views.forms import OfficeForm, Pick, Strict, Tick, Whole
from admin_views.selection import WHOLE
from app.domain import fields
from app.domain.previewing import Fingerprint
from app.domain.publishing import PublishDocuments
from app.domain.selections import DocumentSelection, NumberRange
from app.domain.withdrawing import WithdrawDocuments
from app.errors import InvalidValue, Refusal
from app.texts import _

LARGEST_NUMBER = 10**12


class Aim(StrEnum):
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class Reach(StrEnum):
    """The names of the scopes, as the list's own selection spells them."""

    TICKED = "ticked"
    SEARCH = WHOLE
    RANGE = "range"


class Unseen(Strict):
    """Travels with the form; nobody types it."""

    control = "hidden"


AIMS = {Aim.PUBLISH: "Publicar", Aim.WITHDRAW: "Anular publicación"}
REACHES = {Reach.TICKED: "Las marcadas", Reach.SEARCH: "Todas las de la búsqueda", Reach.RANGE: "Un rango"}


class PublishForm(OfficeForm):
    aim = Pick("Qué quiere hacer", AIMS)
    template = Pick("Plantilla", coerce=int)
    scope = Pick("Cuáles", REACHES)
    series = Pick("Serie")
    first = Whole("Desde", least=1, most=LARGEST_NUMBER, css="s2 m3")
    last = Whole("Hasta", least=1, most=LARGEST_NUMBER, css="s2 m3")
    notify = Tick("Avisar por correo a los clientes", hint="Un correo por persona con todo lo suyo")
    republish = Tick("Volver a publicar con esta plantilla")
    key = Unseen("Ventana", partial(fields.line, most=40))
    fingerprint = Unseen("Cálculo", partial(fields.line, most=120))

    def validate(self, extra_validators: Any = None) -> bool:
        """A range only where a range is asked for, a template only to publish with; the rest is left alone."""
        super().validate(extra_validators)
        for name in self._ignored():
            self[name].errors = []
        if self.scope.data is Reach.RANGE:
            self._check_range()
        return not self.errors

    def _ignored(self) -> set[str]:
        ignored = set() if self.scope.data is Reach.RANGE else {"series", "first", "last"}
        if self.aim.data is Aim.WITHDRAW or not self.template.choices:
            ignored.add("template")
        return ignored

    def _check_range(self) -> None:
        for field in (self.first, self.last):
            if field.data is None and not field.errors:
                field.errors = [_("Escriba un número.")]
        if self.first.data and self.last.data and self.first.data > self.last.data:
            self.last.errors = [_("Es menor que el primero.")]


class Choice(Struct, frozen=True, kw_only=True):
    """What may be selected here: ids that were ticked, or a whole search; ``ticked`` and ``search`` say it in words."""

    ticked: DocumentSelection | None
    searched: DocumentSelection | None


def new_key() -> str:
    """One dialogue, one result."""
    return uuid4().hex


def meant(form: PublishForm, choice: Choice, kind: Any) -> DocumentSelection:
    """The selection the form stands for; raises ``Refusal`` with what is still missing."""
    if form.scope.data is Reach.RANGE:
        return _range(form, kind)
    found = choice.searched if form.scope.data is Reach.SEARCH else choice.ticked
    if found is None:
        raise Refusal(_("No hay nada marcado. Márquelo en la lista o elija un rango de números."))
    return found


def _range(form: PublishForm, kind: Any) -> DocumentSelection:
    label, first, last = form.series.data, form.first.data, form.last.data
    if label not in {choice[0] for choice in form.series.iter_choices()} or first is None or last is None:
        raise Refusal(_("Elija la serie y escriba el primer y el último número."))
    if first > last:
        raise Refusal(_("El último número del rango es menor que el primero."))
    words = {"serie": label, "desde": first, "hasta": last}
    return DocumentSelection(
        kind=kind,
        label=_("%(serie)s del %(desde)s al %(hasta)s") % words,
        numbers=NumberRange(series_label=label, first=int(first), last=int(last)),
    )


def command_of(form: PublishForm, selection: DocumentSelection, user_id: int) -> PublishDocuments | WithdrawDocuments:
    """Exactly what was shown; raises ``Refusal`` for a form that did not come from the dialogue."""
    if not form.key.data:
        raise Refusal(_("El formulario está incompleto. Ábralo de nuevo."))
    try:
        fingerprint = Fingerprint.decode(form.fingerprint.data or "")
    except InvalidValue as error:
        raise Refusal(str(error)) from error
    shown: Mapping[str, Any] = {
        "selection": selection,
        "fingerprint": fingerprint,
        "key": form.key.data,
        "user_id": user_id,
    }
    if form.aim.data is Aim.WITHDRAW:
        return WithdrawDocuments(**shown)
    return PublishDocuments(
        **shown,
        template_version_id=form.template.data,
        notify=form.notify.data,
        republish=form.republish.data,
    )
