"""The rules that keep the code readable, held by a scan of the source.

Docstrings, blind excepts and names are ruff's part (pyproject.toml); here is what ruff cannot say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from rig.config_rules import OPTIONS

ROOT = Path(__file__).parents[2]
RIG = ROOT / "rig"
SOURCES = sorted(RIG.rglob("*.py"))
ALL_SOURCES = [
    *SOURCES,
    *sorted((ROOT / "scripts").rglob("*.py")),
    *sorted((ROOT / "tests").rglob("*.py")),
]

FILE_LINES = 300
FUNCTION_LINES = 50

RANKS = {
    "causes": -1,
    "option": -2,
    "config_programs": -1,
    "sightings": -1,
    "": 0,
    "records": 0,
    "config": 0,
    "errors": 0,
    "core": 1,
    "config_rules": 1,
    "config_file": 1,
    "devices": 2,
    "sim": 2,
    "programs": 3,
    "cli": 4,
    "__main__": 5,
}
"""Part of `rig` -> its rank. A part may import itself and what ranks below it."""

PURE_IMPORTS = {
    "__future__", "base64", "bisect", "collections", "csv", "dataclasses", "difflib", "enum",
    "errno", "fractions", "functools", "hashlib", "heapq", "html", "io", "itertools", "json",
    "math", "numbers", "numpy", "operator", "pathlib", "re", "statistics", "struct", "tomllib",
    "types", "typing",
}  # fmt: skip
"""All that `rig.core` may import besides itself: nothing with a clock, a file or a thread."""

IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
IMPURE_NUMPY = {
    "load",
    "save",
    "savez",
    "fromfile",
    "tofile",
    "loadtxt",
    "savetxt",
    "memmap",
    "random",
}
IMPURE_METHODS = {
    "exists", "glob", "is_dir", "is_file", "iterdir", "mkdir", "open", "read_bytes", "read_text",
    "rename", "resolve", "rglob", "stat", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
"""A path may be named in core, for messages, and never be followed."""

PLACE_WORDS = {"ahead", "behind", "front"}
"""Never in names: the runner faces the other way. ("back" is also a part of the body.)"""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Full names of all modules that a file imports, at its top or later."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; write the full name"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)


MODULES = {module_of(path) for path in SOURCES}


def part_of(module: str) -> str:
    return [*module.split("."), ""][1]


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def rig_imports(path: Path) -> list[str]:
    return [name for name in imports_of(path) if name.split(".")[0] == "rig"]


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(module_of(path))
    above = [
        name
        for name in rig_imports(path)
        if part_of(name) != part
        and RANKS[part_of(name)] >= RANKS[part]
        and not (RANKS[part] == 1 and part != "core" and RANKS[part_of(name)] == 1)
    ]
    assert not above, f"{names(path)} must not import {above}"


@pytest.mark.parametrize("path", sorted((RIG / "devices").glob("*.py")), ids=names)
def test_devices_do_not_import_each_other(path: Path) -> None:
    siblings = [name for name in rig_imports(path) if part_of(name) == "devices"]
    assert not siblings, f"{names(path)} imports its siblings {siblings}; join them in a program"


def test_no_import_goes_in_a_circle() -> None:
    graph = {module_of(path): rig_imports(path) for path in SOURCES}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", sorted((RIG / "core").rglob("*.py")), ids=names)
def test_core_is_pure(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports_of(path)} - {"rig"}
    assert roots <= PURE_IMPORTS, f"{names(path)} imports {sorted(roots - PURE_IMPORTS)}"
    impure = [
        f"{names(path)}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call | ast.Attribute) and is_impure(node)
    ]
    assert not impure


def is_impure(node: ast.Call | ast.Attribute) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS
    is_numpy = isinstance(node.value, ast.Name) and node.value.id in {"np", "numpy"}
    return node.attr in (IMPURE_NUMPY if is_numpy else IMPURE_METHODS)


@pytest.mark.parametrize("path", ALL_SOURCES, ids=names)
def test_files_and_functions_are_short(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length < FILE_LINES, f"{names(path)} has {length} lines"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines < FUNCTION_LINES, f"{names(path)}: {node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_names_do_not_use_words_that_depend_on_where_one_looks(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        name = (
            getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
        )
        used = PLACE_WORDS & set(str(name or getattr(node, "arg", None)).lower().split("_"))
        assert not used, f"{names(path)}:{getattr(node, 'lineno', '?')} says {used}"


def is_blind(node: ast.ExceptHandler) -> bool:
    """Catches everything and goes on; cleaning up and raising again is no harm."""
    caught = ast.walk(node.type) if node.type else ()
    kinds = {word.id for word in caught if isinstance(word, ast.Name)}
    raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
    return (not node.type or bool(kinds & {"Exception", "BaseException"})) and not raises_again


def test_only_the_command_line_catches_everything() -> None:
    blind = [
        names(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and is_blind(node)
    ]
    assert blind == ["rig/cli.py"]


def test_every_option_is_read_by_some_code() -> None:
    read = {
        node.attr
        for path in SOURCES
        if not path.name.startswith("config")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    unread = [key for key, entry in OPTIONS.items() if entry.name not in read]
    assert not unread, f"no code reads {unread}"


def test_every_number_has_limits_around_its_default() -> None:
    for key, entry in OPTIONS.items():
        if entry.kind in (int, float):
            least, most = entry.about.least, entry.about.most
            assert least is not None, key
            assert most is not None, key
            assert least <= entry.default <= most, key
        assert entry.about.reason, key
