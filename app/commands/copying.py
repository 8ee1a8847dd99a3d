"""``backup`` and ``restore``."""

from pathlib import Path

import click

from app.backup import back_up, restore
from app.commands.entry import CONSOLE, demo_option, installed, open_settings, opened, say, sentences
from app.commands.spanish import Command
from app.installation import Installation
from app.texts import _, plural


@click.command("backup", cls=Command, short_help="Hace una copia de todo en un archivo.")
@click.argument("path", metavar="ARCHIVO", type=click.Path(path_type=Path))
@installed
def make_backup(installation: Installation, path: Path) -> None:
    """Copia la base de datos y los archivos en uno solo, sin parar nada. Guarde aparte la clave secreta."""
    say(str(back_up(installation, path.absolute())))
    say(_("La clave secreta (SECRET_KEY o secret.key) no va en la copia: guárdela aparte, hace falta para restaurar."))


@click.command("restore", cls=Command, short_help="Trae una copia a una instalación vacía.")
@click.argument("path", metavar="ARCHIVO", type=click.Path(path_type=Path))
@demo_option
def bring_back(path: Path, *, demo: bool) -> None:
    """Trae una copia a una instalación sin empresas y pone al día la base de datos."""
    with sentences(), opened(open_settings(demo=demo)) as installation:
        restored = restore(installation, path.absolute(), CONSOLE)
    say(str(restored))
    if restored.held:
        say(
            plural(
                "Un correo esperaba cuando se hizo: queda «Sin confirmar» por si salió después.",
                "%(n)s correos esperaban cuando se hizo: quedan «Sin confirmar» por si salieron después.",
                restored.held,
            )
        )
    say(_("Compruébela: python -m app check"))
