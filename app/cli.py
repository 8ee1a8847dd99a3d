"""``python -m app``: the operator's commands."""

import os

import click

from app.commands.entry import demo_option, open_settings, opened, say, sentences
from app.commands.spanish import Group, speak_spanish
from app.commands.staff import staff
from app.commands.taking_in import import_invoices
from app.settings_example import settings_example
from app.texts import _

speak_spanish()


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Ventanilla: la oficina de una empresa y la intranet de sus clientes."""
    os.umask(0o077)  # what we write is nobody else's to read


@cli.command(short_help="Pone al día la base de datos.")
@demo_option
def migrate(demo: bool) -> None:
    """Crea o pone al día la base de datos. Puede repetirse."""
    from app.migrations import migrate as bring_up_to_date

    with sentences(), opened(open_settings(demo=demo)) as installation:
        bring_up_to_date(installation.database.engine)
    say(_("La base de datos está al día."))


@cli.command("settings-example", short_help="Escribe un .env de ejemplo.")
def show_settings_example() -> None:
    """Escribe un archivo de ajustes de ejemplo, con todos explicados."""
    click.echo(settings_example(), nl=False)


cli.add_command(import_invoices)
cli.add_command(staff)


def main() -> None:
    cli(prog_name="python -m app")
