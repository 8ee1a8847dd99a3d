"""How every command begins and ends: an open installation in, sentences instead of tracebacks out."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.errors import AdapterError, NotFound, Refusal
from app.installation import Installation, open_installation
from app.logs import start_logging
from app.migrations import NewerDatabase, is_current
from app.routes import UndeclaredRoute
from app.scope import SYSTEM, Actor
from app.settings import BadSetting, Settings, read_settings
from app.texts import _
from models import Company

CONSOLE = Actor("Consola")
DEMO_ADDRESS = "http://127.0.0.1:8000"

demo_option = click.option("--demo", is_flag=True, help="Usa los datos de la demostración (var/demo).")


def say(sentence: str) -> None:
    click.echo(sentence)


@contextmanager
def sentences() -> Iterator[None]:
    """What was refused, or is not there, is said in one sentence and ends the command with status 1."""
    try:
        yield
    except (BadSetting, NewerDatabase, UndeclaredRoute, Refusal, AdapterError) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(_("No se puede usar la base de datos: %(por)s") % {"por": reason}) from error


def open_settings(*, demo: bool = False, served_at: str = DEMO_ADDRESS) -> Settings:
    settings = read_settings(demo=demo, served_at=served_at)
    start_logging(settings.log_level)
    return settings


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.database.engine.dispose()


def installed(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that works in an installation whose database is up to date; adds ``--demo``."""

    @demo_option
    @functools.wraps(command)
    def started(*arguments: Any, demo: bool, **options: Any) -> Any:
        with sentences(), opened(open_settings(demo=demo)) as installation:
            if not is_current(installation.database.engine):
                raise Refusal(_("La base de datos no está al día. Ejecute antes: python -m app migrate"))
            return command(installation, *arguments, **options)

    return started


def company_by_slug(installation: Installation, slug: str) -> Company:
    """Raises ``NotFound``, naming the addresses there are."""
    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company).order_by(Company.slug_key)).all()
    found = next((company for company in companies if company.slug_key == slug.lower()), None)
    if found is None:
        known = ", ".join(company.slug for company in companies) or _("ninguna todavía")
        raise NotFound(_("la empresa «%(slug)s» (las que hay: %(hay)s)") % {"slug": slug, "hay": known})
    return found
