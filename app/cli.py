"""``python -m app``: the operator's commands."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import click
from msgspec.structs import replace

from app.commands.checking import check
from app.commands.copying import bring_back, make_backup
from app.commands.entry import DEMO_ADDRESS, demo_option, installed, open_settings, opened, say, sentences
from app.commands.setting_up import setup, show_set_up_address
from app.commands.spanish import Group, speak_spanish
from app.commands.staff import staff
from app.commands.taking_in import import_invoices
from app.commands.testing_mail import try_mail
from app.garbage import begin_collecting
from app.installation import Installation
from app.settings import Settings
from app.settings_example import settings_example
from app.texts import _

speak_spanish()

ROOT = Path(__file__).parents[1]
APPLICATION = "app.main:create_app"


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.pass_context
def cli(context: click.Context) -> None:
    """Ventanilla: la oficina de una empresa y la intranet de sus clientes."""
    os.umask(0o077)  # what we write is nobody else's to read
    if context.invoked_subcommand != "serve":  # the site says itself when it is built
        begin_collecting()


@cli.command(short_help="Atiende la oficina y las intranets.")
@click.option("--demo", is_flag=True, help="Con una empresa de muestra y sin enviar correos de verdad.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="DIRECCIÓN", help="Dónde atender.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="PUERTO")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Procesos que atienden la web.")
@click.option("--no-worker", is_flag=True, help="Sin correos ni PDF en segundo plano: los hará «worker».")
def serve(*, demo: bool, host: str, port: int, workers: int | None, no_worker: bool) -> None:
    """Pone al día la base de datos y atiende la oficina y las intranets hasta que se le pida parar."""
    from app import serving

    with sentences(), serving.listen(host, port) as bound:
        settings = open_settings(demo=demo, served_at=serving.address_of(bound))
        settings = replace(
            settings,
            workers=workers or settings.workers,
            run_worker=settings.run_worker and not no_worker,
        )
        _prepare(settings)
        say(_("Atendiendo en %(lugar)s. Para terminar: Ctrl+C.") % {"lugar": serving.address_of(bound)})
        _serve(settings, bound)


def _prepare(settings: Settings) -> None:
    """Everything that must be there before the first request, told as it is done."""
    if settings.demo:
        _run_demo(settings)
        return
    with opened(settings) as installation:
        say(_("Preparando la base de datos…"))
        _migrate(installation)
        show_set_up_address(installation)


def _run_demo(settings: Settings) -> None:
    """Apart from the server, which would keep the memory that thousands of sample invoices took."""
    command = [sys.executable, "-m", "app", "demo", "--address", settings.base_url]
    loaded = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    if loaded.returncode:
        raise SystemExit(loaded.returncode)


def _serve(settings: Settings, bound: socket.socket) -> None:
    """In one process the worker is a thread of the application; beside several it is one of their parent."""
    from app import serving
    from app.worker import worker_beside

    if settings.workers == 1 or not settings.run_worker:
        serving.serve(settings, APPLICATION, bound)
        return
    begin_collecting()
    stop = threading.Event()
    with opened(settings) as installation, worker_beside(installation, stop=stop):
        serving.serve(replace(settings, run_worker=False), APPLICATION, bound, stop)


@cli.command(short_help="Envía los correos y hace los PDF, aparte de la web.")
@installed
def worker(installation: Installation) -> None:
    """Envía los correos y hace los PDF en un proceso aparte. Con PostgreSQL puede haber varios."""
    from app.serving import stopping
    from app.worker import run_worker

    with stopping() as stop:
        say(_("Trabajando. Para terminar: Ctrl+C."))
        run_worker(installation, stop)


@cli.command(short_help="Pone al día la base de datos.")
@demo_option
def migrate(demo: bool) -> None:
    """Crea o pone al día la base de datos. Puede repetirse."""
    with sentences(), opened(open_settings(demo=demo)) as installation:
        _migrate(installation)
    say(_("La base de datos está al día."))


def _migrate(installation: Installation) -> None:
    from app.migrations import migrate as bring_up_to_date

    bring_up_to_date(installation.database.engine)


@cli.command(short_help="Carga la empresa de muestra.")
@click.option("--address", default=DEMO_ADDRESS, metavar="URL", help="La dirección en la que se atenderá.")
def demo(address: str) -> None:
    """Carga la empresa de muestra en su propia carpeta (var/demo), sin atender a nadie. Puede repetirse."""
    with sentences(), opened(open_settings(demo=True, served_at=address)) as installation:
        say(_("Preparando la base de datos…"))
        _migrate(installation)
        _load_demo(installation)


def _load_demo(installation: Installation) -> None:
    from app.demo.loading import load_demo

    credentials = load_demo(installation, say)
    say(_("Oficina: %(url)s") % {"url": credentials.admin_url})
    say(f"  {credentials.admin_email} · {credentials.admin_password}")
    say(_("Intranet de un cliente: %(url)s") % {"url": credentials.portal_url})
    say(f"  {credentials.portal_email} · {credentials.portal_password}")
    say(_("API: %(url)s") % {"url": credentials.api_url})
    say(f"  {credentials.api_key}")
    say(_("Están también en %(archivo)s") % {"archivo": credentials.path})


@cli.command("settings-example", short_help="Escribe un .env de ejemplo.")
def show_settings_example() -> None:
    """Escribe un archivo de ajustes de ejemplo, con todos explicados."""
    click.echo(settings_example(), nl=False)


@cli.command("routes", short_help="Muestra todas las rutas y quién puede usarlas.")
@click.option("--json", "as_json", is_flag=True, help="Como JSON.")
@demo_option
def show_routes(*, as_json: bool, demo: bool) -> None:
    """Muestra todas las rutas, quién puede usarlas y qué protege sus cambios. Falla si alguna no lo declara."""
    from admin_views.auth import MATRIX
    from app.main import create_app
    from app.routes import describe

    with sentences(), opened(open_settings(demo=demo)) as installation:
        app = create_app(installation.settings, installation)
        found = describe(app, MATRIX, [view.identity for view in app.state.office.views if view.is_model])
    if as_json:
        click.echo(json.dumps([route.plain() for route in found], ensure_ascii=False, indent=1))
        return
    for route in found:
        click.echo(f"{','.join(route.methods):18} {route.path:60} {route.audience:9} {route.permission} {route.role}")


cli.add_command(make_backup)
cli.add_command(bring_back)
cli.add_command(check)
cli.add_command(import_invoices)
cli.add_command(setup)
cli.add_command(staff)
cli.add_command(try_mail)


def main() -> None:
    cli(prog_name="python -m app")
