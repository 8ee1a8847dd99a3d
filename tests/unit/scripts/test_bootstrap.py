"""Setting up: from nothing, again, twice at once, after an interruption, and without what it needs."""

import os
import shutil
import subprocess
import sys
import time
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from scripts.bootstrap import RUNTIME, TESTS, CannotContinue, Environment, follow

SCRIPTS = Path(__file__).parents[3] / "scripts"
PYTHONS = ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose locks ask for nothing."""
    (tmp_path / "scripts").mkdir()
    for name in ("setup", "bootstrap.py"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts" / name)
    for lock in (RUNTIME, TESTS):
        (tmp_path / lock).write_text("# nothing\n")
    return tmp_path


def setup(checkout: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [checkout / "scripts" / "setup", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_at_once_make_one_environment_out_of_half_a_one(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (checkout / ".venv" / "rest").touch()

    both = [setup(checkout, "--tests") for _ in range(2)]
    said = [running.communicate(timeout=120) for running in both]

    assert [running.returncode for running in both] == [0, 0], said
    assert [("Entorno listo" in out, errors) for out, errors in sorted(said, key=lambda two: len(two[0]))] == [
        (False, ""),
        (True, ""),
    ]
    assert not (checkout / ".venv" / "rest").exists()

    again = setup(checkout)
    assert again.communicate(timeout=60) == ("", "")


def test_an_environment_is_in_step_until_the_lock_or_its_python_changes(checkout: Path) -> None:
    here = Environment(checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", here.folder], check=True)

    before = here.has(RUNTIME)
    here._stamp(RUNTIME).write_text(here._fingerprint(RUNTIME))
    after = here.has(RUNTIME)
    (checkout / RUNTIME).write_text("# another\n")
    other_lock = here.has(RUNTIME)
    (checkout / RUNTIME).write_text("# nothing\n")
    here.python.unlink()
    without_python = here.has(RUNTIME)

    assert (before, after, other_lock, without_python) == (False, True, False, False)


def test_code_is_compiled_anew_when_it_is_newer(checkout: Path) -> None:
    here = Environment(checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", here.folder], check=True)
    source = checkout / "app" / "sums.py"
    source.parent.mkdir()
    compiled = Path(cache_from_source(str(source)))

    source.write_text("one = 1\n")
    here.compile()
    first, made_at = compiled.read_bytes(), compiled.stat().st_mtime_ns
    here.compile()
    again_at = compiled.stat().st_mtime_ns
    source.write_text("one, two = 1, 2\n")
    os.utime(source, (time.time() + 5, time.time() + 5))
    here.compile()

    assert again_at == made_at
    assert compiled.read_bytes() != first


def test_a_refusal_of_pip_stops_everything(checkout: Path) -> None:
    here = Environment(checkout)
    broken = checkout / "broken.lock"
    broken.write_text("six==1.16.0 --hash=md5:00000000000000000000000000000000\n")

    with pytest.raises(CannotContinue, match="No se han podido instalar"):
        here._run_pip([sys.executable, "-m", "pip"], broken)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["Collecting a==1\n"] * 9, ""),
        (["Collecting a==1\n"] * 10, "  10 de 12\n"),
        (["Ignoring a: markers\n", *["Processing a\n"] * 9, "Requirement already satisfied: a\n"], "  10 de 12\n"),
        (["Collecting a==1\n"] * 12, "  10 de 12\n  12 de 12\n"),
        (["  Downloading a\n", "Installing collected packages: a\n"], "  desempaquetando…\n"),
    ],
)
def test_progress(capsys: pytest.CaptureFixture[str], lines: list[str], said: str) -> None:
    follow(iter(lines), 12)

    assert capsys.readouterr().out == said


def test_the_last_lines_are_kept_for_the_explanation() -> None:
    assert follow(iter(f"{number}\n" for number in range(40)), 1) == [str(number) for number in range(25, 40)]


def test_without_a_python_one_sentence_says_so(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PYTHONS:
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    (programs / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")

    run = subprocess.run(
        [checkout / "scripts" / "setup"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "Hace falta Python 3.11 o posterior, y aquí no se encuentra: instálelo y repita la orden.\n"
