"""The form of a customer or supplier, with further addresses and e-mails as lines."""

from decimal import Decimal
from functools import partial
from typing import Any

from admin_views.formatters import PAYMENT_METHODS
from admin_views.forms import Key, Number, OfficeForm, Pick, Prose, Strict, Tick, Whole
from admin_views.inline import InlineList, LineForm
from app.domain import fields
from app.domain.countries import countries
from app.domain.email_changes import AccessUndecided, OldAccess
from app.domain.keeping_contacts import KeepContact
from app.domain.saving_contacts import AddressLine, EmailLine, SaveContact, TaxIdTaken
from app.domain.shared_emails import ShareNotConfirmed
from app.errors import InvalidValue, Refusal
from app.texts import _
from models.enums import AddressPurpose, EmailPurpose, PaymentMethod

LANGUAGES = {"es": "Español", "ca": "Catalán", "gl": "Gallego", "eu": "Euskera", "en": "Inglés"}
ADDRESS_PURPOSES = {
    AddressPurpose.DELIVERY: "Entrega",
    AddressPurpose.BILLING: "Facturación",
    AddressPurpose.OTHER: "Otra",
}
OLD_ACCESS = {
    OldAccess.MOVE: "Pasa al correo nuevo, al que se le envía una invitación",
    OldAccess.KEEP: "Se queda en el correo de antes",
    OldAccess.WITHDRAW: "Se retira: con el correo de antes ya no se entra",
}
LOST_ACCESS = OLD_ACCESS | {
    OldAccess.MOVE: "Pasa al correo que lo sustituye, con una invitación; si no hay otro, termina",
}
ANSWERS = frozenset({"old_access", "lost_access", "share_confirmed"})  # to what a change of e-mail asks
EMAIL_PURPOSES = {
    EmailPurpose.GENERAL: "General",
    EmailPurpose.INVOICES: "Facturas",
    EmailPurpose.ORDERS: "Pedidos",
    EmailPurpose.PORTAL: "Intranet: entra con él",
}


def short_line(most: int) -> Any:
    return partial(fields.line, most=most)


def _tax_id(value: str, name: str) -> str:
    """Its control character depends on the country, which is another field: see ``ContactForm.validate``."""
    return fields.line(value, name, most=40)


def _own_code(value: str, name: str) -> str:
    return fields.code(value, name) if value.strip() else ""


class AddressForm(LineForm):
    ignored_when_blank = ("purpose", "country")

    id = Key("")
    purpose = Pick("Uso", ADDRESS_PURPOSES, default=AddressPurpose.DELIVERY)
    address = Strict("Dirección", required=True)
    postcode = Strict("C. postal", short_line(10))
    city = Strict("Población")
    province = Strict("Provincia", short_line(100))
    country = Strict("País", fields.country, default="ES", attributes={"maxlength": "2"})


class EmailForm(LineForm):
    ignored_when_blank = ("purpose",)

    id = Key("")
    purpose = Pick("Para qué", EMAIL_PURPOSES, default=EmailPurpose.GENERAL)
    email = Strict("Correo", fields.email, required=True, attributes={"type": "email"})
    name = Strict("Persona")


class ContactForm(OfficeForm):
    """Facts, terms, addresses and e-mails."""

    name = Strict("Nombre o razón social", required=True, css="s3", attributes={"autocomplete": "off"})
    trade_name = Strict("Nombre comercial", css="s3")
    tax_id = Strict("NIF", _tax_id, css="s2 m3", hint="Se comprueba la letra de control")
    country = Pick("País", default="ES", css="s2 m3")
    code = Strict("Código", _own_code, css="s2 m3", hint="Si lo deja vacío, el siguiente libre")
    shares_tax_id = Tick("Es otra ficha con un NIF que ya existe", hint="Por ejemplo, dos delegaciones")
    is_customer = Tick("Cliente", css="s1 m3")
    is_supplier = Tick("Proveedor", css="s1 m3")
    is_person = Tick("Persona física", css="s2")
    address = Strict("Dirección", css="s4")
    postcode = Strict("Código postal", short_line(10), css="s2 m3")
    city = Strict("Población", css="s3")
    province = Strict("Provincia", short_line(100), css="s3")
    email = Strict(
        "Correo",
        fields.email,
        css="s3",
        hint="Con él entra en la intranet y recibe los avisos",
        attributes={"type": "email"},
    )
    old_access = Pick("El acceso que ya tiene", coerce=OldAccess, css="s3")
    share_confirmed = Tick(
        "Es correcto que ese correo vea los documentos de todos", hint="Lo comparten varios clientes"
    )
    phone = Strict("Teléfono", short_line(40), css="s2", attributes={"type": "tel"})
    language = Pick("Idioma", LANGUAGES, default="es", css="s1")
    payment_method = Pick("Forma de pago", PAYMENT_METHODS, default=PaymentMethod.TRANSFER, css="s2")
    payment_days = Strict(
        "Días de pago", fields.payment_days, default="30", css="s2 m3", hint="30, 60, 90; 0 es al contado"
    )
    payment_day = Whole("Día fijo", least=1, most=31, css="s2 m3", hint="Día del mes en que paga")
    iban = Strict("IBAN", fields.iban, css="s4")
    has_surcharge = Tick("Recargo de equivalencia", css="s3")
    withholding_rate = Number(
        "Retención IRPF %", places=2, least=Decimal(0), most=Decimal(50), trim=True, default=Decimal(0)
    )
    notes = Prose("Notas", hint="Solo las ve su oficina")
    addresses = InlineList(
        AddressForm,
        "Dirección",
        columns=("purpose", "address", "postcode", "city", "province", "country"),
        add="Añadir dirección",
    )
    emails = InlineList(EmailForm, "Correo", columns=("purpose", "email", "name"), add="Añadir correo")
    lost_access = Pick("El acceso por los correos que cambia o quita", coerce=OldAccess, css="s4")

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.country.choices = list(countries().items())
        for field, words in ((self.old_access, OLD_ACCESS), (self.lost_access, LOST_ACCESS)):
            field.choices = [("", _("Elija…")), *((value, _(word)) for value, word in words.items())]
            field.is_asked = field.data is not None
        self.shares_tax_id.is_asked = bool(self.shares_tax_id.data)
        self.share_confirmed.is_asked = bool(self.share_confirmed.data)

    def refuse(self, refusal: Refusal) -> None:
        super().refuse(refusal)
        self.shares_tax_id.is_asked |= isinstance(refusal, TaxIdTaken)
        if isinstance(refusal, AccessUndecided):
            (self.lost_access if refusal.field == self.emails.name else self.old_access).is_asked = True
        self.share_confirmed.is_asked |= isinstance(refusal, ShareNotConfirmed)

    def validate(self, extra_validators: Any = None) -> bool:
        """The tax id by the rules of its country."""
        right = super().validate(extra_validators)
        if self.tax_id.errors or self.country.data is None:
            return right
        try:
            fields.tax_id(self.tax_id.data or "", "tax_id", country=self.country.data)
        except InvalidValue as refusal:
            self.refuse(refusal)
            return False
        return right

    def keep_command(self, contact_id: int | None) -> KeepContact:
        return KeepContact(
            file=self.save_command(contact_id),
            old_access=self.old_access.data,
            lost_access=self.lost_access.data,
            share_confirmed=self.share_confirmed.data,
        )

    def save_command(self, contact_id: int | None) -> SaveContact:
        values: dict[str, Any] = {
            name: "" if field.data is None and name != "payment_day" else field.data
            for name, field in self._fields.items()
            if not isinstance(field, InlineList) and name not in ANSWERS
        }
        return SaveContact(
            id=contact_id,
            addresses=[AddressLine(**row.command()) for row in self.addresses.rows],
            emails=[EmailLine(**row.command()) for row in self.emails.rows],
            **values,
        )
