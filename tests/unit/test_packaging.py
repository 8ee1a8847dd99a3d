"""What runs Ventanilla elsewhere: units without privileges, a container of what is really there."""

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
HARDENING = {
    "User": "ventanilla",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "StateDirectory": "ventanilla",
    "UMask": "0077",
    "CapabilityBoundingSet": "",
}


@pytest.mark.parametrize("name", ["web", "worker"])
def test_units_run_without_privileges(name: str) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(PACKAGING / "systemd" / f"ventanilla-{name}.service")

    assert {key: unit["Service"][key] for key in HARDENING} == HARDENING


def test_the_container_has_the_client_of_the_server_beside_it() -> None:
    recipe = (PACKAGING / "container" / "Containerfile").read_text()
    composed = (PACKAGING / "container" / "compose.yaml").read_text()

    assert re.findall(r"postgresql-client-(\d+)", recipe) == re.findall(r"/postgres:(\d+)", composed) != []


def test_the_container_takes_what_is_there_and_nothing_else() -> None:
    recipe = (PACKAGING / "container" / "Containerfile").read_text()
    ignored = (PACKAGING / "container" / "Containerfile.dockerignore").read_text().splitlines()

    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE) for source in line.split()
    }

    assert {source for source in copied if not (ROOT / source).exists()} == set()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert "\nUSER ventanilla\n" in recipe
