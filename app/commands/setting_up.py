"""``setup``: the one-time address of the first day."""

import click

from app.commands.entry import CONSOLE, installed, say
from app.commands.spanish import Command
from app.domain.setting_up import invite
from app.installation import Installation
from app.scope import SYSTEM
from app.texts import _


@click.command("setup", cls=Command, short_help="Muestra la dirección para crear la primera empresa.")
@installed
def setup(installation: Installation) -> None:
    """Muestra otra dirección de un solo uso para crear la primera empresa y su administrador."""
    if not show_set_up_address(installation):
        say(_("Ya hay quien administra Ventanilla. Para dar de alta a otra persona: python -m app staff add"))


def show_set_up_address(installation: Installation) -> bool:
    """Print a new one-time address while nobody administers the installation; whether it was needed."""
    token = installation.database.run(SYSTEM, invite, CONSOLE)
    if token is None:
        return False
    say(_("Todavía no hay empresa ni administrador. Abra esta dirección para crearlos (vale una vez, 24 horas):"))
    say(f"  {installation.link(f'/admin/alta/{token}')}")
    return True
