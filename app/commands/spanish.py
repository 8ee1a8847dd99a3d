"""The words of the command line itself in Spanish: click asks its own ``gettext``, which knows no Spanish."""

from gettext import gettext, ngettext
from typing import Any

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types

MODULES = (
    click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.termui, click.types,
)  # fmt: skip

WORDS = {
    "Usage:": "Uso:",
    "Options": "Opciones",
    "Commands": "Órdenes",
    "Positional arguments": "Argumentos",
    "Show this message and exit.": "Muestra esta ayuda.",
    "Aborted!": "Cancelado.",
    "Error: {message}": "Error: {message}",
    "Try '{command} {option}' for help.": "Más ayuda con «{command} {option}».",
    "Missing command.": "Falta la orden.",
    "Missing argument": "Falta un argumento",
    "Missing option": "Falta la opción",
    "Missing parameter": "Falta un dato",
    "Missing parameter: {param_name}": "Falta {param_name}",
    "No such option {name!r}.": "No existe la opción {name!r}.",
    "No such command {name!r}.": "No existe la orden {name!r}.",
    "Did you mean {possibility}?": "¿Quería decir {possibility}?",
    "(Did you mean one of: {possibilities}?)": "(¿Quería decir una de estas: {possibilities}?)",
    "Got unexpected extra argument ({args})": "Sobra un argumento ({args})",
    "Got unexpected extra arguments ({args})": "Sobran argumentos ({args})",
    "Invalid value: {message}": "Valor no válido: {message}",
    "Invalid value for {param_hint}: {message}": "Valor no válido en {param_hint}: {message}",
    "Option {name!r} does not take a value.": "La opción {name!r} no lleva valor.",
    "Option {name!r} requires an argument.": "A la opción {name!r} le falta su valor.",
    "{value!r} is not a valid {number_type}.": "{value!r} no es un número.",
    "{value} is not in the range {range}.": "{value} no está entre los valores admitidos ({range}).",
    "{value!r} is not {choice}.": "{value!r} no es {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} no es uno de estos: {choices}.",
    "default: {default}": "por omisión: {default}",
    "required": "obligatorio",
    "Repeat for confirmation": "Repítala",
    "Error: The two entered values do not match.": "Error: no coinciden.",
    "Error: invalid input": "Error: no es válido.",
}


class Command(click.Command):
    def __init__(self, name: str | None, **options: Any) -> None:
        super().__init__(name, **{"options_metavar": "[OPCIONES]"} | options)


class Group(click.Group):
    command_class = Command

    def __init__(self, name: str | None, **options: Any) -> None:
        words = {"options_metavar": "[OPCIONES]", "subcommand_metavar": "ORDEN [ARGUMENTOS]…"}
        super().__init__(name, **words | options)


def speak_spanish() -> None:
    for module in MODULES:
        for name, spoken in (("_", _one), ("ngettext", _plural)):
            if hasattr(module, name):
                setattr(module, name, spoken)


def _one(message: str) -> str:
    return WORDS.get(message) or gettext(message)


def _plural(one: str, many: str, count: int) -> str:
    chosen = one if count == 1 else many
    return WORDS.get(chosen) or ngettext(one, many, count)
