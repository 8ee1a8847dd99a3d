"""Runs the sections and prints their table. Exit status 1 when a figure is over its limit."""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType

import bench
from bench import Row

HEADINGS = ("", "base", "medida", "suelo", "veces", "límite", "")
VERDICTS = {True: "bien", False: "SE PASA", None: ""}


def main() -> int:
    sections = dict(discover())
    arguments = argparse.ArgumentParser(prog="./scripts/bench", description="Cifras de Ventanilla junto a su suelo.")
    arguments.add_argument("--quick", action="store_true", help="tamaños pequeños: para ver que funciona")
    arguments.add_argument("section", nargs="*", help=f"solo estas: {', '.join(sections)}")
    asked = arguments.parse_args()
    if unknown := [name for name in asked.section if name not in sections]:
        arguments.error(f"no existe la sección {unknown[0]}; hay: {', '.join(sections)}")

    rows: list[Row] = []
    for name in asked.section or sections:
        measured = sections[name](asked.quick)
        print(table(name, measured), flush=True)
        rows += measured

    over = [row for row in rows if row.holds is False]
    print(f"\n{len(rows)} cifras, {len(over)} por encima de su límite." + (" Tamaño reducido." if asked.quick else ""))
    return 1 if over else 0


def discover() -> list[tuple[str, Callable[[bool], list[Row]]]]:
    """The sections, by module name."""
    found: list[tuple[str, Callable[[bool], list[Row]]]] = []
    for entry in pkgutil.iter_modules(bench.__path__):
        if not entry.name.startswith("_"):
            module: ModuleType = importlib.import_module(f"bench.{entry.name}")
            if run := getattr(module, "run", None):
                found.append((entry.name, run))
    return found


def table(section: str, rows: list[Row]) -> str:
    lines = [(section, *HEADINGS[1:]), *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [_line(cells, widths) for cells in lines]
    return "\n".join(["", texts[0], "-" * max(map(len, texts)), *texts[1:]])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Words to the left, figures to the right."""
    aligned = [
        cell.rjust(width) if 2 <= column <= 5 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what + (f" (frente a {row.floor_is})" if row.floor_is else ""),
        row.database,
        f"{_figure(row.value)} {row.unit}",
        "" if row.floor is None else f"{_figure(row.floor)} {row.unit}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.limit is None else f"{row.limit:g}" + ("" if row.ratio is None else " ×"),
        VERDICTS[row.holds],
    )


def _figure(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.2f}" if number >= 0.1 else f"{number:.4f}"


if __name__ == "__main__":
    sys.exit(main())
