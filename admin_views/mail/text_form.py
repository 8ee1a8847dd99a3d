"""What is asked of the texts of one kind of mail, and what is said of where each text comes from."""

from typing import Any, NamedTuple

from markupsafe import Markup, escape

from admin_views.forms import OfficeForm, Strict, Tick
from admin_views.mail.rich import Rich, with_chips
from app.domain.mail.built_in_texts import LETTERS
from app.domain.mail.texts import DOCUMENTS, NAMES, PICTURES, ChosenTexts, CleanHtml, SaveMailText, Source
from app.domain.mail.variables import VARIABLES, check_variables
from app.errors import InvalidValue
from app.texts import _
from models import MailText
from models.enums import TextKind

KINDS: dict[TextKind, str] = {
    TextKind.QUOTE: "Presupuestos",
    TextKind.SALES_ORDER: "Pedidos",
    TextKind.WORK_ORDER: "Partes de trabajo",
    TextKind.DELIVERY_NOTE: "Albaranes",
    TextKind.INVOICE: "Facturas de venta",
    TextKind.PROFORMA: "Facturas proforma",
    TextKind.PURCHASE_ORDER: "Pedidos de compra",
    TextKind.NOTICE: "Avisos de publicación",
    TextKind.ACCESS: "Accesos a la intranet",
    TextKind.LICENCE: "Datos de licencia",
    TextKind.REMINDER: "Recordatorios de pago",
}
"""In the order of the screen; the address of each has its hyphens."""

NOTES: dict[TextKind, str] = {
    TextKind.NOTICE: "Su texto va en lugar del saludo. Debajo salen siempre la lista de lo publicado y el botón para "
    "verlo; después, la firma.",
    TextKind.ACCESS: "Su texto va en lugar del saludo. Debajo sale siempre cómo entrar (el enlace o la contraseña); "
    "después, la firma.",
    TextKind.LICENCE: "Es lo que dice un correo con los datos de una licencia. Ventanilla no envía ninguno por su "
    "cuenta.",
    TextKind.REMINDER: "Es lo que dice un recordatorio de pago. Ventanilla no envía ninguno por su cuenta.",
}
"""What one has to know of a mail before writing it."""


class TextForm(OfficeForm):
    subject = Strict("Asunto", css="s6")
    body = Rich("Cuerpo", rows=12)
    signature = Rich("Firma", rows=5)
    signs_all = Tick("Poner esta firma en todos los documentos", css="s6")

    kind: TextKind

    def prepare(self, kind: TextKind, logo: str = "") -> None:
        """``logo`` is the SHA-256 of the company's, if it has one."""
        self.kind = kind
        for field in (self.body, self.signature):
            field.variables, field.logo = VARIABLES[kind], f"{PICTURES}{logo}" if logo else ""
        self.signs_all.is_asked = kind in DOCUMENTS

    def validate(self, *args: Any, **options: Any) -> bool:
        """Everything that is wrong at once, variables too."""
        is_good = super().validate(*args, **options)
        for name in NAMES:
            try:
                check_variables(self[name].data or "", self.kind, name)
            except InvalidValue as refusal:
                self.refuse(refusal)
                is_good = False
        return bool(is_good)

    def save_command(self, user_id: int | None) -> SaveMailText:
        return SaveMailText(
            kind=self.kind,
            user_id=user_id,
            subject=self.subject.data or "",
            body=CleanHtml(self.body.data or ""),
            signature=CleanHtml(self.signature.data or ""),
            signs_all=bool(self.signs_all.data) and self.kind in DOCUMENTS,
        )


class Origin(NamedTuple):
    """Of one field: whose text it is, why, and the text that would be there without one's own."""

    word: str
    why: str
    is_own: bool
    inherited: Markup
    see: str
    back: str


def saved_texts(row: MailText | None) -> dict[str, Any]:
    return {name: getattr(row, name) for name in NAMES} if row is not None else {}


def origins(form: TextForm, own: MailText | None, rest: ChosenTexts, *, is_company: bool) -> dict[str, Origin]:
    """By field. ``rest`` are the texts there would be without one's own."""
    saved = saved_texts(own)
    return {name: _origin(form, name, rest, is_saved=bool(saved.get(name)), is_company=is_company) for name in NAMES}


def _origin(form: Any, name: str, rest: ChosenTexts, *, is_saved: bool, is_company: bool) -> Origin:
    chosen, kind, is_own = getattr(rest, name), form.kind, bool(form[name]._value().strip())
    word, why = _why(is_own, chosen.source, is_company=is_company)
    if is_own and not is_saved:
        why = _("Sin guardar todavía: será el que se use.")
    shown = with_chips(str(escape(chosen.text)) if name == "subject" else chosen.text, VARIABLES[kind])
    is_letter = kind in LETTERS and name == "body" and chosen.source is Source.BUILT_IN
    see = _("Ver un texto parecido al que se usa") if is_letter else _("Ver el que se usa")
    back = _("Volver al de la empresa") if chosen.source is Source.COMPANY else _("Volver al de Ventanilla")
    return Origin(word, why, is_own, shown, see, back if is_own else "")


def _why(is_own: bool, source: Source, *, is_company: bool) -> tuple[str, str]:
    if is_own and is_company:
        return _("De la empresa"), _("Se usa este, salvo que quien envía tenga el suyo.")
    if is_own:
        return _("Suyo"), _("Se usa el suyo.")
    if source is Source.COMPANY:
        return _("De la empresa"), _("Vacío: se usa el de la empresa, porque usted no ha escrito otro.")
    if is_company:
        return _("De Ventanilla"), _("Vacío: se usa el de Ventanilla, porque la empresa no ha escrito otro.")
    return _("De Ventanilla"), _("Vacío: se usa el de Ventanilla, porque ni usted ni la empresa han escrito otro.")
