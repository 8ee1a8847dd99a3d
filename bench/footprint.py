"""Starting and waiting: CPU until the first answer, memory of an idle web and worker in one process."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean

from bench import Row
from bench.measure import cpu_seconds, memory_mb, tree

IDLE_SECONDS = 5
PATIENCE_SECONDS = 60

# Everything of ours left out: what remains is what importing our libraries costs by itself.
_NAMES = """
import sys
import app.cli, app.main, app.migrations, app.serving, app.worker
from app.installation import open_installation
from app.settings import read_settings
settings = read_settings()
installation = open_installation(settings)
app.migrations.migrate(installation.database.engine)
app.serving.server_config(settings, lambda: app.main.create_app(settings)).load()
ours = {"app", "models", "admin_views", "__main__", "__mp_main__"}
print(" ".join(name for name in list(sys.modules) if name.partition(".")[0] not in ours))
"""
_IMPORTS = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def run(quick: bool) -> list[Row]:
    rounds = 5 if quick else 15
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        port = _free_port()
        environment = _environment(folder, port)
        subprocess.run([sys.executable, "-m", "app", "migrate"], env=environment, check=True, capture_output=True)
        names = _output([sys.executable, "-c", _NAMES], environment).split()
        starts, imports = [], []
        for _round in range(rounds):
            starts.append(_start_cpu(environment, port))
            before = cpu_seconds()
            subprocess.run([sys.executable, "-c", _IMPORTS, *names], env=environment, check=True, capture_output=True)
            imports.append(cpu_seconds() - before)
        with _serving(environment, port) as pid:
            time.sleep(IDLE_SECONDS)
            memory = memory_mb(pid)
    return [
        Row(
            what="start until the first answer",
            value=mean(starts),
            unit="s CPU",
            floor=mean(imports),
            floor_is="importing the same libraries",
            limit=1.4,
        ),
        Row(what="idle web and worker in one process", value=memory, unit="MB PSS", limit=110),
    ]


def _environment(folder: str, port: int) -> dict[str, str]:
    """Compiled code is kept, ours as well as the libraries': where it may not be, ``scripts/setup`` has seen to it."""
    ours = ("VENTANILLA_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"VENTANILLA_DATA_DIR": folder, "VENTANILLA_BASE_URL": f"http://127.0.0.1:{port}"}


def _output(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def _start_cpu(environment: dict[str, str], port: int) -> float:
    with _serving(environment, port) as pid:
        return sum(_own_cpu(member) for member in tree(pid))


def _own_cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(environment: dict[str, str], port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the site did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
