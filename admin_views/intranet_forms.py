"""What the tabs of *Administración → Intranet* ask."""

from functools import partial

from admin_views.forms import OfficeForm, Pick, Strict, Tick
from app.domain import fields
from models.enums import AccessDelivery, ButtonSize

SIZES = {ButtonSize.SMALL: "Pequeño", ButtonSize.MEDIUM: "Mediano", ButtonSize.LARGE: "Grande"}
DELIVERIES = {AccessDelivery.LINK: "Enlace de activación", AccessDelivery.PASSWORD: "Contraseña generada"}


class AddressForm(OfficeForm):
    slug = Strict("Última parte de la dirección", fields.slug, required=True, attributes={"maxlength": "40"})


class PublishingForm(OfficeForm):
    notify_by_default = Tick("Avisar por correo a los clientes al publicar")
    access_delivery = Pick("Cómo se envía el acceso", DELIVERIES)


class AppearanceForm(OfficeForm):
    """The logo travels beside it: a file is read before any transaction."""

    accent = Strict("Color", fields.colour, required=True, css="s2", attributes={"type": "color"})
    phone = Strict("Teléfono", partial(fields.line, most=40), attributes={"autocomplete": "off"})
    opening_hours = Strict("Horario de atención", fields.line)
    removes_logo = Tick("Quitar el logotipo")


class ButtonForm(OfficeForm):
    text = Strict("Texto", partial(fields.line, most=40), required=True, css="s6", attributes={"maxlength": "40"})
    colour = Strict("Color", fields.colour, required=True, attributes={"type": "color"})
    size = Pick("Tamaño", SIZES, css="s3")
