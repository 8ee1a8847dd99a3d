"""What programs are told in English: all of it, and nothing that is kept."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from app.api.openapi import written_document
from app.api.v1 import MODULES
from app.texts import ENGLISH_OF_PROGRAMS, LOCALES, _, speaking

ROOT = Path(__file__).parents[3]
BEGIN = ("app.api.site", "app.middleware", "app.failures")
# What is said of imported invoices is kept with them; paper is Spanish; the rest is never said to programs.
APART = (
    "app.adapters.formats", "app.adapters.pdf.closing", "app.adapters.pdf.from_document",
    "app.adapters.pdf.letterhead", "app.adapters.pdf.pictures", "app.adapters.pdf.table", "app.adapters.pdf.writer",
    "app.domain.adding_up", "app.domain.companies", "app.domain.foreign", "app.domain.importing",
    "app.domain.keeping_contacts", "app.domain.mail.letter_texts", "app.domain.mail.values", "app.domain.mail.outbox",
    "app.domain.portal_emails", "app.domain.queries.access", "app.intake", "app.secrets", "app.verdicts",
)  # fmt: skip
# Kept in the database, or said in the office alone.
STAYS = frozenset({
    "Motivo de la rectificación: %(motivo)s", "Correo cambiado.", "Correo cambiado. El acceso pasa a %(correo)s.",
    "Correo borrado. Quien entraba con él ya no puede entrar.", "Se le envía una invitación.", "No se le ha avisado.",
    "Correo cambiado. Quien entraba con el de antes ya no puede entrar.", "%(que)s %(numero)s emitida por %(total)s.",
    "%(que)s %(numero)s emitido por %(total)s.", "Clásica", "El correo vuelve a la cola.", "El aviso vuelve a la cola.",
    "Correo anulado: no se enviará.", " y %(n)s número más", "Ya estaba hecho.", "ese artículo", "ese impuesto",
    "Borrador nuevo con las líneas de %(numero)s.", "Borrador de %(que)s con las líneas de %(numero)s.",
    "Ya había un borrador hecho desde %(numero)s.", "La fecha final es anterior a la inicial.", "ese logotipo",
    "Un tipo del 0 % necesita la causa que la ley pide en la factura.", "Ya hay una plantilla con ese nombre.",
    "Es la plantilla por defecto. Elija antes otra por defecto y después archive esta.", "Impuesto", "%(n)s ",
    "Ya hay una empresa con ese NIF.",
    "Para que deje de serlo, marque otra como la que se propone.", "No existe la columna %(nombre)s.",
    "Textos guardados.", "Textos guardados. La firma es ahora la de todos los documentos.",
    "La página ha caducado. Vuelva atrás, recárguela y repita la operación.",
})  # fmt: skip
# Connections that the worker makes, not whoever asks.
OUTBOUND = {
    "El nombre del servidor no es válido.", "El puerto %(port)s no está permitido.",
    "El servidor %(host)s está en una red privada. Quien administra la instalación puede permitirlo.",
}  # fmt: skip


@cache
def reachable() -> dict[str, ast.Module]:
    """The modules of ours that answering a program brings along, by name."""
    found: dict[str, ast.Module] = {}
    waiting = list(BEGIN)
    while waiting:
        name = waiting.pop()
        place = ROOT / name.replace(".", "/")
        path = next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.exists()), None)
        if path is None or name in found or not name.startswith("app."):
            continue
        found[name] = ast.parse(path.read_text())
        for node in ast.walk(found[name]):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def messages(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("_", "agree", "plural"):
            arguments = node.args[:1] if name == "plural" else node.args[:2]
            for argument in arguments:
                yield from (one.value for one in ast.walk(argument) if _is_text(one))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@cache
def catalogue() -> dict[str, tuple[str, ...]]:
    """Messages by their Spanish; those of a count by their singular."""
    with (LOCALES / f"{ENGLISH_OF_PROGRAMS}.po").open("rb") as written:
        found = [message for message in read_po(written) if message.id]
    return {
        message.id[0] if isinstance(message.id, tuple) else message.id: (
            message.string if isinstance(message.string, tuple) else (message.string,)
        )
        for message in found
    }


def test_whatever_may_be_said_is_there():
    missing = {
        text
        for name, tree in reachable().items()
        if not name.startswith(APART)
        for text in messages(tree)
        if text not in catalogue() and text not in STAYS and (name != "app.adapters.outbound" or text in OUTBOUND)
    }

    assert missing == set()


def test_what_is_kept_is_not():
    assert STAYS & set(catalogue()) == set()


def test_each_says_the_same_facts():
    differing = {
        spanish: english
        for spanish, forms in catalogue().items()
        for english in forms
        if not english or _facts(english) != _facts(spanish)
    }

    assert differing == {}


def _facts(text: str) -> list[str]:
    """But for the count, which a singular may leave out."""
    return sorted(set(re.findall(r"%\((\w+)\)s", text)) - {"n"})


def test_the_document_is_wholly_in_either_language():
    with speaking(ENGLISH_OF_PROGRAMS):
        english = set(_texts(written_document(MODULES, "")))
    spanish = set(_texts(written_document(MODULES, "")))

    same = {text for text in english & spanish if text not in ("Webhooks",)}
    assert same == set()


def _texts(node: object) -> Iterator[str]:
    """Summaries and descriptions that people read; those of schemas are the code's own."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "components":
                continue
            if name in ("summary", "description") and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def test_the_page_is_wholly_in_english():
    page = (ROOT / "app" / "templates" / "api" / "docs.html").read_text()

    assert {text for text in re.findall(r'_\("([^"]+)"\)', page) if text not in catalogue()} == set()


def test_pages_and_mails_know_nothing_of_it():
    with speaking("en"):
        assert _("Rellene este dato.") == "Rellene este dato."
