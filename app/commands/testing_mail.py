"""``mail-test``: the same try of an account as on the screen, told on the console."""

import click
from sqlalchemy import select

from app.commands.entry import company_by_slug, installed, say
from app.commands.spanish import Command
from app.domain import fields
from app.domain.staffing import find_staff
from app.errors import Refusal
from app.installation import Installation
from app.mail.steps import MailTestStep, StepState
from app.scope import SYSTEM
from app.texts import _
from models import Company

MARKS = {StepState.GOOD: "bien", StepState.BAD: "FALLA", StepState.SKIPPED: "—"}


@click.command("mail-test", cls=Command, short_help="Prueba una cuenta de correo, paso a paso.")
@click.argument("recipient", metavar="DESTINATARIO")
@click.option("--company", "slug", metavar="DIRECCIÓN", help="La empresa, por su dirección; si hay una, no hace falta.")
@click.option("--user", "email", metavar="CORREO", help="La cuenta propia de ese usuario, en vez de la de la empresa.")
@installed
def try_mail(installation: Installation, recipient: str, slug: str | None, email: str | None) -> None:
    """Envía un correo de prueba a DESTINATARIO y dice cómo va cada paso, hasta la copia. Acaba con 1 si algo falla."""
    from app.mail.testing import RunMailTest, run_mail_test

    address = fields.email(recipient, "recipient", required=True)
    company_id = company_by_slug(installation, slug).id if slug else _only_company(installation)
    user_id = None
    if email is not None:
        with installation.database.read(SYSTEM) as db:
            user_id = find_staff(db, email.strip().lower()).id
    command = RunMailTest(company_id=company_id, user_id=user_id, recipient=address)
    tested = run_mail_test(installation, command, _tell)
    say("")
    say(f"{tested.title} {tested.remedy}".strip())
    if not tested.is_good:
        raise SystemExit(1)


def _only_company(installation: Installation) -> int:
    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company.id).order_by(Company.id).limit(2)).all()
    if len(companies) != 1:
        raise Refusal(_("Diga de qué empresa: --company DIRECCIÓN."))
    return companies[0]


def _tell(step: MailTestStep) -> None:
    if step.state is StepState.GOING:
        return
    took = f" ({step.took:.2f} s)".replace(".", ",") if step.state is not StepState.SKIPPED else ""
    say(f"{_(MARKS[step.state]):6}{step.title}{took}")
    if step.says:
        say(f"      {step.says}")
