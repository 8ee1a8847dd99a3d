"""What lies in the repository: locks without addresses, no machine's own paths, templates a strict policy can serve."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?)==(\S+)", re.MULTILINE | re.IGNORECASE)

# Spelled so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|farm)/\w|/hom[e]/\w+/|/Use[r]s/\w+/|bash_job[s]")
INDEX = re.compile(
    r"index-ur[l]\W+http|find-link[s]\W+\S*/|trusted-hos[t]\W|(?:pypi|pythonhosted|npmjs)\.(?:or[g]|co[m])"
)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)


def tracked() -> list[Path]:
    """Every file of the repository that is text; in an unpacked archive, every file that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name] or [
        path for path in ROOT.rglob("*") if not {".venv", "var", ".git"}.intersection(path.relative_to(ROOT).parts)
    ]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def matches(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_tests_lock_holds_the_runtime_lock() -> None:
    runtime, tests = (pins(lock) for lock in LOCKS)

    assert {name: tests.get(name) for name in runtime} == runtime


def test_no_file_names_a_machine_or_an_index() -> None:
    files = tracked()

    assert (matches(MACHINE, files), matches(INDEX, files)) == ([], [])


def test_templates_have_no_inline_style_or_script() -> None:
    """The content policy forbids them; mail is read elsewhere and has no choice."""
    templates = [path for path in (ROOT / "app" / "templates").rglob("*.html") if "mail" not in path.parts]

    assert matches(INLINE, templates) == []


def test_migrations_hide_no_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


@pytest.mark.parametrize("name", ["serve", "test", "bench", "prove", "check", "worker", "setup", "lock"])
def test_scripts_are_small_and_run(name: str) -> None:
    script = ROOT / "scripts" / name

    assert script.stat().st_mode & 0o111 == 0o111
    assert script.read_text().startswith("#!/bin/sh\n# ")
    assert len(script.read_text().splitlines()) <= 20
    subprocess.run(["sh", "-n", script], check=True)


def test_no_test_steps_aside() -> None:
    """What a test needs is installed by ``./scripts/test``; missing, it fails."""
    aside = re.compile(r"\b(?:pytest|mark|unittest)\.(?:ski[p]|skipi[f]|xfai[l]|importorski[p])\b")

    assert matches(aside, sorted((ROOT / "tests").rglob("*.py"))) == []
