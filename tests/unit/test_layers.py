"""Imports point inward, rules know no transaction, and nothing outgrows its budget."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("app", "models", "admin_views")
FOUNDATIONS = ("app.colours", "app.errors", "app.clock", "app.money", "app.secrets", "app.texts")
RULES = ("app.domain", "app.scope", "models", *FOUNDATIONS)
PROGRAMS = ("app.main", "app.cli", "app.worker", "app.__main__")

# What of ours each layer may import. The innermost first.
MAY_IMPORT = {
    "models": ("models",),
    **dict.fromkeys(FOUNDATIONS, FOUNDATIONS),
    "app.scope": ("models", *FOUNDATIONS),
    "app.domain": RULES,
    "app.adapters": ("app.adapters", *RULES),
}
# What each outer layer, and what they share, may not.
MAY_NOT_IMPORT = {
    "app.portal": ("admin_views", "app.api", *PROGRAMS),
    "app.api": ("admin_views", "app.portal", *PROGRAMS),
    "admin_views": ("app.portal", "app.api", *PROGRAMS),
    "app.mail": ("admin_views", "app.portal", "app.api", "app.web", *PROGRAMS),
    "app": ("admin_views", "app.portal", "app.api", *PROGRAMS),
}
# Where the web stops.
NO_WEB = ("models", "app.domain", "app.adapters", "app.scope", *FOUNDATIONS)
WEB = ("starlette", "sqladmin", "wtforms", "uvicorn")

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
FORBIDDEN_WORDS = {"manager", "helper", "helpers", "utils", "util", "service", "handler", "common", "data", "process"}
# Names that others chose: a role people have, a setting of the public contract, hooks of libraries.
NAMES_OF_OTHERS = {
    "MANAGER",
    "data_dir", "data_received", "render_data", "process_bind_param", "process_result_value", "process_formdata",
    "process_data", "handle_data", "_handle_form_data", "get_form_data_for_edit", "formdata", "data", "metadata",
}  # fmt: skip


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def is_in(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def imported_by(path: Path) -> Iterator[str]:
    """Full names, so that ``from app import clock`` counts as ``app.clock``."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(name: str, table: dict[str, tuple[str, ...]]) -> str | None:
    """The most particular entry of a table that covers a module; programs are in no layer."""
    found = [layer for layer in table if is_in(name, (layer,)) and name not in PROGRAMS]
    return max(found, key=len, default=None)


def test_inner_layers_import_only_what_lies_further_in() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in python_files(*OURS)
        if (layer := layer_of(module_name(path), MAY_IMPORT))
        for name in imported_by(path)
        if is_in(name, OURS) and not is_in(name, MAY_IMPORT[layer]) and name != "app"
    ]

    assert wrong == []


def test_outer_layers_do_not_know_each_other() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in python_files(*OURS)
        if (layer := layer_of(module_name(path), MAY_NOT_IMPORT))
        for name in imported_by(path)
        if is_in(name, MAY_NOT_IMPORT[layer]) and not is_in(name, (layer,) if layer != "app" else ())
    ]

    assert wrong == []


def test_rules_and_adapters_know_no_web() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in python_files(*OURS)
        if is_in(module_name(path), NO_WEB)
        for name in imported_by(path)
        if is_in(name, WEB)
    ]

    assert wrong == []


def test_only_entry_points_end_transactions() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for path in python_files("app/domain", "models")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
    ]

    assert wrong == []


def test_nothing_is_caught_that_nobody_named() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files(*OURS, "bench", "scripts")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]

    assert wrong == []


def test_no_file_needs_two_names() -> None:
    sources = [*python_files(*OURS, "bench", "scripts", "tests"), *(ROOT / "app").rglob("*.html")]
    sources += [path for kind in ("*.css", "*.js") for path in (ROOT / "app" / "static").rglob(kind)]

    long = {str(path.relative_to(ROOT)): lines for path in sources if (lines := count_lines(path)) > LONGEST_FILE}

    assert long == {}


def count_lines(path: Path) -> int:
    return path.read_text().count("\n")


def test_no_function_needs_scrolling() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length
        for path in python_files(*OURS, "bench", "scripts", "tests")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }

    assert long == {}


def test_names_say_what_things_are() -> None:
    vague = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in python_files(*OURS, "bench", "scripts")
        for line, name in names_of(path)
        if FORBIDDEN_WORDS.intersection(words_of(name)) and name not in NAMES_OF_OTHERS
    ]

    assert vague == []


def names_of(path: Path) -> Iterator[tuple[int, str]]:
    """What a file defines: itself, classes, functions, arguments and assigned names."""
    yield 0, path.stem
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words_of(name: str) -> list[str]:
    """``DocumentHelper`` and ``document_helper`` alike."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


@pytest.mark.parametrize(("name", "words"), [
    ("DocumentHelper", ["document", "helper"]),
    ("render_data", ["render", "data"]),
    ("metadata", ["metadata"]),
])  # fmt: skip
def test_words_of_a_name(name: str, words: list[str]) -> None:
    assert words_of(name) == words
