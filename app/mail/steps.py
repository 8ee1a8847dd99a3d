"""The steps of trying an account out, told to whoever watches as they begin and end."""

import time
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from app.domain.mail.troubles import Advice, MailStep, Where, advice_on
from app.errors import Fault
from app.texts import _
from models import MailAccount
from models.enums import MailSecurity


class StepState(StrEnum):
    GOING = "going"
    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"


class MailTestStep(Struct, frozen=True, kw_only=True):
    """``says``: what was seen, or the words of whoever refused. ``took`` seconds."""

    step: MailStep
    state: StepState
    title: str
    says: str = ""
    took: float = 0.0
    advice: Advice | None = None


Tell = Callable[[MailTestStep], None]

TITLES = {
    MailStep.RESOLVE: "Encontrar %(servidor)s",
    MailStep.CONNECT: "Conectar por el puerto %(puerto)s",
    MailStep.TLS: "Cifrar la conexión y comprobar el certificado",
    MailStep.AUTH: "Entrar como %(usuario)s",
    MailStep.SEND: "Entregar el correo a %(quien)s",
    MailStep.MAILBOX: "Entrar en %(entrante)s",
    MailStep.COPY: "Guardar la copia en «%(carpeta)s» y borrarla otra vez",
}


class Telling:
    """What is left to try of an account, nothing but sending without one. One step goes on at a time."""

    def __init__(self, account: MailAccount | None, recipient: str, tell: Tell) -> None:
        self.account, self.recipient, self.tell = account, recipient, tell
        self.left = _steps_of(account)
        self.seen: list[tuple[str, str]] = []
        self._began_at = time.monotonic()

    @property
    def next(self) -> MailStep:
        return self.left[0]

    def begin(self, step: MailStep) -> None:
        self._began_at = time.monotonic()
        self.tell(MailTestStep(step=step, state=StepState.GOING, title=self.title(step)))

    def done(self, step: MailStep, says: str) -> None:
        self._end(step, StepState.GOOD, says)
        self.seen.append((self.title(step), says))

    def failed(self, step: MailStep, says: str, fault: Fault | None = None, *, at: MailStep | None = None) -> Advice:
        """What it means; everything that is left is skipped. ``at``: the step inside this one, where it has some."""
        advice = advice_on(at or step, fault, says, self._where(step))
        self._end(step, StepState.BAD, says, advice)
        for other in self.left:
            self.tell(MailTestStep(step=other, state=StepState.SKIPPED, title=self.title(other)))
        return advice

    def title(self, step: MailStep) -> str:
        told = {"quien": self.recipient}
        if self.account is not None:
            told |= {
                "servidor": self.account.host,
                "puerto": str(self.account.port),
                "usuario": self.account.username,
                "entrante": self.account.imap_host,
                "carpeta": self.account.sent_folder,
            }
        return _(TITLES[step]) % told

    def _end(self, step: MailStep, state: StepState, says: str, advice: Advice | None = None) -> None:
        took = time.monotonic() - self._began_at
        self.left.remove(step)
        self.tell(MailTestStep(step=step, state=state, title=self.title(step), says=says, took=took, advice=advice))

    def _where(self, step: MailStep) -> Where:
        account = self.account
        if account is None:
            return Where(host="", port=0, security=MailSecurity.NONE)
        is_mailbox = step in (MailStep.MAILBOX, MailStep.COPY)
        return Where(
            host=account.imap_host if is_mailbox else account.host,
            port=account.imap_port if is_mailbox else account.port,
            security=account.imap_security if is_mailbox else account.security,
            username=account.username,
            provider=account.provider,
            is_mailbox=is_mailbox,
        )


def _steps_of(account: MailAccount | None) -> list[MailStep]:
    if account is None:
        return [MailStep.SEND]
    wanted = {
        MailStep.RESOLVE: True,
        MailStep.CONNECT: True,
        MailStep.TLS: account.security is not MailSecurity.NONE,
        MailStep.AUTH: bool(account.username),
        MailStep.SEND: True,
        MailStep.MAILBOX: bool(account.imap_host),
        MailStep.COPY: bool(account.imap_host and account.sent_folder),
    }
    return [step for step, is_wanted in wanted.items() if is_wanted]
