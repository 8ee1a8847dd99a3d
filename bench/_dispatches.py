"""Documents sent by mail by whole worker processes, beside the same messages by `emails` and `smtplib`."""

import os
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.utils import make_msgid
from pathlib import Path
from typing import NamedTuple

from emails.message import Message

from app.adapters.letters.letter import Letters
from app.domain.queries.dispatches import DispatchFacts
from app.installation import Installation
from bench import Row
from bench._mail_servers import HOST
from bench._sending_office import MAIL_SENDER, SendingOffice
from bench.measure import interleaved
from models.enums import MailSecurity

MORE = 3
"""Links weigh little: there are so many more of them, lest it be a worker's looking around that is measured."""

SENDER_NAME = "Suministros Tosma, S.L."
HOW = {MailSecurity.NONE: "sin cifrar", MailSecurity.STARTTLS: "STARTTLS", MailSecurity.SSL: "SSL"}


class Scene(NamedTuple):
    """What is sent, through which server, by how many workers."""

    security: MailSecurity
    has_pdf: bool
    workers: int = 1

    def __str__(self) -> str:
        what = "su PDF de 50 KB" if self.has_pdf else "su enlace"
        who = "1 trabajador" if self.workers == 1 else f"{self.workers} trabajadores"
        return f"un documento con {what}, {HOW[self.security]}, {who}"


Send = Callable[[Letters, list[DispatchFacts]], None]

ALONE = [Scene(security, has_pdf) for security in MailSecurity for has_pdf in (False, True)]
TOGETHER = [Scene(MailSecurity.NONE, has_pdf, 2) for has_pdf in (False, True)]


def dispatch_row(office: SendingOffice, scene: Scene, port: int, rounds: int, database_pid: int | None) -> Row:
    mails_each = office.mails_each // (MORE if scene.has_pdf else 1)
    office.use(scene.security, port)
    turns = office.queue(mails_each, rounds + 1, has_pdf=scene.has_pdf)
    ours, floors = iter(turns), iter([office.facts(turn) for turn in turns])
    with _by_hand(office, scene, port) as send, _workers(office.installation, scene.workers) as workers:
        costs = interleaved(
            {"floor": lambda: send(*next(floors)), "ours": lambda: office.have_sent(next(ours))},
            rounds=rounds,
            processes=[*workers, *([database_pid] if database_pid else [])],
        )
    value, floor = (costs[name].cpu * 1000 / mails_each for name in ("ours", "floor"))
    return Row(
        what=f"{scene}: {1000 / value:.0f} por segundo de CPU",
        database="PostgreSQL" if database_pid else "SQLite",
        value=value,
        floor=floor,
        floor_is="emails y smtplib, una conexión igual",
        limit=1.5,
    )


@contextmanager
def _workers(installation: Installation, number: int) -> Iterator[list[int]]:
    """Their process ids; each is the operator's own command."""
    settings = installation.settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VENTANILLA_")}
    environment = kept | {
        "VENTANILLA_DATA_DIR": str(settings.data_dir),
        "VENTANILLA_DATABASE_URL": settings.database_url,
        "VENTANILLA_BASE_URL": settings.base_url,
        "VENTANILLA_SECRET_KEY": settings.secret_keys[0],
        "VENTANILLA_MAIL_PRIVATE_HOSTS": HOST,
        "VENTANILLA_MAIL_CA_FILE": settings.mail_ca_file or "",
    }
    command = [sys.executable, "-m", "app", "worker"]
    with ExitStack() as stack:
        workers = []
        for _ in range(number):
            worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            stack.callback(worker.wait)
            stack.callback(worker.terminate)
            workers.append(worker.pid)
        yield workers


@contextmanager
def _by_hand(
    office: SendingOffice, scene: Scene, port: int
) -> Iterator[Callable[[Letters, list[DispatchFacts]], None]]:
    """What anybody would write: the same letters, built by `emails`, over one kept connection as secure."""
    folder = Path(office.installation.settings.data_dir) / "files"

    def send(letters: Letters, dispatches: list[DispatchFacts]) -> None:
        for dispatch in dispatches:
            letter = letters.compose(dispatch.subject, dispatch.body)
            message = Message(
                subject=letter.subject,
                text=letter.text,
                html=letter.html,
                mail_from=(SENDER_NAME, MAIL_SENDER),
                mail_to=dispatch.to[0][::-1],
                message_id=make_msgid(domain="clientes.tosma.example"),
            )
            if scene.has_pdf:
                content = (folder / office.pdf.key).read_bytes()
                message.attach(filename="factura.pdf", data=content, mime_type="application/pdf")
            connection.sendmail(MAIL_SENDER, [dispatch.to[0][0]], message.as_bytes())

    context = ssl.create_default_context(cafile=office.installation.settings.mail_ca_file)
    is_wrapped = scene.security is MailSecurity.SSL
    with smtplib.SMTP_SSL(HOST, port, context=context) if is_wrapped else smtplib.SMTP(HOST, port) as connection:
        if scene.security is MailSecurity.STARTTLS:
            connection.starttls(context=context)
        yield send
