"""Makes ``.venv`` and keeps it in step with the lock. Standard library only: it runs before anything is installed.

``./scripts/setup`` finds a Python and runs this. What is finished is stamped last, so an interrupted run is simply
done again; a lock on the checkout lets one run work at a time, and pip holds it too should its parent be killed.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "requirements.lock"
TESTS = "requirements-dev.lock"  # everything of RUNTIME, same versions, and what the tests need
CODE = ("app", "models", "admin_views", "alembic")
PIP_OPTIONS = ("--require-hashes", "--no-deps", "--no-input", "--progress-bar=off", "--disable-pip-version-check")
OLD_LINES = 15


class CannotContinue(Exception):
    """Its text is the sentence that says what to do."""


class Environment:
    """The virtual environment of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._guard = -1

    def has(self, lock: str) -> bool:
        """Whether exactly this lock was installed to the end, for the Python that is there now."""
        return self._stamp(lock).exists() and self._stamp(lock).read_text() == self._fingerprint(lock)

    def install(self, lock: str) -> None:
        """Bring the environment to the lock; from nothing when it was never finished or its Python has gone."""
        began = time.monotonic()
        finished = any(self._stamp(name).exists() for name in (RUNTIME, TESTS))
        if not (finished and (pip := self._own_pip() or self._host_pip())):
            say("Preparando el entorno de Python (solo la primera vez, un par de minutos)…")
            pip = self._make()
        self._run_pip(pip, self.root / lock)
        for name in (RUNTIME, TESTS) if lock == TESTS else (lock,):
            self._stamp(name).write_text(self._fingerprint(name))
        say(f"Entorno listo en {time.monotonic() - began:.0f} s.")

    def compile(self) -> None:
        """Compile our own code when it is newer than what was: a start spends half of its time on that otherwise.

        Python does it by itself, but not where it may not write: under the units of ``packaging``, or when told so.
        """
        stamp = self.folder / "code.compiled"
        sources = (path for name in CODE for path in (self.root / name).rglob("*.py"))
        newest = max((path.stat().st_mtime for path in sources), default=0.0)
        if not stamp.exists() or stamp.stat().st_mtime <= newest:
            folders = [self.root / name for name in CODE]
            self._run(self.python, "-m", "compileall", "-q", *folders)
            with suppress(OSError):  # somebody else's checkout: all this is for speed only
                stamp.touch()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else is preparing this checkout."""
        self._guard = os.open(self.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Otra orden está preparando el entorno: esperando a que termine…")
                fcntl.flock(self._guard, fcntl.LOCK_EX)
            yield
        finally:
            os.close(self._guard)
            self._guard = -1

    def _stamp(self, lock: str) -> Path:
        return self.folder / f"{lock}.installed"

    def _fingerprint(self, lock: str) -> str:
        digest = hashlib.sha256((self.root / lock).read_bytes()).hexdigest()
        return f"{digest} {self._python_version()}\n"

    def _python_version(self) -> str:
        asked = self._run(self.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.platform)")
        return asked.stdout.strip() if asked else ""

    def _make(self) -> list[str]:
        """An empty environment and the pip that fills it, by whichever way this machine allows."""
        ways: list[Callable[[], list[str] | None]] = [self._with_pip, self._without_pip, self._with_debian_package]
        for way in ways:
            # A failed attempt leaves half an environment behind, bin/python included.
            shutil.rmtree(self.folder, ignore_errors=True)
            if pip := way():
                return pip
        shutil.rmtree(self.folder, ignore_errors=True)
        raise CannotContinue(
            "Falta el módulo venv de Python: instálelo (en Debian y Ubuntu, «sudo apt-get install python3-venv») "
            "y repita la orden."
        )

    def _with_pip(self) -> list[str] | None:
        return self._own_pip() if self._run(host_python(), "-m", "venv", self.folder) else None

    def _without_pip(self) -> list[str] | None:
        made = self._run(host_python(), "-m", "venv", "--without-pip", self.folder)
        return self._host_pip() if made else None

    def _with_debian_package(self) -> list[str] | None:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            return None
        say("Instalando el paquete python3-venv…")
        self._run("apt-get", "update")
        installed = self._run("apt-get", "install", "-y", "--no-install-recommends", "python3-venv")
        return self._with_pip() if installed else None

    def _own_pip(self) -> list[str] | None:
        pip = [str(self.python), "-m", "pip"]
        return pip if self._run(*pip, "--version") else None

    def _host_pip(self) -> list[str] | None:
        """The pip of the Python outside, told to work in here (since pip 22.3)."""
        pip = [host_python(), "-m", "pip", "--python", str(self.python)]
        return pip if self._run(*pip, "--version") else None

    def _run(self, *command: str | Path) -> "subprocess.CompletedProcess[str] | None":
        """The finished command, or None when it failed or is not there."""
        try:
            return subprocess.run(
                command, check=True, capture_output=True, text=True, env=environment(), pass_fds=self._inherited()
            )
        except (OSError, subprocess.CalledProcessError):
            return None

    def _inherited(self) -> tuple[int, ...]:
        return (self._guard,) if self._guard >= 0 else ()

    def _run_pip(self, pip: list[str], lock: Path) -> None:
        command = [*pip, "install", *PIP_OPTIONS, "-r", str(lock)]
        total = sum("==" in line and not line.startswith((" ", "#")) for line in lock.read_text().splitlines())
        say(f"Instalando {total} paquetes con sus huellas comprobadas…")
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
            pass_fds=self._inherited(),
        ) as running:
            last = follow(running.stdout or (), total)
        if running.returncode:
            raise CannotContinue(
                "\n".join([*last, "", "No se han podido instalar los paquetes: vea el motivo arriba."])
            )


def follow(lines: Iterator[str] | tuple[str, ...], total: int) -> list[str]:
    """Tell how far pip has come; the last lines it said, for when it fails."""
    last: list[str] = []
    done = 0
    for line in lines:
        last = [*last[1 - OLD_LINES :], line.rstrip()]
        if line.startswith(("Collecting ", "Processing ", "Requirement already satisfied", "Ignoring ")):
            done += 1
            if done % 10 == 0 or done == total:
                say(f"  {done} de {total}")
        elif line.startswith("Installing collected packages"):
            say("  desempaquetando…")
    return last


def host_python() -> str:
    """The Python this one was made from: an activated environment may be the very one to be remade."""
    outside = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(outside) if sys.prefix != sys.base_prefix and outside.exists() else sys.executable


def environment() -> dict[str, str]:
    """Ours, without what would send pip elsewhere or ask questions."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET")}
    return kept | {
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8",
    }


def say(sentence: str) -> None:
    print(sentence, flush=True)


def main(arguments: list[str]) -> int:
    lock = TESTS if "--tests" in arguments else RUNTIME
    here = Environment(ROOT)
    try:
        if not here.has(lock):
            with here.alone():
                if not here.has(lock):
                    here.install(lock)
        here.compile()
    except CannotContinue as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrumpido: repita la orden para seguir.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
