"""What the dialogue that sends documents by mail asks."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from wtforms import Field

from admin_views.contact_form import EMAIL_PURPOSES
from admin_views.forms import Day, OfficeForm, Pick, Strict, Tick
from admin_views.mail.rich import Rich
from admin_views.publishing.form import Unseen
from app import clock
from app.domain import fields
from app.domain.mail.addressing import check_number, nobody
from app.domain.mail.checking_sendings import check_moment
from app.domain.mail.enclosures import NewFile
from app.domain.mail.sending_plans import Grouping
from app.domain.queries.addressees import Address, Addressee
from app.errors import InvalidValue
from app.texts import _

_HOUR = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?", re.ASCII)


class When(StrEnum):
    NOW = "now"
    LATER = "later"


class Enclosing(StrEnum):
    """How documents go with the mail."""

    PDF = "pdf"
    LINK = "link"


GROUPINGS = {
    Grouping.DOCUMENT: "Un correo por documento",
    Grouping.CUSTOMER: "Un correo por cliente, con todos los suyos",
}
TO_SUPPLIERS = GROUPINGS | {Grouping.CUSTOMER: "Un correo por proveedor, con todos los suyos"}
ENCLOSINGS = {Enclosing.PDF: "PDF adjunto", Enclosing.LINK: "Enlace a la intranet"}
WHENS = {When.NOW: "Ahora", When.LATER: "El día y a la hora que elija"}


class Known(NamedTuple):
    """An address of the contact, to be ticked; ``word`` says what it is for."""

    address: Address
    word: str
    is_ticked: bool


class People(Field):
    """Addresses, one in each control. ``known`` are those that need not be typed."""

    control = "people"

    def __init__(self, label: str, *, hint: str = "", **options: Any) -> None:
        super().__init__(_(label), **options)
        self.hint, self.css, self.required = hint, "s6", False
        self.attributes: dict[str, str] = {}
        self.known: Sequence[Address] = ()
        self.typed: list[str] = []
        self.wrong: list[str] = []

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.typed = [text for value in valuelist if (text := str(value).strip())]
        try:
            check_number(len(self.typed), self.name)
        except InvalidValue as refusal:
            raise ValueError(str(refusal)) from refusal
        self.data = tuple(self._read(text) for text in self.typed)

    def _read(self, text: str) -> Addressee:
        try:
            return Addressee(fields.email(text, self.name))
        except InvalidValue as refusal:
            self.wrong = [text]
            shown = text if len(text) <= 60 else f"{text[:59]}…"
            raise ValueError(f"«{shown}»: {refusal}") from refusal

    @property
    def choices(self) -> list[Known]:
        chosen = {one.email for one in self.data or ()} | {text.lower() for text in self.typed}
        return [Known(address, _word(address), address.email in chosen) for address in self.known]

    @property
    def others(self) -> list[str]:
        """What was typed besides, as it was."""
        known = {address.email for address in self.known}
        written = self.typed or [one.email for one in self.data or ()]
        return [text for text in written if text.lower() not in known]

    def people(self) -> tuple[Addressee, ...]:
        """With the names of those that are known."""
        names = {address.email: address.addressee for address in self.known}
        return tuple(names.get(one.email, one) for one in self.data or ())


def _word(address: Address) -> str:
    return _(EMAIL_PURPOSES[address.purpose]) if address.purpose is not None else _("Principal")


class Files(Field):
    """Files brought in this turn or an earlier one: what is kept of them, and how each travels."""

    control = "files"

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(_(label), **options)
        self.hint, self.css, self.required = "", "s6", False
        self.attributes: dict[str, str] = {}
        self.kept: list[tuple[NewFile, str]] = []

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What is posted under this name are files, which are no texts."""

    @property
    def files(self) -> tuple[NewFile, ...]:
        return tuple(file for file, _sealed in self.kept)


def _hour(typed: str, name: str) -> dt.time | None:
    text = fields.line(typed, name, most=10)
    if not text:
        return None
    found = _HOUR.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise InvalidValue(_("Escriba una hora como 09:30."), field=name)
    return dt.time(int(found[1]), int(found[2] or 0))


class Hour(Strict):
    nothing = None

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, _hour, attributes={"type": "time"}, **options)

    def spell(self, value: Any) -> str:
        return f"{value:%H:%M}" if value else ""


class SendForm(OfficeForm):
    to = People("Para")
    cc = People("Con copia (Cc)")
    bcc = People("Con copia oculta (Cco)", hint="Nadie más ve que lo reciben.")
    grouping = Pick("Cómo se reparten", GROUPINGS)
    subject = Strict("Asunto", required=True, css="s6")
    body = Rich("Mensaje", rows=10, required=True)
    enclosing = Pick("El documento va como", ENCLOSINGS)
    template = Pick("Plantilla del PDF", coerce=int, css="s6")
    files = Files("Otros archivos")
    sender = Pick("Desde", coerce=int, css="s6")
    reply_to = Strict("Responder a", fields.email, css="s6", attributes={"inputmode": "email", "autocomplete": "off"})
    receipt = Tick("Pedir confirmación de lectura")
    when = Pick("Cuándo", WHENS)
    day = Day("Día", css="s3 m3")
    hour = Hour("Hora", css="s3 m3")
    key = Unseen("Ventana", partial(fields.line, most=40))
    fingerprint = Unseen("Cálculo", partial(fields.line, most=120))

    is_single = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Addresses only where they are asked for, a moment only where one is chosen; the rest is left alone."""
        super().validate(extra_validators)
        for name in self._ignored():
            self[name].errors = []
        if self.when.data is When.LATER:
            for field in (self.day, self.hour):
                if field.data is None and not field.errors:
                    field.errors = [_("Rellene este dato.")]
        if self.is_single and not self.to.data and not self.to.errors:
            self.to.errors = [nobody()]
        return not self.errors

    def _ignored(self) -> Iterator[str]:
        if self.when.data is not When.LATER:
            yield from ("day", "hour")
        if not self.is_single:
            yield "to"
        if self.enclosing.data is Enclosing.LINK:
            yield "template"
        if not self.sender.choices:
            yield "sender"

    @property
    def wrong_at_sight(self) -> str:
        """What is wrong as far as it is typed, beside which nothing can be worked out."""
        people = (*((self.to,) if self.is_single else ()), self.cc, self.bcc, self.reply_to)
        fields = (*people, self.subject, self.body, self.day, self.hour)
        wrong = [f"{field.label.text}: {error}" for field in fields for error in field.process_errors]
        if self.due_at is not None:
            try:
                check_moment(self.due_at)
            except InvalidValue as refusal:
                wrong.append(str(refusal))
        return wrong[0] if wrong else ""

    @property
    def has_no_files(self) -> bool:
        return self.enclosing.data is Enclosing.LINK and not self.files.kept

    @property
    def due_at(self) -> dt.datetime | None:
        """The moment that was chosen, by the clocks of Madrid."""
        day: Any = self.day.data
        hour: Any = self.hour.data
        if self.when.data is not When.LATER or day is None or hour is None:
            return None
        return dt.datetime.combine(day, hour, clock.MADRID).astimezone(dt.UTC)
