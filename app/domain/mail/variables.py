"""Variables of mail texts: a closed list for each kind, put in their place in one pass. There is no template language.

A text holds ``{name}`` and nothing else between braces. What a variable stands for is never looked at again, so a value
with braces of its own stays as it is.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from html import escape, unescape

from msgspec import Struct

from app.domain.folding import fold
from app.domain.kinds import KINDS
from app.errors import InvalidValue
from app.texts import _
from models.enums import DocumentKind, TextKind

Values = Mapping[str, str]

LONGEST_SUBJECT = 200


class Variable(Struct, frozen=True):
    """``name`` stands between braces; ``label`` is what people choose it by. An address may also be a link's."""

    name: str
    label: str
    is_address: bool = False


_WRITTEN = re.compile(r"\{([a-z_]+)\}")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_TAGS = re.compile(r"<[^>]*>")
_BLANKS = re.compile("[ \t\r\n\f\v\x85\u2028\u2029]+")

_OURS = (
    Variable("empresa", "Nuestra empresa"),
    Variable("telefono", "Nuestro teléfono"),
    Variable("correo", "Nuestro correo"),
    Variable("usuario", "Quien lo envía"),
    Variable("intranet", "Dirección de la intranet", is_address=True),
)
_CUSTOMER, _SUPPLIER = Variable("cliente", "Cliente"), Variable("proveedor", "Proveedor")
_OWED = Variable("pendiente", "Pendiente de pago")


def _document_variables(kind: DocumentKind) -> tuple[Variable, ...]:
    facts = KINDS[kind]
    day = "Vencimiento" if facts.falls_due else facts.day_label
    return (
        Variable("documento", "Tipo de documento"),
        Variable("el_documento", "Tipo de documento, con artículo"),
        Variable("serie", "Serie"),
        Variable("numero", "Número"),
        Variable("referencia", "Serie y número, como se imprimen"),
        Variable("fecha", "Fecha"),
        *((Variable("vencimiento", day),) if day else ()),
        Variable("base", "Base imponible"),
        Variable("total", "Total"),
        *((_OWED,) if facts.falls_due else ()),
        Variable("asunto", "Asunto del documento"),
        _SUPPLIER if facts.is_purchase else _CUSTOMER,
        Variable("enlace", "Dirección del documento", is_address=True),
        *_OURS,
    )


VARIABLES: dict[TextKind, tuple[Variable, ...]] = {
    **{TextKind(kind): _document_variables(kind) for kind in KINDS},
    TextKind.NOTICE: (
        Variable("documentos", "Lo publicado, para el asunto"),
        Variable("novedades", "Lo publicado, dentro de una frase"),
        Variable("area", "Área de cliente o de proveedor"),
        _CUSTOMER,
        Variable("enlace", "Dirección de lo publicado", is_address=True),
        *_OURS,
    ),
    TextKind.ACCESS: (_CUSTOMER, Variable("correo_acceso", "Correo con el que entra"), *_OURS),
    TextKind.LICENCE: (
        Variable("producto", "Producto"),
        Variable("licencia", "Número de licencia"),
        Variable("caducidad", "Válida hasta"),
        Variable("instrucciones", "Instrucciones de instalación"),
        _CUSTOMER,
        *_OURS,
    ),
    TextKind.REMINDER: (
        *_document_variables(DocumentKind.INVOICE),
        Variable("dias", "Días desde el vencimiento"),
    ),
}

ADDRESSES = frozenset(one.name for found in VARIABLES.values() for one in found if one.is_address)
"""Of those that may be the whole address of a link."""


def check_variables(text: str, kind: TextKind, field: str) -> None:
    """Refuse a line or HTML that has anything between braces but a variable of its kind, naming those there are."""
    known = {variable.name for variable in VARIABLES[kind]}
    for found in _BRACES.findall(text):
        if found[1:-1] not in known:
            raise InvalidValue(_unknown(unescape(_TAGS.sub("", found)), kind), field=field)


def fill_line(text: str, values: Values) -> str:
    """A line with its variables filled in; where one is empty, no gap is left."""
    return _BLANKS.sub(" ", _WRITTEN.sub(lambda found: values.get(found[1], found[0]), text)).strip()


def fill_text(text: str, values: Values) -> str:
    """Several lines of plain text with their variables filled in."""
    return _WRITTEN.sub(lambda found: values.get(found[1], found[0]), text)


def fill_html(html: str, values: Values) -> str:
    """HTML with its variables filled in, as text: what looks like a tag in a value is none."""
    return _WRITTEN.sub(lambda found: _spelt(values[found[1]]) if found[1] in values else found[0], html)


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _spelt(value: str) -> str:
    return escape(value).replace("\r\n", "\n").replace("\n", "<br>")


def _unknown(found: str, kind: TextKind) -> str:
    names = [variable.name for variable in VARIABLES[kind]]
    listed = _("Puede usar %(variables)s.") % {"variables": ", ".join(f"{{{name}}}" for name in names)}
    if len(found) < 3:
        return f"{_('Las llaves solo se usan para variables.')} {listed}"
    sentence = _("No existe la variable %(nombre)s.") % {"nombre": shortened(found, 40)}
    near = get_close_matches(fold(found[1:-1]).strip().replace(" ", "_"), names, n=1)
    guess = _("¿Quería decir %(nombre)s?") % {"nombre": f"{{{near[0]}}}"} if near else ""
    return " ".join(filter(None, (sentence, guess, listed)))
